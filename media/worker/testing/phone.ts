import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { encodeShared } from '../../codec/wire-codec.js';
import { RtpPacket, writeRtpHeader } from '../../rtp/packet.js';
import type { RemoteAddress } from '../media-host.js';

/** A packet that a phone received. */
export interface HeardPacket {
  readonly atMs: number;
  readonly payloadType: number;
  readonly marker: boolean;
  readonly sequenceNumber: number;
  readonly timestamp: number;
  readonly payload: Uint8Array;
}

/** The far end of a call for tests: one UDP socket on 127.0.0.1 that keeps what it hears and talks PCMU. */
export class Phone {
  readonly heard: HeardPacket[] = [];
  readonly #socket: Socket;
  readonly #ssrc: number;
  #sequenceNumber = 100;
  #timestamp = 5_000;

  private constructor(socket: Socket, ssrc: number) {
    this.#socket = socket;
    this.#ssrc = ssrc;
    socket.on('message', (bytes: Uint8Array, _from: RemoteInfo) => this.#hear(bytes));
  }

  static async open(ssrc = 7): Promise<Phone> {
    const socket = createSocket('udp4');
    socket.bind(0, '127.0.0.1');
    await once(socket, 'listening');
    return new Phone(socket, ssrc);
  }

  get address(): RemoteAddress {
    return { address: '127.0.0.1', port: this.#socket.address().port };
  }

  /** Sends samples as PCMU packets of 20 ms, paced by the clock; resolves after the last. */
  async talk(samples: Int16Array, port: number): Promise<void> {
    const startMs = performance.now();
    for (let at = 0; at + 160 <= samples.length; at += 160) {
      this.sendRaw(this.#packet(samples.subarray(at, at + 160)), port);
      const waitMs = startMs + (at / 160 + 1) * 20 - performance.now();
      if (waitMs > 0) await new Promise((resolve) => setTimeout(resolve, waitMs));
    }
  }

  sendRaw(bytes: Uint8Array, port: number): void {
    this.#socket.send(bytes, port, '127.0.0.1');
  }

  close(): void {
    this.#socket.close();
  }

  #packet(samples: Int16Array): Uint8Array {
    const bytes = new Uint8Array(12 + samples.length);
    writeRtpHeader(bytes, 0, false, this.#sequenceNumber, this.#timestamp, this.#ssrc);
    bytes.set(encodeShared('PCMU', samples), 12);
    this.#sequenceNumber = (this.#sequenceNumber + 1) & 0xffff;
    this.#timestamp += samples.length;
    return bytes;
  }

  #hear(bytes: Uint8Array): void {
    const packet = new RtpPacket();
    if (packet.parse(bytes) !== null) return;
    const { payloadType, marker, sequenceNumber, timestamp, payloadOffset, payloadLength } = packet;
    const payload = bytes.slice(payloadOffset, payloadOffset + payloadLength);
    this.heard.push({ atMs: performance.now(), payloadType, marker, sequenceNumber, timestamp, payload });
  }
}
