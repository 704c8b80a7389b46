import type { SipError } from './errors.js';
import type { SipLimits } from './head-parser.js';
import type { SipMessage } from './message.js';
import { parseDatagram } from './parser.js';
import type { SipBinding, SipTransport, TransportListener } from './transport.js';
import type { TransportFactory } from './transport-set.js';
import type { SipRemote } from './user-agent-api.js';

interface Packet {
  readonly bytes: Buffer;
  readonly from: SipRemote;
  readonly to: SipRemote;
}

/**
 * A network in memory for tests: what is sent is parsed again at the other end, in order, as soon as `deliver` is
 * called; `drop` loses messages on the way.
 */
export class FakeNetwork {
  /** Everything that was sent, lost messages included, oldest first. */
  readonly sent: SipMessage[] = [];
  /** Return true to lose a message. */
  drop: (message: SipMessage) => boolean = () => false;
  readonly #limits: SipLimits;
  readonly #nodes = new Map<
    string,
    { readonly transport: SipTransport; readonly listener: TransportListener }
  >();
  readonly #queue: Packet[] = [];

  constructor(limits: SipLimits) {
    this.#limits = limits;
  }

  /** The factory to give to a user agent. */
  readonly factory: TransportFactory = (binding, listener) => new FakeTransport(this, binding, listener);

  attach(local: SipRemote, transport: SipTransport, listener: TransportListener): void {
    this.#nodes.set(keyOf(local), { transport, listener });
  }

  detach(local: SipRemote): void {
    this.#nodes.delete(keyOf(local));
  }

  send(bytes: Buffer, from: SipRemote, to: SipRemote): void {
    const parsed = parseDatagram(bytes, this.#limits);
    if (!parsed?.ok) throw new Error(`sent a bad message: ${bytes.toString()}`);
    this.sent.push(parsed.message);
    if (!this.drop(parsed.message)) this.#queue.push({ bytes, from, to });
  }

  /** Delivers bytes that may be anything, at once. */
  inject(bytes: Buffer, from: SipRemote, to: SipRemote): void {
    this.#queue.push({ bytes, from, to });
    this.deliver();
  }

  /** Delivers until nothing is under way. */
  deliver(): void {
    for (let packet = this.#queue.shift(); packet; packet = this.#queue.shift()) {
      const node = this.#nodes.get(keyOf(packet.to));
      const result = node && parseDatagram(packet.bytes, this.#limits);
      if (!node || !result) continue;
      const flow = { transport: node.transport, remote: packet.from };
      if (result.ok) node.listener.onMessage(result.message, flow);
      else node.listener.onParseError(result.error, flow);
    }
  }

  /** Start lines of what was sent since the last call, such as "INVITE" and "200 INVITE". */
  takeSummary(): string[] {
    return this.sent.splice(0).map(summarize);
  }
}

/** "INVITE" for a request, "200 INVITE" for a response. */
export function summarize(message: SipMessage): string {
  if (message.kind === 'request') return message.method;
  const cseq = message.headers.find((header) => header.name === 'CSeq')?.value ?? '';
  return `${message.status} ${cseq.split(' ')[1] ?? ''}`;
}

class FakeTransport implements SipTransport {
  readonly protocol: 'udp' | 'tcp';
  readonly local: { readonly address: string; readonly port: number };
  readonly connections = 0;
  readonly #network: FakeNetwork;
  readonly #listener: TransportListener;

  constructor(network: FakeNetwork, binding: SipBinding, listener: TransportListener) {
    this.#network = network;
    this.protocol = binding.transport;
    this.local = { address: binding.address, port: binding.port };
    this.#listener = listener;
  }

  open(): Promise<void> {
    this.#network.attach(this.#self, this, this.#listener);
    return Promise.resolve();
  }

  isConnected(): boolean {
    return true;
  }

  send(bytes: Buffer, remote: SipRemote, _onError: (error: SipError) => void): void {
    this.#network.send(bytes, this.#self, remote);
  }

  close(): Promise<void> {
    this.#network.detach(this.#self);
    return Promise.resolve();
  }

  get #self(): SipRemote {
    return { transport: this.protocol, ...this.local };
  }
}

function keyOf(remote: SipRemote): string {
  return `${remote.transport}|${remote.address}|${remote.port}`;
}
