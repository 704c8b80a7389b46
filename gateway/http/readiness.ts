import type { Clock } from '../../config/clock.js';
import { httpLimits } from '../../config/limits.js';

export interface CheckResult {
  readonly ok: boolean;
  /** What is there or what is missing, for the operator; no credentials. */
  readonly detail: string;
}

/** A dependency without which no new work should come here. */
export interface ReadinessCheck {
  readonly name: string;
  check(): Promise<CheckResult>;
}

export interface NamedResult extends CheckResult {
  readonly name: string;
}

export interface ReadinessReport {
  readonly ready: boolean;
  readonly draining: boolean;
  readonly checks: readonly NamedResult[];
}

/**
 * Whether this node should get new work: every check passes in time and it is not draining.
 *
 * Probes are not authenticated, so that an answer is given again for `readinessFreshMs` and probes that come together
 * share one round of checks. A check that hangs is not started again before it ended.
 */
export class Readiness {
  readonly #clock: Clock;
  readonly #checks: readonly ReadinessCheck[];
  readonly #hanging = new Set<ReadinessCheck>();
  #draining = false;
  #last: { readonly atMs: number; readonly results: readonly NamedResult[] } | null = null;
  #running: Promise<readonly NamedResult[]> | null = null;

  constructor(clock: Clock, checks: readonly ReadinessCheck[]) {
    if (checks.length > httpLimits.readinessChecks)
      throw new RangeError(`at most ${httpLimits.readinessChecks} readiness checks`);
    this.#clock = clock;
    this.#checks = checks;
  }

  /** From now on not ready; shutting down is never taken back. */
  drain(): void {
    this.#draining = true;
  }

  get draining(): boolean {
    return this.#draining;
  }

  async report(): Promise<ReadinessReport> {
    const checks = await this.#results();
    const ready = !this.#draining && checks.every((check) => check.ok);
    return { ready, draining: this.#draining, checks };
  }

  #results(): Promise<readonly NamedResult[]> {
    const fresh = this.#last !== null && this.#clock.nowMs() - this.#last.atMs < httpLimits.readinessFreshMs;
    if (this.#last !== null && fresh) return Promise.resolve(this.#last.results);
    this.#running ??= this.#round();
    return this.#running;
  }

  async #round(): Promise<readonly NamedResult[]> {
    const results = await Promise.all(this.#checks.map((check) => this.#runOne(check)));
    this.#last = { atMs: this.#clock.nowMs(), results };
    this.#running = null;
    return results;
  }

  async #runOne(check: ReadinessCheck): Promise<NamedResult> {
    const { name } = check;
    if (this.#hanging.has(check)) return { name, ok: false, detail: 'an earlier check has not answered yet' };
    this.#hanging.add(check);
    const answer = this.#settle(check);
    const result = await withDeadline(this.#clock, answer);
    return {
      name,
      ...(result ?? { ok: false, detail: `no answer within ${httpLimits.readinessCheckMs} ms` }),
    };
  }

  async #settle(check: ReadinessCheck): Promise<CheckResult> {
    try {
      const { ok, detail } = await check.check();
      return { ok, detail };
    } catch (error) {
      return { ok: false, detail: error instanceof Error ? error.message : String(error) };
    } finally {
      this.#hanging.delete(check);
    }
  }
}

/** The answer, or null when it takes too long; `answer` never rejects. */
function withDeadline(clock: Clock, answer: Promise<CheckResult>): Promise<CheckResult | null> {
  return new Promise((resolve) => {
    const timer = clock.setTimer(() => resolve(null), httpLimits.readinessCheckMs);
    void answer.then((result) => {
      timer.cancel();
      resolve(result);
    });
  });
}
