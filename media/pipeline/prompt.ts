import { mediaLimits } from '../../config/limits.js';
import { fillSilence, WireTranscoder } from '../codec/wire-codec.js';
import { bytesPerSample, type ClipMark, type WireEncoding } from '../speech/audio-clip.js';
import type { PlayListener, RtpCodec } from '../worker/media-host.js';

export type PlayEnd = Parameters<PlayListener['onEnded']>[0];

const transcoder = new WireTranscoder();

/**
 * One prompt on its way out: encoded bytes, how far they are sent, and what to tell the listener.
 *
 * The bytes are cut straight into payloads; only a codec change in mid-prompt makes it convert them packet by packet.
 */
export class Prompt {
  readonly listener: PlayListener;
  readonly encoding: WireEncoding;
  readonly sampleRateHz: number;
  paused = false;
  #chunks: Uint8Array[] = [];
  /** Index of the chunk that is being sent, and octets of it that are sent. */
  #chunk = 0;
  #offset = 0;
  #availableBytes = 0;
  #totalBytes = 0;
  #sentBytes = 0;
  #complete: boolean;
  #failed = false;
  #started = false;
  #startedReported = false;
  #marks: ClipMark[];
  #marksReported = 0;

  /** A prompt that is not `complete` is filled with `append` until `finish`. */
  constructor(
    encoding: WireEncoding,
    sampleRateHz: number,
    marks: readonly ClipMark[],
    complete: boolean,
    listener: PlayListener,
  ) {
    this.encoding = encoding;
    this.sampleRateHz = sampleRateHz;
    this.#marks = sortMarks(marks);
    this.#complete = complete;
    this.listener = listener;
  }

  get started(): boolean {
    return this.#started;
  }

  /** All audio is here and sent. */
  get exhausted(): boolean {
    return this.#complete && this.#availableBytes === 0;
  }

  /** It cannot be played (any further). */
  get failed(): boolean {
    return this.#failed;
  }

  /** Whether the next packet time can do something with it: send, or end it. */
  get ready(): boolean {
    if (this.#failed) return true;
    return !this.paused && (this.#availableBytes > 0 || this.#complete || this.#started);
  }

  /** Whether the next packet of `codec` would hold audio only, or the very end of it. */
  hasPacket(codec: RtpCodec): boolean {
    if (this.#failed || this.paused || this.#availableBytes === 0) return false;
    return this.#complete || this.#toMs(this.#availableBytes) >= codec.ptimeMs;
  }

  /** How much the far end was sent. */
  get playedMs(): number {
    return this.#toMs(this.#sentBytes);
  }

  /** More audio, kept and not copied; a prompt over `promptMs` fails. */
  append(bytes: Uint8Array, marks: readonly ClipMark[]): void {
    if (this.#failed) return;
    if (this.#toMs(this.#totalBytes + bytes.length) > mediaLimits.promptMs) {
      this.fail();
      return;
    }
    if (bytes.length > 0) this.#chunks.push(bytes);
    this.#availableBytes += bytes.length;
    this.#totalBytes += bytes.length;
    if (marks.length > 0) this.#addMarks(marks);
  }

  finish(ok: boolean): void {
    if (ok) this.#complete = true;
    else this.fail();
  }

  fail(): void {
    this.#failed = true;
    this.#chunks = [];
    this.#availableBytes = 0;
  }

  /** Fills `target[start..]`, with silence where audio is missing; false when nothing can start yet. */
  fill(codec: RtpCodec, target: Uint8Array, start: number): boolean {
    if (this.#availableBytes === 0 && !this.#started) return false;
    this.#started = true;
    let at = start;
    while (at < target.length && this.#availableBytes > 0) at = this.#copyChunk(codec, target, at);
    if (at < target.length) fillSilence(codec.encoding, target, at, target.length);
    return true;
  }

  /** Reports the start and the marks that the packet just sent has reached. */
  report(nowMs: number): void {
    if (this.#started && !this.#startedReported) {
      this.#startedReported = true;
      this.listener.onStarted(nowMs);
    }
    const playedMs = this.playedMs;
    for (let mark = this.#marks[this.#marksReported]; mark; mark = this.#marks[this.#marksReported]) {
      // A mark at or behind the very end comes with the last packet.
      if (mark.offsetMs > playedMs && !this.exhausted) return;
      this.#marksReported++;
      this.listener.onMark(mark.name);
    }
  }

  #copyChunk(codec: RtpCodec, target: Uint8Array, at: number): number {
    const chunk = this.#chunks[this.#chunk];
    if (!chunk) return target.length;
    const room = ((target.length - at) / bytesPerSample(codec.encoding)) * bytesPerSample(this.encoding);
    const taken = Math.min(chunk.length - this.#offset, room);
    const written = this.#cut(codec, chunk, this.#offset + taken, target, at);
    this.#offset += taken;
    this.#availableBytes -= taken;
    this.#sentBytes += taken;
    if (this.#offset === chunk.length) {
      this.#chunk++;
      this.#offset = 0;
    }
    return at + written;
  }

  #cut(codec: RtpCodec, chunk: Uint8Array, end: number, target: Uint8Array, at: number): number {
    const start = this.#offset;
    if (codec.encoding !== this.encoding)
      return transcoder.convert(this.encoding, chunk, start, end, codec.encoding, target, at);
    for (let i = start; i < end; i++) target[at + i - start] = chunk[i] as number;
    return end - start;
  }

  #addMarks(marks: readonly ClipMark[]): void {
    const reported = this.#marks.slice(0, this.#marksReported);
    this.#marks = [...reported, ...sortMarks([...this.#marks.slice(this.#marksReported), ...marks])];
  }

  #toMs(bytes: number): number {
    return (bytes / bytesPerSample(this.encoding) / this.sampleRateHz) * 1_000;
  }
}

function sortMarks(marks: readonly ClipMark[]): ClipMark[] {
  return [...marks].sort((a, b) => a.offsetMs - b.offsetMs);
}
