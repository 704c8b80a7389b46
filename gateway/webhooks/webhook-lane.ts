import { setMaxListeners } from 'node:events';

import type { Clock, Timer } from '../../config/clock.js';
import { webhookLimits } from '../../config/limits.js';
import type { Logger } from '../../config/logger.js';
import type { Random } from '../../config/random.js';
import type { WebhookConfig } from './webhook-config.js';
import { LogError, type Job, type SessionLog } from '../ports/session-log.js';
import { Circuit } from '../services/circuit.js';
import type { WebhookReading } from '../stats/readings.js';
import { deliveryId, prepareDelivery, readPayload, type Delivery } from './delivery.js';
import { webhookKind } from './webhook-jobs.js';
import type { SendResult, WebhookSender } from './webhook-sender.js';

export type WebhookLog = Pick<
  SessionLog,
  'buryJob' | 'claimJobs' | 'finishJob' | 'read' | 'retryJob' | 'session'
>;

/** Times that tests shorten; what they mean is in `webhookLimits`. */
export type WebhookTiming = Pick<
  typeof webhookLimits,
  'closeMs' | 'leaseMarginMs' | 'pauseMs' | 'pollFirstMs' | 'pollMostMs' | 'retryFirstMs' | 'retryMostMs'
>;

export interface WebhookLaneDeps {
  readonly log: WebhookLog;
  readonly sender: Pick<WebhookSender, 'close' | 'send'>;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly timing: { readonly [K in keyof WebhookTiming]: number };
}

/**
 * Delivers the events of one hook: claims due jobs, sends them, and says what became of each.
 *
 * Looks for jobs when woken, when a place is free and more may wait, and now and then. A job that it cannot settle (the
 * log is away) is left to its claim's end, after which any node has it again: at least once, never lost. While the
 * circuit is open nothing is claimed, so that waiting costs no attempts.
 */
export class WebhookLane {
  readonly #config: WebhookConfig;
  readonly #deps: WebhookLaneDeps;
  readonly #kind: string;
  readonly #leaseMs: number;
  readonly #circuit: Circuit;
  readonly #stop = new AbortController();
  /** The last delivery of each session that is under way; the next of that session follows it. */
  readonly #tails = new Map<string, Promise<void>>();
  readonly #counts = { delivered: 0, failed: 0, dead: 0, attemptMs: 0, delayMs: 0 };
  #running = 0;
  #claiming: Promise<void> | null = null;
  /** Woken while claiming, or the last claim was full: there may be more. */
  #more = false;
  #pollMs: number;
  /** When the next of the deliveries that failed here is due, as far as is known. */
  #retryDueMs = Infinity;
  #timer: { readonly timer: Timer; readonly dueMs: number } | null = null;
  #logAway = false;
  #closed = false;

  constructor(config: WebhookConfig, deps: WebhookLaneDeps) {
    this.#config = config;
    this.#deps = deps;
    this.#kind = webhookKind(config.name);
    this.#leaseMs = 2 * config.timeoutMs + deps.timing.leaseMarginMs;
    this.#pollMs = deps.timing.pollFirstMs;
    const circuit = { failures: webhookLimits.failuresInARow, openMs: deps.timing.pauseMs };
    this.#circuit = new Circuit(circuit, deps.clock);
    // One for each delivery under way.
    setMaxListeners(0, this.#stop.signal);
  }

  get config(): WebhookConfig {
    return this.#config;
  }

  get reading(): WebhookReading {
    const { attemptMs, dead, delayMs, delivered, failed } = this.#counts;
    return {
      hook: this.#config.name,
      delivered,
      failed,
      dead,
      running: this.#running,
      paused: this.#circuit.state === 'open',
      attemptSeconds: attemptMs / 1_000,
      delaySeconds: delayMs / 1_000,
    };
  }

  /** Jobs may be due: looks now. */
  wake(): void {
    if (this.#closed) return;
    this.#pollMs = this.#deps.timing.pollFirstMs;
    if (this.#claiming) this.#more = true;
    else this.#look();
  }

  /** Sends one delivery that is no job. */
  send(delivery: Delivery): Promise<SendResult> {
    return this.#deps.sender.send(delivery, this.#stop.signal);
  }

  /** Takes no more; what is under way may end for `closeMs`, then is given back. Never rejects. Idempotent. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#timer?.timer.cancel();
    this.#timer = null;
    const { clock, sender, timing } = this.#deps;
    const deadline = clock.setTimer(() => this.#stop.abort(), timing.closeMs);
    await this.#claiming;
    while (this.#tails.size > 0) await Promise.all(this.#tails.values());
    deadline.cancel();
    sender.close();
  }

  /** How many jobs may be claimed now. */
  get #room(): number {
    const { state } = this.#circuit;
    if (state === 'open') return 0;
    return Math.max(0, (state === 'half-open' ? 1 : webhookLimits.concurrent) - this.#running);
  }

  #look(): void {
    if (this.#closed || this.#claiming) return;
    const room = this.#room;
    this.#more = false;
    if (room === 0) {
      this.#more = this.#running > 0;
      this.#pollWithin(this.#deps.timing.pauseMs);
      return;
    }
    this.#claiming = this.#claim(room).then((claimed) => {
      this.#claiming = null;
      this.#afterClaim(claimed, room);
    });
  }

  /** How many jobs came; null: the log is away. Never rejects. */
  async #claim(limit: number): Promise<number | null> {
    const { clock, log } = this.#deps;
    const claimedAtMs = clock.nowMs();
    const jobs = await this.#try(() => log.claimJobs([this.#kind], { limit, leaseMs: this.#leaseMs }));
    for (const job of jobs ?? []) this.#begin(job, claimedAtMs);
    return jobs?.length ?? null;
  }

