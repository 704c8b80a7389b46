import { mediaLimits } from '../../config/limits.js';
import { absoluteNowMs } from './absolute-clock.js';
import type { AudioClip } from '../speech/audio-clip.js';
import { SpeechError } from '../speech/errors.js';
import type {
  ListenHandle,
  ListenListener,
  ListenOutcome,
  ListenRequest,
  MediaStream,
  PlayHandle,
  PlayListener,
  StreamStats,
  StreamUpdate,
} from './media-host.js';
import { fromErrorData, type OutcomeData, type StreamCommand, type StreamEvent } from './protocol.js';

const noStats: StreamStats = {
  packetsSent: 0,
  octetsSent: 0,
  packetsReceived: 0,
  lost: 0,
  late: 0,
  duplicates: 0,
  malformed: 0,
  strangers: 0,
  underruns: 0,
  jitterMs: 0,
};

const inert: PlayHandle & ListenHandle = {
  append: () => undefined,
  finish: () => undefined,
  pause: () => undefined,
  resume: () => undefined,
  stop: () => undefined,
  startInputTimers: () => undefined,
};

/** What a stream needs of its host. */
export interface HostStreamDependencies {
  readonly post: (command: StreamCommand) => void;
  /** Asks the worker to close the stream; rejects when the worker is gone. */
  readonly requestClose: () => Promise<StreamStats>;
  /** Turns a worker's absolute time into the caller's `Clock`. */
  readonly toClockMs: (absoluteMs: number) => number;
  readonly onGone: () => void;
  /** A listener threw: a defect, to be logged. */
  readonly onFault: (err: unknown) => void;
}

/** The main thread's end of one stream: numbers its plays and listens and passes on what the worker tells of them. */
export class HostStream implements MediaStream {
  readonly id: number;
  readonly localPort: number;
  readonly #deps: HostStreamDependencies;
  readonly #onClosed: (reason: string) => void;
  readonly #plays = new Map<number, PlayListener>();
  #listen: { readonly id: number; readonly listener: ListenListener } | null = null;
  #nextId = 1;
  #closing: Promise<StreamStats> | null = null;
  #gone = false;

  constructor(
    id: number,
    localPort: number,
    onClosed: (reason: string) => void,
    deps: HostStreamDependencies,
  ) {
    this.id = id;
    this.localPort = localPort;
    this.#onClosed = onClosed;
    this.#deps = deps;
  }

  update(change: StreamUpdate): void {
    this.#post({ type: 'update', stream: this.id, change });
  }

