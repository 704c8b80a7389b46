import { describe, expect, test } from 'vitest';

import { turnStages } from '../session/turn-metrics.js';
import { Metrics } from './metrics.js';
import type { Providers } from './readings.js';

const providers: Required<Providers> = {
  cache: () => ({ hits: 8, misses: 2, joined: 1, evictions: 3, entries: 4, bytes: 500 }),
  media: () => ({
    streams: 6,
    packetsSent: 100,
    packetsReceived: 90,
    lost: 5,
    late: 2,
    underruns: 1,
    strangers: 7,
    malformed: 3,
    workers: [
      { name: '0', tickLatenessMs: 1.5 },
      { name: '1', tickLatenessMs: 0 },
    ],
  }),
  sip: () => ({
    messagesReceived: 11,
    messagesSent: 12,
    malformed: 1,
    transactions: 3,
    calls: 2,
    connections: 4,
  }),
  mrcp: () => ({ connections: 1, sessions: 2, channels: 4, requests: 9, refusedRequests: 1 }),
  chat: () => ({
    connections: 7,
    waitingHello: 1,
    users: 5,
    addresses: 2,
    timers: 9,
    framesIn: 21,
    framesOut: 22,
    bytesIn: 2_100,
    bytesOut: 2_200,
    paused: 1,
    slow: 3,
    droppedSignals: 4,
    closes: { '1000': 5, '4104': 1 },
    refused: { origin: 2 },
  }),
  routing: () => ({
    connected: true,
    devices: 7,
    livingNodes: 3,
    waitingEnvelopes: 1,
    events: { claims: 8, deferred: 2 },
  }),
  audioSockets: () => ({
    streams: 2,
    framesIn: 30,
    framesOut: 20,
    framesDropped: 1,
    endings: new Map([['ended', 3]]),
    refusals: new Map([['full', 4]]),
  }),
  sessions: () => ({ voice: 2, web: 5 }),
  webhooks: () => [
    {
      hook: 'crm',
      delivered: 7,
      failed: 2,
      dead: 1,
      running: 3,
      paused: true,
      attemptSeconds: 1.5,
      delaySeconds: 4.5,
    },
  ],
  turns: () => ({ written: 30, dropped: 4 }),
};

function create(some: Providers = providers): Metrics {
  return new Metrics({ providers: some, eventLoop: { p99Ms: () => 2 }, processMetrics: false });
}

async function page(metrics: Metrics): Promise<string[]> {
  return (await metrics.text()).split('\n').filter((line) => line !== '' && !line.startsWith('#'));
}

describe('the page shows what the providers read', () => {
  test.each([
    'parley_event_loop_delay_p99_seconds 0.002',
    'parley_rtp_packets_total{direction="in"} 90',
    'parley_rtp_packets_total{direction="out"} 100',
    'parley_rtp_lost_total 5',
    'parley_rtp_late_total 2',
    'parley_rtp_underruns_total 1',
    'parley_rtp_strangers_total 7',
    'parley_rtp_malformed_total 3',
    'parley_rtp_streams 6',
    'parley_worker_tick_lateness_seconds{worker="0"} 0.0015',
    'parley_cache_requests_total{result="hits"} 8',
    'parley_cache_requests_total{result="misses"} 2',
    'parley_cache_requests_total{result="joined"} 1',
    'parley_cache_evictions_total 3',
    'parley_cache_entries 4',
    'parley_cache_bytes 500',
    'parley_sip_messages_total{direction="in"} 11',
    'parley_sip_messages_total{direction="out"} 12',
    'parley_sip_malformed_total 1',
    'parley_sip_transactions 3',
    'parley_calls 2',
    'parley_sip_connections 4',
    'parley_mrcp_requests_total 9',
    'parley_mrcp_refused_total 1',
    'parley_mrcp_connections 1',
    'parley_mrcp_sessions 2',
    'parley_mrcp_channels 4',
    'parley_chat_connections 7',
    'parley_chat_waiting_hello 1',
    'parley_chat_paused 1',
    'parley_chat_frames_total{direction="in"} 21',
    'parley_chat_frames_total{direction="out"} 22',
    'parley_chat_bytes_total{direction="in"} 2100',
    'parley_chat_bytes_total{direction="out"} 2200',
    'parley_chat_closes_total{code="4104"} 1',
    'parley_chat_refused_total{reason="origin"} 2',
    'parley_chat_slow_total 3',
    'parley_chat_dropped_signals_total 4',
    'parley_routing_connected 1',
    'parley_routing_devices 7',
    'parley_routing_nodes 3',
    'parley_routing_waiting 1',
    'parley_routing_events_total{event="deferred"} 2',
    'parley_audio_socket_streams 2',
    'parley_audio_socket_frames_total{result="in"} 30',
    'parley_audio_socket_frames_total{result="out"} 20',
    'parley_audio_socket_frames_total{result="dropped"} 1',
    'parley_audio_socket_ends_total{ending="ended"} 3',
    'parley_audio_socket_refused_total{cause="full"} 4',
    'parley_turn_log_lines_total{result="written"} 30',
    'parley_turn_log_lines_total{result="dropped"} 4',
    'parley_sessions{ingress="voice"} 2',
    'parley_sessions{ingress="web"} 5',
    'parley_webhook_attempts_total{hook="crm",result="delivered"} 7',
    'parley_webhook_attempts_total{hook="crm",result="failed"} 2',
    'parley_webhook_dead_total{hook="crm"} 1',
    'parley_webhook_attempt_seconds_total{hook="crm"} 1.5',
    'parley_webhook_delay_seconds_total{hook="crm"} 4.5',
    'parley_webhook_running{hook="crm"} 3',
    'parley_webhook_paused{hook="crm"} 1',
  ])('%s', async (line) => {
    expect(await page(create())).toContain(line);
  });
});

