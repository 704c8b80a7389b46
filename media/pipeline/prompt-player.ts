import { mediaLimits } from '../../config/limits.js';
import { clipDurationMs, type AudioClip } from '../speech/audio-clip.js';
import type { PlayListener, RtpCodec } from '../worker/media-host.js';
import { Prompt, type PlayEnd } from './prompt.js';

/**
 * The prompts of one stream, played one after another without a gap.
 *
 * `fill` is called once a packet time and gives the next payload; `report` after that packet left. A prompt ends one
 * packet time after its last packet, when the far end has heard it. Synchronous; listeners are called from inside.
 */
export class PromptPlayer {
  readonly #queue: Prompt[] = [];

  /** Prompts that play or wait. */
  get queued(): number {
    return this.#queue.length;
  }

  /** True while a prompt is being heard: barge-in has something to stop. */
  get playing(): boolean {
    return this.#queue[0]?.started ?? false;
  }

  /** Whether the next packet time has something to do. */
  get ready(): boolean {
    return this.#queue[0]?.ready ?? false;
  }

  /** Whether a whole packet of the current prompt's own audio is there. */
  hasPacket(codec: RtpCodec): boolean {
    return this.#queue[0]?.hasPacket(codec) ?? false;
  }

  /** Queues a whole prompt, or with null a streaming one in `codec`'s encoding. Null: refused, `onEnded` was called. */
  play(clip: AudioClip | null, codec: RtpCodec, listener: PlayListener): Prompt | null {
    const tooLong = clip !== null && clipDurationMs(clip) > mediaLimits.promptMs;
    if (tooLong || this.#queue.length >= mediaLimits.queuedPlaysPerStream) {
      listener.onEnded('failed', 0);
      return null;
    }
    const prompt = clip
      ? new Prompt(clip.encoding, clip.sampleRateHz, clip.marks, true, listener)
      : new Prompt(codec.encoding, codec.clockRateHz, [], false, listener);
    if (clip) prompt.append(clip.bytes, []);
    this.#queue.push(prompt);
    return prompt;
  }

  /** Fills the payload `target[start..]` (see PayloadSource); false when nothing is to be sent now. */
  readonly fill = (codec: RtpCodec, target: Uint8Array, start: number): boolean => {
    for (let prompt = this.#queue[0]; prompt; prompt = this.#queue[0]) {
      if (prompt.failed || prompt.sampleRateHz !== codec.clockRateHz) this.#end(prompt, 'failed');
      else if (prompt.paused) return false;
      else if (prompt.exhausted) this.#end(prompt, 'done');
      else return prompt.fill(codec, target, start);
    }
    return false;
  };

  /** Tells the listener of the current prompt what the packet that left at `nowMs` has reached. */
  report(nowMs: number): void {
    this.#queue[0]?.report(nowMs);
  }

  /** Ends one prompt; without effect when it has ended. */
  stop(prompt: Prompt, reason: PlayEnd): void {
    if (this.#queue.includes(prompt)) this.#end(prompt, reason);
  }

  /** Ends all prompts, the playing one first. */
  stopAll(reason: PlayEnd): void {
    for (const prompt of this.#queue.splice(0)) prompt.listener.onEnded(reason, prompt.playedMs);
  }

  #end(prompt: Prompt, reason: PlayEnd): void {
    this.#queue.splice(this.#queue.indexOf(prompt), 1);
    prompt.listener.onEnded(reason, prompt.playedMs);
  }
}