  play(prompt: AudioClip | null, listener: PlayListener): PlayHandle {
    if (!this.isOpen || this.#plays.size >= mediaLimits.queuedPlaysPerStream) {
      const reason = this.isOpen ? 'failed' : 'closed';
      // Never from inside `play`: the caller does not hold the handle yet.
      queueMicrotask(() => listener.onEnded(reason, 0));
      return inert;
    }
    const stream = this.id;
    const play = this.#nextId++;
    this.#plays.set(play, listener);
    this.#post({ type: 'play', stream, play, clip: prompt });
    const post = (command: StreamCommand): void => {
      if (this.#plays.has(play)) this.#post(command);
    };
    return {
      append: (bytes, marks) => post({ type: 'append', stream, play, bytes, marks }),
      finish: (ok) => post({ type: 'finish', stream, play, ok }),
      pause: () => post({ type: 'pause', stream, play }),
      resume: () => post({ type: 'resume', stream, play }),
      stop: () => post({ type: 'stop-play', stream, play }),
    };
  }

  listen(request: ListenRequest, listener: ListenListener): ListenHandle {
    if (!this.isOpen) {
      queueMicrotask(() => listener.onComplete(this.#outcomeOf('cancelled', null)));
      return inert;
    }
    const stream = this.id;
    const listen = this.#nextId++;
    this.#listen = { id: listen, listener };
    this.#post({ type: 'listen', stream, listen, options: request });
    return {
      startInputTimers: () => this.#post({ type: 'start-input-timers', stream, listen }),
      stop: () => {
        if (this.#listen?.id !== listen) return;
        this.#listen = null;
        this.#post({ type: 'stop-listen', stream, listen });
      },
    };
  }

  sendDtmf(digits: string): void {
    this.#post({ type: 'dtmf', stream: this.id, digits });
  }

  /** Resolves with the counters (zero when the worker is gone); the same promise for every call. */
  close(): Promise<StreamStats> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  /**
   * Passes on an event of the worker; those of plays and listens that ended here are stale.
   *
   * A listener that throws loses its own stream, with a log line, and nobody else's.
   */
  handle(event: StreamEvent): void {
    try {
      this.#dispatch(event);
    } catch (err) {
      this.blame(err);
    }
  }

  /** A listener threw. */
  protected blame(err: unknown): void {
    this.#deps.onFault(err);
    this.close().then(
      () => this.#onClosed('a listener failed'),
      (failure: unknown) => this.#deps.onFault(failure),
    );
  }

  #dispatch(event: StreamEvent): void {
    switch (event.type) {
      case 'play-started':
        this.#plays.get(event.play)?.onStarted(this.#deps.toClockMs(event.atMs));
        return;
      case 'play-mark':
        this.#plays.get(event.play)?.onMark(event.name);
        return;
      case 'play-ended': {
        const listener = this.#plays.get(event.play);
        this.#plays.delete(event.play);
        listener?.onEnded(event.reason, event.playedMs);
        return;
      }
      case 'start-of-input':
        this.#listenerOf(event.listen)?.onStartOfInput(event.mode);
        return;
      case 'partial':
        this.#listenerOf(event.listen)?.onPartial(event.text);
        return;
      case 'warning':
        this.#listenerOf(event.listen)?.onWarning(event.message, event.fields);
        return;
      case 'complete': {
        const listener = this.#listenerOf(event.listen);
        if (!listener) return;
        this.#listen = null;
        listener.onComplete(this.#localOutcome(event.outcome));
        return;
      }
      case 'stream-failed':
        this.lose(event.reason);
    }
  }

  /** The worker's end is gone without our asking: ends plays and listen, then tells the owner. */
  lose(reason: string): void {
    if (this.#gone) return;
    const asked = this.#closing !== null;
    this.#leave(new SpeechError('unavailable', reason));
    if (!asked) this.#onClosed(reason);
  }

  /** False once it was closed by either end. */
  protected get isOpen(): boolean {
    return !this.#gone && this.#closing === null;
  }

  #post(command: StreamCommand): void {
    if (this.isOpen) this.#deps.post(command);
  }

  async #close(): Promise<StreamStats> {
    if (this.#gone) return noStats;
    try {
      return await this.#deps.requestClose();
    } catch {
      // The worker is gone or stuck: there is nothing left to close, and its counters went with it.
      return noStats;
    } finally {
      this.#leave(null);
    }
  }

  /** Ends what the worker did not end itself. */
  #leave(error: SpeechError | null): void {
    if (this.#gone) return;
    this.#gone = true;
    const plays = [...this.#plays.values()];
    const listener = this.#listen?.listener;
    this.#plays.clear();
    this.#listen = null;
    this.#deps.onGone();
    for (const play of plays) play.onEnded('closed', 0);
    listener?.onComplete(this.#outcomeOf(error ? 'recognizer-error' : 'cancelled', error));
  }

  #listenerOf(listen: number): ListenListener | null {
    return this.#listen?.id === listen ? this.#listen.listener : null;
  }

  #outcomeOf(cause: ListenOutcome['cause'], error: SpeechError | null): ListenOutcome {
    return {
      cause,
      mode: null,
      result: { alternatives: [] },
      digits: '',
      error,
      inputStartedAtMs: null,
      endpointAtMs: null,
      resultAtMs: this.#deps.toClockMs(absoluteNowMs()),
    };
  }

  #localOutcome(outcome: OutcomeData): ListenOutcome {
    const { toClockMs } = this.#deps;
    return {
      ...outcome,
      error: outcome.error && fromErrorData(outcome.error),
      inputStartedAtMs: outcome.inputStartedAtMs === null ? null : toClockMs(outcome.inputStartedAtMs),
      endpointAtMs: outcome.endpointAtMs === null ? null : toClockMs(outcome.endpointAtMs),
      resultAtMs: toClockMs(outcome.resultAtMs),
    };
  }
}
