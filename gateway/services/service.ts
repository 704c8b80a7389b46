import type { Clock } from '../../config/clock.js';
import { serviceLimits } from '../../config/limits.js';
import type { Random } from '../../config/random.js';
import type { ServiceConfig } from '../../config/sections/services.js';
import type { CallOutcome, CallSpec } from '../../dialog/action.js';
import { failed, refused, type Attempt, type CallRequest, type ServiceClient } from './attempt.js';
import { Circuit, type CircuitEnd, type CircuitState } from './circuit.js';
import { Deadline } from './deadline.js';
import { Places } from './places.js';

export interface ServiceDeps {
  readonly client: ServiceClient;
  readonly clock: Clock;
  readonly random: Random;
}

/** Before the first further attempt; doubled before each next one, at most `longestBackoffMs`, and jittered. */
const firstBackoffMs = 100;
const longestBackoffMs = 5_000;

/** How a service stands now. */
export interface ServiceState {
  readonly circuit: CircuitState;
  readonly running: number;
  readonly waiting: number;
}

/** What a call came to, with the attempts it took. */
export interface ServiceAnswer {
  readonly outcome: CallOutcome;
  /** Requests made. */
  readonly attempts: number;
}

/**
 * One back-office system with its bounds: a deadline over everything, so many requests at a time, retries with
 * back-off, and a circuit breaker. What it holds back or lets fail concerns its own callers only.
 */
export class Service {
  readonly #config: ServiceConfig;
  readonly #deps: ServiceDeps;
  readonly #places: Places;
  readonly #circuit: Circuit;

  constructor(config: ServiceConfig, deps: ServiceDeps) {
    this.#config = config;
    this.#deps = deps;
    this.#places = new Places(config.maxConcurrent, serviceLimits.waitingCalls);
    this.#circuit = new Circuit(config.circuit, deps.clock);
  }

  get state(): ServiceState {
    return { circuit: this.#circuit.state, running: this.#places.taken, waiting: this.#places.waiting };
  }

  /** Never rejects; `signal` ends it early. */
  async call(spec: CallSpec, idempotencyKey: string, signal: AbortSignal): Promise<ServiceAnswer> {
    const timeoutMs = Math.min(Math.max(1, spec.timeoutMs), serviceLimits.timeoutMs);
    const deadline = new Deadline(this.#deps.clock, timeoutMs, signal);
    try {
      const request = { operation: spec.operation, input: spec.input, idempotencyKey };
      return await this.#tryUntil(request, Math.min(spec.retries, serviceLimits.retries), deadline);
    } finally {
      deadline.close();
    }
  }

  close(): void {
    this.#deps.client.close();
  }

  async #tryUntil(request: CallRequest, retries: number, deadline: Deadline): Promise<ServiceAnswer> {
    for (let attempts = 0; ;) {
      const attempt = await this.#once(request, deadline);
      if (attempt.made) attempts++;
      const { outcome, retryable } = attempt;
      if (outcome.ok || !retryable || attempts > retries) return { outcome, attempts };
      const delayMs = this.#delayMs(attempts, attempt.retryAfterMs);
      // A wait that would end after the deadline cannot help: the failure is told now.
      if (delayMs >= deadline.leftMs || !(await deadline.wait(delayMs))) return { outcome, attempts };
    }
  }

  /** One attempt, where the circuit and the places allow it; `made` tells whether the service was asked. */
  async #once(request: CallRequest, deadline: Deadline): Promise<Attempt & { readonly made: boolean }> {
    const circuitOpen = { ...refused('it failed too often and is left alone for a while'), made: false };
    if (this.#circuit.refuses) return circuitOpen;
    const noPlace = { ...failed('timeout', 'no place was free in time', { healthy: null }), made: false };
    const placement = await this.#places.take(deadline.signal);
    if (placement === 'full') return { ...refused('too many calls wait for it'), made: false };
    if (placement === 'aborted') return noPlace;
    try {
      // The place may have come in the very moment in which the time was over.
      if (deadline.signal.aborted) return noPlace;
      const ticket = this.#circuit.admit();
      if (ticket === null) return circuitOpen;
      const attempt = await this.#attempt(request, deadline);
      this.#circuit.end(ticket, circuitEnd(attempt, deadline));
      return { ...attempt, made: true };
    } finally {
      this.#places.leave();
    }
  }

  async #attempt(request: CallRequest, deadline: Deadline): Promise<Attempt> {
    const own = new Deadline(this.#deps.clock, this.#config.timeoutMs, deadline.signal);
    try {
      const attempt = await this.#deps.client.attempt(request, own.signal);
      if (attempt.outcome.ok || !own.signal.aborted) return attempt;
      // However it broke off, it did so because its time was over.
      return failed('timeout', 'no answer in time', { retryable: true });
    } finally {
      own.close();
    }
  }

  /** Full jitter between half and all of the back-off, and never before the service wants it. */
  #delayMs(attempts: number, retryAfterMs: number | null): number {
    const backoffMs = Math.min(longestBackoffMs, firstBackoffMs * 2 ** (attempts - 1));
    const jitteredMs = backoffMs / 2 + this.#deps.random.integer(backoffMs / 2 + 1);
    return Math.max(jitteredMs, retryAfterMs ?? 0);
  }
}

function circuitEnd(attempt: Attempt, deadline: Deadline): CircuitEnd {
  if (attempt.outcome.ok || attempt.healthy === true) return 'success';
  const callerLeft = deadline.signal.aborted && !deadline.expired;
  return attempt.healthy === null || callerLeft ? 'none' : 'failure';
}
