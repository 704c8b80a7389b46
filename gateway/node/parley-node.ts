import type { Clock } from '../../config/clock.js';
import type { Logger } from '../../config/logger.js';
import { advertisedAddress, bindAddress, workerCount } from '../../config/network-plan.js';
import { gatewayLimits, httpLimits } from '../../config/limits.js';
import { PlatformRules } from '../../config/platform-rules.js';
import { formatProblem } from '../../config/problem.js';
import type { Random } from '../../config/random.js';
import type { Config } from '../../config/schema.js';
import { compileGrammarDocument } from '../../media/speech/grammar/compile.js';
import { WorkerMediaHost } from '../../media/worker/worker-host.js';
import { TemplateStore } from '../../templates/loader.js';
import { openapiRoutes } from '../api/openapi-routes.js';
import { AudioSocketStats } from '../audio-socket/audio-socket-stats.js';
import { HttpServer } from '../http/http-server.js';
import { operationsRoutes } from '../http/operations-routes.js';
import { Readiness } from '../http/readiness.js';
import { treeRoutes } from '../http/tree-routes.js';
import { UpgradeRouter } from '../http/upgrade-router.js';
import { MrcpServer } from '../mrcp/server.js';
import { LogError } from '../ports/session-log.js';
import { ProtoError } from '../services/grpc-methods.js';
import { Services, type ServicesDeps } from '../services/services.js';
import { CallIngress } from '../session/call-ingress.js';
import { ConversationTable } from '../session/conversation-table.js';
import { ResponseRenderer } from '../session/response-renderer.js';
import type { KeptVersions } from '../session/kept-versions.js';
import type { SnapshotStore } from '../session/snapshot-store.js';
import { SessionTable } from '../session/session-table.js';
import { Similarity } from '../session/similarity.js';
import { UserAgent } from '../sip/user-agent.js';
import { EventLoopGauge } from '../stats/event-loop-gauge.js';
import { Metrics } from '../stats/metrics.js';
import type { TurnLog } from '../turns/turn-log.js';
import type { TreeLibrary } from '../trees/tree-library.js';
import { audioSocketRoutes, openAudioSockets } from './audio-sockets.js';
import { callerPresence } from './caller-presence.js';
import { ChatParts, type StoreCatalog } from './chat-parts.js';
import type { EngineCatalog } from './engine-catalog.js';
import { MediaWatch } from './media-watch.js';
import { nodeReadings } from './node-readings.js';
import { nodeStatus } from './node-status.js';
import { holdKeptVersions, openSnapshots, openTrees, openTurnLog } from './open-trees.js';
import { warmPrompts } from './prompt-warmer.js';
import type { ScorerCatalog } from './scorer-catalog.js';
import { SessionFactory } from './session-factory.js';
import { SpeechTiers } from './speech-tiers.js';

export interface ParleyNodeDeps {
  readonly catalog: EngineCatalog;
  readonly scorers: ScorerCatalog;
  readonly stores: StoreCatalog;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly version: string;
}

/** A configuration that is well-formed and still cannot serve; the message names the key and the fix. */
export class StartError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'StartError';
  }
}

/** RFC 4028 5. */
const minimumSessionSeconds = 90;

/** How long an MRCP conversation waits for the platform's next dialog. */
const conversationIdleMs = 600_000;

/** Parts of a running node, in the order in which they start. */
export interface NodeParts {
  readonly config: Config;
  readonly bots: TreeLibrary;
  readonly similarity: Similarity;
  readonly tiers: SpeechTiers;
  readonly host: WorkerMediaHost;
  readonly watch: MediaWatch;
  readonly table: SessionTable;
  readonly conversations: ConversationTable;
  readonly snapshots: SnapshotStore | null;
  readonly keptVersions: KeptVersions | null;
  readonly turns: TurnLog | null;
  readonly mrcp: MrcpServer;
  readonly userAgent: UserAgent;
  readonly templates: TemplateStore;
  readonly services: Services;
  /** Where protocols that take over a connection of the HTTP port register. */
  readonly upgrades: UpgradeRouter;
  readonly audioSockets: AudioSocketStats;
  readonly chat: ChatParts;
  readonly version: string;
}

