import type { Clock } from '../../config/clock.js';
import { chatSocketLimits } from '../../config/limits.js';
import type { Logger } from '../../config/logger.js';
import type { Random } from '../../config/random.js';
import type { Config } from '../../config/schema.js';
import { sessionRoutes } from '../api/session-routes.js';
import { webhookRoutes } from '../api/webhook-routes.js';
import type { EventJobs } from '../chat/chat-events.js';
import { ChatHub } from '../chat/chat-hub.js';
import { ChatPulse } from '../chat/chat-pulse.js';
import { JobRunner } from '../chat/job-runner.js';
import { Retention } from '../chat/retention.js';
import { FileArchive } from '../chat/session-archive.js';
import { sessionJobs } from '../chat/session-jobs.js';
import { chatRoutes } from '../http/chat-routes.js';
import type { Routes } from '../http/http-server.js';
import type { ReadinessCheck } from '../http/readiness.js';
import type { UpgradeRouter } from '../http/upgrade-router.js';
import type { Router } from '../ports/router.js';
import type { RoutingStore } from '../ports/routing-store.js';
import type { NodeIdentity, SessionLog } from '../ports/session-log.js';
import { NodeRouter } from '../routing/router.js';
import type { RoutingReadings } from '../routing/readings.js';
import type { ServiceCaller } from '../services/service-caller.js';
import type { TurnMetrics } from '../session/turn-metrics.js';
import type { ChatSocketReading, WebhookReading } from '../stats/readings.js';
import type { TreeLibrary } from '../trees/tree-library.js';
import type { TurnSink } from '../turns/turn-log.js';
import { WebhookDispatcher } from '../webhooks/webhook-dispatcher.js';
import { WebhookJobs } from '../webhooks/webhook-jobs.js';
import { OriginRule } from '../websocket/origin-rule.js';
import { ChatSocketServer, chatSocketPath } from '../websocket/server.js';
import { TimerWheel } from '../websocket/timer-wheel.js';
import { ApplicationTokens } from '../websocket/tokens.js';
import { visitorRoutes } from '../websocket/visitor-routes.js';
import { keptVisitorSecret } from '../websocket/visitor-secret.js';
import { VisitorTokens } from '../websocket/visitor-tokens.js';
import { unavailableText } from './voice-settings.js';

/** Where the log and the mapping are kept; the composition root knows which programs can do that. */
export interface StoreCatalog {
  /** Rejects with LogError when it cannot be opened. */
  openLog(
    store: Config['store'],
    deps: { readonly clock: Clock; readonly logger: Logger; readonly random: Random },
  ): Promise<SessionLog>;
  createRouting(
    redis: Config['redis'],
    deps: { readonly clock: Clock; readonly random: Random },
  ): RoutingStore;
}

export interface ChatPartsDeps {
  readonly stores: StoreCatalog;
  readonly bots: TreeLibrary;
  readonly services: ServiceCaller;
  readonly metrics: TurnMetrics;
  readonly turns: TurnSink | null;
  readonly upgrades: UpgradeRouter;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}

interface Parts {
  readonly log: SessionLog;
  readonly router: NodeRouter;
  readonly hub: ChatHub;
  readonly pulse: ChatPulse;
  readonly jobs: JobRunner;
  readonly retention: Retention;
  readonly webhooks: WebhookDispatcher;
  readonly socket: ChatSocketServer | null;
  readonly routes: readonly Routes[];
}

/** Chat sessions of this node: their log, their routing, who may talk to them, and what is due in them. */
export class ChatParts {
  readonly #config: Config;
  readonly #parts: Parts;
  readonly #logger: Logger;

  private constructor(config: Config, parts: Parts, logger: Logger) {
    this.#config = config;
    this.#parts = parts;
    this.#logger = logger;
  }

  /** Opens the log and starts connecting; nothing is taken from outside yet. Rejects with LogError. */
  static async open(config: Config, deps: ChatPartsDeps): Promise<ChatParts> {
    const { clock, logger, random, stores } = deps;
    const log = await stores.openLog(config.store, { clock, logger, random });
    const node: NodeIdentity = {
      nodeId: config.node.id ?? `node.${random.hex(6)}`,
      incarnation: random.hex(8),
    };
    const deadAfterMs = config.chat.deadAfterSeconds * 1_000;
    const { address } = config.node;
    const store = stores.createRouting(config.redis, { clock, random });
    const router = new NodeRouter({ node, address, store, clock, random, logger, deadAfterMs });
    const webhooks = new WebhookDispatcher({ hooks: config.webhooks }, { log, clock, random, logger });
    const idleEndMs = config.chat.idleHours * 3_600_000;
    const hub = new ChatHub({
      log,
      router,
      dialog: {
        trees: deps.bots,
        services: deps.services,
        settings: {
          noInputMs: config.chat.noInputSeconds * 1_000,
          unavailableText: (language) => unavailableText(config.bot.handover.unavailable, language),
        },
        metrics: deps.metrics,
        turns: deps.turns,
        clock,
        logger,
      },
      eventJobs: eventJobsOf(config, webhooks, random),
      shared: config.redis.mode !== 'none',
      idleEndMs,
      clock,
      random,
      logger,
    });
    const pulse = new ChatPulse({ log, router, hub, address, deadAfterMs, clock, random, logger });
    const jobs = new JobRunner({
      log,
      handlers: sessionJobs({ hub, log, idleEndMs, clock }),
      clock,
      logger,
    });
    const retention = new Retention(config.store.retentionDays, {
      log,
      archive: archiveOf(config),
      clock,
      logger,
    });
    const edge = await openEdge(config, { ...deps, hub, router });
    const routes = [...edge.routes, ...apiRoutes(config, { ...deps, hub, router, log, webhooks })];
    const parts = { log, router, hub, pulse, jobs, retention, webhooks, socket: edge.socket, routes };
    return new ChatParts(config, parts, logger);
  }

