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
    turns: () => of().turns?.stats ?? null,
    sessions: () => {
      const { table } = of();
      return { call: table.count('call'), mrcp: table.count('mrcp') };
    },
  };
}
