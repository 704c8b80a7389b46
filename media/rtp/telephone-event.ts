/** Events 0 to 15 of RFC 4733 table 3, by their number. */
const eventDigits = '0123456789*#ABCD';
const payloadBytes = 4;
const maxDuration = 0xffff;
/** Timestamps of the latest events, to know their late packets by. */
const rememberedEvents = 4;
/** A timestamp further back than this (in seconds) is a sender that began anew, not a late packet. */
const restartSeconds = 10;

/**
 * Finds the digits in telephone-event packets (RFC 4733): each event is reported once, at the first packet of it.
 *
 * An event is known by its timestamp, so lost begin or end packets, the three end packets and duplicates do not matter.
 */
export class TelephoneEventReceiver {
  readonly #timestamps: number[] = [];
  readonly #clockRateHz: number;
  #latest = 0;
  #event = -1;
  #ended = true;

  constructor(clockRateHz: number) {
    this.#clockRateHz = clockRateHz;
  }

  /** The digit that begins with this packet, or null: not a new event, not a digit, or not long enough. */
  receive(
    bytes: Uint8Array,
    offset: number,
    length: number,
    timestamp: number,
    marker: boolean,
  ): string | null {
    if (length < payloadBytes) return null;
    const event = bytes[offset] as number;
    const ended = ((bytes[offset + 1] as number) & 0x80) !== 0;
    if (this.#timestamps.includes(timestamp)) {
      if (timestamp === this.#latest && ended) this.#ended = true;
      return null;
    }
    if (this.#isLate(timestamp)) return null;
    const continues = this.#continues(event, timestamp, marker);
    this.#remember(timestamp);
    this.#event = event;
    this.#ended = ended;
    return continues ? null : (eventDigits[event] ?? null);
  }

  reset(): void {
    this.#timestamps.length = 0;
    this.#event = -1;
    this.#ended = true;
  }

  /** An event older than the latest one, all of whose packets came late: its digit would be out of order. */
  #isLate(timestamp: number): boolean {
    if (this.#timestamps.length === 0) return false;
    const behind = (this.#latest - timestamp) | 0;
    return behind > 0 && behind < this.#clockRateHz * restartSeconds;
  }

  /** RFC 4733 2.5.1.3: beyond the longest duration an event goes on in a new segment, without marker. */
  #continues(event: number, timestamp: number, marker: boolean): boolean {
    const segment = (timestamp - this.#latest) >>> 0;
    return !marker && !this.#ended && event === this.#event && segment === maxDuration;
  }

  #remember(timestamp: number): void {
    this.#latest = timestamp;
    this.#timestamps.push(timestamp);
    if (this.#timestamps.length > rememberedEvents) this.#timestamps.shift();
  }
}

/** One packet's worth of telephone-event: valid until the next one is made. */
export interface TelephoneEventPacket {
  readonly payload: Uint8Array;
  readonly timestamp: number;
  /** True on the first packet of an event (RFC 4733 2.3.1). */
  readonly marker: boolean;
}

/** RFC 4733 2.5.1.4: the last packet of an event is sent three times. */
const endPackets = 3;
/** Power of the tone below 0 dBm0; -10 dBm0 is what telephones send. */
const volume = 10;
const toneMs = 100;
const pauseMs = 60;

/** True for what `TelephoneEventSender` can send. */
function isDtmfDigit(digit: string): boolean {
  return digit.length === 1 && eventDigits.includes(digit);
}

/** Makes the packets of queued digits, one for each packet time; every digit lasts 100 ms with a pause after it. */
export class TelephoneEventSender {
  readonly #payload = new Uint8Array(payloadBytes);
  readonly #queue: number[] = [];
  #event = -1;
  #timestamp = 0;
  #duration = 0;
  #endsSent = 0;
  #pauseLeftMs = 0;

  /** True from the first queued digit to the end of the pause after the last. */
  get active(): boolean {
    return this.#event >= 0 || this.#pauseLeftMs > 0 || this.#queue.length > 0;
  }

  get queued(): number {
    return this.#queue.length;
  }

  /** Queues the digits that exist; returns how many were not `0-9*#A-D`. */
  enqueue(digits: string): number {
    let refused = 0;
    for (const digit of digits.toUpperCase()) {
      if (isDtmfDigit(digit)) this.#queue.push(eventDigits.indexOf(digit));
      else refused++;
    }
    return refused;
  }

  clear(): void {
    this.#queue.length = 0;
    this.#event = -1;
    this.#pauseLeftMs = 0;
  }

  /** The packet for this packet time, or null in a pause. `timestamp` is the stream's now, in `clockRateHz`. */
  next(timestamp: number, ptimeMs: number, clockRateHz: number): TelephoneEventPacket | null {
    if (this.#pauseLeftMs > 0) {
      this.#pauseLeftMs -= ptimeMs;
      return null;
    }
    if (this.#event < 0 && !this.#begin(timestamp)) return null;
    const marker = this.#duration === 0;
    const length = (toneMs * clockRateHz) / 1_000;
    this.#duration = Math.min(length, this.#duration + (ptimeMs * clockRateHz) / 1_000);
    const last = this.#duration >= length;
    this.#write(last);
    if (last && ++this.#endsSent === endPackets) {
      this.#event = -1;
      this.#pauseLeftMs = pauseMs;
    }
    return { payload: this.#payload, timestamp: this.#timestamp, marker };
  }

  #begin(timestamp: number): boolean {
    const event = this.#queue.shift();
    if (event === undefined) return false;
    this.#event = event;
    this.#timestamp = timestamp;
    this.#duration = 0;
    this.#endsSent = 0;
    return true;
  }

  #write(last: boolean): void {
    this.#payload[0] = this.#event;
    this.#payload[1] = (last ? 0x80 : 0) | volume;
    this.#payload[2] = this.#duration >> 8;
    this.#payload[3] = this.#duration;
  }
}
