import { fileURLToPath } from 'node:url';

import { Redis } from 'ioredis';
import pg from 'pg';

import { freeTcpPort } from '../../gateway/testing/free-ports.js';
import type { ParleyProcess } from '../../gateway/testing/parley-process.js';
import { PostgresServer } from '../../gateway/testing/postgres-server.js';
import type { RedisServer } from '../../gateway/testing/redis-server.js';
import { readUsage } from '../process-usage.js';
import type { BenchContext } from '../suite.js';
import { loopMessage } from './loop-watch.js';

/** Signs the tokens of every user of the suite. */
export const benchSecret = 'a secret of the benchmark, 32 characters';

const answerMs = 10_000;

/** A node, on a port that it keeps when it is started again. */
export interface ChatNode {
  readonly port: number;
  readonly parley: ParleyProcess;
}

/** Starts a node with rates that let one address have all connections. */
export async function startChatNode(
  { children }: BenchContext,
  tree: string,
  settings: Readonly<Record<string, string>>,
  port?: number,
): Promise<ChatNode> {
  const own = port ?? (await freeTcpPort());
  const { parley } = await children.startParley({
    rtpPorts: 20,
    nodeArguments: ['--import', fileURLToPath(new URL('loop-watch.js', import.meta.url))],
    settings: {
      'http.port': String(own),
      'dialog.tree': tree,
      'speech.warm': 'false',
      'chat.tokens.secret': benchSecret,
      'chat.visitors.secret': benchSecret,
      'chat.drainSeconds': '3',
      'chat.rates.connectionsPerIp': '100000',
      'chat.rates.helloPerIpPer10s': '100000',
      'chat.rates.messagesPer10s': '10000',
      'chat.rates.framesPer10s': '20000',
      ...settings,
    },
  });
  return { port: own, parley };
}

/** The longest delay of a node's event loop since it was last asked. */
export async function longestDelayMs({ parley }: ChatNode): Promise<number> {
  const before = parley.lines.filter(({ msg }) => msg === loopMessage).length;
  parley.child.kill('SIGUSR2');
  const line = await parley.waitForLine(
    ({ msg, reading }) => msg === loopMessage && reading === before + 1,
    answerMs,
  );
  return Number(line['longestMs']);
}

/** Processor time in milliseconds by process id; without /proc there is none. */
export type UsageByProcess = ReadonlyMap<number, number>;

export function usageOf(pids: readonly number[]): UsageByProcess {
  const usages = pids.flatMap((pid): (readonly [number, number])[] => {
    const usage = readUsage(pid);
    return usage ? [[pid, usage.cpuMs]] : [];
  });
  return new Map(usages);
}

/** What was used between two looks, in milliseconds, by processes that still live; null without /proc. */
export function usedMs(before: UsageByProcess, after: UsageByProcess): number | null {
  if (after.size === 0) return null;
  return [...after].reduce((sum, [pid, cpuMs]) => sum + cpuMs - (before.get(pid) ?? 0), 0);
}

/** A Redis and a PostgreSQL of this machine for nodes that share them, and what they use. */
export class SharedStores {
  readonly redis: RedisServer;
  readonly postgres: PostgresServer;
  readonly #asking: pg.Client;
  readonly #redisPid: number;

  private constructor(redis: RedisServer, postgres: PostgresServer, asking: pg.Client, redisPid: number) {
    this.redis = redis;
    this.postgres = postgres;
    this.#asking = asking;
    this.#redisPid = redisPid;
  }

  /** The disk is waited for unless `waitForDisk(false)`. */
  static async start(redis: RedisServer): Promise<SharedStores> {
    const postgres = await PostgresServer.start(true);
    const asking = new pg.Client({ connectionString: postgres.url });
    try {
      await asking.connect();
      return new SharedStores(redis, postgres, asking, await pidOf(redis));
    } catch (err) {
      await postgres.stop();
      throw err;
    }
  }

  /** Settings of a node of this cluster. */
  settings(nodeId: string): Readonly<Record<string, string>> {
    return {
      'node.id': nodeId,
      'store.kind': 'postgres',
      'store.url': this.postgres.url,
      'redis.mode': 'single',
      'redis.nodes': this.redis.address,
    };
  }

  /** Whether PostgreSQL syncs before it says that something is kept (`fsync`). */
  async waitForDisk(on: boolean): Promise<void> {
    await this.#asking.query(`alter system set fsync = ${on ? 'on' : 'off'}`);
    await this.#asking.query('select pg_reload_conf()');
    const wanted = on ? 'on' : 'off';
    for (;;) {
      const { rows } = await this.#asking.query<{ fsync: string }>('show fsync');
      if (rows[0]?.fsync === wanted) return;
    }
  }

  /** Processor time of Redis and of PostgreSQL's processes, each by its id. */
  async usage(): Promise<UsageByProcess> {
    const { rows } = await this.#asking.query<{ pid: number }>('select pid from pg_stat_activity');
    return usageOf([this.#redisPid, ...rows.map(({ pid }) => pid)]);
  }

  async close(): Promise<void> {
    await this.#asking.end();
    await this.postgres.stop();
  }
}

/** Process id of a Redis, as it says itself. */
export async function pidOf(redis: RedisServer): Promise<number> {
  const client = new Redis(redis.port, '127.0.0.1');
  const info = await client.info('server');
  client.disconnect();
  return Number(/process_id:(\d+)/.exec(info)?.[1]);
}
