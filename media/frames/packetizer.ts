import { bytesPerSample } from '../speech/audio-clip.js';
import { rtpHeaderBytes, writeRtpHeader } from '../rtp/packet.js';
import type { RtpCodec } from '../worker/media-host.js';
import { FrameTimeline } from './frame-timeline.js';

/** Any number: these packets never meet those of another source. */
const ssrc = 1;

/** Takes one packet; `packet` is reused after it returns. */
export type FramePacketOutput = (packet: Uint8Array) => void;

/**
 * Cuts a client's audio, in frames of any size, into RTP packets of 20 ms for the pipeline.
 *
 * Sequence numbers are made of the place in the audio, so that what is missing counts as lost, what comes late as late
 * and what comes twice as a duplicate, exactly as on a call (RFC 3550). Synchronous; one packet's memory is reused.
 */
export class FramePacketizer {
  readonly #codec: RtpCodec;
  readonly #timeline: FrameTimeline;
  readonly #output: FramePacketOutput;
  readonly #packet: Uint8Array;
  readonly #sampleBytes: 1 | 2;
  readonly #packetSamples: number;
  /** A shorter last packet needs a view of its own; only a gap in the audio makes one. */
  #filled = rtpHeaderBytes;
  #position = 0;

  constructor(codec: RtpCodec, output: FramePacketOutput) {
    this.#codec = codec;
    this.#output = output;
    this.#timeline = new FrameTimeline(codec.clockRateHz);
    this.#sampleBytes = bytesPerSample(codec.encoding);
    this.#packetSamples = (codec.clockRateHz * codec.ptimeMs) / 1_000;
    this.#packet = new Uint8Array(rtpHeaderBytes + this.#packetSamples * this.#sampleBytes);
  }

  /**
   * Takes `octets[start..end)` in the codec's wire encoding; not kept. `timestampMs` is when its first sample was heard
   * on the client's clock, or null.
   */
  write(octets: Uint8Array, start: number, end: number, timestampMs: number | null): void {
    const samples = Math.floor((end - start) / this.#sampleBytes);
    const expected = this.#timeline.expected;
    const at = this.#timeline.place(timestampMs, samples);
    if (at !== expected) this.#flush();
    if (this.#filled === rtpHeaderBytes) this.#position = at;
    this.#append(octets, start, start + samples * this.#sampleBytes);
    if (at < expected) this.#flush();
  }

  #append(octets: Uint8Array, start: number, end: number): void {
    const packet = this.#packet;
    for (let i = start; i < end; i++) {
      packet[this.#filled++] = octets[i] as number;
      if (this.#filled === packet.length) this.#send(packet);
    }
  }

  #flush(): void {
    if (this.#filled > rtpHeaderBytes) this.#send(this.#packet.subarray(0, this.#filled));
  }

  #send(packet: Uint8Array): void {
    const sequence = Math.floor(this.#position / this.#packetSamples) & 0xffff;
    writeRtpHeader(packet, this.#codec.payloadType, false, sequence, this.#position >>> 0, ssrc);
    this.#position += (packet.length - rtpHeaderBytes) / this.#sampleBytes;
    this.#filled = rtpHeaderBytes;
    this.#output(packet);
  }
}
