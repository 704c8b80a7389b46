import { logLimits } from '../../../config/limits.js';
import { LogError } from '../../../gateway/ports/session-log.js';
import { EngineThread } from '../../threads/engine-thread.js';
import type { OperationName, Operations } from './operations.js';
import type { StoreBatch, StoreCall, StoreReport, StoreSetup } from './protocol.js';

const workerScript = new URL('./store-worker.js', import.meta.url);

type Resolve = (value: unknown) => void;

interface WaitingCall {
  readonly call: StoreCall;
  readonly resolve: Resolve;
  readonly reject: (error: Error) => void;
}

type Arguments<Name extends OperationName> = Parameters<Operations[Name]>;
type Result<Name extends OperationName> = ReturnType<Operations[Name]>;

/**
 * Calls on their way to the thread: those that come while one batch is on disk are the next batch, so that the more
 * callers there are, the fewer times each of them waits for the disk.
 */
export class BatchQueue {
  readonly #thread: EngineThread<StoreBatch, StoreReport>;
  readonly #waitingBound: number;
  #waiting: WaitingCall[] = [];
  #sent: readonly WaitingCall[] | null = null;
  #closing: { done(): void } | null = null;
  #scheduled = false;

  /** `script` and `waitingBound` are for tests. */
  constructor(setup: StoreSetup, waitingBound: number = logLimits.waitingCalls, script = workerScript) {
    this.#waitingBound = waitingBound;
    this.#thread = new EngineThread(script, setup, {
      onReport: (report) => this.#onReport(report),
      onLost: (cause) => this.#onLost(cause),
    });
  }

  /** Calls that have no outcome yet. */
  get size(): number {
    return this.#waiting.length + (this.#sent?.length ?? 0);
  }

  /** Resolves when the transaction is on disk. Rejects with LogError, or with RangeError for what is past a bound. */
  call<Name extends OperationName>(name: Name, ...args: Arguments<Name>): Promise<Result<Name>> {
    return new Promise<Result<Name>>((resolve, reject) => {
      if (this.#closing) throw new LogError('the session log is closed');
      if (this.#waiting.length >= this.#waitingBound)
        throw new LogError(`${this.#waiting.length} calls wait for the session log, and no more may`);
      this.#waiting.push({ call: { name, args }, resolve: resolve as Resolve, reject });
      this.#schedule();
    });
  }

  /** Waits for the calls that were made before, then closes the file. */
  async close(): Promise<void> {
    if (!this.#closing) {
      await new Promise<void>((resolve) => {
        this.#closing = { done: resolve };
        this.#schedule();
      });
    }
    await this.#thread.close();
  }

  /** Calls made in one go belong together, too. */
  #schedule(): void {
    if (this.#scheduled || this.#sent) return;
    this.#scheduled = true;
    queueMicrotask(() => {
      this.#scheduled = false;
      this.#send();
    });
  }

  #send(): void {
    const sent = this.#waiting.slice(0, logLimits.batchCalls);
    this.#waiting = this.#waiting.slice(logLimits.batchCalls);
    this.#sent = sent;
    const last = this.#closing !== null && this.#waiting.length === 0;
    this.#thread.post({ calls: sent.map(({ call }) => call), last });
  }

  #onReport(report: StoreReport): void {
    const sent = this.#sent ?? [];
    this.#goOn();
    sent.forEach(({ resolve, reject }, i) => {
      const outcome = report[i];
      if (outcome?.ok) resolve(outcome.value);
      else if (outcome?.refused) reject(new RangeError(outcome.message));
      else reject(new LogError(outcome?.message ?? 'the store did not answer'));
    });
  }

  /** What the thread was doing may be on disk or not. */
  #onLost(cause: Error): void {
    const sent = this.#sent ?? [];
    this.#goOn();
    const error = new LogError(`the session log failed: ${cause.message}`, { cause });
    for (const { reject } of sent) reject(error);
  }

  #goOn(): void {
    this.#sent = null;
    if (this.#waiting.length > 0) this.#schedule();
    else this.#closing?.done();
  }
}
