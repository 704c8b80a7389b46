import { expect, test } from 'vitest';

import { chatSocketLimits } from '../../config/limits.js';
import { ConnectionKit, leave, settle } from './testing/connection-kit.js';

const ref = { tenant: 'default', sessionId: 's1' };

test('marks are bounded by what was sent and written one at a time', async () => {
  const kit = new ConnectionKit();
  const client = await kit.open();
  for (let i = 0; i < 5; i++) kit.sessions.say(ref, 'x');
  for (let seq = 1; seq <= 4; seq++) client.send({ type: 'delivered', seq });
  client.send({ type: 'read', seq: 99 }, { type: 'read', seq: 2 });
  await settle();
  expect(await kit.sessions.marks(ref)).toEqual(new Map([['anna', { delivered: 5, read: 5 }]]));
  expect(kit.sessions.markWrites).toBe(2);
  leave(kit, client);
});

test('a mark that cannot be written is told, and goes with the next', async () => {
  const kit = new ConnectionKit();
  const client = await kit.open();
  kit.sessions.say(ref, 'x');
  kit.sessions.say(ref, 'y');
  client.received();
  kit.sessions.fail('mark');
  client.send({ type: 'read', seq: 1 });
  await settle();
  expect(client.received()).toMatchObject([{ code: 'unavailable' }]);
  client.send({ type: 'delivered', seq: 2 });
  await settle();
  expect(await kit.sessions.marks(ref)).toEqual(new Map([['anna', { delivered: 2, read: 1 }]]));
  leave(kit, client);
});

test('after ready, the marks of everybody are told; new ones follow', async () => {
  const kit = new ConnectionKit();
  leave(kit, await kit.open());
  kit.sessions.say(ref, 'Hello!');
  kit.sessions.say(ref, 'Are you there?');
  await kit.sessions.mark(ref, 'anna', { delivered: 2 });
  await kit.sessions.mark(ref, 'kim', { delivered: 2, read: 1 });
  const client = await kit.open({ session: 's1', since: 2 });
  kit.sessions.signal(ref, { type: 'marks', reader: 'kim', marks: { delivered: 2, read: 2 } });
  expect(client.received()).toMatchObject([
    { type: 'ready' },
    { type: 'marks', reader: 'anna', marks: { delivered: 2, read: 0 } },
    { type: 'marks', reader: 'kim', marks: { delivered: 2, read: 1 } },
    { type: 'marks', reader: 'kim', marks: { delivered: 2, read: 2 } },
  ]);
  leave(kit, client);
});

test('of very many readers, those who have read furthest are told', async () => {
  const kit = new ConnectionKit();
  leave(kit, await kit.open());
  const readers = chatSocketLimits.readersTold + 10;
  for (let i = 1; i <= readers; i++) {
    kit.sessions.say(ref, 'x');
    await kit.sessions.mark(ref, `agent-${i}`, { read: i });
  }
  const client = await kit.open({ session: 's1', since: readers });
  const told = client.received().flatMap((frame) => (frame.type === 'marks' ? [frame.marks.read] : []));
  expect(told).toHaveLength(chatSocketLimits.readersTold);
  expect([Math.min(...told), Math.max(...told)]).toEqual([11, readers]);
  leave(kit, client);
});

test('marks that cannot be read are left out, and the client stays', async () => {
  const kit = new ConnectionKit();
  leave(kit, await kit.open());
  kit.sessions.say(ref, 'Hello!');
  kit.sessions.fail('marks');
  const client = await kit.open({ session: 's1', since: 1 });
  expect(client.received()).toMatchObject([{ type: 'ready' }]);
  expect(client.connection.state).toBe('open');
  leave(kit, client);
});
