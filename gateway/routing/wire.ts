import type { Clock, Timer } from '../../config/clock.js';
import { routingLimits } from '../../config/limits.js';
import type { Logger } from '../../config/logger.js';
import type { SendOutcome } from '../ports/router.js';
import type { RoutingStore } from '../ports/routing-store.js';
import type { RoutingCounts } from './readings.js';

interface Waiting {
  readonly nodeId: string;
  readonly incarnation: string | null;
  readonly text: string;
  readonly done: (outcome: SendOutcome) => void;
}

/**
 * Sends texts to nodes in order. While the store is away, some wait for a short time and the rest is deferred.
 *
 * It begins as down.
 */
export class Wire {
  readonly #store: RoutingStore;
  readonly #clock: Clock;
  readonly #counts: RoutingCounts;
  readonly #logger: Logger;
  #up = false;
  #waiting: Waiting[] = [];
  #waitingCharacters = 0;
  /** Sent, and not answered by the store yet. */
  #underWay = 0;
  /** While it runs, what is posted may wait. */
  #patience: Timer | null = null;

  constructor(options: {
    readonly store: RoutingStore;
    readonly clock: Clock;
    readonly counts: RoutingCounts;
    readonly logger: Logger;
  }) {
    this.#store = options.store;
    this.#clock = options.clock;
    this.#counts = options.counts;
    this.#logger = options.logger;
    this.#beginWaiting();
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  /** `text` null: it was too large to be sent. */
  post(nodeId: string, incarnation: string | null, text: string | null): Promise<SendOutcome> {
    if (text === null) {
      this.#logger.warn('a message to another node is too large: it is left to the log', { nodeId });
      return Promise.resolve(this.#count('deferred'));
    }
    if (this.#up && this.#underWay < routingLimits.waitingEnvelopes)
      return this.#publish(nodeId, incarnation, text);
    if (this.#up || !this.#mayWait(text)) return Promise.resolve(this.#count('deferred'));
    this.#waitingCharacters += text.length;
    return new Promise((done) => this.#waiting.push({ nodeId, incarnation, text, done }));
  }

  /** What waits goes first, in its order. */
  up(): void {
    if (this.#up) return;
    this.#up = true;
    for (const { nodeId, incarnation, text, done } of this.#takeWaiting())
      void this.#publish(nodeId, incarnation, text).then(done);
  }

  down(): void {
    if (!this.#up) return;
    this.#up = false;
    this.#beginWaiting();
  }

  close(): void {
    this.#up = false;
    this.#deferWaiting();
  }

  #beginWaiting(): void {
    this.#patience = this.#clock.setTimer(() => this.#deferWaiting(), routingLimits.waitingMs);
  }

  #mayWait(text: string): boolean {
    return (
      this.#patience !== null &&
      this.#waiting.length < routingLimits.waitingEnvelopes &&
      this.#waitingCharacters + text.length <= routingLimits.waitingCharacters
    );
  }

  #deferWaiting(): void {
    for (const { done } of this.#takeWaiting()) done(this.#count('deferred'));
  }

  #takeWaiting(): readonly Waiting[] {
    this.#patience?.cancel();
    this.#patience = null;
    const waiting = this.#waiting;
    this.#waiting = [];
    this.#waitingCharacters = 0;
    return waiting;
  }

  async #publish(nodeId: string, incarnation: string | null, text: string): Promise<SendOutcome> {
    this.#underWay++;
    try {
      const outcome = await this.#store.publish(nodeId, incarnation, text);
      return this.#count(outcome === 'delivered' ? 'sent' : 'no-node');
    } catch {
      // The store says that it is away by itself (onDown); whoever sent this is told by the outcome.
      this.#counts.storeErrors++;
      return this.#count('deferred');
    } finally {
      this.#underWay--;
    }
  }

  #count(outcome: SendOutcome): SendOutcome {
    if (outcome === 'sent') this.#counts.sent++;
    else if (outcome === 'no-node') this.#counts.noNode++;
    else this.#counts.deferred++;
    return outcome;
  }
}
