import type { WireEncoding } from '../../media/speech/audio-clip.js';
import type { CloseReason } from './close-reasons.js';

/** What a client says about the stream it starts. */
export interface StreamStart {
  /** The client's names of its stream and call; empty where it gives none. */
  readonly streamId: string;
  readonly callId: string;
  /** Checked against `audioSocketLimits`; only names that a tree's variable can have. */
  readonly parameters: Readonly<Record<string, string>>;
  /** Parameters that were left out because of their names. */
  readonly ignoredParameters: number;
}

/** Audio of one message: `octets[start..end)` in the stream's wire encoding, valid until the next message is read. */
export interface AudioMessage {
  readonly type: 'audio';
  readonly octets: Uint8Array;
  readonly start: number;
  readonly end: number;
  /** On the client's clock; null where it gives no time. */
  readonly timestampMs: number | null;
}

/** What a message of the client means. */
export type ClientMessage =
  | AudioMessage
  | { readonly type: 'hello' }
  | { readonly type: 'start'; readonly start: StreamStart }
  | { readonly type: 'digits'; readonly digits: string }
  | { readonly type: 'mark'; readonly name: string }
  | { readonly type: 'stop' }
  /** Nothing to be done: another track, a message of a later version. */
  | { readonly type: 'ignored' }
  | { readonly type: 'violation'; readonly reason: CloseReason; readonly detail: string };

/** A message to the client. */
export type Outgoing = string | Uint8Array;

/**
 * One way of putting a voice conversation into WebSocket messages; made for one connection.
 *
 * Reads what the client sends, whatever it is, and writes what it shall get. Synchronous, never throws.
 */
export interface AudioProtocol {
  readonly name: 'media-streams' | 'l16';
  readonly encoding: WireEncoding;
  readonly sampleRateHz: number;
  readText(text: string): ClientMessage;
  readBinary(octets: Uint8Array): ClientMessage;
  /** 20 ms of audio, `bytes[start..)`, whose memory may be changed and kept. */
  audio(bytes: Uint8Array, start: number): Outgoing;
  mark(name: string): Outgoing;
  clear(): Outgoing;
  /** Null where the protocol, or this client, has no such message. */
  ready(sessionId: string): Outgoing | null;
  prompt(text: string): Outgoing | null;
  transcript(text: string, confidence: number): Outgoing | null;
  stop(reason: string): Outgoing | null;
}
