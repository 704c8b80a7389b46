import { BlockList, isIP } from 'node:net';

import { AddressSet, parseCidr } from '../../config/cidr.js';

/** IPv4 that is not public unicast: the IANA special-purpose registry (RFC 6890), multicast and class E. */
const special4 = [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.88.99.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/3',
];

/** The only public unicast space of IPv6 so far (RFC 4291 2.4): all of loopback, ULA, mapped and NAT64 lies outside. */
const public6 = '2000::/3';

/** Inside it: protocol assignments with Teredo, documentation, and 6to4, whose addresses hold IPv4 ones. */
const special6 = ['2001::/23', '2001:db8::/32', '2002::/16', '3fff::/20'];

/** Where clouds hand a machine its credentials; an allowed range does not admit them, only their own entry does. */
const metadata = new AddressSet([
  '100.100.100.200',
  '168.63.129.16',
  '169.254.169.254',
  '169.254.170.2',
  '169.254.170.23',
  '192.0.0.192',
  'fd00:ec2::23',
  'fd00:ec2::254',
  'fd20:ce::254',
]);

const blocked4 = blockList(special4);
const blocked6 = blockList(special6);
const open6 = blockList([public6]);

/** Which addresses a service may have: public ones, and those that the operator lists. */
export class AddressRules {
  readonly #allowed: AddressSet;
  readonly #single: AddressSet;

  constructor(allowed: readonly string[]) {
    this.#allowed = new AddressSet(allowed);
    this.#single = new AddressSet(allowed.filter(isSingle));
  }

  /** False for anything that is no plain IPv4 or IPv6 address, zone indexes included. */
  permits(address: string): boolean {
    const version = address.includes('%') ? 0 : isIP(address);
    if (version === 0) return false;
    if (metadata.has(address)) return this.#single.has(address);
    if (this.#allowed.has(address)) return true;
    return version === 4 ? !blocked4.check(address, 'ipv4') : isPublic6(address);
  }
}

function isPublic6(address: string): boolean {
  return open6.check(address, 'ipv6') && !blocked6.check(address, 'ipv6');
}

function isSingle(text: string): boolean {
  const range = parseCidr(text);
  return range?.prefix === (range?.family === 'ipv4' ? 32 : 128);
}

/** One list for each family: a mixed one would judge IPv4 by the IPv6 range that maps it. */
function blockList(ranges: readonly string[]): BlockList {
  const blocked = new BlockList();
  for (const text of ranges) {
    const range = parseCidr(text);
    if (range) blocked.addSubnet(range.address, range.prefix, range.family);
  }
  return blocked;
}
