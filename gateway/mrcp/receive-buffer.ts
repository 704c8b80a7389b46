/** A line without its end, and the octets it took with it. */
export interface ReceivedLine {
  readonly text: string;
  readonly octets: number;
}

const lineFeed = 0x0a;
const carriageReturn = 0x0d;
const initialBytes = 2_048;

/**
 * Octets received and not yet read: one growing block, so that a message arriving octet by octet costs linear time.
 *
 * It has no bound of its own; the parser reads or refuses what lies here before it appends more.
 */
export class ReceiveBuffer {
  #bytes = Buffer.alloc(0);
  #start = 0;
  #end = 0;
  /** Everything before it is known to hold no line end. */
  #scanned = 0;

  get length(): number {
    return this.#end - this.#start;
  }

  append(chunk: Uint8Array): void {
    const needed = this.length + chunk.length;
    if (this.#end + chunk.length > this.#bytes.length) this.#makeRoom(needed);
    this.#bytes.set(chunk, this.#end);
    this.#end += chunk.length;
  }

  /** The next line (ended by CRLF, or by LF alone from sloppy peers), or null when its end has not arrived. */
  takeLine(): ReceivedLine | null {
    const from = Math.max(this.#scanned, this.#start);
    const at = this.#bytes.subarray(0, this.#end).indexOf(lineFeed, from);
    if (at < 0) {
      this.#scanned = this.#end;
      return null;
    }
    const textEnd = at > this.#start && this.#bytes[at - 1] === carriageReturn ? at - 1 : at;
    const line = { text: this.#bytes.toString('utf8', this.#start, textEnd), octets: at + 1 - this.#start };
    this.#start = at + 1;
    return line;
  }

  /** A copy of the next `count` octets; the caller has checked that they are here. */
  takeBytes(count: number): Buffer {
    const copy = Buffer.from(this.#bytes.subarray(this.#start, this.#start + count));
    this.#start += count;
    return copy;
  }

  /** Gives memory back once everything was read. */
  compact(): void {
    if (this.length === 0) this.clear();
  }

  clear(): void {
    if (this.#bytes.length > initialBytes) this.#bytes = Buffer.alloc(0);
    this.#start = 0;
    this.#end = 0;
    this.#scanned = 0;
  }

  #makeRoom(needed: number): void {
    const used = this.#bytes.subarray(this.#start, this.#end);
    const next =
      needed <= this.#bytes.length / 2
        ? this.#bytes
        : Buffer.allocUnsafeSlow(Math.max(initialBytes, needed * 2));
    next.set(used, 0);
    this.#scanned = Math.max(0, this.#scanned - this.#start);
    this.#end -= this.#start;
    this.#start = 0;
    this.#bytes = next;
  }
}
