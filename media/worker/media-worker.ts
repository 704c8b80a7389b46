import { performance } from 'node:perf_hooks';
import { parentPort, workerData, type MessagePort } from 'node:worker_threads';
import { systemRandom } from '../../config/random.js';
import { FrameCredit } from '../frames/frame-credit.js';
import { FrameOutbox, readFrames } from '../frames/frame-outbox.js';
import { Ticker } from '../pipeline/ticker.js';
import { FvadFactory } from '../pipeline/vad.js';
import { SpeechError } from '../speech/errors.js';
import { AbsoluteClock } from './absolute-clock.js';
import { EngineTable } from './engine-table.js';
import {
  toErrorData,
  type FromWorker,
  type ReplyValue,
  type StreamEvent,
  type ToWorker,
  type WorkerQuery,
  type ThreadSettings,
  type WorkerSnapshot,
} from './protocol.js';
import { StreamTable } from './stream-table.js';
import type { StreamDependencies } from './worker-stream.js';

/** The entry of a media thread: answers the host's messages until it is told to shut down. */
class MediaWorker {
  readonly #port: MessagePort;
  readonly #clock = new AbsoluteClock();
  readonly #engines = new EngineTable();
  readonly #ticker: Ticker;
  readonly #vads: FvadFactory;
  readonly #streams: StreamTable;
  readonly #outbox: FrameOutbox;
  readonly #incoming: FrameCredit;
  #utilization = performance.eventLoopUtilization();

  constructor(port: MessagePort, settings: ThreadSettings, vads: FvadFactory) {
    this.#port = port;
    this.#vads = vads;
    this.#ticker = new Ticker(this.#clock, (error) =>
      this.#log('error', 'media tick failed', { err: String(error) }),
    );
    this.#incoming = new FrameCredit(settings.frameCredit, 'to-worker');
    this.#outbox = new FrameOutbox({
      credit: new FrameCredit(settings.frameCredit, 'to-main'),
      post: (batch) => this.#port.postMessage({ type: 'frames', batch } satisfies FromWorker, [batch.buffer]),
      defer: setImmediate,
    });
    const deps: StreamDependencies = {
      clock: this.#clock,
      random: systemRandom,
      ticker: this.#ticker,
      vads,
      engines: this.#engines,
      jitterMs: settings.jitterMs,
      emit: (event) => this.#tell(event),
      warn: (message, fields) => this.#log('warn', message, fields),
    };
    this.#streams = new StreamTable(settings.ports, this.#clock, deps, this.#outbox);
    for (const spec of settings.engines)
      this.#engines.load(spec).then(
        () => this.#post({ type: 'engine', name: spec.name, state: 'ready', error: null }),
        (error: unknown) =>
          this.#post({ type: 'engine', name: spec.name, state: 'unavailable', error: toErrorData(error) }),
      );
  }

  /** Takes one message; what fails is answered or logged, never thrown. */
  handle(message: ToWorker): void {
    if (message.type === 'frames') {
      this.#incoming.take(message.batch.length);
      readFrames(message.batch, this.#receiveFrame);
      return;
    }
    if ('request' in message) {
      const { request } = message;
      this.#answer(message).then(
        (value) => this.#post({ type: 'reply', request, value, error: null }),
        (error: unknown) => this.#post({ type: 'reply', request, value: null, error: toErrorData(error) }),
      );
      return;
    }
    try {
      this.#streams.handle(message);
    } catch (error) {
      this.#log('error', 'media command failed', { command: message.type, err: String(error) });
    }
  }

  readonly #receiveFrame = (stream: number, packet: Uint8Array): void => {
    try {
      this.#streams.receive(stream, packet);
    } catch (error) {
      this.#log('error', 'media frame failed', { stream, err: String(error) });
    }
  };

  /** What was sent before an event is known before it: after `play-ended` no frame of that prompt follows. */
  #tell(event: StreamEvent): void {
    this.#outbox.flush();
    this.#post(event);
  }

  async #answer(message: WorkerQuery): Promise<ReplyValue> {
    switch (message.type) {
      case 'open':
        return {
          type: 'opened',
          stream: message.stream,
          localPort: await this.#streams.open(message.stream, message.options),
        };
      case 'close': {
        const stats = await this.#streams.close(message.stream);
        if (!stats) throw new SpeechError('unavailable', `stream ${message.stream} is not open`, false);
        return { type: 'closed', stats };
      }
      case 'snapshot':
        return { type: 'snapshot', snapshot: this.#snapshot() };
      case 'shutdown':
        await this.#shutdown();
        return { type: 'done' };
    }
  }

  #snapshot(): WorkerSnapshot {
    const now = performance.eventLoopUtilization();
    const { utilization } = performance.eventLoopUtilization(now, this.#utilization);
    this.#utilization = now;
    const { sent, received } = this.#streams.packets;
    return {
      streams: this.#streams.size,
      packetsSent: sent,
      packetsReceived: received,
      lateness: this.#ticker.takeLateness(),
      droppedTicks: this.#ticker.droppedTicks,
      eventLoopUtilization: utilization,
      portsTaken: this.#streams.portsTaken,
      openDetectors: this.#vads.openDetectors,
    };
  }

  async #shutdown(): Promise<void> {
    await this.#streams.closeAll();
    this.#ticker.close();
    await this.#engines.close();
    this.#port.unref();
  }

  #log(level: 'info' | 'warn' | 'error', message: string, fields: Readonly<Record<string, unknown>>): void {
    this.#post({ type: 'log', level, message, fields });
  }

  #post(message: FromWorker): void {
    this.#port.postMessage(message);
  }
}

if (parentPort) {
  const port = parentPort;
  // Node types workerData as any; the host is the only one who starts this file.
  const worker = new MediaWorker(port, workerData as ThreadSettings, await FvadFactory.load());
  port.on('message', (message: ToWorker) => worker.handle(message));
  port.postMessage({ type: 'ready' } satisfies FromWorker);
}
