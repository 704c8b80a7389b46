import type { Clock } from '../../config/clock.js';
import { chatSocketLimits } from '../../config/limits.js';
import type { UserKey } from '../ports/router.js';
import { SlidingWindow } from './rates.js';
import type { TimerWheel } from './timer-wheel.js';

export interface UserTableOptions {
  readonly connectionsPerUser: number;
  readonly messagesPer10s: number;
  readonly maxUsers?: number;
}

/** One user on this node: the connections by device, and what they have sent together. */
interface UserEntry {
  readonly devices: Map<string, object>;
  readonly messages: SlidingWindow;
}

/** A connection's place at its user. */
export interface UserPlace {
  /** 0: counted. Otherwise milliseconds until the user may send again. */
  takeMessage(): number;
  /** Idempotent. */
  leave(): void;
}

/**
 * What users of this node share between their connections.
 *
 * A user without a connection is remembered until the rate forgets, so that connecting again is no way around it.
 */
export class UserTable {
  readonly #users = new Map<string, UserEntry>();
  readonly #options: UserTableOptions;
  readonly #clock: Clock;
  readonly #wheel: TimerWheel;

  constructor(options: UserTableOptions, clock: Clock, wheel: TimerWheel) {
    this.#options = options;
    this.#clock = clock;
    this.#wheel = wheel;
  }

  get size(): number {
    return this.#users.size;
  }

  /** A connection of a device that is here already takes its place. Null: the user, or the node, has too many. */
  enter(user: UserKey, device: string, connection: object): UserPlace | null {
    const key = JSON.stringify([user.tenant, user.userId]);
    const entry = this.#users.get(key) ?? this.#add(key);
    if (!entry) return null;
    const { devices } = entry;
    if (!devices.has(device) && devices.size >= this.#options.connectionsPerUser) return null;
    devices.set(device, connection);
    return {
      takeMessage: () => entry.messages.take(this.#clock.nowMs()),
      leave: () => {
        if (devices.get(device) !== connection) return;
        devices.delete(device);
        if (devices.size === 0) this.#forgetLater(key, entry);
      },
    };
  }

  clear(): void {
    this.#users.clear();
  }

  #add(key: string): UserEntry | null {
    if (this.#users.size >= (this.#options.maxUsers ?? chatSocketLimits.rateEntries)) return null;
    const messages = new SlidingWindow(this.#options.messagesPer10s, chatSocketLimits.rateWindowMs);
    const entry: UserEntry = { devices: new Map(), messages };
    this.#users.set(key, entry);
    return entry;
  }

  #forgetLater(key: string, entry: UserEntry): void {
    if (entry.messages.isIdle(this.#clock.nowMs())) this.#users.delete(key);
    else
      this.#wheel.after(chatSocketLimits.rateWindowMs, () => {
        if (entry.devices.size === 0 && this.#users.get(key) === entry) this.#users.delete(key);
      });
  }
}
