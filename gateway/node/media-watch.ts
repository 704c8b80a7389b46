import type { Clock, Timer } from '../../config/clock.js';
import type { Logger } from '../../config/logger.js';
import type { StreamStats } from '../../media/worker/media-host.js';
import type { WorkerMediaHost, WorkerMetrics } from '../../media/worker/worker-host.js';
import type { MediaReading } from '../stats/readings.js';

const pollMs = 2_000;

/** Keeps the media workers' numbers at hand, so that a scrape never waits for a thread. */
export class MediaWatch {
  readonly #host: WorkerMediaHost;
  readonly #clock: Clock;
  readonly #logger: Logger;
  #latest: readonly WorkerMetrics[] = [];
  #closedStreams = { lost: 0, late: 0, underruns: 0, strangers: 0, malformed: 0 };
  #packets = { sent: 0, received: 0 };
  #timer: Timer | null = null;
  #stopped = false;

  constructor(host: WorkerMediaHost, deps: { readonly clock: Clock; readonly logger: Logger }) {
    this.#host = host;
    this.#clock = deps.clock;
    this.#logger = deps.logger;
  }

  start(): void {
    this.#host.metrics().then(
      (latest) => this.#take(latest),
      (err: unknown) => this.#logger.warn('media workers gave no numbers', { err }),
    );
    if (!this.#stopped) this.#timer = this.#clock.setTimer(() => this.start(), pollMs);
  }

  stop(): void {
    this.#stopped = true;
    this.#timer?.cancel();
  }

  /** Counters of a stream that ended. */
  streamEnded(stats: StreamStats): void {
    this.#closedStreams.lost += stats.lost;
    this.#closedStreams.late += stats.late;
    this.#closedStreams.underruns += stats.underruns;
    this.#closedStreams.strangers += stats.strangers;
    this.#closedStreams.malformed += stats.malformed;
  }

  /** Highest share of a worker thread in use, 0 to 1. */
  get busiest(): number {
    return Math.max(0, ...this.#latest.map((worker) => worker?.eventLoopUtilization ?? 0));
  }

  reading(): MediaReading {
    return {
      streams: this.#host.openStreams - this.#host.openFrameStreams,
      packetsSent: this.#packets.sent,
      packetsReceived: this.#packets.received,
      ...this.#closedStreams,
      workers: this.#latest.map((worker, index) => ({
        name: String(index),
        tickLatenessMs: worker?.lateness.p99Ms ?? 0,
      })),
    };
  }

  #take(latest: readonly WorkerMetrics[]): void {
    this.#latest = latest;
    let sent = 0;
    let received = 0;
    for (const worker of latest) {
      sent += worker?.packetsSent ?? 0;
      received += worker?.packetsReceived ?? 0;
    }
    this.#packets = { sent, received };
  }
}
