import { BlockList, isIP } from 'node:net';

export interface AddressRange {
  readonly address: string;
  readonly prefix: number;
  readonly family: 'ipv4' | 'ipv6';
}

/** Parses `10.0.0.0/8`, `fd00::/8` or one plain address (RFC 4632, RFC 4291 2.3); null when it is neither. */
export function parseCidr(text: string): AddressRange | null {
  const match = /^([0-9a-fA-F.:]+)(?:\/(\d{1,3}))?$/.exec(text);
  const address = match?.[1] ?? '';
  const version = isIP(address);
  if (version === 0) return null;
  const longest = version === 4 ? 32 : 128;
  const prefix = match?.[2] === undefined ? longest : Number(match[2]);
  return prefix > longest ? null : { address, prefix, family: version === 4 ? 'ipv4' : 'ipv6' };
}

/** A set of address ranges that answers whether an address belongs to it; ranges that do not parse are left out. */
export class AddressSet {
  readonly #ranges = new BlockList();

  constructor(ranges: readonly string[]) {
    for (const text of ranges) {
      const range = parseCidr(text);
      if (range) this.#ranges.addSubnet(range.address, range.prefix, range.family);
    }
  }

  /** False for anything that is not an address; `::ffff:10.0.0.1` is 10.0.0.1 (RFC 4291 2.5.5.2). */
  has(address: string): boolean {
    const plain = address.startsWith('::ffff:') && address.includes('.') ? address.slice(7) : address;
    const version = isIP(plain);
    return version !== 0 && this.#ranges.check(plain, version === 4 ? 'ipv4' : 'ipv6');
  }
}

const loopback = new AddressSet(['127.0.0.0/8', '::1']);

export function isLoopback(address: string): boolean {
  return loopback.has(address);
}

export function isWildcard(address: string): boolean {
  return address === '0.0.0.0' || address === '::';
}
