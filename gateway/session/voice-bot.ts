import type { Clock, Timer } from '../../config/clock.js';
import type { Logger } from '../../config/logger.js';
import type { Prompt } from '../../dialog/action.js';
import type { DialogEvent } from '../../dialog/event.js';
import type { ListenHandle, ListenOutcome, MediaStream, RtpCodec } from '../../media/worker/media-host.js';
import type { BotTurn, Conversation } from './conversation.js';
import { toListenRequest, type ListenTiming } from './listen-request.js';
import type { Speaker, Speaking } from './prompt-speaker.js';
import { spokenPrompt } from './spoken-prompt.js';
import type { TurnMetrics } from './turn-metrics.js';

/** What the operator decided about bots on the phone. */
export interface VoiceBotSettings {
  readonly timing: ListenTiming;
  /** False: callers hear every prompt out. */
  readonly bargeIn: boolean;
  /** The recogniser that hears this language, or null: then DTMF is all we can take. */
  recognizerFor(language: string): string | null;
  /** SIP URI that a handover is transferred to, or null where nobody can take over by phone yet. */
  readonly handoverTarget: string | null;
  /** Said when a handover or transfer fails. */
  unavailablePrompt(language: string): string;
  /** Silence between the last packet of a goodbye and BYE, so that the far jitter buffer plays out. */
  readonly playoutDelayMs: number;
  readonly maxCallMs: number;
}

/** The call a bot is on. */
export interface BotCall {
  /** Ends the call; the owner then closes the bot. */
  hangUp(reason: string): void;
  /** Sends the caller to a SIP URI; resolves when the far end accepted, rejects otherwise. */
  transfer(target: string): Promise<void>;
}

/** What a bot needs of its conversation. */
export type BotConversation = Pick<Conversation, 'handle' | 'close' | 'tree' | 'state'>;

export interface VoiceBotDeps {
  readonly sessionId: string;
  readonly settings: VoiceBotSettings;
  readonly call: BotCall;
  readonly stream: MediaStream;
  readonly codec: RtpCodec;
  readonly conversation: BotConversation;
  readonly speaker: Speaker;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: TurnMetrics;
}

/** When a turn's input was complete, for the latency figures. */
interface TurnTiming {
  readonly endpointAtMs: number;
  readonly resultAtMs: number;
}

/** Failed handovers and transfers after which the bot says goodbye instead of trying again. */
const maxFailedTransfers = 2;

/**
 * The bot on one call: says the conversation's prompts, listens, lets the caller interrupt, and acts on where the tree
 * leads.
 *
 *     opening -> talking -> leaving -> closed      (any state -> closed when the call is gone)
 *
 * Each turn has an epoch; what arrives for an older epoch is dropped (design.md, invariant 1).
 */
export class VoiceBot {
  readonly #deps: VoiceBotDeps;
  #codec: RtpCodec;
  #state: 'opening' | 'talking' | 'leaving' | 'closed' = 'opening';
  #epoch = 0;
  #speaking: readonly Speaking[] = [];
  /** Said while a turn waited for a back-office system, and not over yet. */
  readonly #interim = new Set<Speaking>();
  #afterInterim: (() => void) | null = null;
  #listening: ListenHandle | null = null;
  #deadline: Timer | null = null;
  #farewell: Timer | null = null;
  #failedTransfers = 0;
  #turns = 0;

  constructor(deps: VoiceBotDeps) {
    this.#deps = deps;
    this.#codec = deps.codec;
  }

