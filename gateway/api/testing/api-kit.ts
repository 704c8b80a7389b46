import { FakeClock, SystemClock } from '../../../config/clock.js';
import { MemoryLogger } from '../../../config/logger.js';
import { SeededRandom } from '../../../config/random.js';
import type { Config } from '../../../config/schema.js';
import { Secret } from '../../../config/secret.js';
import { apiScopes, type ApiScope } from '../../../config/sections/operation.js';
import type { WebhookConfig } from '../../webhooks/webhook-config.js';
import { HttpServer, type Routes } from '../../http/http-server.js';
import { treeRoutes, type TreeRoutesDeps } from '../../http/tree-routes.js';
import { operationsRoutes } from '../../http/operations-routes.js';
import { Readiness } from '../../http/readiness.js';
import type { NodeRecord, Route } from '../../ports/router.js';
import type { SessionLog } from '../../ports/session-log.js';
import { WebhookJobs } from '../../webhooks/webhook-jobs.js';
import { openapiRoutes } from '../openapi-routes.js';
import { sessionRoutes } from '../session-routes.js';
import { DocumentCheck, type OpenapiDocument } from './document-check.js';
import { LogChat } from './log-chat.js';

export type NamedKey = Config['security']['keys'][number];

/** A key whose secret is its name, written out. */
export function namedKey(name: string, scopes: readonly ApiScope[], more: Partial<NamedKey> = {}): NamedKey {
  return {
    name,
    key: new Secret(secretOf(name)),
    scopes: [...scopes],
    tenant: null,
    requestsPer10s: null,
    ...more,
  };
}

export function secretOf(name: string): string {
  return `${name}-secret-0123456789`;
}

export interface Asked {
  /** Name of a key; null: none is sent. */
  readonly key?: string | null;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

export interface Told {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Readonly<Record<string, unknown>>;
}

export interface KitOptions {
  readonly keys?: readonly NamedKey[];
  readonly hooks?: readonly WebhookConfig[];
  readonly requestsPer10s?: number;
  /** Beside sessions, trees and operations. */
  readonly routes?: readonly Routes[];
  /** Sees every route before it is added. */
  readonly spy?: Routes;
}

const noTrees: TreeRoutesDeps['trees'] = {
  default: { id: 'desk' } as TreeRoutesDeps['trees']['default'],
  names: ['desk'],
  report: () => null,
  upload: () => Promise.reject(new Error('not here')),
  activate: () => Promise.reject(new Error('not here')),
  rollback: () => Promise.reject(new Error('not here')),
};

/** The API over a session log, on a port of this machine; every answer is checked against the OpenAPI document. */
export class ApiKit {
  readonly logger = new MemoryLogger();
  readonly clock = new FakeClock();
  readonly random = new SeededRandom(5);
  readonly chat: LogChat;
  readonly routes: Route[] = [];
  readonly nodes: NodeRecord[] = [
    { nodeId: 'n1', incarnation: 'a', address: '10.0.0.1:8080', state: 'up', load: 3 },
    { nodeId: 'n2', incarnation: 'b', address: '', state: 'draining', load: 0 },
  ];
  fresh = true;
  readonly #server: HttpServer;
  #check: DocumentCheck | null = null;

  constructor(log: SessionLog, options: KitOptions = {}) {
    const { hooks = [], keys = [namedKey('all', apiScopes)], requestsPer10s, routes = [] } = options;
    this.chat = new LogChat(log, this.random, new WebhookJobs(hooks, this.random));
    const clock = new SystemClock();
    this.#server = new HttpServer(
      {
        address: '127.0.0.1',
        port: 0,
        maxConnections: 100,
        apiKeys: [],
        keys,
        ...(requestsPer10s === undefined ? {} : { requestsPer10s }),
      },
      // Rates alone depend on it.
      { clock: this.clock, logger: this.logger },
      [
        ...(options.spy ? [options.spy] : []),
        openapiRoutes({ version: '9.9.9' }),
        operationsRoutes({
          clock,
          readiness: new Readiness(clock, []),
          metrics: { contentType: 'text/plain', text: () => Promise.resolve('') },
          status: () => ({ version: '9.9.9', listeners: [], engines: [], trees: [], chat: null, live: [] }),
        }),
        treeRoutes({ trees: noTrees }),
        sessionRoutes({
          chat: this.chat,
          router: {
            node: { nodeId: 'n1', incarnation: 'a' },
            connected: true,
            nodes: () => this.nodes,
            lookup: () => Promise.resolve({ routes: this.routes, fresh: this.fresh }),
          },
          trees: noTrees,
          clock,
          logger: this.logger,
          defaultTenant: 'default',
        }),
        ...routes,
      ],
    );
  }

  async start(): Promise<this> {
    await this.#server.start();
    const anyKey = await this.raw('GET', '/api/v1/openapi.json');
    this.#check = anyKey.status === 200 ? new DocumentCheck(anyKey.body as unknown as OpenapiDocument) : null;
    return this;
  }

  close(): Promise<void> {
    return this.#server.close();
  }

  get url(): string {
    return `http://127.0.0.1:${this.#server.port}`;
  }

  /** Asks, and throws when the answer is not as the document has it. */
  async ask(method: string, path: string, asked: Asked = {}): Promise<Told> {
    const told = await this.raw(method, path, asked);
    const [plain = ''] = path.split('?', 1);
    const problem = this.#check?.problem(method, plain, told.status, told.body);
    if (typeof problem === 'string') throw new Error(`${problem}: ${JSON.stringify(told.body)}`);
    return told;
  }

  async raw(method: string, path: string, { body, headers = {}, key = 'all' }: Asked = {}): Promise<Told> {
    const response = await fetch(`${this.url}${path}`, {
      method,
      headers: {
        ...(key === null ? {} : { authorization: `Bearer ${secretOf(key)}` }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    const answer = (await response.json()) as Told['body'];
    return { status: response.status, headers: response.headers, body: answer };
  }

  /** Opens a session and gives its id. */
  async open(user: string, asked: Asked = {}): Promise<string> {
    const { body } = await this.ask('POST', '/api/v1/sessions', { ...asked, body: { user } });
    return String(body['id']);
  }
}
