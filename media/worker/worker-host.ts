import type { Clock, Timer } from '../../config/clock.js';
import { mediaLimits } from '../../config/limits.js';
import type { Logger } from '../../config/logger.js';
import { frameRemote } from '../frames/frame-transport.js';
import { defaultJitterMs } from '../rtp/jitter-buffer.js';
import { partitionPorts, type PortRange } from '../rtp/port-pool.js';
import { SpeechError } from '../speech/errors.js';
import { absoluteNowMs } from './absolute-clock.js';
import { engineLoadMs } from './engine-table.js';
import { HostFrameStream } from './host-frame-stream.js';
import { HostStream, type HostStreamDependencies } from './host-stream.js';
import type {
  FrameHost,
  FrameListener,
  FrameStream,
  FrameStreamOptions,
  MediaHost,
  MediaStream,
  RtpCodec,
  StreamOptions,
} from './media-host.js';
import type { EngineSpec, EngineState, WorkerSnapshot } from './protocol.js';
import { WorkerSlot } from './worker-slot.js';

export interface WorkerMediaHostOptions {
  /** Threads; one per core that media may have, at least 1. */
  readonly workers: number;
  /** Divided among the workers; each stream takes an even port. */
  readonly rtpPorts: PortRange;
  /** Recognisers that every worker loads. */
  readonly engines: readonly EngineSpec[];
  /** Jitter-buffer delay before the network is known, 0 to 60; 40 unless given. */
  readonly jitterMs?: number;
}

export interface WorkerMediaHostDependencies {
  readonly logger: Logger;
  readonly clock: Clock;
  /** A thread ended by itself; its streams were closed and it is being started again. */
  readonly onWorkerLost: (worker: number, reason: string) => void;
}

/** Dynamic (RFC 3551 6): nobody but the two threads sees it. */
const framePayloadType = 96;

/** One thread's numbers; null while it is being restarted. */
export type WorkerMetrics = WorkerSnapshot | null;

/**
 * Runs RTP on worker threads: each stream lives on the worker that had the fewest when it was opened.
 *
 * A thread that dies takes its streams with it (`onClosed`) and is started again; the others do not notice.
 */
export class WorkerMediaHost implements MediaHost, FrameHost {
  readonly #slots: readonly WorkerSlot[];
  readonly #streams = new Map<number, { readonly stream: HostStream; readonly slot: WorkerSlot }>();
  readonly #frameStreams = new Map<number, HostFrameStream>();
  readonly #deps: WorkerMediaHostDependencies;
  #nextStream = 1;
  #closing: Promise<void> | null = null;

