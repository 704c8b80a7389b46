import { mediaLimits } from '../../config/limits.js';
import { decodeWire } from '../codec/wire-codec.js';
import { bytesPerSample } from '../speech/audio-clip.js';
import type { AudioFrame } from '../pipeline/audio.js';
import type { RemoteAddress, RtpCodec } from '../worker/media-host.js';
import { Concealer } from './concealment.js';
import { JitterBuffer, type JitterBufferOptions } from './jitter-buffer.js';
import { RtpPacket } from './packet.js';
import { ReceptionStats } from './reception-stats.js';
import { SequenceUnwrapper } from './sequence-unwrapper.js';
import { SourceLock } from './source-lock.js';
import { TelephoneEventReceiver } from './telephone-event.js';

/** RFC 3389 comfort noise: the sender is silent, which the jitter buffer sees anyway. */
const comfortNoisePayloadType = 13;
/** Frames are cut to this length whatever the packet time: what voice-activity detectors and recognisers take. */
export const receiveFrameMs = 20;
/** How much audio may wait, and what becomes of more than is needed; see JitterBufferOptions. */
export type ReceiverDelay = Pick<JitterBufferOptions, 'maxMs' | 'keepAll'>;

const rtpDelay: ReceiverDelay = { maxMs: mediaLimits.jitterBufferMs };

/** The longest packet that is decoded; RFC 3551 4.2 asks receivers to take 200 ms. */
const maxPacketMs = 200;

export interface ReceiverCounters {
  readonly packetsReceived: number;
  readonly lost: number;
  readonly late: number;
  readonly duplicates: number;
  readonly malformed: number;
  readonly strangers: number;
  readonly underruns: number;
  readonly jitterMs: number;
}

interface MutableFrame extends AudioFrame {
  samples: Int16Array;
  sampleRateHz: number;
  timestamp: number;
}

/**
 * The receiving half of an RTP session: datagrams in, frames of 20 ms and DTMF digits out.
 *
 * Audio is kept only while `listening` is set; the counters and digits run always. Synchronous, never throws.
 */
export class RtpReceiver {
  readonly #packet = new RtpPacket();
  readonly #unwrapper = new SequenceUnwrapper();
  readonly #source: SourceLock;
  readonly #onDigit: (digit: string) => void;
  readonly #concealer = new Concealer();
  readonly #jitterMs: number;
  readonly #delay: ReceiverDelay;
  #codec: RtpCodec;
  #stats: ReceptionStats;
  #buffer: JitterBuffer;
  #events: TelephoneEventReceiver;
  #listening = false;
  #restarts = 0;
  #malformed = 0;
  /** Decoded samples that wait for the next frame, and how many. */
  #pending: Int16Array;
  #pendingCount = 0;
  #frame: MutableFrame;
  #earlier = { received: 0, lost: 0, late: 0, duplicates: 0, underruns: 0 };

  constructor(
    codec: RtpCodec,
    remote: RemoteAddress | null,
    jitterMs: number,
    onDigit: (digit: string) => void,
    delay: ReceiverDelay = rtpDelay,
  ) {
    this.#codec = codec;
    this.#jitterMs = jitterMs;
    this.#delay = delay;
    this.#onDigit = onDigit;
    this.#source = new SourceLock(remote);
    this.#stats = new ReceptionStats(codec.clockRateHz);
    this.#buffer = this.#createBuffer();
    this.#events = new TelephoneEventReceiver(codec.clockRateHz);
    this.#pending = this.#createPending();
    this.#frame = this.#createFrame();
  }

  /** Where to send (see SourceLock). */
  get remote(): RemoteAddress | null {
    return this.#source.remote;
  }

  get counters(): ReceiverCounters {
    return {
      packetsReceived: this.#earlier.received + this.#stats.received,
      lost: this.#earlier.lost + this.#stats.lost,
      late: this.#earlier.late + this.#buffer.late,
      duplicates: this.#earlier.duplicates + this.#stats.duplicates,
      malformed: this.#malformed,
      strangers: this.#source.strangers,
      underruns: this.#earlier.underruns + this.#buffer.underruns,
      jitterMs: this.#stats.jitterMs,
    };
  }

