import { lookup as systemLookup } from 'node:dns/promises';
import { isIP } from 'node:net';

import type { Clock } from '../../config/clock.js';
import { serviceLimits } from '../../config/limits.js';
import type { AddressRules } from './address-rules.js';

export interface HostAddress {
  readonly address: string;
  readonly family: 4 | 6;
}

/** All addresses of a host, as the operating system resolves it; rejects when there are none. */
export type Lookup = (host: string) => Promise<readonly HostAddress[]>;

export const lookupAll: Lookup = async (host) => {
  const found = await systemLookup(host, { all: true, order: 'verbatim' });
  return found.map(({ address, family }) => ({ address, family: family === 6 ? 6 : 4 }));
};

/** Resolved and allowed, or why not. */
export type Resolution =
  | { readonly ok: true; readonly addresses: readonly HostAddress[] }
  | { readonly ok: false; readonly failure: 'refused' | 'unreachable'; readonly message: string };

interface Known {
  readonly resolution: Promise<Resolution>;
  readonly untilMs: number;
}

/**
 * Resolves the hosts of one service and checks every address before anything connects.
 *
 * Whoever connects must use the addresses given here and not resolve again, or DNS could answer differently the second
 * time (rebinding). Look-ups of one host are shared and kept for a few seconds: a name server that hangs holds one of
 * the few threads that resolve, not all of them.
 */
export class HostResolver {
  readonly #known = new Map<string, Known>();
  readonly #rules: AddressRules;
  readonly #lookup: Lookup;
  readonly #clock: Clock;

  constructor(rules: AddressRules, deps: { readonly lookup: Lookup; readonly clock: Clock }) {
    this.#rules = rules;
    this.#lookup = deps.lookup;
    this.#clock = deps.clock;
  }

  /** `host` as in a URL, IPv6 in brackets; never rejects. */
  async resolve(host: string): Promise<Resolution> {
    const plain = host.startsWith('[') ? host.slice(1, -1) : host;
    const known = this.#known.get(plain);
    if (known && this.#clock.nowMs() < known.untilMs) return known.resolution;
    const resolution = this.#resolve(plain);
    // While it runs all who ask share it, however long it takes.
    this.#known.set(plain, { resolution, untilMs: Infinity });
    const { ok } = await resolution;
    if (ok)
      this.#known.set(plain, { resolution, untilMs: this.#clock.nowMs() + serviceLimits.addressFreshMs });
    else this.#known.delete(plain);
    return resolution;
  }

  async #resolve(host: string): Promise<Resolution> {
    const version = isIP(host);
    let addresses: readonly HostAddress[];
    if (version !== 0) addresses = [{ address: host, family: version === 6 ? 6 : 4 }];
    else {
      try {
        addresses = (await this.#lookup(host)).slice(0, serviceLimits.addresses);
      } catch {
        addresses = [];
      }
    }
    if (addresses.length === 0)
      return { ok: false, failure: 'unreachable', message: `the host ${host} cannot be resolved` };
    const denied = addresses.find(({ address }) => !this.#rules.permits(address));
    if (!denied) return { ok: true, addresses };
    const message = `${host} has the address ${denied.address}, which is not public; list it in allowPrivate of the service if it is meant`;
    return { ok: false, failure: 'refused', message };
  }
}
