import { FramePacketizer } from '../frames/packetizer.js';
import { rtpHeaderBytes } from '../rtp/packet.js';
import { HostStream, type HostStreamDependencies } from './host-stream.js';
import type { FrameListener, FrameStream, RtpCodec } from './media-host.js';

/** The main thread's end of a frame stream: cuts what comes in into packets and takes those that come out. */
export class HostFrameStream extends HostStream implements FrameStream {
  readonly #listener: FrameListener;
  readonly #packetizer: FramePacketizer;
  readonly #post: HostStreamDependencies['post'];
  #accepted = true;

  /** `sendPacket` copies what it is given; false when it was dropped. */
  constructor(
    id: number,
    codec: RtpCodec,
    listener: FrameListener,
    sendPacket: (packet: Uint8Array) => boolean,
    deps: HostStreamDependencies,
  ) {
    super(id, 0, (reason) => listener.onClosed(reason), deps);
    this.#listener = listener;
    this.#post = deps.post;
    this.#packetizer = new FramePacketizer(codec, (packet) => {
      if (!sendPacket(packet)) this.#accepted = false;
    });
  }

  pushAudio(octets: Uint8Array, start: number, end: number, timestampMs: number | null): boolean {
    if (!this.isOpen) return false;
    this.#accepted = true;
    this.#packetizer.write(octets, start, end, timestampMs);
    return this.#accepted;
  }

  pushDigit(digit: string): void {
    if (this.isOpen) this.#post({ type: 'digit', stream: this.id, digit });
  }

  /** A packet of the worker, of which nobody else has the memory. */
  takePacket(packet: Uint8Array): void {
    if (!this.isOpen) return;
    try {
      this.#listener.onFrame(packet, rtpHeaderBytes);
    } catch (err) {
      this.blame(err);
    }
  }
}
