import { describe, expect, test } from 'vitest';

import { chatLimits, chatSocketLimits } from '../../config/limits.js';
import { closeCodes } from './protocol.js';
import { ConnectionKit, leave } from './testing/connection-kit.js';

const ref = { tenant: 'default', sessionId: 's1' };

describe('a connection ends', () => {
  test('when another one of its device takes over; the other stays', async () => {
    const kit = new ConnectionKit();
    const first = await kit.open();
    const second = await kit.open();
    expect(first.socket.closedWith?.code).toBe(closeCodes.takenOver);
    expect(second.connection.state).toBe('open');
    first.connection.socketClosed(closeCodes.takenOver);
    expect(kit.held()).toMatchObject({ connections: 1, followers: 1, routes: 1, users: 1 });
    leave(kit, second);
  });

  test('when messages cannot be read any more, or come out of order', async () => {
    const kit = new ConnectionKit();
    const client = await kit.open();
    kit.sessions.failFollowers(ref);
    expect(client.socket.closedWith?.code).toBe(closeCodes.internal);
    client.connection.socketClosed(closeCodes.internal);
    const other = await kit.open();
    const message = kit.sessions.say(ref, 'one');
    kit.sessions.misdeliver(ref, message);
    expect(other.connection.state).toBe('open');
    kit.sessions.misdeliver(ref, { ...message, seq: 3 });
    expect(other.socket.closedWith?.code).toBe(closeCodes.internal);
    leave(kit, other);
  });

  test('when a ping is not answered; the handshake has its time, too', async () => {
    const kit = new ConnectionKit();
    const client = await kit.open();
    kit.clock.advance(chatLimits.pingMs + 2_000);
    expect(client.socket.pings).toBe(1);
    client.connection.receiveControl(true);
    kit.clock.advance(chatLimits.pingMs);
    expect([client.socket.pings, client.socket.closedWith]).toEqual([2, null]);
    for (let second = 0; second < 27 && !client.socket.closedWith; second++) kit.clock.advance(1_000);
    expect(client.socket.closedWith?.code).toBe(closeCodes.noPong);
    expect(client.socket.terminated).toBe(false);
    kit.clock.advance(chatSocketLimits.closeMs + 2_000);
    expect(client.socket.terminated).toBe(true);
    leave(kit, client);
    expect(kit.counters.closes.get('4202')).toBe(1);
  });

  test('when it takes nothing; what it is sent then comes no more', async () => {
    const kit = new ConnectionKit();
    const client = await kit.open();
    client.socket.stop();
    for (let i = 0; i < 200; i++) kit.sessions.say(ref, 'x'.repeat(4_000));
    expect(kit.counters.paused).toBe(1);
    const bytes = client.socket.bufferedAmount;
    expect(bytes).toBeLessThan(chatSocketLimits.windowBytes + 5_000);
    kit.clock.advance(chatLimits.stalledMs + 2_000);
    expect(client.socket.closedWith?.code).toBe(closeCodes.slow);
    expect([kit.counters.slow, kit.counters.paused]).toEqual([1, 0]);
    leave(kit, client);
  });

  test('a slow one that goes on gets everything in order, once', async () => {
    const kit = new ConnectionKit();
    const client = await kit.open();
    client.socket.stop();
    for (let i = 0; i < 300; i++) kit.sessions.say(ref, `${i} ${'x'.repeat(2_000)}`);
    while (client.socket.bufferedAmount > 0) client.socket.take(3);
    const seqs = client.received().flatMap((frame) => (frame.type === 'message' ? [frame.seq] : []));
    expect(seqs).toEqual(Array.from({ length: 300 }, (_, i) => i + 1));
    leave(kit, client);
  });

  test('after a warning, when it sends too many frames, pings and pongs among them', async () => {
    const kit = new ConnectionKit();
    const client = await kit.open();
    for (let i = 0; i < 149; i++) client.send({ type: 'ping', id: i });
    for (let i = 0; i < 50; i++) client.connection.receiveControl(i % 2 === 0);
    client.received();
    client.send({ type: 'ping', id: 1 });
    expect(client.received()).toMatchObject([{ type: 'error', code: 'rate' }]);
    for (let i = 0; i < 98; i++) client.connection.receiveControl(false);
    expect(client.socket.closedWith).toBeNull();
    client.send({ type: 'ping', id: 1 }, { type: 'ping', id: 1 });
    expect(client.socket.closedWith?.code).toBe(closeCodes.flood);
    expect(client.received()).toEqual([]);
    leave(kit, client);
  });

  test('when it is sent away', async () => {
    const kit = new ConnectionKit();
    const client = await kit.open();
    client.received();
    client.connection.sendAway(1_234);
    client.connection.sendAway(1);
    expect(client.received()).toEqual([{ type: 'reconnect', afterMs: 1_234 }]);
    expect(client.socket.closedWith?.code).toBe(closeCodes.draining);
    client.connection.terminate();
    expect(client.socket.terminated).toBe(true);
    leave(kit, client);
  });
});