  #afterClaim(claimed: number | null, room: number): void {
    const { pollFirstMs, pollMostMs } = this.#deps.timing;
    if (claimed === room) this.#more = true;
    this.#pollMs = claimed ? pollFirstMs : Math.min(pollMostMs, this.#pollMs * 2);
    if (this.#more && claimed !== null && this.#room > 0) this.#look();
    else this.#pollWithin(Math.min(this.#pollMs, this.#untilRetryMs()));
  }

  #untilRetryMs(): number {
    const leftMs = this.#retryDueMs - this.#deps.clock.nowMs();
    if (leftMs > 0) return leftMs;
    this.#retryDueMs = Infinity;
    return Infinity;
  }

  #pollWithin(delayMs: number): void {
    if (this.#closed) return;
    const { clock } = this.#deps;
    const dueMs = clock.nowMs() + delayMs;
    if (this.#timer && this.#timer.dueMs <= dueMs) return;
    this.#timer?.timer.cancel();
    const timer = clock.setTimer(() => {
      this.#timer = null;
      this.#look();
    }, delayMs);
    this.#timer = { timer, dueMs };
  }

  #begin(job: Job, claimedAtMs: number): void {
    this.#running++;
    const session = `${job.ref.tenant}\0${job.ref.sessionId}`;
    const before = this.#tails.get(session) ?? Promise.resolve();
    const own = before.then(async () => {
      await this.#deliver(job, claimedAtMs);
      this.#running--;
      if (this.#tails.get(session) === own) this.#tails.delete(session);
      if (this.#more) this.#look();
    });
    this.#tails.set(session, own);
  }

  /** Never rejects. */
  async #deliver(job: Job, claimedAtMs: number): Promise<void> {
    const { clock, log } = this.#deps;
    const heldMs = clock.nowMs() - claimedAtMs;
    // It waited so long behind others that another node may have it before it is through.
    if (heldMs > this.#leaseMs - this.#config.timeoutMs) return;
    const payload = readPayload(job);
    if (!payload) return this.#bury(job, 'it is not what a webhook is told');
    const delivery = await this.#try(() => prepareDelivery(job, payload, log));
    if (delivery === undefined) return;
    if (!delivery) return this.#bury(job, 'what it tells of is not in the log any more');
    const ticket = this.#circuit.admit();
    const startedAtMs = clock.nowMs();
    const result = await this.send(delivery);
    this.#counts.attemptMs += clock.nowMs() - startedAtMs;
    if (ticket !== null) this.#circuit.end(ticket, result.health);
    await this.#settle(job, result);
  }

  async #settle(job: Job, result: SendResult): Promise<void> {
    const { clock, log } = this.#deps;
    if (result.outcome === 'delivered') {
      this.#counts.delivered++;
      this.#counts.delayMs += Math.max(0, clock.epochMs() - job.createdAtMs);
      await this.#try(() => log.finishJob(job));
      return;
    }
    if (this.#stop.signal.aborted) {
      await this.#try(() => log.retryJob(job, 0, 'the node stopped'));
      return;
    }
    this.#counts.failed++;
    if (result.outcome === 'gone' || job.attempts >= this.#config.attempts)
      return this.#bury(job, result.reason);
    const delayMs = this.#retryDelayMs(job, result);
    const { status, reason } = result;
    const fields = { ...this.#fieldsOf(job), status, reason, attempts: job.attempts, delayMs };
    this.#deps.logger.warn('webhook delivery failed, it is made again', fields);
    await this.#try(() => log.retryJob(job, delayMs, reason));
    this.#retryDueMs = Math.min(this.#retryDueMs, clock.nowMs() + delayMs);
    this.#pollWithin(delayMs);
  }

  async #bury(job: Job, reason: string): Promise<void> {
    this.#counts.dead++;
    this.#deps.logger.error('webhook delivery given up', {
      ...this.#fieldsOf(job),
      reason,
      attempts: job.attempts,
    });
    await this.#try(() => this.#deps.log.buryJob(job, reason));
  }

  /** Exponential with full jitter, and not before the receiver wants it. */
  #retryDelayMs({ attempts }: Job, { retryAfterMs }: SendResult): number {
    const { random, timing } = this.#deps;
    const backoffMs = Math.min(timing.retryMostMs, timing.retryFirstMs * 2 ** (attempts - 1));
    const askedMs = Math.min(retryAfterMs ?? 0, webhookLimits.retryAfterMs);
    return Math.max(1 + random.integer(Math.ceil(backoffMs)), askedMs);
  }

  #fieldsOf(job: Job) {
    return { hook: this.#config.name, sessionId: job.ref.sessionId, delivery: deliveryId(job) };
  }

  /** What the log says; undefined where it failed, which is logged once until it answers again. */
  async #try<T>(call: () => Promise<T>): Promise<T | undefined> {
    try {
      const value = await call();
      this.#logAway = false;
      return value;
    } catch (err) {
      const { logger } = this.#deps;
      if (!(err instanceof LogError))
        logger.error('webhook delivery broke off', { hook: this.#config.name, err });
      else if (!this.#logAway)
        logger.warn('webhooks wait, the session log is away', { hook: this.#config.name, err });
      this.#logAway = err instanceof LogError;
      return undefined;
    }
  }
}
