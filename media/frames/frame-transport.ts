import type { RemoteAddress } from '../worker/media-host.js';
import type { PacketTransport } from '../worker/packet-transport.js';
import type { FrameOutbox } from './frame-outbox.js';

/** Stands for the client in the place of an address: frames have none. */
export const frameRemote: RemoteAddress = { address: '127.0.0.1', port: 9 };

/** Carries the packets of one stream in messages to the main thread; what the main thread cannot take is counted. */
export class FrameTransport implements PacketTransport {
  readonly #stream: number;
  readonly #outbox: Pick<FrameOutbox, 'add'>;
  #dropped = 0;

  constructor(stream: number, outbox: Pick<FrameOutbox, 'add'>) {
    this.#stream = stream;
    this.#outbox = outbox;
  }

  /** Packets lost because the main thread was behind. */
  get dropped(): number {
    return this.#dropped;
  }

  readonly send = (packet: Uint8Array): void => {
    if (!this.#outbox.add(this.#stream, packet)) this.#dropped++;
  };

  close(): Promise<void> {
    return Promise.resolve();
  }
}
