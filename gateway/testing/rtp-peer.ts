import { createSocket, type Socket } from 'node:dgram';

import { SeededRandom, systemRandom } from '../../config/random.js';
import { decodeG711, encodeG711, g711Silence } from '../../media/codec/g711.js';
import { RtpReceiver } from '../../media/rtp/rtp-receiver.js';
import { RtpPacket, rtpHeaderBytes, writeRtpHeader } from '../../media/rtp/packet.js';
import { LossyPath, type PathFaults } from './lossy-path.js';

/** One RTP packet as it arrived, its audio decoded. */
export interface HeardPacket {
  readonly atMs: number;
  readonly sequenceNumber: number;
  readonly timestamp: number;
  readonly ssrc: number;
  /** First packet after silence (RFC 3551 4.1). */
  readonly marker: boolean;
  readonly samples: Int16Array;
}

export interface RtpPeerOptions {
  /** Faults of the network in each direction; none when left out. */
  readonly faults?: PathFaults;
  readonly seed?: number;
}

const frameMs = 20;
const frameSamples = 160;
const pcmu = 0;
const telephoneEvent = 101;
const eventDigits = '0123456789*#ABCD';
/** RFC 4733 2.5.1.4: an event of 100 ms in packets of 20 ms, the last one three times. */
const eventPackets = 7;
const eventTicks = 5;
/** Depth of the jitter buffer that the peer listens through. */
const jitterMs = 60;
const anyPort = 9;
/** Longer than the pauses between and inside the bot's sentences. */
const quietMs = 800;

/**
 * A phone's audio side on 127.0.0.1: PCMU out every 20 ms (silence, speech or keys), PCMU in, kept packet by packet.
 *
 * With `faults` both directions go through a bad network first.
 */
export class RtpPeer {
  readonly #socket: Socket;
  readonly #uplink: LossyPath;
  readonly #downlink: LossyPath;
  readonly #heard: HeardPacket[] = [];
  readonly #receiver: RtpReceiver;
  readonly #played: Int16Array[] = [];
  readonly #speech: Int16Array[] = [];
  readonly #keys: number[] = [];
  readonly #ssrc = systemRandom.integer(2 ** 32);
  #target = 0;
  #timer: NodeJS.Timeout | null = null;
  #startedAtMs = 0;
  #frames = 0;
  #sequence = 1_000;
  #event: { readonly digit: number; readonly timestamp: number; packets: number } | null = null;

