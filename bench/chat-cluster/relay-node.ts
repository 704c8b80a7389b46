import { once } from 'node:events';
import type { AddressInfo } from 'node:net';

import { Redis } from 'ioredis';
import { WebSocketServer, type WebSocket } from 'ws';

import { createRoutingStore } from '../../adapters/redis/create-routing-store.js';
import { SystemClock } from '../../config/clock.js';
import { MemoryLogger } from '../../config/logger.js';
import { systemRandom } from '../../config/random.js';
import { NodeRouter } from '../../gateway/routing/router.js';
import { pause } from '../client/pause.js';
import type { RelayOrder, ServerReply } from './protocol.js';

/** A message as it goes from node to node. */
interface Parcel {
  readonly user: string;
  readonly id: string;
  readonly text: string;
}

/** The way from this node to the other one. */
interface Way {
  seat(user: string, device: string): Promise<unknown>;
  send(parcel: Parcel): Promise<unknown>;
}

/**
 * A helper process: a bare `ws` server that hands each message to the other node, either with one PUBLISH to that node's
 * channel (the forwarder), or with Parley's router alone. It keeps nothing and acknowledges nothing.
 */
const devices = new Map<string, WebSocket[]>();

function deliver({ id, text, user }: Parcel): void {
  const frame = JSON.stringify({ type: 'message', id, text });
  for (const socket of devices.get(user) ?? []) socket.send(frame);
}

async function forwarder({ nodeId, otherNodeId, redisPort }: RelayOrder): Promise<Way> {
  const publisher = new Redis(redisPort, '127.0.0.1');
  const subscriber = new Redis(redisPort, '127.0.0.1');
  subscriber.on('message', (_channel: string, text: string) => deliver(JSON.parse(text) as Parcel));
  await subscriber.subscribe(`node:${nodeId}`);
  return {
    seat: () => Promise.resolve(),
    send: (parcel) => publisher.publish(`node:${otherNodeId}`, JSON.stringify(parcel)),
  };
}

async function routed({ nodeId, redisPort }: RelayOrder): Promise<Way> {
  const clock = new SystemClock();
  const settings = {
    mode: 'single' as const,
    nodes: [`127.0.0.1:${redisPort}`],
    sentinelName: '',
    username: '',
    password: null,
    tls: false,
    keyPrefix: 'bench-relay',
  };
  const router = new NodeRouter({
    node: { nodeId, incarnation: systemRandom.hex(8) },
    address: '',
    store: createRoutingStore(settings, clock, systemRandom),
    clock,
    random: systemRandom,
    logger: new MemoryLogger(),
    deadAfterMs: 10_000,
  });
  const topic = 'message';
  router.on(topic, (payload) => {
    deliver(payload as unknown as Parcel);
    return true;
  });
  while (!router.connected) await pause(10);
  const key = (userId: string) => ({ tenant: 'bench', userId });
  return {
    seat: (user, device) => router.claim(key(user), device, systemRandom.hex(8), () => undefined),
    send: (parcel) => router.sendToUser(key(parcel.user), topic, { ...parcel }),
  };
}

async function serve(order: RelayOrder): Promise<ServerReply> {
  const way = await (order.way === 'forwarder' ? forwarder(order) : routed(order));
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0, perMessageDeflate: false });
  server.on('connection', (socket) => {
    let user = '';
    socket.on('error', () => socket.terminate());
    socket.on('close', () => devices.delete(user));
    socket.on('message', (data: Buffer) => {
      const frame = JSON.parse(data.toString('utf8')) as Parcel & {
        readonly type: string;
        readonly device: string;
      };
      if (frame.type === 'message') {
        void way.send({ user, id: frame.id, text: frame.text });
        return;
      }
      user = frame.user;
      devices.set(user, [...(devices.get(user) ?? []), socket]);
      void way.seat(user, frame.device).then(() => socket.send('{"type":"ready"}'));
    });
  });
  await once(server, 'listening');
  return { port: (server.address() as AddressInfo).port };
}

process.once('message', (order: RelayOrder) => void serve(order).then((reply) => process.send?.(reply)));
process.once('disconnect', () => process.exit(0));
