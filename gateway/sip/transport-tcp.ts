import { connect, createServer, isIPv6, type Server, type Socket } from 'node:net';
import type { Clock } from '../../config/clock.js';
import { SipError } from './errors.js';
import type { SipLimits, SipParseResult } from './head-parser.js';
import { TcpConnection } from './tcp-connection.js';
import { remoteKey, type SipBinding, type SipTransport, type TransportListener } from './transport.js';
import type { SipRemote } from './user-agent-api.js';

/** SIP over TCP (RFC 3261 18): accepts connections, opens them where there is none, and reuses them by remote. */
export class TcpTransport implements SipTransport {
  readonly protocol = 'tcp';
  readonly #binding: SipBinding;
  readonly #limits: SipLimits;
  readonly #clock: Clock;
  readonly #listener: TransportListener;
  readonly #server: Server;
  readonly #connections = new Map<string, TcpConnection>();
  #port: number;
  #closed = false;

  constructor(binding: SipBinding, limits: SipLimits, clock: Clock, listener: TransportListener) {
    this.#binding = binding;
    this.#port = binding.port;
    this.#limits = limits;
    this.#clock = clock;
    this.#listener = listener;
    this.#server = createServer((socket) => this.#accept(socket));
  }

  get local(): { readonly address: string; readonly port: number } {
    return { address: this.#binding.address, port: this.#port };
  }

  get connections(): number {
    return this.#connections.size;
  }

  open(): Promise<void> {
    const { address, port } = this.#binding;
    return new Promise((resolve, reject) => {
      const refuse = (cause: Error): void =>
        reject(new SipError('transport', `Cannot listen on tcp ${address} port ${port}`, null, { cause }));
      this.#server.once('error', refuse);
      this.#server.listen({ host: address, port, ipv6Only: isIPv6(address) }, () => {
        this.#server.off('error', refuse);
        // Running out of descriptors fails one accept, not the server.
        this.#server.on('error', () => undefined);
        const bound = this.#server.address();
        if (bound && typeof bound === 'object') this.#port = bound.port;
        resolve();
      });
    });
  }

  isConnected(remote: SipRemote): boolean {
    return this.#connections.has(remoteKey(remote));
  }

  send(bytes: Buffer, remote: SipRemote, onError: (error: SipError) => void): void {
    if (this.#closed) return;
    const connection = this.#connections.get(remoteKey(remote)) ?? this.#connect(remote);
    if (connection) connection.send(bytes, onError);
    else queueMicrotask(() => onError(new SipError('overload', 'Too many TCP connections')));
  }

  close(): Promise<void> {
    if (this.#closed) return Promise.resolve();
    this.#closed = true;
    for (const connection of [...this.#connections.values()]) connection.close();
    return new Promise((resolve) => this.#server.close(() => resolve()));
  }

  #accept(socket: Socket): void {
    const { remoteAddress: address, remotePort: port } = socket;
    if (this.#closed || address === undefined || port === undefined) socket.destroy();
    else if (this.#connections.size >= this.#limits.tcpConnections) socket.destroy();
    else this.#adopt(socket, { transport: 'tcp', address, port });
  }

  #connect(remote: SipRemote): TcpConnection | null {
    if (this.#connections.size >= this.#limits.tcpConnections) return null;
    return this.#adopt(connect({ host: remote.address, port: remote.port }), remote);
  }

  #adopt(socket: Socket, remote: SipRemote): TcpConnection {
    const key = remoteKey(remote);
    const connection = new TcpConnection(socket, remote, this.#clock, this.#limits, {
      onResult: (result, from) => this.#receive(result, from),
      onClosed: (closed) => {
        if (this.#connections.get(key) === closed) this.#connections.delete(key);
      },
    });
    this.#connections.set(key, connection);
    return connection;
  }

  #receive(result: SipParseResult, connection: TcpConnection): void {
    if (this.#closed) return;
    const flow = { transport: this, remote: connection.remote };
    if (result.ok) this.#listener.onMessage(result.message, flow);
    else this.#listener.onParseError(result.error, flow);
  }
}
