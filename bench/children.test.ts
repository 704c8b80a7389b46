import { expect, test } from 'vitest';

import { countWarnings } from './children.js';

test('warnings are counted by message and code, other lines are not', () => {
  const lines = [
    { level: 'info', msg: 'ready' },
    { level: 'warn', msg: 'recognition failed', code: 'capacity' },
    { level: 'warn', msg: 'recognition failed', code: 'capacity' },
    { level: 'warn', msg: 'recognition failed', code: 'timeout' },
    { level: 'error', msg: 'media worker lost' },
  ];
  expect(countWarnings(lines)).toEqual([
    'the server logged 2 x "recognition failed (capacity)"',
    'the server logged 1 x "recognition failed (timeout)"',
    'the server logged 1 x "media worker lost"',
  ]);
});