  private constructor(options: WorkerMediaHostOptions, deps: WorkerMediaHostDependencies) {
    this.#deps = deps;
    const { engines, rtpPorts, jitterMs = defaultJitterMs } = options;
    this.#slots = Array.from(
      { length: options.workers },
      (_, index) =>
        new WorkerSlot(
          index,
          { engines, jitterMs, ports: partitionPorts(rtpPorts, index, options.workers) },
          {
            clock: deps.clock,
            logger: deps.logger.child({ mediaWorker: index }),
            onEvent: (event) => this.#streams.get(event.stream)?.stream.handle(event),
            onFrame: (stream, packet) => this.#frameStreams.get(stream)?.takePacket(packet),
            onLost: (reason) => this.#loseWorker(index, reason),
          },
        ),
    );
  }

  /**
   * Starts the threads and waits until each can open streams and every engine is ready or unavailable (at most 30 s).
   * Rejects with SpeechError `unavailable` when a thread does not start, `bad-input` for options that cannot work.
   */
  static async start(
    options: WorkerMediaHostOptions,
    deps: WorkerMediaHostDependencies,
  ): Promise<WorkerMediaHost> {
    const { workers, rtpPorts, jitterMs = defaultJitterMs } = options;
    if (!(jitterMs >= 0 && jitterMs <= mediaLimits.jitterBufferMs))
      throw new SpeechError('bad-input', `jitterMs is ${jitterMs}; give 0 to ${mediaLimits.jitterBufferMs}`);
    if (!Number.isInteger(workers) || workers < 1)
      throw new SpeechError('bad-input', `workers is ${workers}; give at least 1`);
    if (partitionPorts(rtpPorts, 0, workers).to <= rtpPorts.from)
      throw new SpeechError(
        'bad-input',
        `rtpPorts ${rtpPorts.from} to ${rtpPorts.to} are too few for ${workers} workers`,
      );
    const host = new WorkerMediaHost(options, deps);
    try {
      await Promise.all(host.#slots.map((slot) => slot.started()));
      await host.#enginesSettled();
    } catch (error) {
      await host.close();
      throw error;
    }
    return host;
  }

  get openStreams(): number {
    return this.#streams.size;
  }

  get openFrameStreams(): number {
    return this.#frameStreams.size;
  }

  /** True while at least one worker can open streams. */
  get ready(): boolean {
    return this.#slots.some((slot) => slot.ready);
  }

  /** Engines by name, as they are on the first worker that runs (all load the same). */
  get engines(): ReadonlyMap<string, EngineState> {
    return (
      (this.#slots.find((slot) => slot.ready) ?? this.#slots[0])?.engines ?? new Map<string, EngineState>()
    );
  }

  openStream(options: StreamOptions, onClosed: (reason: string) => void): Promise<MediaStream> {
    return this.#openAnywhere((slot) =>
      this.#openOn(slot, options, (id, port, deps) => new HostStream(id, port, onClosed, deps)),
    );
  }

  async openFrames(options: FrameStreamOptions, listener: FrameListener): Promise<FrameStream> {
    const codec: RtpCodec = {
      encoding: options.encoding,
      payloadType: framePayloadType,
      clockRateHz: options.sampleRateHz,
      ptimeMs: 20,
    };
    const streamOptions: StreamOptions = {
      sessionId: options.sessionId,
      localAddress: '',
      codec,
      remote: frameRemote,
      direction: 'sendrecv',
      continuous: false,
      frames: { leadMs: options.leadMs },
    };
    const stream = await this.#openAnywhere((slot) =>
      this.#openOn(
        slot,
        streamOptions,
        (id, _port, deps) =>
          new HostFrameStream(id, codec, listener, (packet) => slot.sendFrame(id, packet), deps),
      ),
    );
    this.#frameStreams.set(stream.id, stream);
    return stream;
  }

  async #openAnywhere<T>(open: (slot: WorkerSlot) => Promise<T>): Promise<T> {
    if (this.#closing) throw new SpeechError('unavailable', 'media host is closed');
    const slots = this.#slots
      .filter((slot) => slot.ready)
      .sort((a, b) => Number(a.silent) - Number(b.silent) || a.load - b.load);
    let refusal = new SpeechError('capacity', 'no media worker is running');
    for (const slot of slots) {
      try {
        return await open(slot);
      } catch (error) {
        // A worker that is full, hangs or just died is a reason to ask the next one; wrong options are not.
        if (!(error instanceof SpeechError) || !error.retryable) throw error;
        refusal = error;
      }
    }
    throw refusal;
  }

  /** Numbers of every worker since the last call; a worker that does not answer in time gives null. */
  async metrics(): Promise<readonly WorkerMetrics[]> {
    return Promise.all(this.#slots.map((slot) => slot.snapshot()));
  }

  /** Closes all streams and ends the threads; idempotent. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #openOn<T extends HostStream>(
    slot: WorkerSlot,
    options: StreamOptions,
    create: (id: number, port: number, deps: HostStreamDependencies) => T,
  ): Promise<T> {
    const id = this.#nextStream++;
    slot.load++;
    let localPort: number;
    try {
      localPort = await slot.open(id, options);
    } catch (error) {
      slot.load--;
      throw error;
    }
    const { clock } = this.#deps;
    const stream = create(id, localPort, {
      post: (command) => slot.post(command),
      requestClose: () => slot.closeStream(id),
      toClockMs: (absoluteMs) => absoluteMs - absoluteNowMs() + clock.nowMs(),
      onFault: (err) =>
        this.#deps.logger.error('a stream listener failed, the stream is closed', { stream: id, err }),
      onGone: () => {
        slot.load--;
        this.#streams.delete(id);
        this.#frameStreams.delete(id);
      },
    });
    this.#streams.set(id, { stream, slot });
    return stream;
  }

  #loseWorker(index: number, reason: string): void {
    const slot = this.#slots[index];
    for (const entry of [...this.#streams.values()]) if (entry.slot === slot) entry.stream.lose(reason);
    this.#deps.onWorkerLost(index, reason);
  }

  async #enginesSettled(): Promise<void> {
    let timer: Timer | null = null;
    const deadline = new Promise<void>((resolve) => {
      timer = this.#deps.clock.setTimer(resolve, engineLoadMs);
    });
    await Promise.race([deadline, Promise.all(this.#slots.map((slot) => slot.enginesSettled()))]);
    (timer as Timer | null)?.cancel();
  }

  async #close(): Promise<void> {
    await Promise.all([...this.#streams.values()].map(({ stream }) => stream.close()));
    await Promise.all(this.#slots.map((slot) => slot.close()));
  }
}
