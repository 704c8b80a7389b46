import { collectDefaultMetrics, Histogram, Registry } from 'prom-client';

import type { ServiceMetrics, ServiceResult } from '../services/services.js';
import { turnStages, type TurnMetrics, type TurnStage } from '../session/turn-metrics.js';
import type { SpeechErrorCode } from '../../media/speech/errors.js';
import { LabelledCounter } from './counters.js';
import { registerEdges } from './edge-metrics.js';
import type { EventLoopGauge } from './event-loop-gauge.js';
import { MetricCollector, only } from './metric-collector.js';
import type { Providers, Readings } from './readings.js';

export interface MetricsOptions {
  readonly providers: Providers;
  readonly eventLoop: Pick<EventLoopGauge, 'p99Ms'>;
  /** CPU, memory and garbage collection of the process; true unless a test says otherwise. */
  readonly processMetrics?: boolean;
}

const stageBuckets = [0.001, 0.0025, 0.005, 0.01, 0.02, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

const providerNames = [
  'cache',
  'media',
  'sip',
  'mrcp',
  'chat',
  'routing',
  'audioSockets',
  'sessions',
  'webhooks',
  'turns',
] as const satisfies readonly (keyof Providers)[];

/**
 * What `/metrics` shows.
 *
 * Hot paths only touch plain counters; gauges and the counters of other parts are read from `providers` when a scrape
 * asks. A provider that throws loses its own numbers and is counted, never the whole scrape.
 */
export class Metrics implements TurnMetrics, ServiceMetrics {
  readonly #decisions = new LabelledCounter();
  readonly #speechErrors = new LabelledCounter();

  readonly #registry = new Registry();
  readonly #collector = new MetricCollector(this.#registry);
  readonly #stages: Readonly<Record<TurnStage, { observe(seconds: number): void }>>;
  readonly #serviceCalls: Histogram<'service' | 'result'>;
  readonly #options: MetricsOptions;
  #readings: Readings = {};
  readonly #failedReads = new LabelledCounter();

  constructor(options: MetricsOptions) {
    this.#options = options;
    if (options.processMetrics ?? true) collectDefaultMetrics({ register: this.#registry });
    this.#stages = this.#createStages();
    this.#serviceCalls = new Histogram({
      name: 'parley_service_call_seconds',
      help: 'Calls of back-office systems, waiting and retries included, by what became of them.',
      labelNames: ['service', 'result'],
      buckets: stageBuckets,
      registers: [this.#registry],
    });
    this.#collector.gauge('parley_event_loop_delay_p99_seconds', 'How late the event loop runs.', [], () => [
      [{}, options.eventLoop.p99Ms() / 1_000],
    ]);
    this.#labelled('parley_decisions_total', 'Decisions of dialog trees.', 'zone', this.#decisions);
    this.#labelled('parley_speech_errors_total', 'Failures of speech engines.', 'code', this.#speechErrors);
    this.#labelled(
      'parley_metrics_read_errors_total',
      'Readings that failed while this page was made.',
      'provider',
      this.#failedReads,
    );
    this.#registerMedia();
    this.#registerCache();
    this.#registerSignalling();
    registerEdges(this.#collector, () => this.#readings);
  }

  /** Records how long a stage of a turn took; one histogram update. */
  observe(stage: TurnStage, milliseconds: number): void {
    this.#stages[stage].observe(milliseconds / 1_000);
  }

  turnDecided(zone: string): void {
    this.#decisions.increment(zone);
  }

  speechFailed(code: SpeechErrorCode): void {
    this.#speechErrors.increment(code);
  }

  /** `service` is a name of the configuration, so that labels stay few. */
  serviceCalled(service: string, result: ServiceResult, milliseconds: number): void {
    this.#serviceCalls.labels(service, result).observe(milliseconds / 1_000);
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  /** The page in Prometheus' text format. */
  text(): Promise<string> {
    this.#readings = this.#readAll();
    return this.#registry.metrics();
  }

  #createStages() {
    const histogram = new Histogram({
      name: 'parley_turn_stage_seconds',
      help: 'Time of each stage of a voice turn, from the end of speech to the first packet of the answer.',
      labelNames: ['stage'],
      buckets: stageBuckets,
      registers: [this.#registry],
    });
    const entries = turnStages.map((stage) => [stage, histogram.labels(stage)] as const);
    return Object.fromEntries(entries) as Record<TurnStage, (typeof entries)[number][1]>;
  }

  #registerMedia(): void {
    const read = () => this.#readings.media;
    const total = (
      name: string,
      help: string,
      pick: (reading: NonNullable<ReturnType<typeof read>>) => number,
    ) => this.#collector.counter(name, help, [], () => only(read(), pick));
    this.#collector.counter('parley_rtp_packets_total', 'RTP packets.', ['direction'], () => {
      const media = read();
      return media === undefined
        ? []
        : [
            [{ direction: 'in' }, media.packetsReceived],
            [{ direction: 'out' }, media.packetsSent],
          ];
    });
    total('parley_rtp_lost_total', 'RTP packets that never came (RFC 3550 6.4.1).', (media) => media.lost);
    total('parley_rtp_late_total', 'RTP packets that came too late to be heard.', (media) => media.late);
    total(
      'parley_rtp_underruns_total',
      'Frames the jitter buffer had nothing for.',
      (media) => media.underruns,
    );
    total(
      'parley_rtp_strangers_total',
      "RTP packets dropped because they came from another source than the call's.",
      (media) => media.strangers,
    );
    total(
      'parley_rtp_malformed_total',
      "Datagrams dropped because they are no RTP of the call's formats.",
      (media) => media.malformed,
    );
    this.#collector.gauge('parley_rtp_streams', 'RTP streams open.', [], () =>
      only(read(), (media) => media.streams),
    );
    this.#collector.gauge(
      'parley_worker_tick_lateness_seconds',
      'How late media ticks run.',
      ['worker'],
      () => (read()?.workers ?? []).map((worker) => [{ worker: worker.name }, worker.tickLatenessMs / 1_000]),
    );
  }

  #registerCache(): void {
    const read = () => this.#readings.cache;
    this.#collector.counter(
      'parley_cache_requests_total',
      'Prompts asked of the synthesis cache.',
      ['result'],
      () => {
        const cache = read();
        return cache === undefined
          ? []
          : (['hits', 'misses', 'joined'] as const).map((result) => [{ result }, cache[result]]);
      },
    );
    this.#collector.counter('parley_cache_evictions_total', 'Prompts dropped for space.', [], () =>
      only(read(), (cache) => cache.evictions),
    );
    this.#collector.gauge('parley_cache_entries', 'Prompts kept.', [], () =>
      only(read(), (cache) => cache.entries),
    );
    this.#collector.gauge('parley_cache_bytes', 'Bytes of prompts kept.', [], () =>
      only(read(), (cache) => cache.bytes),
    );
  }

  #registerSignalling(): void {
    const sip = () => this.#readings.sip;
    const mrcp = () => this.#readings.mrcp;
    this.#collector.counter('parley_sip_messages_total', 'SIP messages.', ['direction'], () => {
      const reading = sip();
      return reading === undefined
        ? []
        : [
            [{ direction: 'in' }, reading.messagesReceived],
            [{ direction: 'out' }, reading.messagesSent],
          ];
    });
    this.#collector.counter('parley_sip_malformed_total', 'SIP messages that could not be read.', [], () =>
      only(sip(), (reading) => reading.malformed),
    );
    this.#collector.gauge('parley_sip_transactions', 'SIP transactions alive.', [], () =>
      only(sip(), (reading) => reading.transactions),
    );
    this.#collector.gauge('parley_calls', 'SIP calls alive.', [], () =>
      only(sip(), (reading) => reading.calls),
    );
    this.#collector.gauge('parley_sip_connections', 'SIP TCP connections.', [], () =>
      only(sip(), (reading) => reading.connections),
    );
    this.#collector.counter('parley_mrcp_requests_total', 'MRCP requests received.', [], () =>
      only(mrcp(), (reading) => reading.requests),
    );
    this.#collector.counter('parley_mrcp_refused_total', 'MRCP requests answered with an error.', [], () =>
      only(mrcp(), (reading) => reading.refusedRequests),
    );
    this.#collector.gauge('parley_mrcp_connections', 'MRCP TCP connections.', [], () =>
      only(mrcp(), (reading) => reading.connections),
    );
    this.#collector.gauge('parley_mrcp_sessions', 'MRCP sessions.', [], () =>
      only(mrcp(), (reading) => reading.sessions),
    );
    this.#collector.gauge('parley_mrcp_channels', 'MRCP channels.', [], () =>
      only(mrcp(), (reading) => reading.channels),
    );
    this.#collector.counter('parley_turn_log_lines_total', 'Turns for the turn log.', ['result'], () => {
      const { turns } = this.#readings;
      return turns ? (['written', 'dropped'] as const).map((result) => [{ result }, turns[result]]) : [];
    });
    this.#collector.gauge('parley_sessions', 'Conversations alive.', ['ingress'], () =>
      Object.entries(this.#readings.sessions ?? {}).map(([ingress, count]) => [{ ingress }, count]),
    );
  }

  #readAll(): Readings {
    const { providers } = this.#options;
    const readings: Record<string, unknown> = {};
    for (const name of providerNames) {
      try {
        readings[name] = providers[name]?.();
      } catch {
        this.#failedReads.increment(name);
      }
    }
    return readings;
  }

  #labelled(name: string, help: string, label: string, counter: LabelledCounter): void {
    this.#collector.counter(name, help, [label], () =>
      Array.from(counter.entries(), ([value, count]) => [{ [label]: value }, count] as const),
    );
  }
}
