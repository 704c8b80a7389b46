import { connect, createServer, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FakeClock } from '../../config/clock.js';
import { sipLimits } from '../../config/limits.js';
import type { SipError } from './errors.js';
import { serializeMessage } from './serializer.js';
import { testRequest } from './test-messages.js';
import { TcpTransport } from './transport-tcp.js';

const limits = { ...sipLimits, tcpConnections: 3, tcpSendQueueBytes: 100_000 };

let clock: FakeClock;
let transport: TcpTransport;
const received: string[] = [];
const sockets: Socket[] = [];

beforeEach(async () => {
  clock = new FakeClock();
  received.length = 0;
  const binding = { transport: 'tcp', address: '127.0.0.1', port: 0 } as const;
  transport = new TcpTransport(binding, limits, clock, {
    onMessage: (message) => void received.push(message.kind === 'request' ? message.method : ''),
    onParseError: (error) => void received.push(error.code),
  });
  await transport.open();
});

afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await transport.close();
  expect([transport.connections, clock.pendingTimers]).toEqual([0, 0]);
});

async function eventually(check: () => boolean): Promise<void> {
  for (let tries = 0; tries < 300 && !check(); tries++)
    await new Promise((resolve) => setTimeout(resolve, 10));
  expect(check()).toBe(true);
}

async function open(): Promise<Socket & { closed?: boolean }> {
  const before = transport.connections;
  const socket = connect(transport.local.port, '127.0.0.1');
  sockets.push(socket);
  socket.on('error', () => undefined);
  await new Promise((resolve) => socket.once('connect', resolve));
  await eventually(() => transport.connections === Math.min(before + 1, limits.tcpConnections));
  return socket;
}

function closing(socket: Socket): Promise<void> {
  socket.resume();
  return new Promise((resolve) => socket.once('close', () => resolve()));
}

const options = serializeMessage(testRequest('OPTIONS'));

describe('a connection', () => {
  it('carries messages in any pieces, and answers a keep-alive, RFC 5626 3.5.1', async () => {
    const socket = await open();
    const pong = new Promise<string>((resolve) => socket.once('data', (data) => resolve(data.toString())));
    socket.write(Buffer.concat([options, Buffer.from('\r\n\r\n'), options.subarray(0, 40)]));
    expect(await pong).toBe('\r\n');
    socket.write(options.subarray(40));
    await eventually(() => received.length === 2);
    expect(received).toEqual(['OPTIONS', 'OPTIONS']);
  });

  it('is closed when idle', async () => {
    const socket = await open();
    const closed = closing(socket);
    socket.write(options);
    await eventually(() => received.length === 1);
    clock.advance(limits.tcpIdleMs - 1);
    expect(transport.connections).toBe(1);
    clock.advance(1);
    await closed;
  });

  it('that never brought a message is closed after the time of one', async () => {
    const closed = closing(await open());
    clock.advance(limits.tcpPartialMessageMs);
    await closed;
  });

  it('is closed when a message stays incomplete, however it drips', async () => {
    const socket = await open();
    const closed = closing(socket);
    socket.write('OPTIONS');
    await eventually(() => clock.pendingTimers === 2);
    clock.advance(limits.tcpPartialMessageMs - 1);
    socket.write(' sip:');
    await new Promise((resolve) => setTimeout(resolve, 50));
    clock.advance(1);
    await closed;
  });

  it('is closed after bytes that break the framing', async () => {
    const socket = await open();
    const closed = closing(socket);
    socket.write('GET / HTTP/1.1\r\n\r\n');
    await closed;
    await eventually(() => transport.connections === 0);
    expect(received).toEqual(['start-line']);
  });

  it('beyond the bound is refused', async () => {
    for (let i = 0; i < limits.tcpConnections; i++) await open();
    await closing(await open());
    expect(transport.connections).toBe(limits.tcpConnections);
  });

  it('whose peer does not read is closed at the bound of the send queue, and the sender is told', async () => {
    const socket = await open();
    socket.pause();
    const port = socket.localPort ?? 0;
    const errors: SipError[] = [];
    const chunk = Buffer.alloc(50_000, 0x61);
    for (let sent = 0; sent < 400 && errors.length === 0; sent++) {
      transport.send(
        chunk,
        { transport: 'tcp', address: '127.0.0.1', port },
        (error) => void errors.push(error),
      );
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(errors[0]?.message).toBe('Peer reads too slowly');
    expect(transport.isConnected({ transport: 'tcp', address: '127.0.0.1', port })).toBe(false);
  });
});

describe('sending', () => {
  let server: Server;
  let port: number;
  let accepted = 0;

  beforeEach(async () => {
    accepted = 0;
    server = createServer((socket) => {
      accepted++;
      sockets.push(socket);
      socket.on('error', () => undefined).resume();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    port = address && typeof address === 'object' ? address.port : 0;
  });

  afterEach(() => void server.close());

  it('opens one connection a remote and reuses it, RFC 3261 18.1.1', async () => {
    const remote = { transport: 'tcp', address: '127.0.0.1', port } as const;
    transport.send(options, remote, () => undefined);
    transport.send(options, remote, () => undefined);
    await eventually(() => accepted === 1);
    transport.send(options, remote, () => undefined);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect([accepted, transport.connections, transport.isConnected(remote)]).toEqual([1, 1, true]);
  });

  it('above the bound of connections fails, and so does a refused connection', async () => {
    const codes: string[] = [];
    const note = (error: SipError): void => void codes.push(error.code);
    transport.send(options, { transport: 'tcp', address: '127.0.0.1', port: 9 }, note);
    await eventually(() => codes.length === 1 && transport.connections === 0);
    for (let i = 0; i < limits.tcpConnections; i++) await open();
    transport.send(options, { transport: 'tcp', address: '127.0.0.1', port }, note);
    await eventually(() => codes.length === 2);
    expect(codes).toEqual(['transport', 'overload']);
  });
});
