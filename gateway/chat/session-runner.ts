import type { Clock, Timer } from '../../config/clock.js';
import { chatLimits } from '../../config/limits.js';
import type { Logger } from '../../config/logger.js';
import {
  LogError,
  type CommitResult,
  type Json,
  type LogMessage,
  type NodeIdentity,
  type SessionLog,
  type SessionOwner,
  type SessionRecord,
  type SessionRef,
  type TurnCommit,
} from '../ports/session-log.js';
import type { EventJobs } from './chat-events.js';
import { eventMessage, type ChatDialog, type ChatTurn } from './chat-dialog.js';

/** Kind of the job that says that the user has been silent; its key is the session, its payload `{after}`. */
export const noInputJob = 'no-input';

export interface RunnerDeps {
  readonly log: SessionLog;
  readonly node: NodeIdentity;
  openDialog(record: SessionRecord, snapshot: Json): Promise<ChatDialog>;
  /** What a turn wrote; it is durable. */
  onCommitted(record: SessionRecord, messages: readonly LogMessage[], ended: boolean): void;
  /** Somebody else owns the session while input up to `inputSeq` may wait: wake it there. */
  onHeld(owner: SessionOwner, inputSeq: number): void;
  /** The bot has been busy for a while, or is done. */
  readonly onBusy: (record: SessionRecord, busy: boolean) => void;
  /** The session is over or unknown; the runner has nothing more to do. */
  onOver(): void;
  /** Null: nobody wants to be told. */
  readonly eventJobs: Pick<EventJobs, 'ended' | 'message'> | null;
  readonly clock: Clock;
  readonly logger: Logger;
}

interface Owned {
  readonly record: SessionRecord;
  readonly epoch: number;
  readonly dialog: ChatDialog;
  processedSeq: number;
  /** As the log has it. */
  snapshot: Json;
}

/** A turn that takes longer is shown as typing. */
const busyAfterMs = 300;
/** Between attempts while the log is away. */
const retryMs = 500;
const longestRetryMs = 8_000;
/** A turn that takes longer when the node stops is left to the next owner. */
const closeMs = 5_000;
/** After so many failures of one input the user is told, and it is passed over. */
const attemptsPerInput = 3;

/**
 * Runs the dialog of one session on this node: takes ownership, answers what waits in the log, one input at a time, and
 * keeps each turn as a whole (messages, state and how far it has answered).
 *
 *     idle -> taking -> owning <-> answering         (`wake`)
 *             taking | answering -> idle             (held by another, fenced off, log away: begun again from the log)
 *             any -> closed
 *
 * Nothing it computes is shown unless the log has kept it under its epoch, so that of two owners one is heard.
 */
export class SessionRunner {
  readonly #ref: SessionRef;
  readonly #deps: RunnerDeps;
  #owned: Owned | null = null;
  #running: Promise<void> | null = null;
  #wanted = false;
  #evenFrom: number | null = null;
  #inputSeq = 0;
  #silentAfter: number | null = null;
  #retry: Timer | null = null;
  #retries = 0;
  #failures = { seq: -1, count: 0 };
  #closed = false;
  #activeAtMs: number;

  constructor(ref: SessionRef, deps: RunnerDeps) {
    this.#ref = ref;
    this.#deps = deps;
    this.#activeAtMs = deps.clock.nowMs();
  }

  /** True while this node owns the session, as far as it knows. */
  get owns(): boolean {
    return this.#owned !== null;
  }

  /** Milliseconds since it last did something; 0 while it does. */
  get idleMs(): number {
    return this.#running || this.#retry ? 0 : this.#deps.clock.nowMs() - this.#activeAtMs;
  }

  /** Input up to `inputSeq` may wait. `evenFrom`: the epoch of an owner that is known to be gone. */
  wake(inputSeq: number, evenFrom: number | null = null): void {
    this.#inputSeq = Math.max(this.#inputSeq, inputSeq);
    this.#evenFrom = evenFrom ?? this.#evenFrom;
    this.#want();
  }

  /** The user has said nothing since the turn that answered up to `after`. */
  silent(after: number): void {
    this.#silentAfter = after;
    this.#want();
  }

