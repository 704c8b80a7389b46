import { createSocket } from 'node:dgram';
import { createServer } from 'node:net';

/** Below what systems give to outgoing connections (Linux: 32768 and up), and below the RTP ports of test processes. */
const lowest = 10_000;
const count = 10_000;
const attempts = 50;

/** A TCP port of 127.0.0.1 that was free a moment ago, and that no outgoing connection takes meanwhile. */
export async function freeTcpPort(): Promise<number> {
  for (let attempt = 0; attempt < attempts; attempt++) {
    const port = lowest + Math.floor(Math.random() * count);
    if (await tcpIsFree(port)) return port;
  }
  throw new Error(`no TCP port from ${lowest} to ${lowest + count - 1} is free on 127.0.0.1`);
}

/** A port that was free a moment ago for UDP and TCP alike, with the one above it, where SIP phones listen for TLS. */
export async function freeSipPort(): Promise<number> {
  for (let attempt = 0; attempt < attempts; attempt++) {
    const port = await freeTcpPort();
    if ((await udpIsFree(port)) && (await tcpIsFree(port + 1))) return port;
  }
  throw new Error('no port is free for UDP and TCP on 127.0.0.1');
}

function tcpIsFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}

function udpIsFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createSocket('udp4');
    socket.once('error', () => {
      socket.close();
      resolve(false);
    });
    socket.bind(port, '127.0.0.1', () => socket.close(() => resolve(true)));
  });
}
