import { expect, test } from 'vitest';

import { statsLimits } from '../../config/limits.js';
import { LabelledCounter } from './counters.js';

test('counts by label', () => {
  const counter = new LabelledCounter();
  counter.increment('INVITE');
  counter.increment('INVITE', 2);
  counter.increment('BYE');
  expect([...counter.entries()]).toEqual([
    ['INVITE', 3],
    ['BYE', 1],
  ]);
  expect(counter.get('ACK')).toBe(0);
});

test('a peer that invents labels fills one entry, not the memory', () => {
  const counter = new LabelledCounter();
  for (let i = 0; i < 10_000; i++) counter.increment(`METHOD${i}`);
  const entries = [...counter.entries()];
  expect(entries).toHaveLength(statsLimits.labelsPerCounter);
  expect(counter.get('other')).toBe(10_000 - (statsLimits.labelsPerCounter - 1));
  counter.increment('METHOD0');
  expect(counter.get('METHOD0')).toBe(2);
});
