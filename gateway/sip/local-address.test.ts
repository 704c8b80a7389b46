import { describe, expect, it } from 'vitest';
import { createAddressList, reachableAddress } from './local-address.js';

describe('address lists', () => {
  const allowed = createAddressList(['192.0.2.0/24', '127.0.0.1', '2001:db8::/32']);
  it.each([
    ['192.0.2.255', true],
    ['192.0.3.0', false],
    ['127.0.0.1', true],
    ['127.0.0.2', false],
    ['2001:db8:1::1', true],
    ['2001:db9::1', false],
    ['not an address', false],
  ])('%s: %s', (address, expected) => expect(allowed(address)).toBe(expected));

  it.each(['192.0.2.0/33', 'example.com', '192.0.2.0/', '192.0.2.0/1/2', '::1/129', ''])(
    '%j is an error that names it',
    (entry) => {
      expect(() => createAddressList([entry])).toThrow(`"${entry}" is not an IP address or CIDR block`);
    },
  );
});

describe('our address as a peer sees it', () => {
  const own = [
    { address: '127.0.0.1', cidr: '127.0.0.1/8', internal: true },
    { address: '192.0.2.7', cidr: '192.0.2.7/24', internal: false },
    { address: '198.51.100.7', cidr: '198.51.100.7/24', internal: false },
    { address: '::1', cidr: '::1/128', internal: true },
  ];
  it.each([
    ['192.0.2.1', '10.0.0.1', '192.0.2.1'],
    ['0.0.0.0', '127.0.0.1', '127.0.0.1'],
    ['0.0.0.0', '198.51.100.99', '198.51.100.7'],
    ['0.0.0.0', '8.8.8.8', '192.0.2.7'],
    ['::', '2001:db8::1', '::'],
  ])('bound to %s, towards %s: %s', (bound, remote, expected) =>
    expect(reachableAddress(bound, remote, own)).toBe(expected),
  );
});
