import type { Clock } from '../../config/clock.js';
import { mediaLimits } from '../../config/limits.js';
import { frameRemote, FrameTransport } from '../frames/frame-transport.js';
import type { FrameOutbox } from '../frames/frame-outbox.js';
import { PortPool, type PortRange } from '../rtp/port-pool.js';
import { SpeechError } from '../speech/errors.js';
import { checkStream } from './check-stream.js';
import type { StreamOptions, StreamStats } from './media-host.js';
import type { StreamCommand } from './protocol.js';
import type { PacketTransport } from './packet-transport.js';
import { RtpSocket } from './rtp-socket.js';
import { WorkerStream, type StreamDependencies } from './worker-stream.js';

/** Ports tried for one stream when others on the machine hold some of ours. */
const bindAttempts = 20;

interface OpenStream {
  readonly stream: WorkerStream;
  readonly transport: PacketTransport;
  /** Null for a frame stream. */
  readonly port: number | null;
}

/** The streams of one worker with their transports and ports. */
export class StreamTable {
  readonly #streams = new Map<number, OpenStream>();
  readonly #ports: PortPool;
  readonly #deps: StreamDependencies;
  readonly #outbox: Pick<FrameOutbox, 'add'>;
  #opening = 0;
  #packetsSentBefore = 0;
  #packetsReceivedBefore = 0;

  constructor(ports: PortRange, clock: Clock, deps: StreamDependencies, outbox: Pick<FrameOutbox, 'add'>) {
    this.#ports = new PortPool(ports, clock);
    this.#deps = deps;
    this.#outbox = outbox;
  }

  get size(): number {
    return this.#streams.size;
  }

  get portsTaken(): number {
    return this.#ports.taken;
  }

  /** RTP packets of all sockets since the start, those that closed included. */
  get packets(): { readonly sent: number; readonly received: number } {
    let sent = this.#packetsSentBefore;
    let received = this.#packetsReceivedBefore;
    for (const { stream, port } of this.#streams.values()) {
      if (port === null) continue;
      sent += stream.packetsSent;
      received += stream.packetsReceived;
    }
    return { sent, received };
  }

  /** Opens a stream and returns its port, 0 for a frame stream; rejects with SpeechError `capacity` or `unsupported`. */
  async open(id: number, options: StreamOptions): Promise<number> {
    const problem = checkStream(options);
    if (problem !== null) throw new SpeechError('unsupported', problem);
    if (this.#streams.size + this.#opening >= mediaLimits.streamsPerWorker)
      throw new SpeechError('capacity', `media worker has ${this.#streams.size} streams, its bound`);
    if (options.frames) {
      this.#openFrames(id, options);
      return 0;
    }
    this.#opening++;
    try {
      const { socket, port } = await this.#bind(id, options.localAddress);
      const stream = new WorkerStream(id, options, socket.send, this.#deps);
      this.#streams.set(id, { stream, transport: socket, port });
      return port;
    } finally {
      this.#opening--;
    }
  }

  /** Passes a command on; one for a stream that is not open has no effect. */
  handle(command: StreamCommand): void {
    this.#streams.get(command.stream)?.stream.handle(command);
  }

  /** A packet that the main thread brought; one for a stream that is not open has no effect. */
  readonly receive = (id: number, packet: Uint8Array): void => {
    this.#streams.get(id)?.stream.receive(packet, frameRemote.address, frameRemote.port);
  };

  /** Closes a stream and gives its counters, or null when it was not open. */
  async close(id: number): Promise<StreamStats | null> {
    const open = this.#streams.get(id);
    if (!open) return null;
    this.#streams.delete(id);
    const stats = open.stream.close();
    if (open.port !== null) {
      this.#packetsSentBefore += stats.packetsSent;
      this.#packetsReceivedBefore += stats.packetsReceived;
    }
    await open.transport.close();
    if (open.port === null) return { ...stats, framesDropped: open.transport.dropped };
    this.#ports.release(open.port);
    return stats;
  }

  async closeAll(): Promise<void> {
    await Promise.all([...this.#streams.keys()].map((id) => this.close(id)));
  }

  #openFrames(id: number, options: StreamOptions): void {
    const transport = new FrameTransport(id, this.#outbox);
    const stream = new WorkerStream(id, { ...options, remote: frameRemote }, transport.send, this.#deps);
    this.#streams.set(id, { stream, transport, port: null });
  }

  async #bind(id: number, address: string): Promise<{ socket: RtpSocket; port: number }> {
    let lastError: unknown = null;
    for (let attempt = 0; attempt < bindAttempts; attempt++) {
      const port = this.#ports.acquire();
      if (port === null) break;
      try {
        const socket = await RtpSocket.bind(address, port, {
          onDatagram: (bytes, from, fromPort) => this.#streams.get(id)?.stream.receive(bytes, from, fromPort),
          onError: (error) => this.#fail(id, error),
        });
        return { socket, port };
      } catch (error) {
        this.#ports.release(port);
        lastError = error;
      }
    }
    throw new SpeechError('capacity', `no free RTP port on ${address}`, true, { cause: lastError });
  }

  #fail(id: number, error: Error): void {
    this.close(id).then(
      (stats) => {
        if (stats) this.#deps.emit({ type: 'stream-failed', stream: id, reason: error.message });
      },
      (cause: unknown) => this.#deps.warn('RTP socket did not close', { stream: id, err: String(cause) }),
    );
  }
}
