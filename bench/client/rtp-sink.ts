import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';

import { rtpHeaderBytes } from '../../media/rtp/packet.js';
import { PacketRecord } from '../packet-gaps.js';
import { Slot } from './slot.js';

/** Packets that one sink remembers: 40 s of audio in packets of 20 ms. */
const recordedPackets = 2_000;

/** A UDP socket of the client that notes when RTP arrives; `performance.now` as the datagram is read. */
export class RtpSink {
  readonly record = new PacketRecord(recordedPackets);
  readonly #socket: Socket;
  #first = new Slot<number>();

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('message', (bytes) => {
      const atMs = performance.now();
      if (bytes.length < rtpHeaderBytes) return;
      if (this.record.count === 0) this.#first.set(atMs);
      this.record.add(atMs, bytes.readUInt16BE(2));
    });
    // A peer that closed its port is told to a socket that sends; this one only listens, and outlives such news.
    socket.on('error', (err) => this.#first.fail(err));
  }

  static async open(): Promise<RtpSink> {
    const socket = createSocket('udp4');
    socket.bind(0, '127.0.0.1');
    await once(socket, 'listening');
    return new RtpSink(socket);
  }

  get port(): number {
    return this.#socket.address().port;
  }

  /** Forgets what came; the next packet is the first. */
  clear(): void {
    this.record.clear();
    this.#first = new Slot();
  }

  /** When the first packet since `clear` came. */
  firstAtMs(timeoutMs: number): Promise<number> {
    return this.#first.wait(timeoutMs, 'RTP packet');
  }

  close(): void {
    this.#socket.close();
  }
}
