import type { Clock, Timer } from '../../config/clock.js';
import { audioSocketLimits } from '../../config/limits.js';
import type { AudioClip } from '../../media/speech/audio-clip.js';
import type {
  FrameStream,
  ListenHandle,
  ListenListener,
  ListenOutcome,
  ListenRequest,
  MediaStream,
  PlayHandle,
  PlayListener,
  StreamStats,
  StreamUpdate,
} from '../../media/worker/media-host.js';

/** What goes to the client besides audio. */
export interface StreamOutput {
  mark(name: string): void;
  clear(): void;
  transcript(text: string, confidence: number): void;
}

export interface ConfirmedStreamDeps {
  readonly clock: Clock;
  readonly output: StreamOutput;
  /** How far ahead of real time the stream sends. */
  readonly leadMs: number;
  /** Added to that, when an echo does not come. */
  readonly markMs: number;
}

type PlayEnd = Parameters<PlayListener['onEnded']>[0];

/** A client that never echoes is waited for only so long after it should have played everything. */
const unechoedWaitMs = 200;

/** A prompt whose audio was sent and which the client may still be playing. */
interface SentPrompt {
  readonly name: string;
  readonly reason: PlayEnd;
  readonly playedMs: number;
  readonly listener: PlayListener;
  readonly fallback: Timer;
}

/**
 * A frame stream whose prompts end when the client has heard them, and not when they were sent.
 *
 * After each prompt goes a mark, whose echo ends it, or a time for clients that do not echo. Whatever stops a prompt
 * (speech, keys, the bot) makes the client throw away what it has not played: `clear`.
 */
export class ConfirmedStream implements MediaStream {
  readonly #stream: FrameStream;
  readonly #deps: ConfirmedStreamDeps;
  /** In the order in which they are heard. */
  readonly #sent: SentPrompt[] = [];
  #prompts = 0;
  #unechoed = 0;
  #echoed = false;

  constructor(stream: FrameStream, deps: ConfirmedStreamDeps) {
    this.#stream = stream;
    this.#deps = deps;
  }

  get id(): number {
    return this.#stream.id;
  }

  get localPort(): number {
    return this.#stream.localPort;
  }

  /** Prompts that were sent and not confirmed. */
  get unconfirmed(): number {
    return this.#sent.length;
  }

  update(change: StreamUpdate): void {
    this.#stream.update(change);
  }

  play(prompt: AudioClip | null, listener: PlayListener): PlayHandle {
    const name = `prompt-${++this.#prompts}`;
    const handle = this.#stream.play(prompt, {
      onStarted: (atMs) => listener.onStarted(atMs),
      onMark: (mark) => listener.onMark(mark),
      onEnded: (reason, playedMs) => this.#ended(name, reason, playedMs, listener),
    });
    return {
      append: (bytes, marks) => handle.append(bytes, marks),
      finish: (ok) => handle.finish(ok),
      pause: () => handle.pause(),
      resume: () => handle.resume(),
      stop: () => {
        handle.stop();
        if (this.#sent.some((sent) => sent.name === name)) this.#interrupt('stopped');
      },
    };
  }

  listen(request: ListenRequest, listener: ListenListener): ListenHandle {
    const { bargeIn } = request;
    return this.#stream.listen(request, {
      onStartOfInput: (mode) => {
        // The worker has stopped what it was sending; this is for what the client still plays.
        if (bargeIn === 'any' || bargeIn === mode) this.#interrupt('barge-in');
        listener.onStartOfInput(mode);
      },
      onPartial: (text) => listener.onPartial(text),
      onWarning: (message, fields) => listener.onWarning(message, fields),
      onComplete: (outcome) => {
        this.#tell(outcome);
        listener.onComplete(outcome);
      },
    });
  }

  sendDtmf(digits: string): void {
    this.#stream.sendDtmf(digits);
  }

  /** The client echoed a mark: it has played everything before it. Names that are not waited for have no effect. */
  confirm(name: string): void {
    const index = this.#sent.findIndex((sent) => sent.name === name);
    if (index < 0) return;
    this.#echoed = true;
    this.#unechoed = 0;
    for (const sent of this.#sent.splice(0, index + 1)) finish(sent, sent.reason);
  }

  close(): Promise<StreamStats> {
    for (const sent of this.#sent.splice(0)) finish(sent, 'closed');
    return this.#stream.close();
  }

  #ended(name: string, reason: PlayEnd, playedMs: number, listener: PlayListener): void {
    if (reason === 'done' || (reason === 'failed' && playedMs > 0)) {
      this.#await(name, reason, playedMs, listener);
      return;
    }
    // A prompt that was stopped before its first packet leaves those before it alone.
    const stopped = reason === 'barge-in' || reason === 'stopped';
    if (stopped && (playedMs > 0 || reason === 'barge-in')) this.#interrupt(reason, playedMs > 0);
    listener.onEnded(reason, playedMs);
  }

  #await(name: string, reason: PlayEnd, playedMs: number, listener: PlayListener): void {
    const { clock, leadMs, markMs, output } = this.#deps;
    const silent = !this.#echoed && this.#unechoed >= audioSocketLimits.unechoedMarks;
    const fallback = clock.setTimer(
      () => this.#giveUp(name),
      leadMs + (silent ? Math.min(unechoedWaitMs, markMs) : markMs),
    );
    this.#sent.push({ name, reason, playedMs, listener, fallback });
    output.mark(name);
    if (this.#sent.length > audioSocketLimits.pendingMarks) this.#giveUp(this.#sent[0]?.name ?? '');
  }

  #giveUp(name: string): void {
    this.#unechoed++;
    const index = this.#sent.findIndex((sent) => sent.name === name);
    for (const sent of this.#sent.splice(0, index + 1)) finish(sent, sent.reason);
  }

  /** Nothing that was sent is to be heard any more; `cut` when audio of a prompt that ended just now may wait there. */
  #interrupt(reason: PlayEnd, cut = false): void {
    const sent = this.#sent.splice(0);
    if (sent.length > 0 || cut) this.#deps.output.clear();
    for (const prompt of sent) finish(prompt, reason);
  }

  #tell({ cause, mode, result }: ListenOutcome): void {
    const best = result.alternatives[0];
    const heard = cause === 'success' || cause === 'success-maxtime';
    if (heard && mode === 'speech' && best) this.#deps.output.transcript(best.text, best.confidence);
  }
}

function finish({ fallback, listener, playedMs }: SentPrompt, reason: PlayEnd): void {
  fallback.cancel();
  listener.onEnded(reason, playedMs);
}