test('a second scrape shows the new totals, not the sum of both', async () => {
  let hits = 1;
  const metrics = create({ cache: () => ({ ...providers.cache(), hits }) });
  await metrics.text();
  hits = 5;
  expect(await page(metrics)).toContain('parley_cache_requests_total{result="hits"} 5');
});

test('each provider is read once a scrape', async () => {
  let reads = 0;
  const metrics = create({
    cache: () => {
      reads++;
      return providers.cache();
    },
  });
  await metrics.text();
  expect(reads).toBe(1);
});

test('every stage of a turn has its histogram, in seconds', async () => {
  const metrics = create();
  for (const stage of turnStages) metrics.observe(stage, 20);
  const lines = await page(metrics);
  for (const stage of turnStages) {
    expect(lines).toContain(`parley_turn_stage_seconds_bucket{le="0.01",stage="${stage}"} 0`);
    expect(lines).toContain(`parley_turn_stage_seconds_bucket{le="0.025",stage="${stage}"} 1`);
    expect(lines).toContain(`parley_turn_stage_seconds_sum{stage="${stage}"} 0.02`);
  }
});

test('counters of hot paths appear under their labels', async () => {
  const metrics = create();
  metrics.turnDecided('accept');
  metrics.speechFailed('timeout');
  const lines = await page(metrics);
  expect(lines).toContain('parley_decisions_total{zone="accept"} 1');
  expect(lines).toContain('parley_speech_errors_total{code="timeout"} 1');
});

describe('a scrape survives', () => {
  test('a provider that throws: its numbers are missing and it is counted', async () => {
    const metrics = create({
      ...providers,
      media: () => {
        throw new Error('worker gone');
      },
    });
    const lines = await page(metrics);
    expect(lines).toContain('parley_metrics_read_errors_total{provider="media"} 1');
    expect(lines).toContain('parley_cache_entries 4');
    expect(lines.some((line) => line.startsWith('parley_rtp_streams'))).toBe(false);
  });

  test('readings that are no numbers', async () => {
    const metrics = create({
      cache: () => ({ ...providers.cache(), hits: NaN, misses: -1, bytes: Infinity }),
    });
    const lines = await page(metrics);
    expect(lines).toContain('parley_cache_requests_total{result="joined"} 1');
    expect(lines.some((line) => /hits|misses|cache_bytes/.test(line))).toBe(false);
  });

  test('no providers at all', async () => {
    expect(await page(create({}))).toContain('parley_event_loop_delay_p99_seconds 0.002');
  });
});

test('the process itself is measured, each Metrics on its own', async () => {
  const first = new Metrics({ providers: {}, eventLoop: { p99Ms: () => 0 } });
  const second = new Metrics({ providers: {}, eventLoop: { p99Ms: () => 0 } });
  for (const metrics of [first, second]) {
    expect(await metrics.text()).toMatch(/^process_resident_memory_bytes \d+/m);
    expect(metrics.contentType).toMatch(/^text\/plain/);
  }
});
