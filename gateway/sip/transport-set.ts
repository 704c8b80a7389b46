import type { Clock } from '../../config/clock.js';
import { SipError } from './errors.js';
import type { SipLimits } from './head-parser.js';
import { familyOf, reachableAddress } from './local-address.js';
import { TcpTransport } from './transport-tcp.js';
import { UdpTransport } from './transport-udp.js';
import type { SipBinding, SipTransport, TransportListener } from './transport.js';
import { formatHostPort } from './uri.js';
import type { SipRemote } from './user-agent-api.js';

/** Makes one transport; tests put an in-memory network here. */
export type TransportFactory = (binding: SipBinding, listener: TransportListener) => SipTransport;

/** The factory of real sockets. */
export function socketTransports(limits: SipLimits, clock: Clock): TransportFactory {
  return (binding, listener) =>
    binding.transport === 'udp'
      ? new UdpTransport(binding, limits, listener)
      : new TcpTransport(binding, limits, clock, listener);
}

/** All bound transports of a user agent, and how it is seen through them. */
export class TransportSet {
  readonly #transports: readonly SipTransport[];
  readonly #advertisedAddress: string | null;

  /** `advertisedAddress` replaces our address in Via and Contact (behind a static NAT). */
  constructor(
    bindings: readonly SipBinding[],
    advertisedAddress: string | null,
    factory: TransportFactory,
    listener: TransportListener,
  ) {
    this.#transports = bindings.map((binding) => factory(binding, listener));
    this.#advertisedAddress = advertisedAddress;
  }

  /** Binds all; on a failure closes those already bound and rejects. */
  async open(): Promise<void> {
    try {
      for (const transport of this.#transports) await transport.open();
    } catch (error) {
      await this.close();
      throw error;
    }
  }

  async close(): Promise<void> {
    await Promise.all(this.#transports.map((transport) => transport.close()));
  }

  /** The bound addresses, in the order of the bindings. */
  get bound(): readonly SipBinding[] {
    return this.#transports.map(({ protocol, local }) => ({ transport: protocol, ...local }));
  }

  get tcpConnections(): number {
    return this.#transports.reduce((sum, transport) => sum + transport.connections, 0);
  }

  /** Whether some transport of that kind and address family is bound. */
  supports(transport: 'udp' | 'tcp', address?: string): boolean {
    return this.#transports.some(
      ({ protocol, local }) =>
        protocol === transport && (address === undefined || familyOf(local.address) === familyOf(address)),
    );
  }

  /** Whether bytes can go to `remote` without opening a connection. */
  isConnected(remote: SipRemote): boolean {
    return this.#candidates(remote).some((transport) => transport.isConnected(remote));
  }

  /** Sends; `onError` is called at most once and never from within. */
  send(bytes: Buffer, remote: SipRemote, onError: (error: SipError) => void): void {
    const transport = this.#select(remote);
    if (transport) transport.send(bytes, remote, onError);
    else
      queueMicrotask(() =>
        onError(new SipError('no-transport', `No ${remote.transport} transport for ${remote.address}`)),
      );
  }

  /** The host and port under which `remote` reaches us, for Via and Contact. */
  sentBy(remote: SipRemote): string {
    const local = this.#select(remote)?.local ?? { address: remote.address, port: 5060 };
    const host = this.#advertisedAddress ?? reachableAddress(local.address, remote.address);
    return formatHostPort({ host, port: local.port });
  }

  /** The value of our Contact towards `remote` (RFC 3261 8.1.1.8). */
  contact(remote: SipRemote): string {
    return `<sip:${this.sentBy(remote)}${remote.transport === 'tcp' ? ';transport=tcp' : ''}>`;
  }

  #candidates(remote: SipRemote): readonly SipTransport[] {
    return this.#transports.filter(
      ({ protocol, local }) =>
        protocol === remote.transport && familyOf(local.address) === familyOf(remote.address),
    );
  }

  #select(remote: SipRemote): SipTransport | undefined {
    const candidates = this.#candidates(remote);
    if (remote.transport === 'udp' || candidates.length === 1) return candidates[0];
    return candidates.find((transport) => transport.isConnected(remote)) ?? candidates[0];
  }
}
