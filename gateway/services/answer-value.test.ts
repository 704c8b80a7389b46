import { Long } from '@grpc/proto-loader';
import { describe, expect, test } from 'vitest';

import { serviceLimits } from '../../config/limits.js';
import { toAnswerValue } from './answer-value.js';

/** A list in a list in a list. */
function nested(levels: number): unknown {
  let value: unknown = 'core';
  for (let i = 0; i < levels; i++) value = [value];
  return value;
}

test('keeps what JSON can hold, in maps without a prototype', () => {
  const raw: unknown = JSON.parse('{"a":[1,"x",true,null],"__proto__":{"admin":true},"constructor":2}');
  const answer = toAnswerValue(raw);
  if (!answer.ok) throw new Error(answer.reason);
  const value = answer.value as Record<string, unknown>;
  expect(Object.getPrototypeOf(value)).toBeNull();
  expect(Object.keys(value)).toEqual(['a', '__proto__', 'constructor']);
  expect(value['admin']).toBeUndefined();
  expect(value['a']).toEqual([1, 'x', true, null]);
});

describe('bounds', () => {
  test.each([
    [serviceLimits.valueDepth, true],
    [serviceLimits.valueDepth + 1, false],
    [100_000, false],
  ])('%i levels: %s', (levels, ok) => expect(toAnswerValue(nested(levels)).ok).toBe(ok));

  test.each([
    [serviceLimits.valueNodes - 1, true],
    [serviceLimits.valueNodes, false],
  ])('a list of %i values: %s', (length, ok) => {
    expect(toAnswerValue(Array.from({ length }, () => 1)).ok).toBe(ok);
  });

  test.each([NaN, Infinity, 1n, undefined, () => 1])('%s is nothing a dialog can keep', (raw) => {
    expect(toAnswerValue({ raw }).ok).toBe(false);
  });
});

test.each([
  [Long.fromNumber(42), 42],
  [Long.fromString('9007199254740991'), 9_007_199_254_740_991],
  [Long.fromString('9007199254740993'), '9007199254740993'],
  [Long.fromString('18446744073709551615', true), '18446744073709551615'],
])('the 64-bit integer %s becomes %j', (raw, value) =>
  expect(toAnswerValue(raw)).toEqual({ ok: true, value }),
);
