import { Cluster, type Redis } from 'ioredis';

import type { Clock, Timer } from '../../config/clock.js';
import { routingLimits } from '../../config/limits.js';
import type { Random } from '../../config/random.js';
import type { NodeRecord, Route, UserKey } from '../../gateway/ports/router.js';
import type {
  RouteHolder,
  RoutingStore,
  RoutingStoreListener,
  StoredClaim,
  StoredNodes,
  StoredRenewal,
  UserRoute,
} from '../../gateway/ports/routing-store.js';
import type { NodeIdentity } from '../../gateway/ports/session-log.js';
import { backOffMs } from './back-off.js';
import { parseClaim, parseNodes, parseRenewal, parseRoutes } from './answers.js';
import { RedisClients, type RedisAddress, type RedisSettings } from './redis-clients.js';
import { nodeChannel, nodesKey, serializeHolder, userKey } from './routing-keys.js';
import { beatScript, claimScript, releaseScript, renewScript, retireScript } from './scripts.js';
import { Subscription } from './subscription.js';

const { devicesPerUser, marksPerUser, nodes: mostNodes } = routingLimits;

/**
 * A routing store in Redis 7 or later: single, behind Sentinels, or a cluster.
 *
 * One connection for commands (one a server in a cluster), one for the own channels. It is up while both are; when either
 * is lost, both are made anew.
 */
export class RedisRoutingStore implements RoutingStore {
  readonly #clients: RedisClients;
  readonly #prefix: string;
  readonly #clock: Clock;
  readonly #random: Random;
  #listener: RoutingStoreListener | null = null;
  #commands: Redis | Cluster | null = null;
  #subscription: Subscription | null = null;
  #up = false;
  #retry: Timer | null = null;
  /** Nobody has been told yet whether it is up. */
  #fresh = true;
  /** Subscriptions that ended soon after they were made, in a row. */
  #losses = 0;
  #subscribedAtMs = 0;
  #lastError: unknown = null;

  constructor(settings: RedisSettings, clock: Clock, random: Random) {
    this.#clients = new RedisClients(settings, random);
    this.#prefix = settings.keyPrefix;
    this.#clock = clock;
    this.#random = random;
  }