  private constructor(socket: Socket, { faults = { dropped: 0, overtaken: 0 }, seed = 1 }: RtpPeerOptions) {
    this.#socket = socket;
    const codec = { encoding: 'PCMU', payloadType: pcmu, clockRateHz: 8_000, ptimeMs: frameMs } as const;
    this.#receiver = new RtpReceiver(codec, null, jitterMs, () => undefined);
    this.#receiver.listening = true;
    this.#uplink = new LossyPath(faults, new SeededRandom(seed), (bytes) =>
      socket.send(bytes, this.#target, '127.0.0.1', () => undefined),
    );
    this.#downlink = new LossyPath(faults, new SeededRandom(seed + 1), (bytes) => this.#hear(bytes));
    socket.on('error', () => undefined);
    socket.on('message', (bytes) => this.#downlink.carry(bytes));
  }

  static open(options: RtpPeerOptions = {}): Promise<RtpPeer> {
    return new Promise((resolve, reject) => {
      const socket = createSocket('udp4');
      socket.once('error', reject);
      socket.bind(0, '127.0.0.1', () => {
        socket.off('error', reject);
        resolve(new RtpPeer(socket, options));
      });
    });
  }

  get port(): number {
    return this.#socket.address().port;
  }

  get heard(): readonly HeardPacket[] {
    return this.#heard;
  }

  /** What the network did to both directions. */
  get faults(): { readonly up: LossyPath['counts']; readonly down: LossyPath['counts'] } {
    return { up: this.#uplink.counts, down: this.#downlink.counts };
  }

  /** What came out of the jitter buffer since `start`, 8 kHz. */
  get playedOut(): Int16Array {
    const all = new Int16Array(this.#played.length * frameSamples);
    this.#played.forEach((frame, index) => all.set(frame, index * frameSamples));
    return all;
  }

  /** Sends to `port` from now on, 50 packets a second. */
  start(port: number): void {
    this.#target = port;
    this.#startedAtMs = performance.now();
    this.#timer = setInterval(() => this.#catchUp(), frameMs / 2);
  }

  /** Queues speech (8 kHz) behind what is being said. */
  say(samples: Int16Array): void {
    for (let at = 0; at < samples.length; at += frameSamples) {
      const frame = new Int16Array(frameSamples);
      frame.set(samples.subarray(at, at + frameSamples));
      this.#speech.push(frame);
    }
  }

  /** Presses a key for 100 ms. */
  press(key: string): void {
    this.#keys.push(eventDigits.indexOf(key));
  }

  /** Waits until something was said that was not heard before this call, and then nothing for `quietMs`. */
  async turnOver(deadlineMs: number): Promise<void> {
    const from = this.#heard.length;
    const endMs = performance.now() + deadlineMs;
    for (;;) {
      const loudAtMs = this.#heard.slice(from).findLast(({ samples }) => isLoud(samples))?.atMs;
      if (loudAtMs !== undefined && performance.now() - loudAtMs > quietMs) return;
      if (performance.now() > endMs) throw new Error(`the bot's turn did not end within ${deadlineMs} ms`);
      await new Promise((resolve) => setTimeout(resolve, frameMs));
    }
  }

  /** Sends octets as they are, now. */
  sendRaw(bytes: Uint8Array, port: number): void {
    this.#socket.send(bytes, port, '127.0.0.1', () => undefined);
  }

  close(): void {
    if (this.#timer) clearInterval(this.#timer);
    this.#socket.close();
  }

  /** The timer is coarse; the stream is not: as many frames as time has passed. */
  #catchUp(): void {
    const due = Math.floor((performance.now() - this.#startedAtMs) / frameMs);
    while (this.#frames < due) {
      this.#frames++;
      this.#sendFrame();
      this.#played.push(this.#receiver.readFrame(performance.now()).samples.slice());
    }
  }

  #sendFrame(): void {
    const key = this.#event ? undefined : this.#keys.shift();
    if (key !== undefined) this.#event = { digit: key, timestamp: this.#frames * frameSamples, packets: 0 };
    if (this.#event) this.#sendEvent(this.#event);
    else this.#sendAudio();
  }

  #sendAudio(): void {
    const packet = new Uint8Array(rtpHeaderBytes + frameSamples).fill(g711Silence.PCMU);
    const speech = this.#speech.shift();
    if (speech) encodeG711('PCMU', speech, packet, rtpHeaderBytes);
    this.#send(packet, pcmu, false, this.#frames * frameSamples);
  }

  #sendEvent(event: { readonly digit: number; readonly timestamp: number; packets: number }): void {
    event.packets++;
    const last = event.packets >= eventTicks;
    const duration = Math.min(event.packets, eventTicks) * frameSamples;
    const packet = new Uint8Array(rtpHeaderBytes + 4);
    packet.set([event.digit, (last ? 0x80 : 0) | 10, duration >> 8, duration & 0xff], rtpHeaderBytes);
    this.#send(packet, telephoneEvent, event.packets === 1, event.timestamp);
    if (event.packets === eventPackets) this.#event = null;
  }

  #send(packet: Uint8Array, payloadType: number, marker: boolean, timestamp: number): void {
    this.#sequence = (this.#sequence + 1) & 0xffff;
    writeRtpHeader(packet, payloadType, marker, this.#sequence, timestamp, this.#ssrc);
    this.#uplink.carry(packet);
  }

  #hear(bytes: Uint8Array): void {
    const atMs = performance.now();
    const packet = new RtpPacket();
    if (packet.parse(bytes) !== null || packet.payloadType !== pcmu) return;
    const { sequenceNumber, timestamp, ssrc, marker, payloadOffset, payloadLength } = packet;
    const samples = new Int16Array(payloadLength);
    decodeG711('PCMU', bytes, payloadOffset, payloadOffset + payloadLength, samples);
    this.#heard.push({ atMs, sequenceNumber, timestamp, ssrc, marker, samples });
    // One source, whatever its port: the first packets may come before `start` has told us the node's.
    this.#receiver.receive(bytes, '127.0.0.1', anyPort, atMs);
  }
}

function isLoud(samples: Int16Array): boolean {
  return samples.some((sample) => Math.abs(sample) > 500);
}

/** The longest wait between two packets of one talkspurt; 0 when fewer than two came. */
export function longestGapMs(packets: readonly HeardPacket[]): number {
  let longest = 0;
  packets.forEach((packet, index) => {
    const before = packets[index - 1];
    if (before && !packet.marker) longest = Math.max(longest, packet.atMs - before.atMs);
  });
  return longest;
}
