/** Arrivals of one RTP stream: when each packet came and its sequence number; a fixed amount of memory. */
export class PacketRecord {
  readonly #times: Float64Array;
  readonly #sequences: Uint16Array;
  #count = 0;
  #dropped = 0;

  /** `capacity` packets are kept, later ones only counted. */
  constructor(capacity: number) {
    this.#times = new Float64Array(capacity);
    this.#sequences = new Uint16Array(capacity);
  }

  get count(): number {
    return this.#count;
  }

  /** Packets that came when the record was full. */
  get dropped(): number {
    return this.#dropped;
  }

  /** When the last packet came, in milliseconds; null before the first. */
  get lastAtMs(): number | null {
    return this.#count === 0 ? null : this.timeOf(this.#count - 1);
  }

  add(atMs: number, sequence: number): void {
    if (this.#count === this.#times.length) {
      this.#dropped++;
      return;
    }
    this.#times[this.#count] = atMs;
    this.#sequences[this.#count] = sequence;
    this.#count++;
  }

  timeOf(index: number): number {
    return this.#times[index] ?? 0;
  }

  sequenceOf(index: number): number {
    return this.#sequences[index] ?? 0;
  }

  clear(): void {
    this.#count = 0;
    this.#dropped = 0;
  }
}

/** How steadily one talkspurt arrived. Times in milliseconds. */
export interface StreamPacing {
  readonly packets: number;
  /** Between neighbours in order of arrival. */
  readonly gapsMs: readonly number[];
  /** Behind an ideal grid of one packet per packet time through the packet that was earliest on it. */
  readonly latenessMs: readonly number[];
  readonly gapStandardDeviationMs: number;
  /** Expected from the sequence numbers minus different ones received (RFC 3550 A.3). */
  readonly lost: number;
}

/** Judges one talkspurt that was sent as one packet each `ptimeMs`. */
export function analyzePacing(record: PacketRecord, ptimeMs: number): StreamPacing {
  const gapsMs: number[] = [];
  const dueMs: number[] = [];
  const seen = new Set<number>();
  let extended = 0;
  let lowest = 0;
  let highest = 0;
  for (let i = 0; i < record.count; i++) {
    if (i > 0) {
      gapsMs.push(record.timeOf(i) - record.timeOf(i - 1));
      extended += signedDistance(record.sequenceOf(i - 1), record.sequenceOf(i));
    }
    seen.add(extended);
    lowest = Math.min(lowest, extended);
    highest = Math.max(highest, extended);
    dueMs.push(record.timeOf(i) - extended * ptimeMs);
  }
  const originMs = dueMs.reduce((least, due) => Math.min(least, due), Infinity);
  const mean = gapsMs.reduce((sum, gap) => sum + gap, 0) / (gapsMs.length || 1);
  const variance = gapsMs.reduce((sum, gap) => sum + (gap - mean) ** 2, 0) / (gapsMs.length || 1);
  return {
    packets: record.count,
    gapsMs,
    latenessMs: dueMs.map((due) => due - originMs),
    gapStandardDeviationMs: Math.sqrt(variance),
    lost: record.count === 0 ? 0 : highest - lowest + 1 - seen.size,
  };
}

/** From one 16-bit sequence number to the next, the short way round. */
function signedDistance(from: number, to: number): number {
  return ((to - from) << 16) >> 16;
}