  open(listener: RoutingStoreListener): void {
    this.#listener = listener;
    const commands = this.#clients.createCommands();
    this.#commands = commands;
    commands.on('ready', () => this.#goUp());
    commands.on('close', () => this.#goDown());
    commands.on('error', (err: unknown) => (this.#lastError = err));
    commands.on('node error', (err: unknown) => (this.#lastError = err));
  }

  claim(user: UserKey, device: string, holder: RouteHolder, leaseMs: number): Promise<StoredClaim> {
    return this.#ask(async (commands) => {
      const args = [device, serializeHolder(holder), leaseMs, devicesPerUser, marksPerUser];
      return parseClaim(await claimScript.run(commands, userKey(this.#prefix, user), ...args));
    });
  }

  renew(routes: readonly UserRoute[], leaseMs: number): Promise<readonly StoredRenewal[]> {
    return this.#ask((commands) =>
      Promise.all(
        routes.map(async ({ user, route }) => {
          const key = userKey(this.#prefix, user);
          const args = [route.device, route.epoch, serializeHolder(route), leaseMs, devicesPerUser];
          return parseRenewal(route.device, await renewScript.run(commands, key, ...args));
        }),
      ),
    );
  }

  release(user: UserKey, route: Route): Promise<boolean> {
    return this.#ask(async (commands) => {
      const slot = `${route.epoch} ${serializeHolder(route)}`;
      const [released] = await releaseScript.run(commands, userKey(this.#prefix, user), route.device, slot);
      return released === 1;
    });
  }

  lookup(user: UserKey): Promise<readonly Route[]> {
    return this.#ask(async (commands) => parseRoutes(await commands.hgetall(userKey(this.#prefix, user))));
  }

  beat(record: NodeRecord, leaseMs: number, first: boolean): Promise<StoredNodes> {
    return this.#ask(async (commands) => {
      const { nodeId, incarnation } = record;
      const args = [nodeId, incarnation, JSON.stringify(record), leaseMs, first ? 1 : 0, mostNodes];
      return parseNodes(await beatScript.run(commands, nodesKey(this.#prefix), ...args));
    });
  }

  retire({ nodeId, incarnation }: NodeIdentity): Promise<void> {
    return this.#ask(async (commands) => {
      await retireScript.run(commands, nodesKey(this.#prefix), nodeId, incarnation);
    });
  }

  subscribe({ nodeId, incarnation }: NodeIdentity): Promise<void> {
    return this.#ask(async (commands) => {
      this.#dropSubscription();
      const channels = [null, incarnation].map((which) => nodeChannel(this.#prefix, nodeId, which));
      const subscription = await Subscription.open(
        this.#clients,
        anyMaster(commands, this.#random),
        channels,
        {
          onMessage: (text) => this.#listener?.onMessage(text),
          onEnd: (reason) => this.#onSubscriptionEnd(reason),
        },
      );
      this.#dropSubscription();
      this.#subscribedAtMs = this.#clock.nowMs();
      if (this.#up) this.#subscription = subscription;
      else subscription.close();
    });
  }

  publish(nodeId: string, incarnation: string | null, text: string): Promise<'delivered' | 'nobody'> {
    return this.#ask(async (commands) => {
      const receivers = await commands.spublish(nodeChannel(this.#prefix, nodeId, incarnation), text);
      return Number(receivers) > 0 ? 'delivered' : 'nobody';
    });
  }

  reconnect(): void {
    this.#lastError = new Error('the connections are made anew');
    this.#commands?.disconnect(true);
  }

  close(): Promise<void> {
    this.#listener = null;
    this.#up = false;
    this.#retry?.cancel();
    this.#dropSubscription();
    this.#commands?.disconnect();
    return Promise.resolve();
  }

  #goUp(): void {
    if (this.#up || !this.#listener) return;
    this.#up = true;
    this.#fresh = false;
    this.#lastError = null;
    this.#listener.onUp();
  }

  #goDown(): void {
    this.#retry?.cancel();
    this.#dropSubscription();
    if (!this.#up && !this.#fresh) return;
    this.#up = false;
    this.#fresh = false;
    this.#listener?.onDown(
      this.#lastError === null ? 'the connection was closed' : this.#clients.reason(this.#lastError),
    );
  }

  /** The node is deaf: that counts as down until the commands' connection is there and some time has passed. */
  #onSubscriptionEnd(reason: string): void {
    if (!this.#up) return;
    this.#lastError = new Error(reason);
    this.#goDown();
    const lastedMs = this.#clock.nowMs() - this.#subscribedAtMs;
    this.#losses = lastedMs > routingLimits.retryMostMs ? 1 : this.#losses + 1;
    this.#retry = this.#clock.setTimer(
      () => {
        if (this.#commands?.status === 'ready') this.#goUp();
      },
      backOffMs(this.#losses, this.#random),
    );
  }

  #dropSubscription(): void {
    this.#subscription?.close();
    this.#subscription = null;
  }

  /** Errors of the client are not passed on: they carry the arguments of the command. */
  async #ask<T>(work: (commands: Redis | Cluster) => Promise<T>): Promise<T> {
    if (!this.#commands || !this.#up) throw new Error('Redis is not connected');
    try {
      return await work(this.#commands);
    } catch (err) {
      throw new Error(`Redis did not do what it was asked: ${this.#clients.reason(err)}`);
    }
  }
}

/** A server of the cluster to begin with, another one each time; null when there is no cluster. */
function anyMaster(commands: Redis | Cluster, random: Random): RedisAddress | null {
  if (!(commands instanceof Cluster)) return null;
  const masters = commands.nodes('master');
  const { host, port } = masters[random.integer(Math.max(1, masters.length))]?.options ?? {};
  return host !== undefined && port !== undefined ? { host, port } : null;
}
