import { describe, expect, test } from 'vitest';

import { AddressRules } from './address-rules.js';

describe('without a list', () => {
  const rules = new AddressRules([]);

  test.each(['8.8.8.8', '1.1.1.1', '172.32.0.1', '100.128.0.1', '2606:4700::1111', '2a00:1450::1'])(
    '%s is public and permitted',
    (address) => expect(rules.permits(address)).toBe(true),
  );

  test.each([
    ['loopback', '127.0.0.1', '127.255.255.254', '::1'],
    ['unspecified', '0.0.0.0', '::'],
    ['private', '10.1.2.3', '172.16.0.1', '172.31.255.255', '192.168.0.1'],
    ['link-local', '169.254.1.1', 'fe80::1', 'fe80::1%eth0'],
    ['shared (CGNAT)', '100.64.0.1', '100.127.255.255'],
    ['metadata', '169.254.169.254', '100.100.100.200', '168.63.129.16', 'fd00:ec2::254'],
    ['multicast and reserved', '224.0.0.1', '240.0.0.1', '255.255.255.255', 'ff02::1'],
    ['documentation and benchmarks', '192.0.2.1', '198.51.100.7', '203.0.113.9', '198.18.0.1', '2001:db8::1'],
    ['unique local', 'fc00::1', 'fd12::1'],
    ['IPv4-mapped', '::ffff:127.0.0.1', '::ffff:8.8.8.8', '::ffff:7f00:1', '0:0:0:0:0:ffff:a9fe:a9fe'],
    ['IPv4-compatible', '::127.0.0.1', '::7f00:1'],
    ['6to4 and Teredo', '2002:7f00:1::', '2002:a9fe:a9fe::1', '2001:0:4136:e378::1'],
    ['NAT64', '64:ff9b::7f00:1', '64:ff9b::10.0.0.1', '64:ff9b:1::1'],
    ['not plain addresses', '', 'localhost', '127.1', '0x7f.0.0.1', '2130706433', '[::1]'],
  ])('%s is refused', (_kind, ...addresses) => {
    expect(addresses.filter((address) => rules.permits(address))).toEqual([]);
  });
});

describe('a list', () => {
  test('permits what it names, in either spelling of IPv4, and nothing else', () => {
    const rules = new AddressRules(['10.20.0.0/16', 'fd12:3456::/32']);
    const permitted = ['10.20.3.4', '::ffff:10.20.3.4', '::ffff:a14:304', 'fd12:3456::9', '8.8.8.8'];
    expect(permitted.filter((address) => !rules.permits(address))).toEqual([]);
    const refused = ['10.21.0.1', '127.0.0.1', 'fd13::1', '::ffff:10.21.0.1'];
    expect(refused.filter((address) => rules.permits(address))).toEqual([]);
  });

  test('a range does not admit the metadata service inside it; its own entry does', () => {
    expect(new AddressRules(['169.254.0.0/16']).permits('169.254.7.7')).toBe(true);
    expect(new AddressRules(['169.254.0.0/16']).permits('169.254.169.254')).toBe(false);
    expect(new AddressRules(['0.0.0.0/0', '::/0']).permits('::ffff:169.254.169.254')).toBe(false);
    expect(new AddressRules(['0.0.0.0/0', '::/0']).permits('::ffff:a9fe:a9fe')).toBe(false);
    expect(new AddressRules(['169.254.169.254']).permits('169.254.169.254')).toBe(true);
    expect(new AddressRules(['fd00::/8']).permits('fd00:ec2::254')).toBe(false);
  });
});
