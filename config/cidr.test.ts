import { describe, expect, test } from 'vitest';

import { AddressSet, isLoopback, isWildcard, parseCidr } from './cidr.js';

describe('parseCidr', () => {
  test.each([
    ['10.0.0.0/8', { address: '10.0.0.0', prefix: 8, family: 'ipv4' }],
    ['10.1.2.3', { address: '10.1.2.3', prefix: 32, family: 'ipv4' }],
    ['fd00::/8', { address: 'fd00::', prefix: 8, family: 'ipv6' }],
    ['::1', { address: '::1', prefix: 128, family: 'ipv6' }],
    ['0.0.0.0/0', { address: '0.0.0.0', prefix: 0, family: 'ipv4' }],
  ])('reads %s', (text, range) => {
    expect(parseCidr(text)).toEqual(range);
  });

  test.each([
    '',
    '10.0.0.0/33',
    '::/129',
    '10.0.0',
    'example.com',
    '10.0.0.0/',
    '10.0.0.0/8/8',
    '10.0.0.0/-1',
  ])('refuses %s', (text) => {
    expect(parseCidr(text)).toBeNull();
  });
});

describe('AddressSet', () => {
  const set = new AddressSet(['10.0.0.0/8', '192.168.1.20', 'fd00::/8', 'nonsense']);

  test.each([
    ['10.255.0.1', true],
    ['11.0.0.1', false],
    ['192.168.1.20', true],
    ['192.168.1.21', false],
    ['fd12::1', true],
    ['fe80::1', false],
    ['::ffff:10.0.0.1', true],
    ['::ffff:11.0.0.1', false],
    ['not an address', false],
    ['', false],
  ])('%s belongs: %s', (address, belongs) => {
    expect(set.has(address)).toBe(belongs);
  });
});

test('loopback is 127/8 and ::1, wildcards are not loopback', () => {
  expect(['127.0.0.1', '127.9.9.9', '::1'].every(isLoopback)).toBe(true);
  expect(['0.0.0.0', '::', '10.0.0.1'].some(isLoopback)).toBe(false);
  expect(['0.0.0.0', '::'].every(isWildcard)).toBe(true);
});
