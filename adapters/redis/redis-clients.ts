import { Cluster, Redis } from 'ioredis';

import { routingLimits } from '../../config/limits.js';
import type { Random } from '../../config/random.js';
import type { Config } from '../../config/schema.js';
import { maskSecrets } from '../../config/secret.js';
import { backOffMs } from './back-off.js';

export type RedisSettings = Config['redis'];

export interface RedisAddress {
  readonly host: string;
  readonly port: number;
}

/** Reads `host:port`; an IPv6 address stands in brackets. */
export function parseAddress(text: string): RedisAddress {
  const colon = text.lastIndexOf(':');
  const host = text.slice(0, colon).replace(/^\[(.*)\]$/, '$1');
  return { host, port: Number(text.slice(colon + 1)) };
}

/** Makes connections as `config.redis` says. None of them keeps commands for later, and none gives up. */
export class RedisClients {
  readonly #settings: RedisSettings;
  readonly #random: Random;

  constructor(settings: RedisSettings, random: Random) {
    this.#settings = settings;
    this.#random = random;
  }

  /** For commands; connects at once, and again for ever. The caller listens to `error` and disconnects it. */
  createCommands(): Redis | Cluster {
    const { mode, nodes } = this.#settings;
    const retryStrategy = (attempt: number): number => backOffMs(attempt, this.#random);
    const options = { ...this.#options(), retryStrategy };
    if (mode === 'sentinel') return new Redis({ ...options, ...this.#sentinelOptions(retryStrategy) });
    if (mode !== 'cluster') return new Redis({ ...options, ...this.#single() });
    return new Cluster(nodes.map(parseAddress), {
      redisOptions: this.#options(),
      enableOfflineQueue: false,
      clusterRetryStrategy: retryStrategy,
      maxRedirections: 4,
      retryDelayOnFailover: 200,
      retryDelayOnClusterDown: 200,
      slotsRefreshTimeout: routingLimits.commandMs,
    });
  }

  /** For a subscription, to `address` or to whichever server is the master; `connect` it. It does not connect again. */
  createSubscriber(address: RedisAddress | null): Redis {
    const once = { ...this.#options(), lazyConnect: true, retryStrategy: () => null };
    if (address) return new Redis({ ...once, ...address });
    if (this.#settings.mode === 'sentinel')
      return new Redis({ ...once, ...this.#sentinelOptions(() => null) });
    return new Redis({ ...once, ...this.#single() });
  }

  /** What went wrong in words that may be logged: no arguments of commands, which hold users and credentials. */
  reason(err: unknown): string {
    const text = err instanceof Error ? err.message : 'unknown';
    const { password } = this.#settings;
    return maskSecrets(text, password ? [password] : []).slice(0, 300);
  }

  #single(): RedisAddress {
    return parseAddress(this.#settings.nodes[0] ?? '127.0.0.1:6379');
  }

  #options() {
    const { username, password, tls } = this.#settings;
    return {
      family: 0,
      ...(username === '' ? {} : { username }),
      ...(password ? { password: password.reveal() } : {}),
      ...(tls ? { tls: {} } : {}),
      enableOfflineQueue: false,
      autoResendUnfulfilledCommands: false,
      autoResubscribe: false,
      maxRetriesPerRequest: 0,
      commandTimeout: routingLimits.commandMs,
      socketTimeout: routingLimits.commandMs,
      connectTimeout: routingLimits.connectMs,
      // A master that has become a replica: the next connection finds the new one.
      reconnectOnError: (err: Error) => err.message.startsWith('READONLY'),
    };
  }

  #sentinelOptions(retry: (attempt: number) => number | null) {
    const { nodes, sentinelName, password, tls } = this.#settings;
    return {
      sentinels: nodes.map(parseAddress),
      name: sentinelName,
      role: 'master' as const,
      // Sentinels have no ACL users as a rule: the password alone suits those with one and those without.
      ...(password ? { sentinelPassword: password.reveal() } : {}),
      ...(tls ? { sentinelTLS: {}, enableTLSForSentinelMode: true } : {}),
      sentinelCommandTimeout: routingLimits.commandMs,
      sentinelRetryStrategy: retry,
      failoverDetector: true,
    };
  }
}
