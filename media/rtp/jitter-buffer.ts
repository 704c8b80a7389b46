import { mediaLimits } from '../../config/limits.js';

/** What a `pop` gave: a packet, a gap within a talkspurt that wants concealing, or nothing to play. */
export type Playout = 'packet' | 'gap' | 'silence';

export interface JitterBufferOptions {
  readonly clockRateHz: number;
  /** Delay before the jitter is known; adaptation moves it between `minMs` and `maxMs`. */
  readonly targetMs: number;
  readonly maxMs: number;
  /**
   * True for sources that lose nothing and stall instead: what is deeper than needed is told (`surplusMs`) and not
   * skipped.
   */
  readonly keepAll?: boolean;
}

export const defaultJitterMs = 40;
const minMs = 20;
/** Arrivals before the measured jitter replaces the default delay. */
const adaptAfterPackets = 50;
/** Packet times without anything to play after which a talkspurt is over. */
const talkspurtEndGaps = 5;
/** The buffer must have been deeper than needed for this long before a packet is skipped (sender's clock is fast). */
const skewWindowMs = 2_000;
/** A step back in time that no reordering explains. */
const backwardJumpSeconds = 1;

interface Slot {
  sequence: number;
  timestamp: number;
  ticks: number;
  marker: boolean;
  length: number;
  bytes: Uint8Array;
}

/**
 * Puts packets back into order and evens out their arrival.
 *
 * A talkspurt starts `target` after its first packet came and from then on gives one packet per `pop`. When it runs
 * dry it first stretches (the delay grows up to `maxMs`), then lets time go on; a delay that stays too deep is cut by
 * skipping a packet. Both also follow the drift between the sender's clock and ours. Payloads are copied into slots
 * that are reused, so a datagram's memory is never kept.
 */
export class JitterBuffer {
  readonly #options: JitterBufferOptions;
  readonly #queue: Slot[] = [];
  readonly #spare: Slot[] = [];
  #state: 'idle' | 'filling' | 'playing' = 'idle';
  #fillStartMs = 0;
  /** Timestamp that the next `pop` plays, while playing. */
  #nextTimestamp = 0;
  #lastPlayedSequence = -1;
  #frameTicks: number;
  #queuedTicks = 0;
  #stretchedTicks = 0;
  #gapsInARow = 0;
  #shallowestTicks = Infinity;
  #windowTicks = 0;
  #arrivals = 0;
  #transit = 0;
  #jitterTicks = 0;
  #late = 0;
  #skipped = 0;
  #underruns = 0;
  #surplusTicks = 0;

  /** The payload of the last `pop` that gave 'packet': `payload[0 .. payloadLength)`, valid until the next call. */
  payload: Uint8Array = new Uint8Array(0);
  payloadLength = 0;
  /** RTP timestamp of that payload. */
  payloadTimestamp = 0;
  /** How many samples the last `pop` that gave 'gap' leaves to conceal: over 0. */
  gapTicks = 0;

  constructor(options: JitterBufferOptions) {
    this.#options = options;
    this.#frameTicks = options.clockRateHz / 50;
  }

  /** Packets that came after their time to play. */
  get late(): number {
    return this.#late;
  }

  /** Packets dropped to keep the delay in bounds. */
  get skipped(): number {
    return this.#skipped;
  }

  /** Times that there was nothing to play in the midst of a talkspurt. */
  get underruns(): number {
    return this.#underruns;
  }

  /** Audio that waits, in milliseconds. */
  get depthMs(): number {
    return this.#toMs(this.#queuedTicks);
  }

  /** With `keepAll`: audio in milliseconds that waits longer than it has to; whoever reads faster for a while gets it. */
  get surplusMs(): number {
    return this.#toMs(this.#surplusTicks);
  }

  /** One packet more than time asks for is about to be read. */
  spendSurplus(): void {
    this.#surplusTicks = Math.max(0, this.#surplusTicks - this.#frameTicks);
  }

  get packets(): number {
    return this.#queue.length;
  }

