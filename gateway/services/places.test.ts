import { expect, test } from 'vitest';

import { Places } from './places.js';

const never = new AbortController().signal;

test('so many are given at once, the rest wait in order, and beyond the queue there is no room', async () => {
  const places = new Places(2, 2);
  expect(await Promise.all([places.take(never), places.take(never)])).toEqual(['given', 'given']);
  const order: string[] = [];
  const third = places.take(never).then((placement) => order.push(`third ${placement}`));
  const fourth = places.take(never).then((placement) => order.push(`fourth ${placement}`));
  expect(await places.take(never)).toBe('full');
  places.leave();
  await third;
  expect(order).toEqual(['third given']);
  places.leave();
  await fourth;
  expect(order).toEqual(['third given', 'fourth given']);
  places.leave();
  places.leave();
  expect([places.taken, places.waiting]).toEqual([0, 0]);
});

test('who gives up waiting leaves the queue and is given nothing later', async () => {
  const places = new Places(1, 5);
  await places.take(never);
  const leaving = new AbortController();
  const left = places.take(leaving.signal);
  const stays = places.take(never);
  leaving.abort();
  expect(await left).toBe('aborted');
  expect(await places.take(leaving.signal)).toBe('aborted');
  places.leave();
  expect(await stays).toBe('given');
  expect([places.taken, places.waiting]).toEqual([1, 0]);
});
