import type { AudioClip, ClipMark, WireEncoding } from '../speech/audio-clip.js';
import type { Grammar } from '../speech/grammar/grammar.js';
import type { RecognitionCause, RecognitionResult, RecognizeRequest } from '../speech/recognizer.js';
import type { SpeechError } from '../speech/errors.js';

/** One negotiated RTP format (RFC 3551); telephone-event (RFC 4733) rides beside it when its payload type is given. */
export interface RtpCodec {
  readonly encoding: WireEncoding;
  readonly payloadType: number;
  readonly clockRateHz: number;
  /** 10, 20, 30, 40 or 60. */
  readonly ptimeMs: number;
  readonly telephoneEventPayloadType?: number;
}

/** Seen from us, as in RFC 3264: `sendonly` means that we send and do not listen. */
export type MediaDirection = 'sendrecv' | 'sendonly' | 'recvonly' | 'inactive';

export interface RemoteAddress {
  readonly address: string;
  readonly port: number;
}

export interface StreamOptions {
  readonly sessionId: string;
  readonly localAddress: string;
  /** Null until an answer names it (outgoing offers). */
  readonly codec: RtpCodec | null;
  readonly remote: RemoteAddress | null;
  readonly direction: MediaDirection;
  /** Send silence while no prompt plays (phones and NATs want it); false for MRCP, which sends talkspurts only. */
  readonly continuous: boolean;
  /** Carried by messages instead of a socket: how far ahead of real time it sends, in milliseconds; see `openFrames`. */
  readonly frames?: { readonly leadMs: number };
}

/** A stream whose audio the main thread hands in and takes out. */
export interface FrameStreamOptions {
  readonly sessionId: string;
  readonly encoding: WireEncoding;
  readonly sampleRateHz: number;
  /** Sent this far ahead of real time, so that the client can bridge a late packet; 0 to `frameLeadMs`. */
  readonly leadMs: number;
}

export interface StreamUpdate {
  readonly codec?: RtpCodec;
  readonly remote?: RemoteAddress;
  readonly direction?: MediaDirection;
}

/** RFC 3550 counters of one stream; `lost` is expected minus received, never below 0. */
export interface StreamStats {
  readonly packetsSent: number;
  readonly octetsSent: number;
  readonly packetsReceived: number;
  readonly lost: number;
  readonly late: number;
  readonly duplicates: number;
  readonly malformed: number;
  /** Packets dropped because they came from another source than the locked one. */
  readonly strangers: number;
  /** Frames the jitter buffer had nothing for while the talkspurt went on. */
  readonly underruns: number;
  /** Interarrival jitter in milliseconds (RFC 3550 6.4.1). */
  readonly jitterMs: number;
  /** Of a frame stream: packets that the main thread was too late to take. */
  readonly framesDropped?: number;
}

export interface PlayListener {
  /** The first packet left. `atMs` is on the `Clock` of the caller's process (performance.timeOrigin-corrected). */
  onStarted(atMs: number): void;
  onMark(name: string): void;
  /** Exactly once. `playedMs` is how much the far end was sent. */
  onEnded(reason: 'done' | 'stopped' | 'barge-in' | 'failed' | 'closed', playedMs: number): void;
}

/** Prompts queue in the order of `play` on their stream. */
export interface PlayHandle {
  /** Streaming prompts only: more encoded audio (kept, not copied). */
  append(bytes: Uint8Array<SharedArrayBuffer>, marks: readonly ClipMark[]): void;
  /** Streaming prompts only: the audio is complete, or failed (what is there is dropped). */
  finish(ok: boolean): void;
  pause(): void;
  resume(): void;
  /** Stops at the next frame; idempotent. */
  stop(): void;
}

export interface DtmfRequest {
  /** DTMF grammars; a digit string that matches one and cannot be extended completes at once. */
  readonly grammars: readonly Extract<Grammar, { kind: 'rules' }>[];
  /** RFC 6787 9.4.17. */
  readonly interdigitTimeoutMs: number;
  /** RFC 6787 9.4.18: wait after a match that could be extended only by the terminating character. */
  readonly termTimeoutMs: number;
  /** RFC 6787 9.4.19: one digit, or empty for none. */
  readonly termChar: string;
  /**
   * RFC 6787 9.4.31: digits pressed while nobody listened count as input when they are not older than this.
   * 0 (and absent) forgets them, as Clear-DTMF-Buffer does (9.4.32).
   */
  readonly typeAheadMs?: number;
}

