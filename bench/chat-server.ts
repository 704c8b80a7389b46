import { ChatServer } from '../gateway/websocket/testing/chat-server.js';
import { tellMemory } from './server-memory.js';

/** A helper process: the chat socket over sessions that only append in memory. */
const server = await ChatServer.start({
  maxConnections: 100_000,
  rates: {
    messagesPer10s: 1_000_000,
    framesPer10s: 1_000_000,
    connectionsPerUser: 1_000,
    connectionsPerIp: 100_000,
    helloPerIpPer10s: 100_000,
  },
  wheelTickMs: 1_000,
});

tellMemory();
process.send?.({ port: server.port });
