import type { RemoteAddress } from './media-host.js';

/** Sends one packet; `bytes` is reused after it returns. */
export type PacketOutput = (bytes: Uint8Array, remote: RemoteAddress) => void;

/**
 * What carries the RTP packets of one stream: a UDP socket, or messages of the main thread (`FrameTransport`).
 *
 * Incoming packets go to `WorkerStream.receive`; everything between the two ends is the same for both.
 */
export interface PacketTransport {
  readonly send: PacketOutput;
  /** Packets that could not even be handed on; 0 for a socket, which does not tell. */
  readonly dropped: number;
  close(): Promise<void>;
}