/** One running Parley: everything that `parley serve` starts, and its orderly end. */
export class ParleyNode {
  readonly #parts: NodeParts;
  readonly #http: HttpServer;
  readonly #readiness: Readiness;
  readonly #eventLoop: EventLoopGauge;
  readonly #logger: Logger;
  readonly #clock: Clock;
  readonly #warming = new AbortController();
  #stopping: Promise<void> | null = null;

  private constructor(parts: NodeParts, deps: ParleyNodeDeps, metrics: Metrics, eventLoop: EventLoopGauge) {
    this.#parts = parts;
    this.#logger = deps.logger;
    this.#clock = deps.clock;
    this.#eventLoop = eventLoop;
    this.#readiness = new Readiness(deps.clock, [
      {
        name: 'media',
        check: () => {
          const ok = parts.host.ready;
          return Promise.resolve({ ok, detail: ok ? 'workers run' : 'no media worker runs' });
        },
      },
      { name: 'similarity', check: () => Promise.resolve(parts.similarity.check()) },
      ...parts.chat.checks,
    ]);
    const { config } = parts;
    this.#http = new HttpServer(
      {
        address: bindAddress(config, 'http'),
        port: config.http.port,
        maxConnections: config.http.maxConnections,
        ...config.security,
      },
      { clock: deps.clock, logger: deps.logger },
      [
        openapiRoutes({ version: deps.version }),
        operationsRoutes({
          clock: deps.clock,
          readiness: this.#readiness,
          metrics,
          status: () => nodeStatus(parts, this.httpPort),
        }),
        treeRoutes({ trees: parts.bots }),
        ...audioSocketRoutes(config),
        ...parts.chat.routes,
      ],
    );
    parts.upgrades.attach(this.#http.server);
  }

  /** Starts everything; rejects with StartError, TreeError or the error of the port that is taken. */
  static async start(config: Config, deps: ParleyNodeDeps): Promise<ParleyNode> {
    const { clock, random, logger } = deps;
    const templates = checkedTemplates(config, logger);
    const similarity = new Similarity(config.similarity, { catalog: deps.scorers, clock, random, logger });
    const [bots, tiers] = await Promise.all([
      openTrees(config, similarity.scorersFor, deps),
      SpeechTiers.create(config, { catalog: deps.catalog, clock, logger }),
    ]);
    const eventLoop = new EventLoopGauge(clock);
    const readings: { parts: NodeParts | null } = { parts: null };
    const metrics = new Metrics({ eventLoop, providers: nodeReadings(() => readings.parts) });
    const services = createServices(config, { clock, random, logger, metrics });
    const host = await WorkerMediaHost.start(
      {
        workers: workerCount(config),
        rtpPorts: { from: config.rtp.from, to: config.rtp.to },
        engines: tiers.recognizerSpecs(),
        jitterMs: config.rtp.jitterMs,
      },
      {
        logger,
        clock,
        onWorkerLost: (worker, reason) => logger.error('media worker lost', { worker, reason }),
      },
    );
    tiers.watchEngines(() => host.engines);
    const table = new SessionTable(config.sip.maxCalls);
    const watch = new MediaWatch(host, { clock, logger });
    const snapshots = await openSnapshots(config, conversationIdleMs, deps);
    const keptVersions = await holdKeptVersions(snapshots, bots, conversationIdleMs, { clock, logger });
    const turns = await openTurnLog(config, deps);
    const upgrades = new UpgradeRouter({ clock, logger });
    const chat = await openChat(config, { ...deps, bots, services, metrics, turns, upgrades });
    const presence = callerPresence(chat.router, config.chat.tenant, logger);
    const conversations = new ConversationTable(clock, conversationIdleMs, gatewayLimits.sessions, (key) =>
      snapshots?.remove(key),
    );
    const mrcp = createMrcpServer(config, bots.default.tree.language, deps);
    const factory = new SessionFactory({
      config,
      bots,
      tiers,
      conversations,
      snapshots,
      turns,
      presence,
      mrcp,
      watch,
      rules: new PlatformRules(config),
      renderer: new ResponseRenderer((id) => templates.get(id)),
      services,
      random,
      metrics,
      clock,
      logger,
    });
    const ingress = new CallIngress({
      clock,
      random,
      logger,
      host,
      table,
      policy: factory.policy,
      addresses: () => ({
        bindAddress: bindAddress(config, 'rtp'),
        mediaAddress: advertisedAddress(config, 'rtp'),
        mrcpAddress: advertisedAddress(config, 'mrcp'),
        mrcpPort: mrcp.port,
      }),
      createCall: (plan, parts) => factory.createCall(plan, parts),
      createMrcp: (plan, parts) => factory.createMrcp(plan, parts),
    });
    const userAgent = createUserAgent(config, deps, ingress, table);
    const audioSockets = new AudioSocketStats();
    openAudioSockets(config, {
      bots,
      tiers,
      services,
      metrics,
      host,
      table,
      upgrades,
      stats: audioSockets,
      turns,
      presence,
      clock,
      random,
      logger,
    });
    const parts: NodeParts = {
      config,
      bots,
      similarity,
      tiers,
      host,
      watch,
      table,
      conversations,
      snapshots,
      keptVersions,
      turns,
      mrcp,
      userAgent,
      templates,
      services,
      upgrades,
      audioSockets,
      chat,
      version: deps.version,
    };
    readings.parts = parts;
    const node = new ParleyNode(parts, deps, metrics, eventLoop);
    await node.#listen();
    return node;
  }

  get parts(): NodeParts {
    return this.#parts;
  }

  /** The HTTP port in use. */
  get httpPort(): number {
    return this.#http.port;
  }

  /** Reads templates and configured trees again; one that has become bad stays as it was, with a log line. */
  reload(): void {
    this.#parts.templates.reload();
    void this.#parts.bots.reload();
  }

  /**
   * Drains and stops: not ready, no new sessions, running ones until `drain.seconds`, then everything is released.
   * Idempotent; never rejects for a part that fails to stop.
   */
  stop(): Promise<void> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  async #listen(): Promise<void> {
    const { chat, config, mrcp, tiers, userAgent, watch } = this.#parts;
    try {
      await chat.start();
      await Promise.all([
        bound('mrcp', mrcp.listen()),
        bound('sip', userAgent.start()),
        bound('http', this.#http.start()),
      ]);
    } catch (err) {
      await this.#release();
      throw err;
    }
    this.#eventLoop.start();
    watch.start();
    if (config.speech.warm) this.#warm(tiers);
  }

  /** Behind the first calls: nobody waits for it. */
  #warm(tiers: SpeechTiers): void {
    const trees = this.#parts.bots.all().map(({ tree }) => tree);
    const speaker = tiers.speaker(this.#parts.config.bot.tier);
    tiers
      .warmUp()
      .then(() => warmPrompts(trees, speaker, this.#logger, this.#warming.signal))
      .catch((err: unknown) => this.#logger.warn('prompts could not be synthesised ahead', { err }));
  }

  async #stop(): Promise<void> {
    const { chat, config, table } = this.#parts;
    this.#readiness.drain();
    this.#warming.abort();
    this.#logger.info('draining', { sessions: table.size, seconds: config.drain.seconds });
    await Promise.all([this.#drained(config.drain.seconds * 1_000), chat.drain()]);
    await this.#release();
    this.#logger.info('stopped');
  }

  #drained(deadlineMs: number): Promise<void> {
    return new Promise((resolve) => {
      const deadline = this.#clock.setTimer(resolve, deadlineMs);
      void this.#parts.table.drain().then(() => {
        deadline.cancel();
        resolve();
      });
    });
  }

  async #release(): Promise<void> {
    const { chat, conversations, host, keptVersions, mrcp, services, similarity, snapshots } = this.#parts;
    const { table, tiers, turns, userAgent, watch } = this.#parts;
    table.endAll();
    watch.stop();
    this.#eventLoop.close();
    await chat.close();
    await this.#upgradedLeft();
    const closing = [userAgent.close(), mrcp.close(), this.#http.close()];
    for (const result of await Promise.allSettled(closing)) this.#logFailure(result);
    conversations.close();
    keptVersions?.close();
    services.close();
    const stores = [snapshots, turns].filter((store) => store !== null);
    const last = [host, tiers, similarity, ...stores].map((part) => part.close());
    for (const result of await Promise.allSettled(last)) this.#logFailure(result);
  }

  /** Connections that were taken over get their close frames out; HTTP would wait for them for ever. */
  async #upgradedLeft(): Promise<void> {
    const { table, upgrades } = this.#parts;
    if (upgrades.stats().open > 0 && table.count('media') > 0) await this.#drained(httpLimits.closeMs);
    upgrades.close();
  }

  #logFailure(result: PromiseSettledResult<unknown>): void {
    if (result.status === 'rejected')
      this.#logger.warn('a part did not stop cleanly', { err: result.reason as unknown });
  }
}