  /** True when another frame can be read at once because more waits than has to (see JitterBuffer.surplusMs). */
  takeSurplus(): boolean {
    if (this.#buffer.surplusMs < receiveFrameMs) return false;
    this.#buffer.spendSurplus();
    return true;
  }

  /** Starts or stops keeping audio; what came before is forgotten. */
  set listening(on: boolean) {
    if (on && !this.#listening) this.#forgetAudio();
    this.#listening = on;
  }

  signal(remote: RemoteAddress): void {
    this.#source.signal(remote);
  }

  /** Another codec, from the next datagram on; counters go on. */
  changeCodec(codec: RtpCodec): void {
    const counters = this.counters;
    this.#earlier = { ...counters, received: counters.packetsReceived };
    this.#codec = codec;
    this.#stats = new ReceptionStats(codec.clockRateHz);
    this.#buffer = this.#createBuffer();
    this.#events = new TelephoneEventReceiver(codec.clockRateHz);
    this.#pending = this.#createPending();
    this.#pendingCount = 0;
    this.#frame = this.#createFrame();
    this.#concealer.reset();
  }

  /** Takes one datagram; `bytes` is not kept. */
  receive(bytes: Uint8Array, address: string, port: number, nowMs: number): void {
    const packet = this.#packet;
    if (packet.parse(bytes) !== null || !this.#isKnownPayload(packet.payloadType)) {
      this.#malformed++;
      return;
    }
    const verdict = this.#source.judge(address, port, packet.ssrc, nowMs);
    if (verdict === 'stranger') return;
    if (verdict === 'restart') this.#restart();
    const sequence = this.#unwrapper.unwrap(packet.sequenceNumber);
    if (sequence < 0) return;
    if (this.#unwrapper.restarts !== this.#restarts) this.#followRestart();
    if (this.#stats.packet(sequence, nowMs)) this.#dispatch(sequence, nowMs);
  }

  /** The next 20 ms: audio, concealment or silence. Valid until the next call. */
  readFrame(nowMs: number): AudioFrame {
    const frame = this.#frame;
    const wanted = frame.samples.length;
    while (this.#pendingCount < wanted) if (!this.#decodeNext(nowMs)) break;
    const ready = Math.min(wanted, this.#pendingCount);
    // Element by element: a view for each frame would be garbage fifty times a second and stream.
    for (let i = 0; i < ready; i++) frame.samples[i] = this.#pending[i] as number;
    frame.samples.fill(0, ready);
    frame.timestamp = (frame.timestamp + wanted) >>> 0;
    this.#pending.copyWithin(0, ready, this.#pendingCount);
    this.#pendingCount -= ready;
    return frame;
  }

  #isKnownPayload(payloadType: number): boolean {
    const { payloadType: audio, telephoneEventPayloadType: event } = this.#codec;
    return payloadType === audio || payloadType === event || payloadType === comfortNoisePayloadType;
  }

  #dispatch(sequence: number, nowMs: number): void {
    const packet = this.#packet;
    if (packet.payloadType === this.#codec.telephoneEventPayloadType) {
      const { bytes, payloadOffset, payloadLength, timestamp, marker } = packet;
      const digit = this.#events.receive(bytes, payloadOffset, payloadLength, timestamp, marker);
      if (digit !== null) this.#onDigit(digit);
      return;
    }
    if (packet.payloadType !== this.#codec.payloadType) return;
    this.#stats.timestamp(packet.timestamp);
    const ticks = Math.floor(packet.payloadLength / bytesPerSample(this.#codec.encoding));
    if (!this.#listening || ticks === 0 || ticks > this.#samplesIn(maxPacketMs)) return;
    this.#buffer.push(
      packet.bytes,
      packet.payloadOffset,
      packet.payloadLength,
      sequence,
      packet.timestamp,
      ticks,
      packet.marker,
      nowMs,
    );
  }

  /** Another source or SSRC (RFC 3550 8.2): its numbers have nothing to do with those before. */
  #restart(): void {
    this.#unwrapper.reset();
    this.#followRestart();
  }

  #followRestart(): void {
    this.#restarts = this.#unwrapper.restarts;
    this.#stats.restart();
    this.#events.reset();
    this.#forgetAudio();
  }

  #forgetAudio(): void {
    this.#buffer.reset();
    this.#concealer.reset();
    this.#pendingCount = 0;
  }

  /** Adds what the jitter buffer has to the pending samples; false when it has nothing. */
  #decodeNext(nowMs: number): boolean {
    const playout = this.#buffer.pop(nowMs);
    if (playout === 'silence') return false;
    const start = this.#pendingCount;
    if (playout === 'packet') {
      const { payload, payloadLength } = this.#buffer;
      const { encoding } = this.#codec;
      this.#pendingCount += decodeWire(encoding, payload, 0, payloadLength, this.#pending, start);
      this.#concealer.remember(this.#pending, start, this.#pendingCount);
    } else {
      this.#pendingCount += this.#buffer.gapTicks;
      this.#concealer.conceal(this.#pending, start, this.#pendingCount);
    }
    return true;
  }

  #samplesIn(ms: number): number {
    return Math.round((ms * this.#codec.clockRateHz) / 1_000);
  }

  #createBuffer(): JitterBuffer {
    return new JitterBuffer({
      clockRateHz: this.#codec.clockRateHz,
      targetMs: this.#jitterMs,
      ...this.#delay,
    });
  }

  #createPending(): Int16Array {
    return new Int16Array(this.#samplesIn(receiveFrameMs + maxPacketMs));
  }

  #createFrame(): MutableFrame {
    const samples = new Int16Array(this.#samplesIn(receiveFrameMs));
    return { samples, sampleRateHz: this.#codec.clockRateHz, timestamp: 0 };
  }
}