  get routes(): readonly Routes[] {
    return this.#parts.routes;
  }

  get router(): Router {
    return this.#parts.router;
  }

  /** Sessions whose dialog runs here. */
  get running(): number {
    return this.#parts.hub.running;
  }

  /** Sessions that somebody follows here. */
  get following(): number {
    return this.#parts.hub.following;
  }

  get checks(): readonly ReadinessCheck[] {
    const { log, router } = this.#parts;
    const checks = [{ name: 'session log', check: () => log.health() }];
    return this.#config.redis.mode === 'none'
      ? checks
      : [...checks, { name: 'routing', check: () => router.health() }];
  }

  readings(): {
    readonly socket: ChatSocketReading | null;
    readonly routing: RoutingReadings;
    readonly webhooks: readonly WebhookReading[];
  } {
    const { router, socket, webhooks } = this.#parts;
    return { socket: socket?.readings() ?? null, routing: router.readings(), webhooks: webhooks.readings() };
  }

  /** Takes sessions from now on. Rejects with LogError when the log does not know of this node. */
  async start(): Promise<void> {
    const { jobs, pulse, retention, webhooks } = this.#parts;
    await pulse.start();
    jobs.start();
    retention.start();
    webhooks.start();
  }

  /** Takes no more work and sends people elsewhere; resolves when the last one is gone. Never rejects. */
  async drain(): Promise<void> {
    const { pulse, router, socket } = this.#parts;
    // At once, also when those who are told do not answer.
    const left = socket?.drain();
    const told = await Promise.allSettled([pulse.drain(), router.drain()]);
    for (const result of told)
      if (result.status === 'rejected')
        this.#logger.warn('others could not be told that this node drains', {
          err: result.reason as unknown,
        });
    await left;
  }

  /** Gives sessions back, signs off, and closes what was opened. Never rejects. */
  async close(): Promise<void> {
    const { hub, jobs, log, pulse, retention, router, socket, webhooks } = this.#parts;
    await socket?.close();
    await Promise.all([jobs.close(), retention.close(), webhooks.close()]);
    await hub.close();
    await pulse.close();
    for (const part of [router, log])
      await part.close().catch((err: unknown) => this.#logger.warn('a part did not stop cleanly', { err }));
  }
}

function archiveOf({ store }: Config): FileArchive | null {
  return store.archiveDirectory === null ? null : new FileArchive(store.archiveDirectory);
}

function eventJobsOf(
  { webhooks: hooks }: Config,
  dispatcher: WebhookDispatcher,
  random: Random,
): EventJobs | null {
  if (hooks.length === 0) return null;
  const jobs = new WebhookJobs(hooks, random);
  return {
    opened: (session) => jobs.opened(session),
    message: (session) => jobs.message(session),
    ended: (session) => jobs.ended(session),
    made: () => dispatcher.start(),
  };
}

interface EdgeDeps extends ChatPartsDeps {
  readonly hub: ChatHub;
  readonly router: NodeRouter;
}

/** The chat socket, and who gives tokens for it; nothing when chat is switched off. */
async function openEdge(
  config: Config,
  deps: EdgeDeps,
): Promise<{ readonly socket: ChatSocketServer | null; readonly routes: readonly Routes[] }> {
  const { chat } = config;
  if (!chat.enabled) return { socket: null, routes: [] };
  const { bots, clock, hub, logger, random, router, upgrades } = deps;
  const page = chatRoutes(chat);
  const visitors = await visitorTokens(config, deps);
  const tokens = new ApplicationTokens({ ...chat.tokens, tenant: chat.tenant }, { clock, logger, visitors });
  const socket = new ChatSocketServer(chat, {
    clock,
    random,
    logger,
    sessions: hub,
    router,
    tokens,
    knowsTree: (name) => bots.names.includes(name),
  });
  upgrades.add(chatSocketPath, (upgrade) => {
    if (upgrade.accept()) socket.onUpgrade(upgrade.request, upgrade.socket, upgrade.head);
  });
  if (!visitors) return { socket, routes: [page] };
  const wheel = new TimerWheel(clock, chatSocketLimits.wheelTickMs);
  const { perIpPerMinute } = chat.visitors;
  const options = { perIpPerMinute, trustProxies: chat.trustProxies };
  return {
    socket,
    routes: [
      page,
      visitorRoutes(options, { tokens: visitors, origins: new OriginRule(chat.origins), clock, wheel }),
    ],
  };
}

async function visitorTokens(
  config: Config,
  { clock, logger, random }: EdgeDeps,
): Promise<VisitorTokens | null> {
  const { enabled, hours, secret } = config.chat.visitors;
  if (!enabled) return null;
  const own = secret ?? (await keptVisitorSecret(config.dialog.dataDirectory, random, logger));
  return new VisitorTokens(own, hours, clock, random);
}

interface ApiDeps extends EdgeDeps {
  readonly log: SessionLog;
  readonly webhooks: WebhookDispatcher;
}

function apiRoutes(
  config: Config,
  { bots, clock, hub, log, logger, router, webhooks }: ApiDeps,
): readonly Routes[] {
  const defaultTenant = config.chat.tenant;
  return [
    sessionRoutes({ chat: hub, router, trees: bots, clock, defaultTenant, logger }),
    webhookRoutes({ dispatcher: webhooks, log, defaultTenant, logger }),
  ];
}
