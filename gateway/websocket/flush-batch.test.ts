import { expect, test } from 'vitest';

import { FlushBatch } from './flush-batch.js';

test('each socket is held once a turn and let go once, all at the end of the turn', () => {
  const log: string[] = [];
  const turns: (() => void)[] = [];
  const batch = new FlushBatch((flush) => turns.push(flush));
  const gates = ['a', 'b'].map((name) =>
    batch.gate({ cork: () => log.push(`cork ${name}`), uncork: () => log.push(`uncork ${name}`) }),
  );
  for (let i = 0; i < 3; i++) for (const gate of gates) gate();
  expect([log, turns.length]).toEqual([['cork a', 'cork b'], 1]);
  turns.shift()?.();
  expect(log.slice(2)).toEqual(['uncork a', 'uncork b']);
  gates[0]?.();
  expect([log.at(-1), turns.length]).toEqual(['cork a', 1]);
});
