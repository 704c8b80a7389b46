import { once } from 'node:events';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';

import { Redis } from 'ioredis';

import type { ServerReply, SocketioOrder } from './protocol.js';

/** The parts of the packages that are used; they are no dependency, so that there are no types. */
interface SocketioModule {
  readonly Server: new (http: unknown, settings: object) => SocketioServer;
}
interface SocketioServer {
  adapter(adapter: unknown): void;
  on(event: 'connection', listener: (socket: SocketioSocket) => void): void;
  to(room: string): { emit(event: string, payload: unknown): void };
}
interface SocketioSocket {
  readonly handshake: { readonly auth: { readonly user?: string } };
  join(room: string): unknown;
  on(event: 'message', listener: (payload: unknown) => void): void;
}
interface AdapterModule {
  readonly createAdapter: (publisher: Redis, subscriber: Redis) => unknown;
}

/** A helper process: a node of socket.io with its Redis adapter; every message goes to the room of its user. */
async function serve({ modules, redisPort }: SocketioOrder): Promise<ServerReply> {
  const require = createRequire(join(modules, 'package.json'));
  const { Server } = require('socket.io') as SocketioModule;
  const { createAdapter } = require('@socket.io/redis-adapter') as AdapterModule;
  const http = createServer();
  const io = new Server(http, { transports: ['websocket'], perMessageDeflate: false });
  const publisher = new Redis(redisPort, '127.0.0.1');
  io.adapter(createAdapter(publisher, publisher.duplicate()));
  io.on('connection', (socket) => {
    const room = `user:${socket.handshake.auth.user ?? ''}`;
    void socket.join(room);
    socket.on('message', (payload) => io.to(room).emit('message', payload));
  });
  http.listen(0, '127.0.0.1');
  await once(http, 'listening');
  return { port: (http.address() as AddressInfo).port };
}

process.once('message', (order: SocketioOrder) => void serve(order).then((reply) => process.send?.(reply)));
process.once('disconnect', () => process.exit(0));
