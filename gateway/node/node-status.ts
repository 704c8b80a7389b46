import { chatLimits } from '../../config/limits.js';
import { bindAddress, rtpStreams } from '../../config/network-plan.js';
import { chatPagePath } from '../http/chat-routes.js';
import type { ChatStatus, ListenerStatus, LiveNumber, StatusFacts } from '../http/status.js';
import { chatSocketPath } from '../websocket/server.js';
import type { NodeParts } from './parley-node.js';
import { shortList } from './short-list.js';

/** What the status page and the start-up report read. */
export interface StatusParts extends Pick<NodeParts, 'config' | 'table' | 'version'> {
  readonly bots: Pick<NodeParts['bots'], 'all' | 'default'>;
  readonly chat: Pick<NodeParts['chat'], 'following' | 'readings' | 'running'>;
  readonly host: Pick<NodeParts['host'], 'openFrameStreams' | 'openStreams'>;
  readonly mrcp: Pick<NodeParts['mrcp'], 'port' | 'stats'>;
  readonly similarity: Pick<NodeParts['similarity'], 'report'>;
  readonly tiers: Pick<NodeParts['tiers'], 'cache' | 'recognizerFor' | 'reports' | 'speaks'>;
  readonly userAgent: Pick<NodeParts['userAgent'], 'boundPorts'>;
  readonly watch: Pick<NodeParts['watch'], 'busiest'>;
}

/** What the status page shows, read now. */
export function nodeStatus(parts: StatusParts, httpPort: number): StatusFacts {
  const { bots, config, host, mrcp, similarity, table, tiers, watch } = parts;
  const cache = tiers.cache.stats();
  return {
    version: parts.version,
    listeners: listeners(parts, httpPort),
    engines: [
      ...tiers.reports().map((report) => ({ ...report, languages: shortList(report.languages) })),
      { kind: 'scorer', languages: ['*'], ...similarity.report() },
    ],
    trees: bots.all().map(({ id, tree }) => ({
      id,
      language: tree.language,
      nodes: tree.nodes.size,
      active: id === bots.default.id,
    })),
    chat: chatStatus(parts),
    live: [
      ...chatNumbers(parts),
      { label: 'Calls', value: table.count('call'), most: config.sip.maxCalls },
      { label: 'Audio sockets', value: table.count('media'), most: config.audioSocket.maxSessions },
      { label: 'MRCP sessions', value: table.count('mrcp'), most: config.sip.maxCalls },
      { label: 'MRCP channels', value: mrcp.stats().channels },
      { label: 'RTP streams', value: host.openStreams - host.openFrameStreams, most: rtpStreams(config) },
      { label: 'Busiest worker', value: watch.busiest, unit: 'percent' },
      { label: 'Prompts in the cache', value: cache.entries },
      {
        label: 'Synthesis cache',
        value: cache.bytes,
        most: config.speech.cache.maxMegabytes * 1_048_576,
        unit: 'bytes',
      },
    ],
  };
}

/** Null: chat is switched off. */
export function chatStatus({ chat, config }: Pick<StatusParts, 'chat' | 'config'>): ChatStatus | null {
  const { routing, socket } = chat.readings();
  if (!socket) return null;
  const { connected, livingNodes } = routing;
  return {
    page: chatPagePath,
    socket: chatSocketPath,
    store: config.store.kind,
    routing: config.redis.mode === 'none' ? null : { connected, livingNodes },
  };
}

function chatNumbers({ chat, config }: StatusParts): LiveNumber[] {
  const { socket } = chat.readings();
  if (!socket) return [];
  return [
    { label: 'Chat connections', value: socket.connections, most: config.chat.maxConnections },
    { label: 'Chats answered here', value: chat.running, most: chatLimits.sessions },
    { label: 'Chats followed here', value: chat.following },
  ];
}

/** What is bound where, in the words of the status page and of the start-up report. */
export function listeners({ config, mrcp, userAgent }: StatusParts, httpPort: number): ListenerStatus[] {
  return [
    { protocol: 'http', transport: 'tcp', address: bindAddress(config, 'http'), ports: String(httpPort) },
    ...userAgent.boundPorts.map(({ transport, address, port }): ListenerStatus => ({
      protocol: 'sip',
      transport,
      address,
      ports: String(port),
    })),
    { protocol: 'mrcp', transport: 'tcp', address: bindAddress(config, 'mrcp'), ports: String(mrcp.port) },
    {
      protocol: 'rtp',
      transport: 'udp',
      address: bindAddress(config, 'rtp'),
      ports: `${config.rtp.from}-${config.rtp.to}`,
    },
  ];
}
