import { once } from 'node:events';
import type { AddressInfo } from 'node:net';

import { WebSocketServer } from 'ws';

import { tellMemory } from './server-memory.js';

/** A helper process: the least that a WebSocket server can do, as the baseline of `chat-echo`. */
const server = new WebSocketServer({
  host: '127.0.0.1',
  port: 0,
  perMessageDeflate: false,
  clientTracking: false,
});
server.on('connection', (client) => {
  client.on('message', (data: Buffer) => client.send(data, { binary: false }));
  client.on('error', () => client.terminate());
});
await once(server, 'listening');

tellMemory();
process.send?.({ port: (server.address() as AddressInfo).port });
