import { isIP } from 'node:net';

import type { Clock } from '../../config/clock.js';
import { chatSocketLimits } from '../../config/limits.js';
import { SlidingWindow } from './rates.js';
import type { TimerWheel } from './timer-wheel.js';

export interface AddressTableOptions {
  readonly connectionsPerIp: number;
  readonly helloPerIpPer10s: number;
  readonly maxAddresses?: number;
}

interface AddressEntry {
  open: number;
  readonly hellos: SlidingWindow;
}

export type Admission =
  | { readonly ok: true; readonly leave: () => void }
  | { readonly ok: false; readonly reason: 'connections-per-ip' | 'connects-per-ip' | 'addresses' };

/** How many connections an address has, and how fast it makes them. */
export class AddressTable {
  readonly #entries = new Map<string, AddressEntry>();
  readonly #options: AddressTableOptions;
  readonly #clock: Clock;
  readonly #wheel: TimerWheel;

  constructor(options: AddressTableOptions, clock: Clock, wheel: TimerWheel) {
    this.#options = options;
    this.#clock = clock;
    this.#wheel = wheel;
  }

  get size(): number {
    return this.#entries.size;
  }

  admit(address: string): Admission {
    const key = rateKey(address);
    const entry = this.#entries.get(key) ?? this.#add(key);
    if (!entry) return { ok: false, reason: 'addresses' };
    if (entry.open >= this.#options.connectionsPerIp) return { ok: false, reason: 'connections-per-ip' };
    if (entry.hellos.take(this.#clock.nowMs()) > 0) return { ok: false, reason: 'connects-per-ip' };
    entry.open++;
    let left = false;
    const leave = () => {
      if (left) return;
      left = true;
      if (--entry.open === 0) this.#forgetLater(key, entry);
    };
    return { ok: true, leave };
  }

  clear(): void {
    this.#entries.clear();
  }

  #add(key: string): AddressEntry | null {
    if (this.#entries.size >= (this.#options.maxAddresses ?? chatSocketLimits.rateEntries)) return null;
    const hellos = new SlidingWindow(this.#options.helloPerIpPer10s, chatSocketLimits.rateWindowMs);
    const entry: AddressEntry = { open: 0, hellos };
    this.#entries.set(key, entry);
    return entry;
  }

  #forgetLater(key: string, entry: AddressEntry): void {
    this.#wheel.after(chatSocketLimits.rateWindowMs, () => {
      if (entry.open === 0 && entry.hellos.isIdle(this.#clock.nowMs())) this.#entries.delete(key);
    });
  }
}

/** What rates go by: an IPv4 address, or the /64 that one subscriber has whole (RFC 6177). */
export function rateKey(address: string): string {
  const plain = address.startsWith('::ffff:') && address.includes('.') ? address.slice(7) : address;
  if (isIP(plain) !== 6) return plain;
  const [head = '', tail] = plain.split('%', 1)[0]?.split('::') ?? [];
  const left = head === '' ? [] : head.split(':');
  const right = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros =
    tail === undefined ? [] : new Array<string>(Math.max(0, 8 - left.length - right.length)).fill('0');
  const groups = [...left, ...zeros, ...right].slice(0, 4);
  return groups.map((group) => group.replace(/^0+(?=.)/, '').toLowerCase()).join(':');
}