  /** The delay that the next talkspurt starts with, in milliseconds. */
  get targetMs(): number {
    const { targetMs, maxMs } = this.#options;
    if (this.#arrivals < adaptAfterPackets) return Math.min(targetMs, maxMs);
    return Math.max(minMs, Math.min(maxMs, Math.ceil(minMs + 3 * this.#toMs(this.#jitterTicks))));
  }

  /**
   * Takes a packet that is no duplicate; `sequence` is extended, `ticks` its length on the RTP clock (over 0), `nowMs`
   * when it came.
   */
  push(
    bytes: Uint8Array,
    offset: number,
    length: number,
    sequence: number,
    timestamp: number,
    ticks: number,
    marker: boolean,
    nowMs: number,
  ): void {
    this.#measure(timestamp, nowMs);
    if (this.#state === 'playing' && this.#isTooLate(sequence, timestamp)) {
      this.#late++;
      return;
    }
    if (this.#state === 'idle') {
      this.#state = 'filling';
      this.#fillStartMs = nowMs;
    }
    const slot = this.#takeSlot(length);
    slot.sequence = sequence;
    slot.timestamp = timestamp;
    slot.ticks = ticks;
    slot.marker = marker;
    slot.length = length;
    for (let i = 0; i < length; i++) slot.bytes[i] = bytes[offset + i] as number;
    this.#insert(slot);
    this.#bound();
  }

  /** What to play for the next packet time. */
  pop(nowMs: number): Playout {
    if (this.#state === 'filling' && this.#filled(nowMs)) this.#startPlaying();
    if (this.#state !== 'playing') return 'silence';
    const first = this.#queue[0];
    if (!first) return this.#runDry();
    const ahead = (first.timestamp - this.#nextTimestamp) | 0;
    if (ahead > 0) return this.#playGap(ahead, first, nowMs);
    this.#skipWhenTooDeep();
    return this.#playPacket();
  }

  /** Forgets everything but the counters: another source, another codec, or nobody was listening. */
  reset(): void {
    while (this.#queue.length > 0) this.#recycleFirst();
    this.#state = 'idle';
    this.#lastPlayedSequence = -1;
    this.#arrivals = 0;
    this.#jitterTicks = 0;
    this.#stretchedTicks = 0;
    this.#gapsInARow = 0;
    this.#surplusTicks = 0;
  }

  #toMs(ticks: number): number {
    return (ticks / this.#options.clockRateHz) * 1_000;
  }

  #toTicks(ms: number): number {
    return (ms * this.#options.clockRateHz) / 1_000;
  }

  /** RFC 3550 A.8, kept here as well because it must forget when the source changes. */
  #measure(timestamp: number, nowMs: number): void {
    const transit = (Math.round(this.#toTicks(nowMs)) - timestamp) | 0;
    const difference = Math.abs((transit - this.#transit) | 0);
    // A jump (new talkspurt with shifted timestamps) says nothing about the network.
    if (this.#arrivals > 0 && difference < this.#toTicks(1_000))
      this.#jitterTicks += (difference - this.#jitterTicks) / 16;
    this.#transit = transit;
    this.#arrivals++;
  }

  #isTooLate(sequence: number, timestamp: number): boolean {
    const behind = (this.#nextTimestamp - timestamp) | 0;
    if (behind <= 0) return false;
    const jumpedBack = behind > this.#options.clockRateHz * backwardJumpSeconds;
    if (jumpedBack && sequence > this.#lastPlayedSequence) {
      // The sender set its clock back without a new SSRC: begin anew instead of waiting until it catches up.
      while (this.#queue.length > 0) this.#recycleFirst();
      this.#state = 'idle';
      return false;
    }
    return true;
  }

  /** Nearly always at the end; `splice` would allocate an array for each packet. */
  #insert(slot: Slot): void {
    const queue = this.#queue;
    let at = queue.push(slot) - 1;
    for (let before = queue[at - 1]; before && before.sequence > slot.sequence; before = queue[at - 1])
      queue[at--] = before;
    queue[at] = slot;
    this.#queuedTicks += slot.ticks;
  }

  /** Drops the oldest while more than `maxMs` waits behind the packet that is next. */
  #bound(): void {
    const maxTicks = this.#toTicks(this.#options.maxMs);
    for (let first = this.#queue[0]; first; first = this.#queue[0]) {
      const tooDeep = this.#queuedTicks - first.ticks > maxTicks;
      if (!tooDeep && this.#queue.length <= mediaLimits.jitterBufferMaxPackets) return;
      this.#nextTimestamp = (first.timestamp + first.ticks) >>> 0;
      this.#skipped++;
      this.#recycleFirst();
    }
  }

  #filled(nowMs: number): boolean {
    if (this.#queue.length === 0) return false;
    return (
      nowMs - this.#fillStartMs >= this.targetMs || this.#queuedTicks >= this.#toTicks(this.#options.maxMs)
    );
  }

  #startPlaying(): void {
    this.#state = 'playing';
    this.#nextTimestamp = this.#queue[0]?.timestamp ?? 0;
    this.#stretchedTicks = 0;
    this.#gapsInARow = 0;
    this.#startWindow();
  }

  #startWindow(): void {
    this.#windowTicks = 0;
    this.#shallowestTicks = Infinity;
  }

  #playPacket(): Playout {
    const slot = this.#queue[0];
    if (!slot) return 'silence';
    this.#underruns += this.#gapsInARow;
    this.#gapsInARow = 0;
    this.payload = slot.bytes;
    this.payloadLength = slot.length;
    this.payloadTimestamp = slot.timestamp;
    this.#frameTicks = slot.ticks;
    this.#lastPlayedSequence = slot.sequence;
    this.#nextTimestamp = (slot.timestamp + slot.ticks) >>> 0;
    // The slot goes back to the spares but keeps its content until the next push.
    this.#recycleFirst();
    return 'packet';
  }

  /** The packet that is due is missing and a later one is there. */
  #playGap(ahead: number, first: Slot, nowMs: number): Playout {
    if (first.marker || ahead > this.#toTicks(this.#options.maxMs)) {
      // A pause of the sender, not loss: the next talkspurt gets its full delay again (RFC 3551 4.1).
      this.#state = 'filling';
      this.#fillStartMs = nowMs;
      this.#gapsInARow = 0;
      return 'silence';
    }
    this.gapTicks = Math.min(ahead, this.#frameTicks);
    this.#nextTimestamp = (this.#nextTimestamp + this.gapTicks) >>> 0;
    return 'gap';
  }

  #runDry(): Playout {
    this.#gapsInARow++;
    if (this.#gapsInARow > talkspurtEndGaps) {
      // The sender stopped: the gaps so far were its silence, not our underruns.
      this.#state = 'idle';
      this.#gapsInARow = 0;
      return 'silence';
    }
    this.gapTicks = this.#frameTicks;
    const room = this.#toTicks(this.#options.maxMs - this.targetMs);
    if (this.#stretchedTicks + this.#frameTicks <= room) this.#stretchedTicks += this.#frameTicks;
    else this.#nextTimestamp = (this.#nextTimestamp + this.#frameTicks) >>> 0;
    return 'gap';
  }

  #skipWhenTooDeep(): void {
    const first = this.#queue[0];
    if (!first) return;
    this.#shallowestTicks = Math.min(this.#shallowestTicks, this.#queuedTicks);
    this.#windowTicks += first.ticks;
    if (this.#windowTicks < this.#toTicks(skewWindowMs)) return;
    const surplus = this.#shallowestTicks - this.#toTicks(this.targetMs) - first.ticks;
    if (this.#queue.length > 1 && surplus > 0) {
      if (this.#options.keepAll) this.#surplusTicks = surplus;
      else {
        this.#skipped++;
        this.#recycleFirst();
      }
    }
    // What was stretched before this window is used up by now, or it would have been too deep: a slow sender.
    this.#stretchedTicks = 0;
    this.#startWindow();
  }

  #takeSlot(length: number): Slot {
    const slot = this.#spare.pop();
    if (slot && slot.bytes.length >= length) return slot;
    return { sequence: 0, timestamp: 0, ticks: 0, marker: false, length: 0, bytes: new Uint8Array(length) };
  }

  #recycleFirst(): void {
    const slot = this.#queue.shift();
    if (!slot) return;
    this.#queuedTicks -= slot.ticks;
    this.#spare.push(slot);
  }
}
