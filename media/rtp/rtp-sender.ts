import type { Random } from '../../config/random.js';
import { fillSilence } from '../codec/wire-codec.js';
import { bytesPerSample } from '../speech/audio-clip.js';
import type { RtpCodec } from '../worker/media-host.js';
import { rtpHeaderBytes, writeRtpHeader } from './packet.js';
import { Sequencer } from './sequencer.js';
import { TelephoneEventSender } from './telephone-event.js';

/** Gives the payload of the next packet: fills all of `target[start..]` and returns true, or has nothing to send. */
export type PayloadSource = (codec: RtpCodec, target: Uint8Array, start: number) => boolean;

/** Sends one packet; the bytes are reused after it returns. */
export type PacketOutput = (packet: Uint8Array) => void;

/**
 * The sending half of an RTP session: one packet per packet time, of digits, of the source's audio or of silence.
 *
 * The packet's memory is one buffer per codec, overwritten each time. Synchronous, never throws.
 */
export class RtpSender {
  readonly #sequencer: Sequencer;
  readonly #events = new TelephoneEventSender();
  readonly #source: PayloadSource;
  readonly #output: PacketOutput;
  readonly #continuous: boolean;
  #codec: RtpCodec;
  #packet: Uint8Array;
  #eventPacket = new Uint8Array(rtpHeaderBytes + 4);
  #talking = false;
  #packetsSent = 0;
  #octetsSent = 0;

  constructor(
    codec: RtpCodec,
    continuous: boolean,
    source: PayloadSource,
    output: PacketOutput,
    nowMs: number,
    random: Random,
  ) {
    this.#codec = codec;
    this.#continuous = continuous;
    this.#source = source;
    this.#output = output;
    this.#sequencer = new Sequencer(codec.clockRateHz, nowMs, random);
    this.#packet = createPacket(codec);
  }

  get packetsSent(): number {
    return this.#packetsSent;
  }

  /** Payload octets, without headers (RFC 3550 6.4.1). */
  get octetsSent(): number {
    return this.#octetsSent;
  }

  /** Digits wait or are being sent. */
  get sendingDtmf(): boolean {
    return this.#events.active;
  }

  get queuedDigits(): number {
    return this.#events.queued;
  }

  /** Queues digits; they take the place of audio until they are out. */
  sendDtmf(digits: string): void {
    this.#events.enqueue(digits);
  }

  changeCodec(codec: RtpCodec, nowMs: number): void {
    if (codec.clockRateHz !== this.#codec.clockRateHz)
      this.#sequencer.changeClockRate(codec.clockRateHz, nowMs);
    // Digits that can no longer be sent would keep the stream awake for ever.
    if (codec.telephoneEventPayloadType === undefined) this.#events.clear();
    this.#codec = codec;
    this.#packet = createPacket(codec);
    this.#talking = false;
  }

  /** The next packet starts a talkspurt: sending was held. */
  interrupt(): void {
    this.#talking = false;
  }

  /** Sends what this packet time asks for; false when there was nothing, so that the stream may rest. */
  tick(nowMs: number): boolean {
    const { clockRateHz, ptimeMs, telephoneEventPayloadType } = this.#codec;
    const samples = (clockRateHz * ptimeMs) / 1_000;
    if (this.#events.active && telephoneEventPayloadType !== undefined) {
      this.#startTalking(nowMs);
      this.#sendEvent(telephoneEventPayloadType);
      this.#sequencer.advance(samples);
      return true;
    }
    if (!this.#source(this.#codec, this.#packet, rtpHeaderBytes)) {
      if (!this.#continuous) {
        this.#talking = false;
        return false;
      }
      fillSilence(this.#codec.encoding, this.#packet, rtpHeaderBytes, this.#packet.length);
    }
    this.#startTalking(nowMs);
    this.#send(
      this.#packet,
      this.#codec.payloadType,
      this.#sequencer.takeMarker(),
      this.#sequencer.timestamp,
    );
    this.#sequencer.advance(samples);
    return true;
  }

  #startTalking(nowMs: number): void {
    if (this.#talking) return;
    this.#talking = true;
    this.#sequencer.startTalkspurt(nowMs);
  }

  #sendEvent(payloadType: number): void {
    const { ptimeMs, clockRateHz } = this.#codec;
    const event = this.#events.next(this.#sequencer.timestamp, ptimeMs, clockRateHz);
    if (!event) return;
    this.#eventPacket.set(event.payload, rtpHeaderBytes);
    this.#send(this.#eventPacket, payloadType, event.marker, event.timestamp);
  }

  #send(packet: Uint8Array, payloadType: number, marker: boolean, timestamp: number): void {
    const sequencer = this.#sequencer;
    writeRtpHeader(packet, payloadType, marker, sequencer.takeSequenceNumber(), timestamp, sequencer.ssrc);
    this.#packetsSent++;
    this.#octetsSent += packet.length - rtpHeaderBytes;
    this.#output(packet);
  }
}

function createPacket(codec: RtpCodec): Uint8Array {
  const samples = (codec.clockRateHz * codec.ptimeMs) / 1_000;
  return new Uint8Array(rtpHeaderBytes + samples * bytesPerSample(codec.encoding));
}
