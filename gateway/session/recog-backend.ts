import type { Logger } from '../../config/logger.js';
import type { PlatformChoice } from '../../config/platform-rules.js';
import type { ListenHandle, ListenOutcome, ListenRequest } from '../../media/worker/media-host.js';
import type {
  RecogBackend,
  RecogControl,
  RecogListener,
  RecogOutcome,
  RecogRequest,
} from '../mrcp/backend.js';
import type { DialogueSession } from './dialogue-session.js';
import { plainListenRequest, plainOutcome, type RecognitionContext } from './plain-recognition.js';
import type { OpenLine, SessionMedia } from './session-media.js';
import type { TurnMetrics } from './turn-metrics.js';

export interface ListeningBackendDeps {
  readonly sessionId: string;
  readonly media: SessionMedia;
  /** Index of the audio line that the channel controls. */
  readonly lineIndex: number;
  /** Mode, template and tree for one RECOGNIZE. */
  choose(request: RecogRequest): PlatformChoice;
  /** The recogniser for a language, or null when this node has none. */
  recognizerFor(language: string): string | null;
  readonly dialogue: DialogueSession;
  readonly metrics: Pick<TurnMetrics, 'speechFailed'>;
  /** BCP 47, for requests that name none. */
  readonly language: string;
  readonly logger: Logger;
}

/**
 * The ears behind a speechrecog channel: plain recognition with the client's grammars, or one turn of the dialog tree
 * for each RECOGNIZE.
 */
export class ListeningBackend implements RecogBackend {
  readonly #deps: ListeningBackendDeps;
  #current: RunningRecognition | null = null;

  constructor(deps: ListeningBackendDeps) {
    this.#deps = deps;
  }

  recognize(request: RecogRequest, listener: RecogListener): RecogControl {
    const running = new RunningRecognition(request, listener, this.#deps);
    this.#current = running;
    running.start();
    return running;
  }

  close(): void {
    this.#current?.stop();
    this.#deps.dialogue.close();
  }
}

/** One RECOGNIZE from its request to its outcome. */
class RunningRecognition implements RecogControl {
  readonly #request: RecogRequest;
  readonly #listener: RecogListener;
  readonly #deps: ListeningBackendDeps;
  #listening: ListenHandle | null = null;
  #timersWanted: boolean;
  #over = false;

  constructor(request: RecogRequest, listener: RecogListener, deps: ListeningBackendDeps) {
    this.#request = request;
    this.#listener = listener;
    this.#deps = deps;
    this.#timersWanted = request.startInputTimers;
  }

  start(): void {
    const choice = this.#deps.choose(this.#request);
    if (choice.unknownTree !== null)
      this.#deps.logger.warn('vendor parameter parley.tree names no tree', {
        tree: choice.unknownTree,
        used: choice.tree,
      });
    this.#run(choice).catch((err: unknown) => {
      this.#deps.logger.error('RECOGNIZE failed', { requestId: this.#request.requestId, err });
      this.#finish({ cause: 'recognizer-error', reason: 'internal error' });
    });
  }

  startInputTimers(): void {
    this.#timersWanted = true;
    this.#listening?.startInputTimers();
  }

  stop(): void {
    this.#over = true;
    this.#listening?.stop();
  }

  /** Whatever goes wrong on the way is an outcome, never a throw into the channel. */
  async #run(choice: PlatformChoice): Promise<void> {
    if (choice.mode === 'dialogue') await this.#dialogue(choice);
    else this.#plain();
  }

  #plain(): void {
    const audio = this.#audio();
    const voice = this.#request.grammars.find(({ mode }) => mode === 'voice');
    const language = this.#request.speechLanguage ?? voice?.language ?? this.#deps.language;
    const context = this.#context(audio, language);
    const listen = plainListenRequest(this.#request, { ...context, recognizer: context.recognizer ?? '' });
    if (listen.recognition && context.recognizer === null) {
      const reason = `no recogniser here hears ${language}`;
      this.#finish({ cause: 'language-unsupported', reason });
    } else this.#listen(audio, listen, (outcome) => this.#finish(plainOutcome(this.#request, outcome)));
  }

  async #dialogue(choice: PlatformChoice): Promise<void> {
    const audio = this.#audio();
    const prepared = await this.#deps.dialogue.prepare(this.#request, choice);
    if (this.#over) return;
    if (prepared.type === 'reply') return this.#finish(prepared.outcome);
    const context = this.#context(audio, prepared.language);
    const listen = prepared.listenRequest({ ...context, recognizer: context.recognizer ?? '' });
    this.#listen(
      audio,
      context.recognizer === null ? { ...listen, recognition: null } : listen,
      (outcome) => {
        // Nobody spoke and nobody was silent: the stream went away under the RECOGNIZE.
        if (outcome.cause === 'cancelled') return this.#finish({ cause: 'cancelled' });
        this.#deps.dialogue.answer(outcome, audio.line.codec).then(
          (result) => this.#finish(result),
          (err: unknown) => {
            this.#deps.logger.error('turn failed', { requestId: this.#request.requestId, err });
            this.#finish({ cause: 'recognizer-error', reason: 'the dialog turn failed' });
          },
        );
      },
    );
  }

  #audio(): OpenLine {
    const audio = this.#deps.media.lines.find(({ line }) => line.index === this.#deps.lineIndex);
    if (!audio) throw new Error('the audio line of this channel was removed');
    return audio;
  }

  #context(
    audio: OpenLine,
    language: string,
  ): Omit<RecognitionContext, 'recognizer'> & { recognizer: string | null } {
    return {
      sessionId: this.#deps.sessionId,
      sampleRateHz: audio.line.codec.clockRateHz,
      recognizer: this.#deps.recognizerFor(language),
      language,
    };
  }

  #listen(audio: OpenLine, request: ListenRequest, onOutcome: (outcome: ListenOutcome) => void): void {
    if (this.#over) return;
    const startInputTimers = this.#timersWanted;
    this.#listening = audio.stream.listen(
      { ...request, startInputTimers },
      {
        onStartOfInput: (mode) => {
          if (!this.#over) this.#listener.onStartOfInput(mode);
        },
        onPartial: () => undefined,
        onWarning: (message, fields) => this.#deps.logger.warn(message, fields),
        onComplete: (outcome) => {
          const best = outcome.result.alternatives[0];
          this.#deps.logger.info('caller input', {
            cause: outcome.cause,
            mode: outcome.mode ?? 'none',
            confidence: best?.confidence ?? null,
            pii: { text: best?.text ?? '', digits: outcome.digits },
          });
          if (outcome.error) {
            this.#deps.metrics.speechFailed(outcome.error.code);
            this.#deps.logger.warn('recognition failed', { code: outcome.error.code, err: outcome.error });
          }
          if (!this.#over) this.#guard(() => onOutcome(outcome));
        },
      },
    );
  }

  /** A fault in reading one result costs that RECOGNIZE, not the process whose message loop this is called from. */
  #guard(read: () => void): void {
    try {
      read();
    } catch (err) {
      this.#deps.logger.error('result could not be read', { requestId: this.#request.requestId, err });
      this.#finish({ cause: 'recognizer-error', reason: 'internal error' });
    }
  }

  #finish(outcome: RecogOutcome): void {
    if (this.#over) return;
    this.#over = true;
    this.#listener.onComplete(outcome);
  }
}
