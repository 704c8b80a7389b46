import { BlockList, isIP, isIPv6 } from 'node:net';
import { networkInterfaces } from 'node:os';

/** One address of an interface, as `os.networkInterfaces()` gives them. */
export interface InterfaceAddress {
  readonly address: string;
  readonly cidr: string | null;
  readonly internal: boolean;
}

function interfaceAddresses(): InterfaceAddress[] {
  return Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);
}

/** Whether `address` means every interface. */
export function isWildcard(address: string): boolean {
  return address === '0.0.0.0' || address === '::';
}

/** 'ipv4' or 'ipv6' of an IP address. */
export function familyOf(address: string): 'ipv4' | 'ipv6' {
  return isIPv6(address) ? 'ipv6' : 'ipv4';
}

/**
 * Makes the predicate of a list of CIDR blocks and single addresses, IPv4 and IPv6.
 *
 * Throws a RangeError that names the entry that is neither.
 */
export function createAddressList(entries: readonly string[]): (address: string) => boolean {
  const list = new BlockList();
  for (const entry of entries) {
    const [address = '', prefix, ...rest] = entry.split('/');
    const bits = isIPv6(address) ? 128 : 32;
    const length = prefix === undefined ? bits : /^\d{1,3}$/.test(prefix) ? Number(prefix) : -1;
    if (isIP(address) === 0 || rest.length > 0 || length < 0 || length > bits)
      throw new RangeError(`"${entry}" is not an IP address or CIDR block such as 192.0.2.0/24`);
    list.addSubnet(address, length, familyOf(address));
  }
  return (address) => isIP(address) !== 0 && list.check(address, familyOf(address));
}

/**
 * The address of ours that `remote` can reach when `bound` is a wildcard: the one in its subnet, else loopback for
 * loopback, else the first outward one of the family, else `bound`.
 */
export function reachableAddress(bound: string, remote: string, own = interfaceAddresses()): string {
  if (!isWildcard(bound)) return bound;
  const family = own.filter((candidate) => familyOf(candidate.address) === familyOf(bound));
  const near = family.find(
    (candidate) => candidate.cidr !== null && createAddressList([candidate.cidr])(remote),
  );
  return (near ?? family.find((candidate) => !candidate.internal))?.address ?? bound;
}
