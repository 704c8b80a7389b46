import type { Providers } from '../stats/readings.js';
import type { NodeParts } from './parley-node.js';

/** Where `/metrics` reads its gauges: the parts of the node, once they exist. */
export function nodeReadings(parts: () => NodeParts | null): Providers {
  const of = (): NodeParts => {
    const found = parts();
    if (!found) throw new Error('the node is still starting');
    return found;
  };
  return {
    cache: () => of().tiers.cache.stats(),
    media: () => of().watch.reading(),
    sip: () => {
      const stats = of().userAgent.stats();
      return {
        messagesReceived: stats.messagesIn,
        messagesSent: stats.messagesOut,
        malformed: stats.parseErrors,
        transactions: stats.transactions,
        calls: stats.dialogs,
        connections: stats.tcpConnections,
      };
    },
    mrcp: () => {
      const stats = of().mrcp.stats();
      return {
        connections: stats.connections,
        sessions: stats.sessions,
        channels: stats.channels,
        requests: stats.requests,
        refusedRequests: stats.failedRequests,
      };
    },
    audioSockets: () => {
      const { audioSockets, host } = of();
      const { framesIn, framesOut, framesDropped, endings, refusals } = audioSockets;
      return { streams: host.openFrameStreams, framesIn, framesOut, framesDropped, endings, refusals };
    },
    chat: () => of().chat.readings().socket,
    routing: () => {
      const {
        cachedLookups: _cached,
        connected,
        devices,
        livingNodes,
        probeMs: _probe,
        waitingEnvelopes,
        ...events
      } = of().chat.readings().routing;
      return { connected, devices, livingNodes, waitingEnvelopes, events };
    },
    webhooks: () => of().chat.readings().webhooks,
    turns: () => of().turns?.stats ?? null,
    sessions: () => {
      const { chat, table } = of();
      return {
        call: table.count('call'),
        mrcp: table.count('mrcp'),
        media: table.count('media'),
        chat: chat.running,
      };
    },
  };
}