/** Says which key to change when the log cannot be opened. */
async function openChat(config: Config, deps: Parameters<typeof ChatParts.open>[1]): Promise<ChatParts> {
  try {
    return await ChatParts.open(config, deps);
  } catch (err) {
    if (!(err instanceof LogError)) throw err;
    const key = config.store.kind === 'postgres' ? 'store.url' : 'store.file';
    throw new StartError(`the log of chat sessions cannot be opened (${key}): ${err.message}`, {
      cause: err,
    });
  }
}

/** Names the key to change when an address cannot be bound. */
async function bound(section: 'mrcp' | 'sip' | 'http', listening: Promise<unknown>): Promise<void> {
  try {
    await listening;
  } catch (err) {
    const reason = err instanceof Error ? err.message : String(err);
    throw new StartError(`${reason}: stop what uses it, or set ${section}.port (or ${section}.address)`, {
      cause: err,
    });
  }
}

function checkedTemplates(config: Config, logger: Logger): TemplateStore {
  const store = TemplateStore.load(config.templates.directories, logger);
  for (const id of [config.templates.default, ...config.templates.rules.map((rule) => rule.template)]) {
    if (store.get(id)) continue;
    const reasons = store.problems.map((problem) =>
      formatProblem({ ...problem, severity: 'error', path: '' }),
    );
    throw new StartError([`templates: there is no usable template "${id}"`, ...reasons].join('\n'));
  }
  return store;
}

