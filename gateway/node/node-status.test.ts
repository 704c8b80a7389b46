import { describe, expect, test } from 'vitest';

import { loadConfig } from '../../config/load.js';
import type { Config } from '../../config/schema.js';
import { createCounts } from '../routing/readings.js';
import { SessionTable } from '../session/session-table.js';
import { treeOf, treeText } from '../session/testing/kit.js';
import { listeners, nodeStatus, type StatusParts } from './node-status.js';
import type { EngineReport } from './speech-tiers.js';
import { startUpReport } from './start-up-report.js';

function defaults(): Config {
  const { config } = loadConfig({ env: {}, cwd: '/' });
  if (!config) throw new Error('the default configuration is not usable');
  return config;
}

const config = defaults();
const scorers: StatusParts['bots']['default']['scorers'] = {
  primary: {
    name: 'none',
    prepare: () => Promise.resolve(),
    score: () => Promise.resolve([]),
    release: () => undefined,
  },
  fallback: null,
  timeoutMs: 1,
};
const english = { id: 'desk', tree: treeOf(), scorers };
const chinese = { id: 'zh', tree: treeOf(treeText.replace('en-US', 'zh-CN')), scorers };
const ears: EngineReport = {
  kind: 'recognizer',
  name: 'ears',
  languages: ['en-US'],
  available: true,
  detail: 'soundswallower',
};
const mouth: EngineReport = {
  kind: 'synthesizer',
  name: 'mouth',
  languages: ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'],
  available: true,
  detail: 'mouth',
};
const missing: EngineReport = {
  ...mouth,
  name: 'espeak',
  available: false,
  detail: 'espeak-ng is not installed; apt-get install espeak-ng',
};

const socket = {
  connections: 4,
  waitingHello: 0,
  users: 0,
  addresses: 0,
  timers: 0,
  framesIn: 0,
  framesOut: 0,
  bytesIn: 0,
  bytesOut: 0,
  paused: 0,
  slow: 0,
  droppedSignals: 0,
  closes: {},
  refused: {},
};
const routing = {
  ...createCounts(),
  connected: true,
  devices: 4,
  livingNodes: 2,
  waitingEnvelopes: 0,
  cachedLookups: 0,
  probeMs: 1,
};

function parts(): StatusParts {
  const table = new SessionTable(10);
  const entry = { callId: 'c', remote: 'r', startedAtMs: 0, end: () => undefined };
  table.add({ ...entry, id: '1', kind: 'call' });
  table.add({ ...entry, id: '2', kind: 'mrcp' });
  table.add({ ...entry, id: '3', kind: 'mrcp' });
  table.add({ ...entry, id: '4', kind: 'media' });
  return {
    config,
    table,
    version: '1.2.3',
    bots: { default: english, all: () => [english, chinese] },
    chat: {
      running: 3,
      following: 2,
      readings: () => ({ socket, routing, webhooks: [] }),
    },
    host: { openStreams: 6, openFrameStreams: 2 },
    mrcp: {
      port: 1_544,
      stats: () => ({
        connections: 1,
        sessions: 2,
        channels: 5,
        bufferedBytes: 0,
        requests: 0,
        failedRequests: 0,
        garbageLines: 0,
        malformedHeaders: 0,
        lengthMismatches: 0,
        closedConnections: {},
      }),
    },
    similarity: { report: () => ({ name: 'ngram', available: true, detail: 'in this process' }) },
    tiers: {
      cache: { stats: () => ({ entries: 7, bytes: 700 }) } as StatusParts['tiers']['cache'],
      recognizerFor: (_tier, language) => (language === 'en-US' ? 'ears' : null),
      reports: () => [ears, mouth, missing],
      speaks: (language) => language === 'en-US',
    },
    userAgent: {
      boundPorts: [
        { transport: 'udp', address: '127.0.0.1', port: 5_060 },
        { transport: 'tcp', address: '127.0.0.1', port: 5_061 },
      ],
    },
    watch: { busiest: 0.25 },
  };
}

describe('listeners', () => {
  test('are HTTP, every bound SIP port, MRCP and the RTP range', () => {
    expect(
      listeners(parts(), 8_080).map(({ protocol, transport, ports }) => `${protocol}/${transport} ${ports}`),
    ).toEqual(['http/tcp 8080', 'sip/udp 5060', 'sip/tcp 5061', 'mrcp/tcp 1544', 'rtp/udp 30000-31999']);
  });
});

