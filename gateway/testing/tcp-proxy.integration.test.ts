import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { TcpProxy } from './tcp-proxy.js';

describe('the TCP proxy', () => {
  const echo = createServer((socket) => {
    socket.on('error', () => socket.destroy());
    socket.pipe(socket);
  });
  let proxy: TcpProxy;

  beforeEach(async () => {
    echo.listen(0, '127.0.0.1');
    await once(echo, 'listening');
    proxy = await TcpProxy.start((echo.address() as AddressInfo).port);
  });
  afterEach(async () => {
    await proxy.close();
    echo.close();
    await once(echo, 'close');
  });

  async function open(): Promise<{ socket: Socket; heard: () => string }> {
    const socket = connect(Number(proxy.address.split(':')[1]), '127.0.0.1');
    let text = '';
    socket.on('data', (chunk: Buffer) => (text += chunk.toString()));
    await once(socket, 'connect');
    return { socket, heard: () => text };
  }

  it('relays, delays, stalls and cuts', async () => {
    const { socket, heard } = await open();
    socket.write('one ');
    await once(socket, 'data');
    proxy.delay(40);
    const startMs = performance.now();
    socket.write('two ');
    await once(socket, 'data');
    expect(performance.now() - startMs).toBeGreaterThan(70);
    proxy.delay(0);
    proxy.stall();
    socket.write('three');
    await pause(50);
    expect(heard()).toBe('one two ');
    proxy.open();
    await once(socket, 'data');
    expect(heard()).toBe('one two three');
    const closed = once(socket, 'close');
    proxy.cut();
    await closed;
    expect(proxy.connections).toBe(0);
  });

  it('refuses new connections while it is cut', async () => {
    proxy.cut();
    const { socket } = await open();
    await once(socket, 'close');
    proxy.open();
    const again = await open();
    again.socket.write('x');
    await once(again.socket, 'data');
    again.socket.destroy();
  });

  it('holds back no more than its bound while it stalls', async () => {
    proxy.stall();
    const { socket } = await open();
    const chunk = Buffer.alloc(65_536);
    let taken = 0;
    for (let i = 0; i < 400 && socket.writableLength < 4_000_000; i++) {
      socket.write(chunk, () => (taken += chunk.length));
      if (i % 20 === 0) await pause(5);
    }
    await pause(50);
    expect(taken).toBeLessThan(16_000_000);
    socket.destroy();
  });
});
