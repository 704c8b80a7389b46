import { createSocket, type Socket } from 'node:dgram';
import type { RemoteAddress } from './media-host.js';
import type { PacketTransport } from './packet-transport.js';

export interface RtpSocketListener {
  onDatagram(bytes: Uint8Array, address: string, port: number): void;
  /** The socket is of no more use; `close` it. */
  onError(error: Error): void;
}

/**
 * A UDP socket of one stream.
 *
 * It is not connected: a connected one raises ECONNREFUSED whenever the far end closes first. Look-ups are answered at
 * once, because `send` otherwise puts even numeric addresses off to the next turn of the event loop, when the packet
 * buffer already holds another packet.
 */
export class RtpSocket implements PacketTransport {
  readonly dropped = 0;
  readonly #socket: Socket;

  private constructor(socket: Socket) {
    this.#socket = socket;
  }

  /** Binds `address:port`; rejects with the system's error (EADDRINUSE …). */
  static async bind(address: string, port: number, listener: RtpSocketListener): Promise<RtpSocket> {
    const family = address.includes(':') ? 6 : 4;
    const socket = createSocket({
      type: family === 6 ? 'udp6' : 'udp4',
      lookup: (hostname, _options, callback) => callback(null, hostname, family),
    });
    await new Promise<void>((resolve, reject) => {
      socket.once('error', reject);
      socket.bind({ address, port, exclusive: true }, () => {
        socket.off('error', reject);
        resolve();
      });
    });
    socket.on('error', (error) => listener.onError(error));
    socket.on('message', (bytes, { address: from, port: fromPort }) =>
      listener.onDatagram(bytes, from, fromPort),
    );
    return new RtpSocket(socket);
  }

  get port(): number {
    return this.#socket.address().port;
  }

  /**
   * Sends at once or drops: RTP does not retransmit, and an unreachable peer is no error of the stream.
   *
   * Without a callback, dgram ignores what the kernel refuses (ENETUNREACH, EPERM by a firewall), which is meant here.
   */
  readonly send = (bytes: Uint8Array, remote: RemoteAddress): void => {
    this.#socket.send(bytes, remote.port, remote.address);
  };

  async close(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#socket.close(() => resolve());
    });
  }
}