function createServices(config: Config, deps: ServicesDeps): Services {
  try {
    return new Services(config.services, deps);
  } catch (err) {
    if (err instanceof ProtoError) throw new StartError(`services: ${err.message}`, { cause: err });
    throw err;
  }
}

function createMrcpServer(
  config: Config,
  language: string,
  { clock, random, logger }: ParleyNodeDeps,
): MrcpServer {
  const { defaults } = config.mrcp;
  return new MrcpServer(
    {
      address: bindAddress(config, 'mrcp'),
      port: config.mrcp.port,
      requestIdPolicy: config.mrcp.requestIds,
      inactivityMs: config.mrcp.inactivitySeconds * 1_000,
      recogDefaults: {
        // What a grammar speaks that names no language: the bot's own, as everywhere else.
        language,
        noInputTimeoutMs: defaults.noInputMs,
        recognitionTimeoutMs: defaults.recognitionMs,
        speechCompleteTimeoutMs: defaults.speechCompleteMs,
        speechIncompleteTimeoutMs: defaults.speechIncompleteMs,
        dtmfInterdigitTimeoutMs: defaults.dtmfInterdigitMs,
        dtmfTermTimeoutMs: defaults.dtmfTermMs,
        dtmfTermChar: '#',
        confidenceThreshold: defaults.confidenceThreshold,
        nBestListLength: 1,
      },
    },
    { clock, random, logger, compileGrammar: compileGrammarDocument },
  );
}

function createUserAgent(
  config: Config,
  { clock, random, logger }: ParleyNodeDeps,
  ingress: CallIngress,
  table: SessionTable,
): UserAgent {
  const address = bindAddress(config, 'sip');
  const { port, allowFrom } = config.sip;
  const transports = [
    ...(config.sip.udp ? ['udp' as const] : []),
    ...(config.sip.tcp ? ['tcp' as const] : []),
  ];
  return new UserAgent(
    {
      bind: transports.map((transport) => ({ transport, address, port })),
      advertisedAddress: advertisedAddress(config, 'sip'),
      userAgentName: config.sip.userAgent,
      sessionTimer: {
        sessionExpiresSeconds: config.sip.sessionExpiresSeconds,
        minSeSeconds: minimumSessionSeconds,
      },
      ...(allowFrom.length > 0 ? { allowFrom } : {}),
    },
    { clock, random, logger, delegate: ingress, admission: () => (table.admits ? null : 10) },
  );
}