  /** Finishes the turn it is in (for a while) and gives the session back. Idempotent; never rejects. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#retry?.cancel();
    this.#retry = null;
    const deadline = this.#deps.clock.setTimer(() => this.#owned?.dialog.close(), closeMs);
    await this.#running;
    deadline.cancel();
    const owned = this.#drop();
    if (!owned) return;
    try {
      await this.#deps.log.release(this.#ref, owned.epoch);
    } catch (err) {
      // The next owner waits until this node is seen to be gone.
      this.#deps.logger.warn('a session could not be given back', { err });
    }
  }

  #want(): void {
    this.#wanted = true;
    if (this.#closed || this.#running || this.#retry) return;
    this.#running = this.#run().finally(() => {
      this.#running = null;
      this.#activeAtMs = this.#deps.clock.nowMs();
      if (this.#wanted) this.#want();
    });
  }

  async #run(): Promise<void> {
    while (this.#wanted && !this.#closed && !this.#retry) {
      this.#wanted = false;
      try {
        await this.#catchUp();
        this.#retries = 0;
      } catch (err) {
        this.#failed(err);
      }
    }
  }

  /** What was computed may or may not be kept: it is looked up anew. */
  #failed(err: unknown): void {
    const { clock, logger } = this.#deps;
    const processedSeq = this.#drop()?.processedSeq ?? -1;
    if (err instanceof LogError) logger.warn('the log is away, the session waits', { err });
    else {
      logger.error('a turn failed', { err });
      const count = this.#failures.seq === processedSeq ? this.#failures.count + 1 : 1;
      this.#failures = { seq: processedSeq, count };
    }
    if (this.#closed) return;
    const delayMs = Math.min(longestRetryMs, retryMs * 2 ** this.#retries++);
    this.#retry = clock.setTimer(() => {
      this.#retry = null;
      this.#want();
    }, delayMs);
  }

  #drop(): Owned | null {
    const owned = this.#owned;
    this.#owned = null;
    owned?.dialog.close();
    return owned;
  }

  async #catchUp(): Promise<void> {
    const owned = this.#owned ?? (await this.#take());
    if (!owned) return;
    if (owned.dialog.isNew && !(await this.#turn(owned, owned.processedSeq, () => owned.dialog.start())))
      return;
    while (!this.#closed && owned.processedSeq < this.#inputSeq) {
      const input = await this.#nextInput(owned);
      if (!input) break;
      const answered = await this.#turn(owned, input.seq, () => owned.dialog.hear(input.body));
      if (!answered) return;
    }
    const silent = this.#silentAfter === owned.processedSeq;
    this.#silentAfter = null;
    if (silent && !this.#closed) await this.#turn(owned, owned.processedSeq, () => owned.dialog.noInput());
  }

  async #take(): Promise<Owned | null> {
    const { log, node } = this.#deps;
    const result = await log.acquire(this.#ref, node, this.#evenFrom);
    this.#evenFrom = null;
    switch (result.outcome) {
      case 'acquired': {
        const { epoch, record, snapshot } = result;
        const dialog = await this.#deps.openDialog(record, snapshot);
        this.#inputSeq = Math.max(this.#inputSeq, record.inputSeq);
        this.#owned = { record, epoch, dialog, snapshot, processedSeq: record.processedSeq };
        return this.#owned;
      }
      case 'held':
        this.#deps.onHeld(result.owner, this.#inputSeq);
        return null;
      case 'ended':
      case 'unknown-session':
        this.#deps.onOver();
        return null;
    }
  }

  /** The oldest unanswered message of the user. */
  async #nextInput({ processedSeq }: Owned): Promise<LogMessage | null> {
    for (let after = processedSeq; ;) {
      const page = await this.#deps.log.read(this.#ref, after, chatLimits.pageMessages);
      const input = page.find(({ author }) => author === 'user');
      if (input) return input;
      const last = page.at(-1);
      if (!last || page.length < chatLimits.pageMessages) return null;
      after = last.seq;
    }
  }

  /** One event and what it comes to; false when the session is not ours any more. */
  async #turn(owned: Owned, processedSeq: number, act: () => Promise<ChatTurn | null>): Promise<boolean> {
    const { clock, onBusy } = this.#deps;
    let busy = false;
    const timer = clock.setTimer(() => {
      busy = true;
      onBusy(owned.record, true);
    }, busyAfterMs);
    try {
      const commit = this.#failsAgain(owned)
        ? this.#passOver(owned, processedSeq)
        : this.#commitOf(owned, processedSeq, await act());
      if (!commit) return false;
      return this.#settle(owned, commit, await this.#deps.log.commit(this.#ref, commit));
    } finally {
      timer.cancel();
      if (busy) onBusy(owned.record, false);
    }
  }

  /** Null: the dialog was closed meanwhile. */
  #commitOf({ epoch, record }: Owned, processedSeq: number, turn: ChatTurn | null): TurnCommit | null {
    if (!turn) return null;
    const { end, noInputMs, snapshot } = turn;
    const { eventJobs } = this.#deps;
    const key = record.ref.sessionId;
    const jobs = end ? [...(eventJobs?.ended(record) ?? [])] : [];
    if (noInputMs !== null)
      jobs.push({
        kind: noInputJob,
        key,
        delayMs: noInputMs,
        ref: record.ref,
        payload: { after: processedSeq },
      });
    return {
      epoch,
      processedSeq,
      snapshot,
      messages: turn.messages.map((message) => ({ ...message, jobs: eventJobs?.message(record) ?? [] })),
      end,
      jobs,
      cancelJobs: noInputMs === null ? [{ kind: noInputJob, key }] : [],
    };
  }

  #failsAgain({ processedSeq }: Owned): boolean {
    return this.#failures.seq === processedSeq && this.#failures.count >= attemptsPerInput;
  }

  /**
   * An input that fails each time must not hold up what comes after it: the user is told, the dialog stays where it
   * was. A session whose dialog cannot even begin is over.
   */
  #passOver({ dialog, epoch, snapshot }: Owned, processedSeq: number): TurnCommit {
    this.#deps.logger.error('an input is passed over', { seq: processedSeq });
    return { epoch, processedSeq, snapshot, messages: [eventMessage('failed', '')], end: dialog.isNew };
  }

  #settle(owned: Owned, { end = false, processedSeq, snapshot }: TurnCommit, result: CommitResult): boolean {
    switch (result.outcome) {
      case 'committed':
        owned.processedSeq = processedSeq;
        owned.snapshot = snapshot;
        this.#inputSeq = Math.max(this.#inputSeq, result.head.inputSeq);
        this.#deps.onCommitted(owned.record, result.messages, end);
        if (end) this.#over();
        return !end;
      case 'fenced':
        this.#deps.logger.info('a session is owned by another node now', { epoch: owned.epoch });
        this.#drop();
        // Takes it back, or learns who has it and wakes it there.
        this.#wanted = true;
        return false;
      case 'full':
      case 'ended':
      case 'unknown-session':
        if (result.outcome === 'full') this.#deps.logger.warn('a session holds as many messages as it may');
        this.#over();
        return false;
    }
  }

  #over(): void {
    this.#drop();
    this.#deps.onOver();
  }
}
