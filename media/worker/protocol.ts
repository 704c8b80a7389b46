import type { LatenessSnapshot } from '../pipeline/lateness.js';
import type { PortRange } from '../rtp/port-pool.js';
import type { AudioClip, ClipMark } from '../speech/audio-clip.js';
import { SpeechError, type SpeechErrorCode } from '../speech/errors.js';
import type {
  ListenOutcome,
  ListenRequest,
  PlayListener,
  StreamOptions,
  StreamStats,
  StreamUpdate,
} from './media-host.js';

/** A recogniser that every worker loads: `moduleUrl` exports `createRecognizer` (see RecognizerModule). */
export interface EngineSpec {
  readonly name: string;
  readonly moduleUrl: string;
  /** Plain data, handed to `createRecognizer`. */
  readonly options: Readonly<Record<string, unknown>>;
}

/** What a worker is started with. */
export interface WorkerSettings {
  readonly engines: readonly EngineSpec[];
  readonly ports: PortRange;
  readonly jitterMs: number;
}

/** The same with what belongs to one thread alone. */
export interface ThreadSettings extends WorkerSettings {
  /** Shared by both threads; see FrameCredit. */
  readonly frameCredit: SharedArrayBuffer;
}

/** From the main thread, wanting one `reply` with its number. */
export type WorkerQuery =
  | {
      readonly type: 'open';
      readonly request: number;
      readonly stream: number;
      readonly options: StreamOptions;
    }
  | { readonly type: 'close'; readonly request: number; readonly stream: number }
  | { readonly type: 'snapshot'; readonly request: number }
  | { readonly type: 'shutdown'; readonly request: number };

/** From the main thread to one open stream; `stream`, `play` and `listen` are numbered by the host. */
export type StreamCommand =
  | { readonly type: 'update'; readonly stream: number; readonly change: StreamUpdate }
  | { readonly type: 'play'; readonly stream: number; readonly play: number; readonly clip: AudioClip | null }
  | {
      readonly type: 'append';
      readonly stream: number;
      readonly play: number;
      readonly bytes: Uint8Array<SharedArrayBuffer>;
      readonly marks: readonly ClipMark[];
    }
  | { readonly type: 'finish'; readonly stream: number; readonly play: number; readonly ok: boolean }
  | { readonly type: 'pause' | 'resume' | 'stop-play'; readonly stream: number; readonly play: number }
  | {
      readonly type: 'listen';
      readonly stream: number;
      readonly listen: number;
      readonly options: ListenRequest;
    }
  | { readonly type: 'start-input-timers' | 'stop-listen'; readonly stream: number; readonly listen: number }
  | { readonly type: 'dtmf'; readonly stream: number; readonly digits: string }
  /** The far end of a frame stream pressed a key. */
  | { readonly type: 'digit'; readonly stream: number; readonly digit: string };

/** Packets of frame streams, many in one message (see FrameOutbox). */
export interface FrameMessage {
  readonly type: 'frames';
  readonly batch: Uint8Array<ArrayBuffer>;
}

export type ToWorker = WorkerQuery | StreamCommand | FrameMessage;

export type EngineState = 'loading' | 'ready' | 'unavailable';

export interface WorkerSnapshot {
  readonly streams: number;
  readonly packetsSent: number;
  readonly packetsReceived: number;
  readonly lateness: LatenessSnapshot;
  /** 2 ms slots dropped because the thread was late by more than 500 ms, since the start. */
  readonly droppedTicks: number;
  /** 0 to 1 since the last snapshot. */
  readonly eventLoopUtilization: number;
  readonly portsTaken: number;
  readonly openDetectors: number;
}

/** A `SpeechError` as plain data: structured clone would keep its message and lose its code. */
export interface ErrorData {
  readonly code: SpeechErrorCode;
  readonly message: string;
  readonly retryable: boolean;
}

export type OutcomeData = Omit<ListenOutcome, 'error'> & { readonly error: ErrorData | null };

export type ReplyValue =
  | { readonly type: 'opened'; readonly stream: number; readonly localPort: number }
  | { readonly type: 'closed'; readonly stats: StreamStats }
  | { readonly type: 'snapshot'; readonly snapshot: WorkerSnapshot }
  | { readonly type: 'done' };

/** To the main thread. All times are absolute: `performance.timeOrigin + performance.now()`. */
export type FromWorker =
  | { readonly type: 'ready' }
  | {
      readonly type: 'engine';
      readonly name: string;
      readonly state: Exclude<EngineState, 'loading'>;
      readonly error: ErrorData | null;
    }
  | {
      readonly type: 'reply';
      readonly request: number;
      readonly value: ReplyValue | null;
      readonly error: ErrorData | null;
    }
  | {
      readonly type: 'log';
      readonly level: 'info' | 'warn' | 'error';
      readonly message: string;
      readonly fields: Readonly<Record<string, unknown>>;
    }
  | FrameMessage
  | StreamEvent;

/** What happens on one stream. */
export type StreamEvent =
  | { readonly type: 'play-started'; readonly stream: number; readonly play: number; readonly atMs: number }
  | { readonly type: 'play-mark'; readonly stream: number; readonly play: number; readonly name: string }
  | {
      readonly type: 'play-ended';
      readonly stream: number;
      readonly play: number;
      readonly reason: Parameters<PlayListener['onEnded']>[0];
      readonly playedMs: number;
    }
  | {
      readonly type: 'start-of-input';
      readonly stream: number;
      readonly listen: number;
      readonly mode: 'speech' | 'dtmf';
    }
  | { readonly type: 'partial'; readonly stream: number; readonly listen: number; readonly text: string }
  | {
      readonly type: 'warning';
      readonly stream: number;
      readonly listen: number;
      readonly message: string;
      readonly fields: Readonly<Record<string, unknown>>;
    }
  | {
      readonly type: 'complete';
      readonly stream: number;
      readonly listen: number;
      readonly outcome: OutcomeData;
    }
  /** The worker closed it (socket error); no reply is owed. */
  | { readonly type: 'stream-failed'; readonly stream: number; readonly reason: string };

export function toErrorData(cause: unknown): ErrorData {
  if (cause instanceof SpeechError)
    return { code: cause.code, message: cause.message, retryable: cause.retryable };
  return {
    code: 'internal',
    message: cause instanceof Error ? cause.message : String(cause),
    retryable: false,
  };
}

export function fromErrorData(data: ErrorData): SpeechError {
  return new SpeechError(data.code, data.message, data.retryable);
}
