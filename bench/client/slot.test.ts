import { describe, expect, test } from 'vitest';

import { Slot } from './slot.js';

describe('Slot', () => {
  test('gives its value to those who wait and to those who ask later', async () => {
    const slot = new Slot<number>();
    const waiting = slot.wait(1_000, 'number');
    slot.set(7);
    expect(slot.filled).toBe(true);
    expect([await waiting, await slot.wait(1_000, 'number')]).toEqual([7, 7]);
  });

  test('the first of value and failure counts', async () => {
    const slot = new Slot<number>();
    slot.fail(new Error('closed'));
    slot.set(7);
    await expect(slot.wait(1_000, 'number')).rejects.toThrow('closed');
  });

  test('waiting ends at its limit and names what did not come', async () => {
    await expect(new Slot<number>().wait(1, 'answer to INVITE')).rejects.toThrow(
      'no answer to INVITE within 1 ms',
    );
  });
});
