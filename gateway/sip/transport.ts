import type { SipError, SipParseError } from './errors.js';
import type { SipMessage } from './message.js';
import type { SipRemote } from './user-agent-api.js';

/** Where to listen; port 0 lets the system choose. */
export interface SipBinding {
  readonly transport: 'udp' | 'tcp';
  /** An IP address; 0.0.0.0 or :: for every interface of that family. */
  readonly address: string;
  readonly port: number;
}

/** One bound socket (RFC 3261 18). Owns its connections; after `close` nothing of it is left. */
export interface SipTransport {
  readonly protocol: 'udp' | 'tcp';
  /** The bound address; its port is known once `open` has resolved. */
  readonly local: { readonly address: string; readonly port: number };
  /** Open or opening connections; 0 for UDP. */
  readonly connections: number;
  /** Rejects with SipError where the address cannot be bound. */
  open(): Promise<void>;
  /** Whether bytes for `remote` need no new connection; always true for UDP. */
  isConnected(remote: SipRemote): boolean;
  /** Sends without blocking; `onError` is called at most once, and not from within `send`. */
  send(bytes: Buffer, remote: SipRemote, onError: (error: SipError) => void): void;
  close(): Promise<void>;
}

/** Where a message came in and where its source is. */
export interface SipFlow {
  readonly transport: SipTransport;
  readonly remote: SipRemote;
}

/** Who is told what comes in. */
export interface TransportListener {
  onMessage(message: SipMessage, flow: SipFlow): void;
  onParseError(error: SipParseError, flow: SipFlow): void;
}

/** A key for tables by remote. */
export function remoteKey(remote: SipRemote): string {
  return `${remote.address}|${remote.port}`;
}
