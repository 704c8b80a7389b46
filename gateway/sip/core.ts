import type { Clock } from '../../config/clock.js';
import type { Logger } from '../../config/logger.js';
import type { Random } from '../../config/random.js';
import type { SipLimits } from './head-parser.js';
import type { SipTimers } from './machine.js';
import type { SipRequest } from './message.js';
import type { SessionTimerOptions } from './session-timer.js';
import type { ServerTransaction, TransactionLayer } from './transaction-layer.js';
import type { TransportSet } from './transport-set.js';

/** Methods we act on; the value of Allow (RFC 3261 20.5). */
export const allowedMethods = [
  'INVITE',
  'ACK',
  'CANCEL',
  'BYE',
  'OPTIONS',
  'UPDATE',
  'INFO',
  'NOTIFY',
] as const;

/** The fields that say what we can do, in every INVITE, its 2xx and the answer to OPTIONS. */
export const capabilityHeaders: readonly (readonly [string, string])[] = [
  ['Allow', allowedMethods.join(', ')],
  ['Supported', 'timer'],
];

/** Whoever the requests of one dialog are for. */
export interface DialogUser {
  receive(request: SipRequest, transaction: ServerTransaction): void;
  receiveAck(request: SipRequest): void;
  /** Ends politely (BYE, CANCEL, 503); idempotent. */
  end(): void;
  /** Lets go of everything at once, without a message. */
  abandon(): void;
}

/** What every session of one user agent shares; owned by the user agent. */
export interface SipCore {
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly limits: SipLimits;
  readonly timers: SipTimers;
  readonly sessionTimer: SessionTimerOptions;
  /** The value of User-Agent in requests. */
  readonly userAgentName: string;
  readonly transports: TransportSet;
  readonly transactions: TransactionLayer;
  /** Live dialogs by id, early ones included. */
  readonly dialogs: DialogTable;
}

/** The dialogs of a user agent; tells who waits for the last one to go. */
export class DialogTable {
  readonly #users = new Map<string, DialogUser>();
  /** Outgoing calls that have no dialog yet, and forked ones on their way out. */
  readonly #loose = new Set<DialogUser>();
  #onEmpty: (() => void) | null = null;

  get size(): number {
    return this.#users.size + this.#loose.size;
  }

  get(id: string): DialogUser | undefined {
    return this.#users.get(id);
  }

  /** Adds a user, or replaces the one under that id (an early dialog that is confirmed). */
  set(id: string, user: DialogUser): void {
    this.#users.set(id, user);
  }

  /** Removes `user`, unless another has taken its place. */
  delete(id: string, user: DialogUser): void {
    if (this.#users.get(id) === user) this.#users.delete(id);
    this.#checkEmpty();
  }

  addLoose(user: DialogUser): void {
    this.#loose.add(user);
  }

  deleteLoose(user: DialogUser): void {
    this.#loose.delete(user);
    this.#checkEmpty();
  }

  all(): DialogUser[] {
    return [...this.#users.values(), ...this.#loose];
  }

  /** Calls back once, as soon as there is no dialog. */
  whenEmpty(onEmpty: () => void): void {
    this.#onEmpty = onEmpty;
    this.#checkEmpty();
  }

  #checkEmpty(): void {
    const onEmpty = this.#onEmpty;
    if (!onEmpty || this.size > 0) return;
    this.#onEmpty = null;
    onEmpty();
  }
}
