import type { Clock, Timer } from '../../config/clock.js';
import { chatLimits } from '../../config/limits.js';
import type { Logger } from '../../config/logger.js';
import type { LogMessage } from '../ports/session-log.js';
import type { Signal, Subscriber } from './chat-sessions.js';

export interface FeedDeps {
  /** Messages after a number, oldest first; rejects when the log is away. */
  read(after: number, limit: number): Promise<readonly LogMessage[]>;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Between two attempts to read what a follower misses; after the last it is given up. */
const retryMs = [200, 500, 1_000, 2_000, 4_000, 8_000] as const;

/**
 * What the followers of one session on this node have been given, each in order, without gap and without repetition.
 *
 * News come as messages (`learn`) or just as a number (`learnHead`) and may be missing, late or out of order: what a
 * follower lacks is read from the log. The latest `chatLimits.recentMessages` are kept, so that the usual case reads nothing.
 */
export class SessionFeed {
  readonly #deps: FeedDeps;
  readonly #followers = new Set<Follower>();
  /** Without a gap; the last one is not always the head. */
  #recent: LogMessage[] = [];
  #head = 0;

  constructor(deps: FeedDeps) {
    this.#deps = deps;
  }

  get size(): number {
    return this.#followers.size;
  }

  /** Number of the newest message that is known of. */
  get head(): number {
    return this.#head;
  }

  /** Starts pushing what comes after `since`. */
  follow(subscriber: Subscriber, since: number): Follower {
    const follower = new Follower(subscriber, since, (of) => this.#pump(of), this.#followers);
    this.#followers.add(follower);
    this.#pump(follower);
    return follower;
  }

  learn(messages: readonly LogMessage[]): void {
    for (const message of messages) this.#keep(message);
    for (const follower of this.#followers) this.#pump(follower);
  }

  learnHead(seq: number): void {
    if (seq <= this.#head) return;
    this.#head = seq;
    for (const follower of this.#followers) this.#pump(follower);
  }

  signal(signal: Signal): void {
    for (const { subscriber } of this.#followers) subscriber.signal(signal);
  }

  #keep(message: LogMessage): void {
    const last = this.#recent.at(-1)?.seq ?? message.seq - 1;
    if (message.seq <= last) return;
    if (message.seq === last + 1) {
      this.#recent.push(message);
      // Half at a time: dropping one for each that comes would move them all each time.
      if (this.#recent.length >= 2 * chatLimits.recentMessages)
        this.#recent = this.#recent.slice(-chatLimits.recentMessages);
    } else this.#recent = [message];
    this.#head = Math.max(this.#head, message.seq);
  }

  /** What follows `seq` without a gap, from memory; null: it has to be read. */
  #after(seq: number): readonly LogMessage[] | null {
    const first = this.#recent[0]?.seq ?? Infinity;
    const last = this.#recent.at(-1)?.seq ?? 0;
    if (first > seq + 1 || last <= seq) return null;
    return this.#recent.slice(seq + 1 - first);
  }

  #pump(follower: Follower): void {
    while (follower.wants && follower.cursor < this.#head) {
      const messages = this.#after(follower.cursor);
      if (!messages) {
        follower.startReading();
        void this.#readFor(follower, 0);
        return;
      }
      follower.give(messages);
    }
  }

  async #readFor(follower: Follower, attempt: number): Promise<void> {
    let messages: readonly LogMessage[];
    try {
      messages = await this.#deps.read(follower.cursor, chatLimits.pageMessages);
    } catch (err) {
      this.#retry(follower, attempt, err);
      return;
    }
    follower.stopReading();
    // A number that the log does not know was wrong: the log is the truth.
    if (messages.length === 0) this.#head = Math.min(this.#head, follower.cursor);
    if (!follower.wants) return;
    if (messages.length > 0) follower.give(messages);
    this.#pump(follower);
  }

  #retry(follower: Follower, attempt: number, err: unknown): void {
    const delayMs = retryMs[attempt];
    if (delayMs === undefined) {
      this.#deps.logger.warn('messages cannot be read, a follower is given up', { err });
      if (follower.detach()) follower.subscriber.failed('the messages cannot be read at the moment');
      return;
    }
    follower.waitFor(this.#deps.clock.setTimer(() => void this.#readFor(follower, attempt + 1), delayMs));
  }
}

/** One subscriber's place in a feed. */
export class Follower {
  readonly subscriber: Subscriber;
  readonly #pump: (follower: Follower) => void;
  readonly #all: Set<Follower>;
  #cursor: number;
  #paused = false;
  #reading = false;
  #gone = false;
  #timer: Timer | null = null;

  constructor(
    subscriber: Subscriber,
    cursor: number,
    pump: (follower: Follower) => void,
    all: Set<Follower>,
  ) {
    this.subscriber = subscriber;
    this.#cursor = cursor;
    this.#pump = pump;
    this.#all = all;
  }

  /** Number of the last message it was given. */
  get cursor(): number {
    return this.#cursor;
  }

  get wants(): boolean {
    return !this.#gone && !this.#paused && !this.#reading;
  }

  /** The messages follow the cursor without a gap. */
  give(messages: readonly LogMessage[]): void {
    if (this.subscriber.push(messages)) this.#cursor = messages.at(-1)?.seq ?? this.#cursor;
    else this.#paused = true;
  }

  resume(): void {
    this.#paused = false;
    this.#pump(this);
  }

  startReading(): void {
    this.#reading = true;
  }

  stopReading(): void {
    this.#reading = false;
  }

  waitFor(timer: Timer): void {
    if (this.#gone) timer.cancel();
    else this.#timer = timer;
  }

  /** False when it was detached before. */
  detach(): boolean {
    if (this.#gone) return false;
    this.#gone = true;
    this.#timer?.cancel();
    this.#all.delete(this);
    return true;
  }
}
