import { expect, test } from 'vitest';

import { FakeClock } from '../../config/clock.js';
import { chatSocketLimits } from '../../config/limits.js';
import { SeededRandom } from '../../config/random.js';
import type { Connection, ConnectionState } from './connection.js';
import { Departure } from './departure.js';

/** Connections that are gone as soon as they are sent away, or only when told. */
function create(count: number, goAtOnce = true) {
  const clock = new FakeClock();
  const left: { readonly atMs: number; readonly afterMs: number }[] = [];
  const connections = new Set<Connection>();
  const departure = new Departure(connections, clock, new SeededRandom(5));
  const leave = (connection: Connection) => {
    connections.delete(connection);
    departure.left();
  };
  for (let i = 0; i < count; i++) {
    const connection = {
      state: 'open' as ConnectionState,
      sendAway(afterMs: number) {
        left.push({ atMs: clock.nowMs(), afterMs });
        this.state = 'closing';
        if (goAtOnce) leave(this as unknown as Connection);
      },
    };
    connections.add(connection as unknown as Connection);
  }
  return { clock, connections, departure, leave, left };
}

test.each([1, 7, 200, 1_003])('%i connections are sent away evenly, and once each', (count) => {
  const { clock, connections, departure, left } = create(count);
  void departure.begin(10_000);
  for (let second = 1; second <= 10; second++) {
    clock.advance(1_000);
    const expected = (count * second) / 10;
    expect(Math.abs(left.length - expected)).toBeLessThanOrEqual(Math.max(12, count * 0.03));
  }
  clock.advance(chatSocketLimits.drainStepMs);
  expect([left.length, connections.size, clock.pendingTimers]).toEqual([count, 0, 0]);
});

test('each is told a time of its own within the spread', () => {
  const { clock, departure, left } = create(500);
  void departure.begin(1_000);
  clock.advance(1_200);
  const times = left.map(({ afterMs }) => afterMs);
  expect(Math.max(...times)).toBeLessThan(chatSocketLimits.reconnectSpreadMs);
  expect(Math.min(...times)).toBeLessThan(chatSocketLimits.reconnectSpreadMs / 20);
  expect(new Set(times).size).toBeGreaterThan(400);
});

test('it resolves when the last one is gone, for all who asked; with less time it is hurried', async () => {
  const { clock, connections, departure, leave, left } = create(3, false);
  let done = 0;
  const count = () => done++;
  const waits = [departure.begin(60_000).then(count), departure.begin(0).then(count)];
  expect(left).toHaveLength(3);
  await Promise.resolve();
  expect(done).toBe(0);
  for (const connection of [...connections]) leave(connection);
  await Promise.all(waits);
  expect([done, clock.pendingTimers]).toEqual([2, 0]);
});

test('without connections it is over at once', async () => {
  const { clock, departure } = create(0);
  await departure.begin(10_000);
  expect([departure.started, clock.pendingTimers]).toEqual([true, 0]);
});
