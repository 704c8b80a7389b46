import { Redis } from 'ioredis';

import { createRoutingStore } from '../adapters/redis/create-routing-store.js';
import { SystemClock } from '../config/clock.js';
import { MemoryLogger } from '../config/logger.js';
import { systemRandom } from '../config/random.js';
import type { Json } from '../gateway/ports/session-log.js';
import { NodeRouter } from '../gateway/routing/router.js';
import { pause } from './client/pause.js';

export type Way = 'parley' | 'bare';

/** What the parent asks a node for; each is answered by one message. */
export type NodeJob =
  | { readonly job: 'open'; readonly nodeId: string; readonly redisPort: number }
  /** Claims the user that `send` sends to. */
  | { readonly job: 'seat' }
  | { readonly job: 'send'; readonly way: Way; readonly messages: number; readonly perSecond: number }
  /** What has come in since the last `collect`. */
  | { readonly job: 'collect' }
  | { readonly job: 'claim'; readonly claims: number };

export interface NodeReport {
  /** User plus system time of this process for the job, or since the last `collect`. */
  readonly cpuMs: number;
  readonly elapsedMs: number;
  /** From before a message was sent until it was handled, in milliseconds. */
  readonly latencies: readonly number[];
}

const user = { tenant: 'bench', userId: 'ann' };
const topic = 'message';
const bareChannel = (nodeId: string): string => `bare:{${nodeId}}`;
/** A chat message of usual length. */
const body = {
  session: 'a8098c1a-f86e-11da-bd1a-00112444be1e',
  seq: 1_234,
  author: 'user',
  text: 'Good morning, my internet has been down since yesterday evening, and the light on the box is red.',
};
/** Claims under way at one time. */
const claimsAtOnce = 200;

/**
 * A helper process: one node of a cluster, and beside it the least that carries the same messages over the same Redis
 * (`spublish`, `ssubscribe`, JSON), as the baseline.
 */
class BenchNode {
  readonly #router: NodeRouter;
  readonly #publisher: Redis;
  readonly #subscriber: Redis;
  #latencies: number[] = [];
  #since = process.cpuUsage();

  constructor(nodeId: string, redisPort: number) {
    const settings = {
      mode: 'single' as const,
      nodes: [`127.0.0.1:${redisPort}`],
      sentinelName: '',
      username: '',
      password: null,
      tls: false,
      keyPrefix: 'gw',
    };
    const clock = new SystemClock();
    this.#router = new NodeRouter({
      node: { nodeId, incarnation: systemRandom.hex(8) },
      address: '',
      store: createRoutingStore(settings, clock, systemRandom),
      clock,
      random: systemRandom,
      logger: new MemoryLogger(),
      deadAfterMs: 10_000,
    });
    this.#router.on(topic, (payload) => {
      this.#take(payload);
      return true;
    });
    this.#publisher = new Redis(redisPort, '127.0.0.1');
    this.#subscriber = new Redis(redisPort, '127.0.0.1');
    this.#subscriber.on('smessage', (_channel: string, text: string) => {
      const message = JSON.parse(text) as { readonly payload: Json };
      this.#take(message.payload);
    });
  }

  async open(nodeId: string): Promise<void> {
    await this.#subscriber.ssubscribe(bareChannel(nodeId));
    while (!this.#router.connected) await pause(10);
  }

  async seat(): Promise<void> {
    await this.#router.claim(user, 'web', 'c1', () => undefined);
  }

  /** Sends evenly, whatever becomes of it. */
  async send(way: Way, messages: number, perSecond: number): Promise<NodeReport> {
    return this.#measure(async () => {
      const startMs = performance.now();
      const sent: Promise<unknown>[] = [];
      while (sent.length < messages) {
        const due = Math.min(messages, Math.floor(((performance.now() - startMs) * perSecond) / 1_000) + 1);
        while (sent.length < due) sent.push(this.#sendOne(way));
        await pause(1);
      }
      await Promise.all(sent);
    });
  }

  collect(): NodeReport {
    const cpuMs = used(this.#since);
    const report = { cpuMs, elapsedMs: 0, latencies: this.#latencies };
    this.#latencies = [];
    this.#since = process.cpuUsage();
    return report;
  }

  /** Claims a device for each of many users, some hundred at a time. */
  async claim(claims: number): Promise<NodeReport> {
    return this.#measure(async () => {
      for (let i = 0; i < claims; i += claimsAtOnce) {
        const users = Array.from({ length: claimsAtOnce }, (_, n) => ({
          tenant: 'bench',
          userId: `user${i + n}`,
        }));
        await Promise.all(users.map((one) => this.#router.claim(one, 'web', 'c', () => undefined)));
      }
    });
  }

  #sendOne(way: Way): Promise<unknown> {
    // Of the whole machine, so that the other process can compare.
    const payload = { ...body, at: Number(process.hrtime.bigint() / 1_000n) };
    if (way === 'parley') return this.#router.sendToUser(user, topic, payload);
    return this.#publisher.spublish(bareChannel('b'), JSON.stringify({ topic, payload }));
  }

  #take(payload: Json): void {
    const { at } = payload as { readonly at: number };
    this.#latencies.push((Number(process.hrtime.bigint() / 1_000n) - at) / 1_000);
  }

  async #measure(work: () => Promise<void>): Promise<NodeReport> {
    const before = process.cpuUsage();
    const startMs = performance.now();
    await work();
    return { cpuMs: used(before), elapsedMs: performance.now() - startMs, latencies: [] };
  }
}

function used(since: NodeJS.CpuUsage): number {
  const { user: inUser, system } = process.cpuUsage(since);
  return (inUser + system) / 1_000;
}

const nothing: NodeReport = { cpuMs: 0, elapsedMs: 0, latencies: [] };
let node: BenchNode | null = null;

async function handle(asked: NodeJob): Promise<NodeReport> {
  if (asked.job === 'open') {
    node = new BenchNode(asked.nodeId, asked.redisPort);
    await node.open(asked.nodeId);
    return nothing;
  }
  if (!node) throw new Error('the node is not open');
  switch (asked.job) {
    case 'seat':
      await node.seat();
      return nothing;
    case 'send':
      return node.send(asked.way, asked.messages, asked.perSecond);
    case 'collect':
      return node.collect();
    case 'claim':
      return node.claim(asked.claims);
  }
}

process.once('disconnect', () => process.exit(0));
process.on('message', (asked: NodeJob) => void handle(asked).then((report) => process.send?.(report)));
