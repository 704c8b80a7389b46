import type { Clock, Timer } from '../../config/clock.js';
import type { Logger } from '../../config/logger.js';
import { prosodyRate, prosodyVolume } from '../../media/speech/ssml/prosody.js';
import { readSpeech, type FlatSpeech } from '../../media/speech/ssml/flatten.js';
import type { SpeechError } from '../../media/speech/errors.js';
import type { SynthesisCause } from '../../media/speech/synthesizer.js';
import type { SpeakControl, SpeakListener, SpeakRequest, SynthBackend } from '../mrcp/backend.js';
import type { Speaker, SpeakOptions, Speaking, SpeakingEnd } from './prompt-speaker.js';
import type { SessionMedia } from './session-media.js';
import type { TurnMetrics } from './turn-metrics.js';

export interface SpeakingBackendDeps {
  readonly media: SessionMedia;
  /** Index of the audio line that the channel controls. */
  readonly lineIndex: number;
  readonly speaker: Speaker;
  /** BCP 47, for requests that name none. */
  readonly language: string;
  /** From the last packet to SPEAK-COMPLETE, so that the client's jitter buffer plays out (facts: clipped ends). */
  readonly playoutDelayMs: number;
  readonly metrics: Pick<TurnMetrics, 'speechFailed'>;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** The speech behind a speechsynth channel: SSML in, prompts on the channel's audio line out. */
export class SpeakingBackend implements SynthBackend {
  readonly #deps: SpeakingBackendDeps;
  #current: SpokenRequest | null = null;

  constructor(deps: SpeakingBackendDeps) {
    this.#deps = deps;
  }

  speak(request: SpeakRequest, listener: SpeakListener): SpeakControl {
    const spoken = new SpokenRequest(request, listener, this.#deps);
    this.#current = spoken;
    spoken.start();
    return spoken;
  }

  close(): void {
    this.#current?.stop();
  }
}

/** A piece of a document between two marks; `mark` is announced when the piece before it was heard. */
interface Segment {
  readonly mark: string | null;
  readonly text: string;
}

/** One SPEAK: its segments one after the other, then the playout delay, then SPEAK-COMPLETE. */
class SpokenRequest implements SpeakControl {
  readonly #request: SpeakRequest;
  readonly #listener: SpeakListener;
  readonly #deps: SpeakingBackendDeps;
  #segments: readonly Segment[] = [];
  #options: Omit<SpeakOptions, 'text'>;
  #next = 0;
  #speaking: Speaking | null = null;
  #timer: Timer | null = null;
  #paused = false;
  #over = false;

  constructor(request: SpeakRequest, listener: SpeakListener, deps: SpeakingBackendDeps) {
    this.#request = request;
    this.#listener = listener;
    this.#deps = deps;
    this.#options = { language: request.speechLanguage ?? deps.language };
  }

  start(): void {
    const reading = readSpeech(this.#request.contentType, this.#request.body, this.#options.language);
    if (!reading.ok) {
      this.#finishLater(0, reading.cause, reading.reason);
      return;
    }
    for (const warning of reading.speech.warnings) this.#deps.logger.info('SSML not honoured', { warning });
    this.#options = speakOptions(this.#request, reading.speech, this.#options.language);
    this.#segments = segmentsOf(reading.speech);
    this.#speakNext();
  }

  pause(): void {
    this.#paused = true;
    this.#speaking?.pause();
  }

  resume(): void {
    this.#paused = false;
    this.#speaking?.resume();
  }

  stop(): void {
    if (this.#over) return;
    this.#over = true;
    this.#timer?.cancel();
    this.#speaking?.stop();
  }

  #speakNext(): void {
    const segment = this.#segments[this.#next++];
    if (!segment) {
      this.#finishLater(this.#deps.playoutDelayMs, 'normal');
      return;
    }
    if (segment.mark !== null) this.#listener.onMark(segment.mark);
    if (this.#over) return;
    if (segment.text === '') {
      this.#speakNext();
      return;
    }
    const audio = this.#deps.media.lines.find(({ line }) => line.index === this.#deps.lineIndex);
    if (!audio) {
      this.#finishLater(0, 'error', 'the audio line of this channel was removed');
      return;
    }
    const { codec } = audio.line;
    const format = { encoding: codec.encoding, sampleRateHz: codec.clockRateHz };
    this.#speaking = this.#deps.speaker.speak(
      audio.stream,
      format,
      { ...this.#options, text: segment.text },
      {
        onStarted: () => undefined,
        onEnded: (reason, _playedMs, error) => this.#segmentEnded(reason, error),
      },
    );
    if (this.#paused) this.#speaking.pause();
  }

  #segmentEnded(reason: SpeakingEnd, error: SpeechError | null): void {
    this.#speaking = null;
    if (this.#over) return;
    switch (reason) {
      case 'done':
        this.#speakNext();
        break;
      case 'barge-in':
        this.#finishLater(0, 'barge-in');
        break;
      case 'failed':
        if (error) this.#deps.metrics.speechFailed(error.code);
        this.#deps.logger.warn('SPEAK failed', { requestId: this.#request.requestId, err: error });
        this.#finishLater(
          0,
          error?.code === 'unsupported' ? 'language-unsupported' : 'error',
          error?.message,
        );
        break;
      case 'stopped':
      case 'closed':
        this.#finishLater(0, 'error', 'the audio ended');
        break;
    }
  }

  #finishLater(delayMs: number, cause: SynthesisCause, reason?: string): void {
    this.#timer = this.#deps.clock.setTimer(() => {
      if (this.#over) return;
      this.#over = true;
      this.#listener.onComplete(cause, reason);
    }, delayMs);
  }
}

/** The request's header fields win over the document's own attributes only where the document has none (RFC 6787 8.4). */
function speakOptions(
  request: SpeakRequest,
  speech: FlatSpeech,
  language: string,
): Omit<SpeakOptions, 'text'> {
  const rate = request.prosodyRate === null ? null : prosodyRate(request.prosodyRate);
  const volume = request.prosodyVolume === null ? null : prosodyVolume(request.prosodyVolume);
  return {
    language: speech.language ?? language,
    voice: speech.voice ?? request.voiceName ?? '',
    speed: speech.speed !== 1 ? speech.speed : (rate ?? 1),
    pitch: speech.pitch,
    volume: speech.volume !== 1 ? speech.volume : (volume ?? 1),
  };
}

/** Splits the text at its marks, so that each mark falls exactly between two prompts. */
function segmentsOf(speech: FlatSpeech): Segment[] {
  const segments: Segment[] = [];
  let from = 0;
  let mark: string | null = null;
  for (const { name, textOffset } of speech.marks) {
    segments.push({ mark, text: speech.text.slice(from, textOffset).trim() });
    from = textOffset;
    mark = name;
  }
  segments.push({ mark, text: speech.text.slice(from).trim() });
  return segments;
}
