import { expect, test } from 'vitest';

import { toFrames, trimEnd } from './phone-caller.js';

test('the caller sends whole frames: 20 ms of PCMU are 160 octets (RFC 3551 4.5.14)', () => {
  const frames = toFrames(new Int16Array(330));
  expect(frames.map(({ length }) => length)).toEqual([160, 160]);
  expect(frames[0]?.every((octet) => octet === 0xff)).toBe(true);
});

test('speech ends at its last sample that is loud enough', () => {
  expect([...trimEnd(Int16Array.of(0, 500, -300, 10, -20), 200)]).toEqual([0, 500, -300]);
  expect(trimEnd(Int16Array.of(1, 2, 3), 200)).toHaveLength(0);
});
