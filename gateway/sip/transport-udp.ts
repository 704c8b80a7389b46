import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { isIPv6 } from 'node:net';
import { SipError } from './errors.js';
import type { SipLimits } from './head-parser.js';
import { parseDatagram } from './parser.js';
import type { SipBinding, SipTransport, TransportListener } from './transport.js';
import type { SipRemote } from './user-agent-api.js';

/** SIP over UDP (RFC 3261 18.1.1, 18.2.1): a datagram is a message. */
export class UdpTransport implements SipTransport {
  readonly protocol = 'udp';
  readonly connections = 0;
  readonly #listener: TransportListener;
  readonly #limits: SipLimits;
  readonly #socket: Socket;
  #local: { readonly address: string; readonly port: number };
  #closed = false;

  constructor(binding: SipBinding, limits: SipLimits, listener: TransportListener) {
    this.#local = { address: binding.address, port: binding.port };
    this.#limits = limits;
    this.#listener = listener;
    // One family a socket: a dual one would show IPv4 peers as ::ffff:a.b.c.d, which is wrong in Via and Contact.
    this.#socket = isIPv6(binding.address)
      ? createSocket({ type: 'udp6', ipv6Only: true })
      : createSocket({ type: 'udp4' });
  }

  get local(): { readonly address: string; readonly port: number } {
    return this.#local;
  }

  open(): Promise<void> {
    const { address, port } = this.#local;
    return new Promise((resolve, reject) => {
      const refuse = (cause: Error): void =>
        reject(new SipError('transport', `Cannot listen on udp ${address} port ${port}`, null, { cause }));
      this.#socket.once('error', refuse);
      this.#socket.bind(port, address, () => {
        this.#socket.off('error', refuse);
        // An ICMP error of some earlier datagram concerns that datagram alone; its transaction times out.
        this.#socket.on('error', () => undefined);
        this.#socket.on('message', (datagram, from) => this.#receive(datagram, from));
        this.#local = { address, port: this.#socket.address().port };
        resolve();
      });
    });
  }

  isConnected(): boolean {
    return true;
  }

  send(bytes: Buffer, remote: SipRemote, onError: (error: SipError) => void): void {
    if (this.#closed) return;
    this.#socket.send(bytes, remote.port, remote.address, (cause) => {
      if (cause) onError(new SipError('transport', `Cannot send to udp ${remote.address}`, null, { cause }));
    });
  }

  close(): Promise<void> {
    if (this.#closed) return Promise.resolve();
    this.#closed = true;
    return new Promise((resolve) => this.#socket.close(() => resolve()));
  }

  #receive(datagram: Buffer, from: RemoteInfo): void {
    // Port 0 is lawful in UDP and can never be answered.
    const result = from.port === 0 ? null : parseDatagram(datagram, this.#limits);
    if (!result || this.#closed) return;
    const flow = {
      transport: this,
      remote: { transport: 'udp', address: from.address, port: from.port },
    } as const;
    if (result.ok) this.#listener.onMessage(result.message, flow);
    else this.#listener.onParseError(result.error, flow);
  }
}