describe('nodeStatus', () => {
  test('tells engines with the scorer, and the trees with the active one', () => {
    const status = nodeStatus(parts(), 8_080);
    expect(status.version).toBe('1.2.3');
    expect(status.engines.map(({ kind, name, available }) => `${kind} ${name} ${available}`)).toEqual([
      'recognizer ears true',
      'synthesizer mouth true',
      'synthesizer espeak false',
      'scorer ngram true',
    ]);
    expect(status.trees).toEqual([
      { id: 'desk', language: 'en-US', nodes: 6, active: true },
      { id: 'zh', language: 'zh-CN', nodes: 6, active: false },
    ]);
  });

  test('tells what is in use, with its bound where it has one', () => {
    const live = nodeStatus(parts(), 8_080).live;
    expect(live).toEqual([
      { label: 'Chat connections', value: 4, most: config.chat.maxConnections },
      { label: 'Chats answered here', value: 3, most: 200_000 },
      { label: 'Chats followed here', value: 2 },
      { label: 'Calls', value: 1, most: config.sip.maxCalls },
      { label: 'Audio sockets', value: 1, most: config.audioSocket.maxSessions },
      { label: 'MRCP sessions', value: 2, most: config.sip.maxCalls },
      { label: 'MRCP channels', value: 5 },
      { label: 'RTP streams', value: 4, most: 1_000 },
      { label: 'Busiest worker', value: 0.25, unit: 'percent' },
      { label: 'Prompts in the cache', value: 7 },
      { label: 'Synthesis cache', value: 700, most: 256 * 1_048_576, unit: 'bytes' },
    ]);
  });
});

describe('chats', () => {
  const clustered: Config = { ...config, redis: { ...config.redis, mode: 'sentinel' } };

  test('of a node that is alone', () => {
    expect(nodeStatus(parts(), 8_080).chat).toEqual({
      page: '/chat',
      socket: '/ws',
      store: 'sqlite',
      routing: null,
    });
  });

  test('of one node of several', () => {
    const several = { ...parts(), config: clustered };
    expect(nodeStatus(several, 8_080).chat?.routing).toEqual({ connected: true, livingNodes: 2 });
    expect(startUpReport(several, 8_080)).toContain(
      '  chats        kept in sqlite; other nodes are found through Redis, sentinel',
    );
  });

  test('that are switched off are not spoken of', () => {
    const off = {
      ...parts(),
      chat: { running: 0, following: 0, readings: () => ({ socket: null, routing, webhooks: [] }) },
    };
    const { chat, live } = nodeStatus(off, 8_080);
    expect(chat).toBeNull();
    expect(live[0]?.label).toBe('Calls');
    expect(startUpReport(off, 8_080).join('\n')).not.toMatch(/chat/i);
  });
});

describe('startUpReport', () => {
  const report = startUpReport(parts(), 8_080).join('\n');

  test.each([
    ['the version', 'Parley 1.2.3'],
    ['a listener', '  MRCPv2  tcp  127.0.0.1:1544'],
    ['an engine', '  recognizer   ears (en-US)'],
    ['many languages in short', '  synthesizer  mouth (a, b, c, d, e, f, and 2 more)'],
    [
      'what is missing and the fix',
      '  synthesizer  espeak (not available: espeak-ng is not installed; apt-get install espeak-ng)',
    ],
    ['the tree', '  tree         desk (en-US, 6 nodes)'],
    ['where to look', '  Open     http://127.0.0.1:8080/'],
    ['where chats are kept', '  chats        kept in sqlite; this node is alone'],
    ['where to chat', '  Chat     http://127.0.0.1:8080/chat, or connect an app to ws://127.0.0.1:8080/ws'],
    ['where to stream to', '  Stream   audio to ws://127.0.0.1:8080/media'],
    ['what to dial', 'sip:bot@127.0.0.1:5060 with any phone'],
    ['a language nobody hears', 'No recogniser here hears zh-CN: callers can only press keys.'],
    ['a language nobody speaks', 'No synthesiser here speaks zh-CN: prompts are silent.'],
  ])('tells %s', (_case, line) => {
    expect(report).toContain(line);
  });

  test('complains of no language that is served', () => {
    expect(report).not.toMatch(/No .* en-US/);
  });
});
