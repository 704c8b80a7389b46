import type { Clock, Timer } from '../../config/clock.js';
import type { AudioClip } from './audio-clip.js';
import type { SynthesisKey } from './cache-key.js';

/** What an entry weighs beside its audio and its key text: the objects around them, measured roughly. */
const entryOverheadBytes = 512;

interface Entry {
  readonly key: SynthesisKey;
  readonly clip: AudioClip;
  readonly storedAtMs: number;
  readonly sizeBytes: number;
}

/** Bounds of a `ClipStore`. */
export interface ClipStoreOptions {
  /** From being stored, not from the last use. */
  readonly ttlMs: number;
  readonly maxBytes: number;
}

/**
 * Finished prompts by key, bounded in bytes (least recently used goes first) and in age.
 *
 * Dropping an entry drops only this reference to its clip: whoever plays it keeps it alive.
 */
export class ClipStore {
  readonly #options: ClipStoreOptions;
  readonly #clock: Clock;
  /** By MD5, least recently used first: a Map keeps the order of insertion. */
  readonly #entries = new Map<string, Entry>();
  #bytes = 0;
  #evictions = 0;
  #expirations = 0;
  #sweepTimer: Timer | null = null;

  constructor(options: ClipStoreOptions, clock: Clock) {
    this.#options = options;
    this.#clock = clock;
  }

  get size(): number {
    return this.#entries.size;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get evictions(): number {
    return this.#evictions;
  }

  get expirations(): number {
    return this.#expirations;
  }

  /** The clip of exactly this key, or null; an expired one is dropped on the way. */
  get(key: SynthesisKey): AudioClip | null {
    const entry = this.#entries.get(key.md5);
    if (!entry || entry.key.canonical !== key.canonical) return null;
    if (this.#isExpired(entry)) {
      this.#expire(entry);
      return null;
    }
    this.#entries.delete(key.md5);
    this.#entries.set(key.md5, entry);
    return entry.clip;
  }

  /** Keeps a clip; one that alone is larger than the bound is not kept. */
  set(key: SynthesisKey, clip: AudioClip): void {
    const previous = this.#entries.get(key.md5);
    if (previous) this.#remove(previous);
    const sizeBytes = clip.bytes.length + 2 * key.canonical.length + entryOverheadBytes;
    if (sizeBytes > this.#options.maxBytes) return;
    for (const entry of this.#entries.values()) {
      if (this.#bytes + sizeBytes <= this.#options.maxBytes) break;
      this.#remove(entry);
      this.#evictions++;
    }
    this.#entries.set(key.md5, { key, clip, storedAtMs: this.#clock.nowMs(), sizeBytes });
    this.#bytes += sizeBytes;
    this.#scheduleSweep();
  }

  clear(): void {
    this.#entries.clear();
    this.#bytes = 0;
    this.#sweepTimer?.cancel();
    this.#sweepTimer = null;
  }

  #isExpired(entry: Entry): boolean {
    return this.#clock.nowMs() - entry.storedAtMs >= this.#options.ttlMs;
  }

  #expire(entry: Entry): void {
    this.#remove(entry);
    this.#expirations++;
  }

  #remove(entry: Entry): void {
    this.#entries.delete(entry.key.md5);
    this.#bytes -= entry.sizeBytes;
  }

  /** Look-ups already refuse old entries; the sweep only gives back memory nobody asks for any more. */
  #scheduleSweep(): void {
    const delayMs = Math.min(this.#options.ttlMs, 3_600_000);
    this.#sweepTimer ??= this.#clock.setTimer(() => this.#sweep(), delayMs);
  }

  #sweep(): void {
    this.#sweepTimer = null;
    for (const entry of this.#entries.values()) if (this.#isExpired(entry)) this.#expire(entry);
    if (this.#entries.size > 0) this.#scheduleSweep();
  }
}
