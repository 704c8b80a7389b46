import type { Redis } from 'ioredis';

import type { RedisAddress, RedisClients } from './redis-clients.js';

/** Servers of a cluster that may point to another one before this gives up. */
const mostHops = 3;

export interface SubscriptionListener {
  onMessage(text: string): void;
  /** The subscription has ended by itself; called once at most. */
  onEnd(reason: string): void;
}

/**
 * One connection that receives what is published to the channels of one node.
 *
 * In a cluster it goes to the server that holds the channels' slot, and ends when that server gives the slot away.
 */
export class Subscription {
  readonly #client: Redis;
  readonly #listener: SubscriptionListener;
  #closed = false;

  private constructor(client: Redis, listener: SubscriptionListener) {
    this.#client = client;
    this.#listener = listener;
  }

  /** `start`: a server of the cluster to ask first; null when there is only one. The channels share a hash tag. */
  static async open(
    clients: RedisClients,
    start: RedisAddress | null,
    channels: readonly string[],
    listener: SubscriptionListener,
  ): Promise<Subscription> {
    let address = start;
    for (let hop = 0; ; hop++) {
      const client = clients.createSubscriber(address);
      const subscription = new Subscription(client, listener);
      // Errors of a connection come with its end, or with the call that failed.
      let lastError: unknown = null;
      client.on('error', (err: unknown) => (lastError = err));
      try {
        await client.connect();
        await client.ssubscribe(...channels);
      } catch (err) {
        subscription.close();
        const moved = hop < mostHops ? movedTo(err, address) : null;
        if (!moved) throw lastError instanceof Error ? lastError : err;
        address = moved;
        continue;
      }
      subscription.#listen((reason) => clients.reason(lastError ?? reason));
      return subscription;
    }
  }

  close(): void {
    this.#closed = true;
    this.#client.disconnect();
  }

  #listen(reason: (otherwise: Error) => string): void {
    const end = (otherwise: string): void => {
      if (this.#closed) return;
      this.close();
      this.#listener.onEnd(reason(new Error(otherwise)));
    };
    this.#client.on('smessage', (_channel: string, text: string) => {
      if (!this.#closed) this.#listener.onMessage(text);
    });
    this.#client.on('sunsubscribe', () => end('the server has given the channel away'));
    this.#client.on('end', () => end('the subscription was closed'));
    if (this.#client.status !== 'ready') end('the subscription was closed');
  }
}

/** Where `MOVED <slot> <host>:<port>` points to; no host means the same one. Null for other errors. */
function movedTo(err: unknown, from: RedisAddress | null): RedisAddress | null {
  const match = err instanceof Error ? /^MOVED \d+ (.*):(\d+)$/.exec(err.message) : null;
  if (!match) return null;
  const host = match[1] ?? '';
  return { host: host === '' ? (from?.host ?? '127.0.0.1') : host, port: Number(match[2]) };
}
