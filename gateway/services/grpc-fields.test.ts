import { describe, expect, test } from 'vitest';

import type { Value } from '../../dialog/value.js';
import { misfit } from './grpc-fields.js';

const field = (type: string, repeated = false) => [{ name: 'x', type, repeated }];

describe('a field takes', () => {
  test.each<[string, boolean, Value]>([
    ['TYPE_STRING', false, 'a'],
    ['TYPE_STRING', false, 7],
    ['TYPE_STRING', true, ['a', 'b']],
    ['TYPE_BYTES', false, 'YQ=='],
    ['TYPE_BOOL', false, false],
    ['TYPE_ENUM', false, 'AVAILABLE'],
    ['TYPE_ENUM', false, 1],
    ['TYPE_INT64', false, '9007199254740993'],
    ['TYPE_UINT32', false, 3],
    ['TYPE_DOUBLE', false, 1.5],
    ['TYPE_FLOAT', false, '-1.50'],
    ['TYPE_MESSAGE', false, { a: 1 }],
    ['TYPE_MESSAGE', true, [{ a: 1 }]],
    ['TYPE_MESSAGE', true, { key: 1 }],
    ['TYPE_INT32', false, null],
  ])('%s (repeated: %s): %j', (type, repeated, x) => expect(misfit({ x }, field(type, repeated))).toBeNull());
});

describe('a field does not take', () => {
  test.each<[string, boolean, Value]>([
    ['TYPE_STRING', false, ['a']],
    ['TYPE_STRING', false, { a: 1 }],
    ['TYPE_STRING', true, 'a'],
    ['TYPE_STRING', true, { a: 'b' }],
    ['TYPE_BOOL', false, 'yes'],
    ['TYPE_ENUM', false, 1.5],
    ['TYPE_INT64', false, 'two'],
    ['TYPE_INT32', false, 1.5],
    ['TYPE_INT32', false, '1'.repeat(50_000)],
    ['TYPE_DOUBLE', false, '1e5'],
    ['TYPE_MESSAGE', false, 'a'],
    ['TYPE_MESSAGE', true, ['a']],
  ])('%s (repeated: %s): %j', (type, repeated, x) => {
    expect(misfit({ x }, field(type, repeated))).toMatch(/^the field "x"/);
  });
});

test('a field that the message lacks is named', () => {
  expect(misfit({ y: 1 }, field('TYPE_STRING'))).toBe('the message has no field "y"');
});