export interface ListenRequest {
  /** Name of the recogniser among the worker's engines; ignored when `recognition` is null. */
  readonly recognizer: string;
  readonly recognition: RecognizeRequest | null;
  readonly dtmf: DtmfRequest | null;
  /** RFC 6787 9.4.6: from `startInputTimers`; 0 switches it off. */
  readonly noInputTimeoutMs: number;
  /** RFC 6787 9.4.7: from the start of speech. */
  readonly recognitionTimeoutMs: number;
  /** RFC 6787 9.4.15: silence that ends speech which matches a grammar (and always, without grammars). */
  readonly speechCompleteTimeoutMs: number;
  /** RFC 6787 9.4.16: silence that ends speech which matches no grammar yet. */
  readonly speechIncompleteTimeoutMs: number;
  /** False: the no-input timer waits for `startInputTimers()`. */
  readonly startInputTimers: boolean;
  /** Input of this kind stops every prompt of this stream at the next frame. */
  readonly bargeIn: 'none' | 'speech' | 'dtmf' | 'any';
  /** Speech shorter than this does not barge in. */
  readonly bargeInMinSpeechMs: number;
  /** 0 to 1; results below it are no-match. */
  readonly confidenceThreshold: number;
}

export interface ListenOutcome {
  readonly cause: RecognitionCause;
  readonly mode: 'speech' | 'dtmf' | null;
  readonly result: RecognitionResult;
  /** Digits as they came, without the terminating character. */
  readonly digits: string;
  readonly error: SpeechError | null;
  /** Caller's `Clock`: when speech (or the first digit) began, when the endpointer decided, when the result was there. */
  readonly inputStartedAtMs: number | null;
  readonly endpointAtMs: number | null;
  readonly resultAtMs: number;
}

export interface ListenListener {
  onStartOfInput(mode: 'speech' | 'dtmf'): void;
  onPartial(text: string): void;
  onWarning(message: string, fields: Readonly<Record<string, unknown>>): void;
  /** Exactly once, unless `stop` came first. */
  onComplete(outcome: ListenOutcome): void;
}

export interface ListenHandle {
  startInputTimers(): void;
  /** Ends it with no outcome; idempotent. */
  stop(): void;
}

/** One RTP session on a worker thread. All methods but `close` return at once and never throw after `close`. */
export interface MediaStream {
  readonly id: number;
  readonly localPort: number;
  update(change: StreamUpdate): void;
  /** `prompt` null opens a streaming prompt in the stream's codec, filled through the handle. */
  play(prompt: AudioClip | null, listener: PlayListener): PlayHandle;
  /** One at a time: a second `listen` stops the first. */
  listen(request: ListenRequest, listener: ListenListener): ListenHandle;
  /** Sends digits `0-9*#A-D` as telephone-events (RFC 4733), 100 ms each. */
  sendDtmf(digits: string): void;
  close(): Promise<StreamStats>;
}

/** What comes out of a frame stream. */
export interface FrameListener {
  /** 20 ms of audio in the stream's encoding, `bytes[start..)`, whose memory is the listener's from now on. */
  onFrame(bytes: Uint8Array, start: number): void;
  /** The worker is gone; the stream is closed. */
  onClosed(reason: string): void;
}

/** A `MediaStream` without a port: the owner brings the audio in and carries it away. */
export interface FrameStream extends MediaStream {
  /**
   * Hands in `octets[start..end)` in the stream's encoding, any length; not kept. `timestampMs` is its time on the
   * far end's clock, or null where it gives none. False when the worker is behind and the audio was dropped.
   */
  pushAudio(octets: Uint8Array, start: number, end: number, timestampMs: number | null): boolean;
  /** A key that the far end pressed: one of `0-9*#A-D`. */
  pushDigit(digit: string): void;
}

/** The worker threads that pump RTP. */
export interface MediaHost {
  /** Binds an even UDP port on the least loaded worker. Rejects with SpeechError `capacity` when none is free. */
  openStream(options: StreamOptions, onClosed: (reason: string) => void): Promise<MediaStream>;
  /** Both kinds. */
  readonly openStreams: number;
  close(): Promise<void>;
}

/** The worker threads that serve streams without a socket. */
export interface FrameHost {
  /** Opens a stream on the least loaded worker. Rejects with SpeechError `capacity` when none has room. */
  openFrames(options: FrameStreamOptions, listener: FrameListener): Promise<FrameStream>;
  readonly openFrameStreams: number;
}
