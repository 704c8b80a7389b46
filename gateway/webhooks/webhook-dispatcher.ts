import type { Clock } from '../../config/clock.js';
import { webhookLimits } from '../../config/limits.js';
import type { Logger } from '../../config/logger.js';
import type { Random } from '../../config/random.js';
import type { WebhookConfig } from './webhook-config.js';
import type { NewJob } from '../ports/session-log.js';
import { AddressRules } from '../services/address-rules.js';
import { HostResolver, lookupAll, type Lookup } from '../services/host-resolver.js';
import type { WebhookReading } from '../stats/readings.js';
import { testDelivery } from './delivery.js';
import { webhookKind } from './webhook-jobs.js';
import { WebhookLane, type WebhookLog, type WebhookTiming } from './webhook-lane.js';
import { WebhookSender, type SendResult } from './webhook-sender.js';

export interface WebhookDispatcherOptions {
  /** `webhooks` of the configuration. */
  readonly hooks: readonly WebhookConfig[];
  /** Those of `webhookLimits`, unless a test says otherwise. */
  readonly timing?: { readonly [K in keyof WebhookTiming]?: number };
}

export interface WebhookDispatcherDeps {
  readonly log: WebhookLog;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  /** The operating system's, unless a test says otherwise. */
  readonly lookup?: Lookup;
}

/** What a test delivery came to. */
export interface WebhookTest extends Pick<SendResult, 'status' | 'reason'> {
  readonly delivery: string;
  readonly delivered: boolean;
  readonly tookMs: number;
}

/**
 * Delivers the events of all webhooks; every node has one, and each job is with one node at a time.
 *
 * Each hook has its own claims, connections, places and circuit, so that a dead one costs the others nothing.
 */
export class WebhookDispatcher {
  readonly #lanes = new Map<string, WebhookLane>();
  readonly #deps: WebhookDispatcherDeps;

  constructor({ hooks, timing = {} }: WebhookDispatcherOptions, deps: WebhookDispatcherDeps) {
    const { clock, log, logger, lookup = lookupAll, random } = deps;
    this.#deps = deps;
    for (const hook of hooks) {
      const resolver = new HostResolver(new AddressRules(hook.allowPrivate), { lookup, clock });
      const sender = new WebhookSender(hook, { resolver, clock });
      const lane = new WebhookLane(hook, {
        log,
        sender,
        clock,
        random,
        logger,
        timing: { ...webhookLimits, ...timing },
      });
      this.#lanes.set(webhookKind(hook.name), lane);
    }
  }

  /** The configured hooks. */
  get hooks(): readonly WebhookConfig[] {
    return [...this.#lanes.values()].map(({ config }) => config);
  }

  /** Begins to look for jobs, those that other nodes left behind included. */
  start(): void {
    for (const lane of this.#lanes.values()) lane.wake();
  }

  /** These jobs were just made (`WebhookJobs`) and their call to the log has succeeded; cheap, never throws. */
  wake(jobs: readonly Pick<NewJob, 'kind'>[]): void {
    for (const { kind } of jobs) this.#lanes.get(kind)?.wake();
  }

  /** Sends the event `test` to a hook once, whatever its circuit says; null: there is no such hook. Never rejects. */
  async test(hook: string, tenant: string): Promise<WebhookTest | null> {
    const lane = this.#lanes.get(webhookKind(hook));
    if (!lane) return null;
    const { clock, random } = this.#deps;
    const delivery = random.hex(16);
    const startedAtMs = clock.nowMs();
    const { outcome, reason, status } = await lane.send(testDelivery(delivery, tenant, clock.epochMs()));
    const tookMs = Math.round(clock.nowMs() - startedAtMs);
    return { delivery, delivered: outcome === 'delivered', status, reason, tookMs };
  }

  /** How each hook stands on this node. */
  readings(): readonly WebhookReading[] {
    return [...this.#lanes.values()].map(({ reading }) => reading);
  }

  /** Takes no more jobs, lets deliveries end for two seconds, and gives back the rest. Never rejects. Idempotent. */
  async close(): Promise<void> {
    await Promise.all([...this.#lanes.values()].map((lane) => lane.close()));
  }
}
