import type { WebSocket } from 'ws';

import type { Outgoing } from './protocol.js';

/** One WebSocket as a session sees it; the other end is untrusted. */
export interface SocketPeer {
  /** Octets given to `send` that have not left the process. */
  readonly bufferedBytes: number;
  /** Without effect when the connection is closing; a `Uint8Array` must not be changed afterwards. */
  send(data: Outgoing): void;
  /** Starts the closing handshake (RFC 6455 7.1.2). */
  close(code: number, reason: string): void;
  /** Cuts the connection. */
  terminate(): void;
}

/** What comes from the other end. */
export interface SocketPeerListener {
  onText(text: string): void;
  /** Valid until the call returns. */
  onBinary(octets: Uint8Array): void;
  /** A ping or pong came. */
  onControl(): void;
  /** The other end broke the protocol (RFC 6455); the connection is being closed with the right code. */
  onBroken(err: Error): void;
  /** Exactly once, as the last. */
  onClosed(): void;
}

/** Drives a `ws` WebSocket: the only file that knows its events. */
export class WsPeer implements SocketPeer {
  readonly #socket: WebSocket;

  constructor(socket: WebSocket) {
    this.#socket = socket;
  }

  /** Starts to tell what comes; once. */
  listen(listener: SocketPeerListener): void {
    const socket = this.#socket;
    socket.on('message', (data, isBinary) => {
      // `nodebuffer` is the default of ws: data is one Buffer, however many fragments it came in.
      const octets = data as Buffer;
      if (isBinary) listener.onBinary(octets);
      else listener.onText(octets.toString('utf8'));
    });
    socket.on('ping', () => listener.onControl());
    socket.on('pong', () => listener.onControl());
    socket.on('error', (err) => listener.onBroken(err));
    socket.on('close', () => listener.onClosed());
  }

  get bufferedBytes(): number {
    return this.#socket.bufferedAmount;
  }

  send(data: Outgoing): void {
    if (this.#socket.readyState !== this.#socket.OPEN) return;
    // A failure to send is followed by 'close', which says all.
    this.#socket.send(data, ignoreFailure);
  }

  close(code: number, reason: string): void {
    this.#socket.close(code, reason);
  }

  terminate(): void {
    this.#socket.terminate();
  }
}

function ignoreFailure(): void {
  // See `send`.
}
