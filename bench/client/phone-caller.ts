import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';

import { systemRandom } from '../../config/random.js';
import { createAudioOffer, readAudioAnswer } from '../../gateway/sip/descriptions.js';
import { parseSdp, serializeSdp } from '../../gateway/sip/sdp.js';
import { encodeG711 } from '../../media/codec/g711.js';
import { rtpHeaderBytes, writeRtpHeader } from '../../media/rtp/packet.js';
import type { RemoteAddress } from '../../media/worker/media-host.js';
import type { PacedLoop } from './paced-loop.js';
import type { AnsweredCall, SipClient } from './sip-client.js';
import { Slot } from './slot.js';

const frameSamples = 160;
/** PCMU octets of plus and minus zero: what a bot that says nothing sends. */
const silentOctets = new Set([0xff, 0x7f]);

/** Samples at 8 kHz as PCMU payloads of 20 ms; a last piece that is shorter is dropped. */
export function toFrames(samples: Int16Array): Uint8Array[] {
  const frames: Uint8Array[] = [];
  for (let at = 0; at + frameSamples <= samples.length; at += frameSamples) {
    const frame = new Uint8Array(frameSamples);
    encodeG711('PCMU', samples.subarray(at, at + frameSamples), frame);
    frames.push(frame);
  }
  return frames;
}

/** Samples without the quiet at their end: the caller's last word ends where they do. */
export function trimEnd(samples: Int16Array, quietest: number): Int16Array {
  let end = samples.length;
  while (end > 0 && Math.abs(samples[end - 1] ?? 0) < quietest) end--;
  return samples.subarray(0, end);
}

/** A caller on a plain SIP call who sends a packet every packet time, says what he is told to, and notes the bot's voice. */
export class PhoneCaller {
  readonly #socket: Socket;
  readonly #call: AnsweredCall;
  readonly #remote: RemoteAddress;
  readonly #packet = new Uint8Array(rtpHeaderBytes + frameSamples);
  readonly #ssrc = systemRandom.integer(2 ** 32);
  readonly #leave: () => void;
  #sequence = 0;
  #timestamp = 0;
  #queue: readonly Uint8Array[] = [];
  #said: Slot<number> | null = null;
  #voice = new Slot<number>();

  private constructor(socket: Socket, call: AnsweredCall, remote: RemoteAddress, loop: PacedLoop) {
    this.#socket = socket;
    this.#call = call;
    this.#remote = remote;
    socket.on('message', (bytes) => this.#hear(bytes));
    this.#leave = loop.join(() => this.#send());
  }

  /** Places the call; the caller is silent at first. */
  static async dial(sip: SipClient, loop: PacedLoop): Promise<PhoneCaller> {
    const socket = createSocket('udp4');
    socket.on('error', () => undefined);
    socket.bind(0, '127.0.0.1');
    await once(socket, 'listening');
    const offer = createAudioOffer({
      origin: { sessionId: String(systemRandom.integer(2 ** 40)), version: '1' },
      address: '127.0.0.1',
      port: socket.address().port,
      encodings: ['PCMU'],
      direction: 'sendrecv',
      ptimeMs: 20,
    });
    try {
      const call = await sip.call(serializeSdp(offer));
      const agreement = readAudioAnswer(offer, parseSdp(call.answer));
      if (!agreement.ok) throw new Error(agreement.reason);
      return new PhoneCaller(socket, call, agreement.remote, loop);
    } catch (err) {
      socket.close();
      throw err;
    }
  }

  /** Forgets the bot's voice until now; `voiceAtMs` is about what comes. */
  listenAnew(): void {
    this.#voice = new Slot();
  }

  /** When the first packet that is not silence came. */
  voiceAtMs(timeoutMs: number): Promise<number> {
    return this.#voice.wait(timeoutMs, 'word of the bot');
  }

  /** Says frames at the pace of the call; resolves with the moment when the last one left. */
  say(frames: readonly Uint8Array[]): Promise<number> {
    this.#queue = [...frames];
    this.#said = new Slot();
    return this.#said.wait(frames.length * 20 + 5_000, 'end of what the caller says');
  }

  async hangUp(): Promise<void> {
    this.#leave();
    await this.#call.hangUp();
    this.#socket.close();
  }

  #send(): void {
    const [frame, ...rest] = this.#queue;
    writeRtpHeader(this.#packet, 0, this.#sequence === 0, this.#sequence, this.#timestamp, this.#ssrc);
    if (frame) this.#packet.set(frame, rtpHeaderBytes);
    else this.#packet.fill(0xff, rtpHeaderBytes);
    this.#socket.send(this.#packet.slice(), this.#remote.port, this.#remote.address);
    this.#sequence = (this.#sequence + 1) & 0xffff;
    this.#timestamp = (this.#timestamp + frameSamples) >>> 0;
    this.#queue = rest;
    if (frame && rest.length === 0) this.#said?.set(performance.now());
  }

  #hear(bytes: Buffer): void {
    if (this.#voice.filled) return;
    for (let i = rtpHeaderBytes; i < bytes.length; i++) {
      if (!silentOctets.has(bytes[i] ?? 0xff)) {
        this.#voice.set(performance.now());
        return;
      }
    }
  }
}