  /** The call is up: greet. `variables` are the tree's besides its own (caller, called number). */
  start(variables: Readonly<Record<string, string>>): void {
    if (this.#state !== 'opening') return;
    this.#state = 'talking';
    const { clock, settings } = this.#deps;
    this.#deadline = clock.setTimer(() => this.#hangUp('call length limit'), settings.maxCallMs);
    this.#submit({ type: 'started', nowMs: clock.epochMs(), channel: 'voice', variables }, null);
  }

  /** A re-INVITE changed the codec: prompts from now on are made for it. */
  codecChanged(codec: RtpCodec): void {
    this.#codec = codec;
  }

  /** The call is gone: silence, no more listening, no more turns. Idempotent; the stream stays its owner's. */
  close(): void {
    if (this.#state === 'closed') return;
    this.#state = 'closed';
    this.#epoch++;
    this.#deadline?.cancel();
    this.#farewell?.cancel();
    this.#listening?.stop();
    this.#silence();
    this.#deps.conversation.close();
  }

  #hangUp(reason: string): void {
    if (this.#state !== 'closed') this.#deps.call.hangUp(reason);
  }

  #silence(): void {
    for (const speaking of [...this.#interim, ...this.#speaking]) speaking.stop();
    this.#interim.clear();
    this.#afterInterim = null;
    this.#speaking = [];
  }

  #submit(event: DialogEvent, timing: TurnTiming | null): void {
    const epoch = ++this.#epoch;
    // The catch is for `#perform` too: a fault in one turn costs its own call (design.md, invariant 6).
    let bridged = false;
    const onInterim = (prompts: readonly Prompt[]): void => {
      if (epoch !== this.#epoch || this.#state !== 'talking') return;
      bridged = true;
      this.#sayInterim(prompts);
    };
    this.#deps.conversation
      .handle(event, { onInterim })
      .then((turn) => {
        if (!turn || epoch !== this.#epoch || this.#state !== 'talking') return;
        // The first packet of a bridged turn was the bridge's.
        this.#perform(turn, epoch, bridged ? null : timing);
      })
      .catch((err: unknown) => {
        this.#deps.logger.error('turn failed, the call ends', { err });
        this.#hangUp('turn failed');
      });
  }

  /** Nothing listens meanwhile; what the turn itself says queues behind it on the stream. */
  #sayInterim(prompts: readonly Prompt[]): void {
    for (const prompt of prompts) {
      if (prompt.voice === '') continue;
      const speaking = this.#say(prompt, this.#deps.conversation.state.nodeId, {
        onStarted: () => undefined,
        onEnded: () => {
          this.#interim.delete(speaking);
          if (this.#interim.size === 0) this.#interimDone();
        },
      });
      this.#interim.add(speaking);
    }
  }

  #interimDone(): void {
    const next = this.#afterInterim;
    this.#afterInterim = null;
    next?.();
  }

  #perform(turn: BotTurn, epoch: number, timing: TurnTiming | null): void {
    this.#turns++;
    this.#report(turn);
    const prompts = turn.prompts.filter((prompt) => prompt.voice !== '');
    const { scoreMs, stepMs, callMs } = turn;
    const measured = timing ? { ...timing, scoreMs, stepMs, callMs } : null;
    const listenFrom = this.#deps.settings.bargeIn ? lastUninterruptible(prompts) + 1 : prompts.length;
    let open = prompts.length;
    this.#speaking = prompts.map((prompt, index) =>
      this.#say(prompt, turn.nodeId, {
        onStarted: (atMs) => {
          if (index === 0 && measured) this.#measure(measured, atMs);
        },
        onEnded: () => {
          open--;
          if (epoch !== this.#epoch) return;
          if (index + 1 === listenFrom && open > 0) this.#listen(turn, false);
          if (open === 0) this.#promptsDone(turn, epoch);
        },
      }),
    );
    if (prompts.length === 0) {
      const done = (): void => {
        if (epoch === this.#epoch && this.#state === 'talking') this.#promptsDone(turn, epoch);
      };
      if (this.#interim.size > 0) this.#afterInterim = done;
      else done();
    } else if (listenFrom === 0) this.#listen(turn, false);
  }

  #say(prompt: Prompt, nodeId: string, on: { onStarted(atMs: number): void; onEnded(): void }): Speaking {
    const { speaker, stream, logger } = this.#deps;
    const codec = this.#codec;
    logger.info('bot says', { nodeId, pii: { text: prompt.voice } });
    const format = { encoding: codec.encoding, sampleRateHz: codec.clockRateHz };
    const { options, warnings } = spokenPrompt(prompt, this.#deps.conversation.tree.language);
    for (const warning of warnings) logger.info('SSML not honoured', { nodeId, warning });
    return speaker.speak(stream, format, options, {
      onStarted: (atMs) => on.onStarted(atMs),
      onEnded: (reason, _playedMs, error) => {
        if (error) {
          this.#deps.metrics.speechFailed(error.code);
          logger.warn('prompt not said', { reason, code: error.code, err: error });
        }
        on.onEnded();
      },
    });
  }

  /** Everything of the turn was said (or interrupted): now the timers run, or the call moves on. */
  #promptsDone(turn: BotTurn, epoch: number): void {
    this.#speaking = [];
    const { closing } = turn;
    switch (closing.type) {
      case 'listen':
        if (this.#listening) this.#listening.startInputTimers();
        else this.#listen(turn, true);
        break;
      case 'end':
        this.#sayGoodbye();
        break;
      case 'transfer':
        this.#transfer(closing.target, epoch);
        break;
      case 'handover':
        this.#deps.logger.info('handover wanted', {
          queue: closing.handover.queue,
          reason: closing.handover.reason,
          pii: { summary: closing.handover.summary },
        });
        if (this.#deps.settings.handoverTarget !== null)
          this.#transfer(this.#deps.settings.handoverTarget, epoch);
        else this.#transferFailed(epoch);
        break;
      case 'none':
        this.#hangUp('the tree has nothing more to say');
        break;
    }
  }

  #listen(turn: BotTurn, startInputTimers: boolean): void {
    if (turn.closing.type !== 'listen' || this.#state !== 'talking') return;
    const { settings, stream, sessionId } = this.#deps;
    const { listen } = turn.closing;
    const recognizer = settings.recognizerFor(listen.language);
    const request = toListenRequest(listen, {
      sessionId,
      sampleRateHz: this.#codec.clockRateHz,
      recognizer: recognizer ?? '',
      timing: settings.timing,
      bargeIn: settings.bargeIn ? 'any' : 'none',
      startInputTimers,
    });
    const epoch = this.#epoch;
    this.#listening = stream.listen(recognizer === null ? { ...request, recognition: null } : request, {
      onStartOfInput: (mode) => this.#deps.logger.debug('start of input', { mode }),
      onPartial: () => undefined,
      onWarning: (message, fields) => this.#deps.logger.warn(message, { nodeId: turn.nodeId, ...fields }),
      onComplete: (outcome) => {
        if (epoch !== this.#epoch || this.#state !== 'talking') return;
        // The stream is gone: taken for a no-match, it would lead the tree to a human without anyone having spoken.
        if (outcome.cause === 'cancelled') this.#hangUp('the audio of the call ended');
        else this.#heard(outcome);
      },
    });
  }

  #heard(outcome: ListenOutcome): void {
    this.#listening = null;
    this.#silence();
    const { clock, logger } = this.#deps;
    const event = toDialogEvent(outcome, clock.epochMs());
    const best = outcome.result.alternatives[0];
    logger.info('caller input', {
      cause: outcome.cause,
      mode: outcome.mode ?? 'none',
      confidence: best?.confidence ?? null,
      pii: { text: best?.text ?? '', digits: outcome.digits },
    });
    if (outcome.error) {
      this.#deps.metrics.speechFailed(outcome.error.code);
      logger.warn('recognition failed', { code: outcome.error.code, err: outcome.error });
    }
    const timing =
      outcome.endpointAtMs === null
        ? null
        : { endpointAtMs: outcome.endpointAtMs, resultAtMs: outcome.resultAtMs };
    this.#submit(event, timing);
  }

  #sayGoodbye(): void {
    this.#state = 'leaving';
    this.#farewell = this.#deps.clock.setTimer(
      () => this.#hangUp('dialog ended'),
      this.#deps.settings.playoutDelayMs,
    );
  }

  #transfer(target: string, epoch: number): void {
    this.#deps.call.transfer(target).then(
      () => this.#hangUp('transferred'),
      (err: unknown) => {
        this.#deps.logger.warn('transfer failed', { target, err });
        if (epoch === this.#epoch && this.#state === 'talking') this.#transferFailed(epoch);
      },
    );
  }

  /** Nobody took the call: say so and go back to the tree, or say goodbye when that happened before. */
  #transferFailed(epoch: number): void {
    this.#failedTransfers++;
    const { conversation, settings, clock } = this.#deps;
    const prompt = {
      voice: settings.unavailablePrompt(conversation.tree.language),
      chat: '',
      bargeIn: false,
    };
    const onEnded = (): void => {
      if (epoch !== this.#epoch || this.#state !== 'talking') return;
      if (this.#failedTransfers >= maxFailedTransfers) this.#sayGoodbye();
      else this.#submit({ type: 'resumed', nowMs: clock.epochMs() }, null);
    };
    const { nodeId } = conversation.state;
    this.#speaking = [this.#say(prompt, nodeId, { onStarted: () => undefined, onEnded })];
  }

  #report(turn: BotTurn): void {
    for (const decision of turn.decisions) {
      this.#deps.metrics.turnDecided(decision.zone);
      this.#deps.logger.info('decided', { ...decision, turn: this.#turns });
    }
    if (turn.tags.length > 0) this.#deps.logger.info('tagged', { tags: turn.tags });
  }

  /** Times are our own: a back-office system's is in its own figures. */
  #measure(
    timing: TurnTiming & Pick<BotTurn, 'scoreMs' | 'stepMs' | 'callMs'>,
    firstPacketAtMs: number,
  ): void {
    const { metrics } = this.#deps;
    const ownFirstPacketAtMs = firstPacketAtMs - timing.callMs;
    metrics.observe('recognize', timing.resultAtMs - timing.endpointAtMs);
    metrics.observe('score', timing.scoreMs);
    metrics.observe('step', timing.stepMs);
    metrics.observe('first_packet', ownFirstPacketAtMs - timing.resultAtMs);
    metrics.observe('total', ownFirstPacketAtMs - timing.endpointAtMs);
  }
}

function lastUninterruptible(prompts: readonly Prompt[]): number {
  let last = -1;
  prompts.forEach((prompt, index) => {
    if (!prompt.bargeIn) last = index;
  });
  return last;
}

/** What a finished listen means to the dialog; an engine failure counts as no-match, whose ladder leads to a human. */
export function toDialogEvent(outcome: ListenOutcome, nowMs: number): DialogEvent {
  if (outcome.cause === 'no-input-timeout') return { type: 'no-input', nowMs };
  if (outcome.mode === 'dtmf' && outcome.digits !== '')
    return { type: 'dtmf', nowMs, digits: outcome.digits };
  const best = outcome.result.alternatives[0];
  const heard = outcome.cause === 'success' || outcome.cause === 'success-maxtime';
  if (heard && best && best.text !== '')
    return { type: 'text', nowMs, text: best.text, confidence: best.confidence };
  return { type: 'no-match', nowMs };
}
