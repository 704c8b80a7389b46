import { findPostgres } from '../../gateway/testing/postgres-server.js';
import { RedisServer } from '../../gateway/testing/redis-server.js';
import { BenchTree } from '../chat-cluster/bench-tree.js';
import { SharedStores } from '../chat-cluster/cluster.js';
import { measureRouted, type Measured } from '../chat-cluster/routed.js';
import { measureStorm } from '../chat-cluster/storm.js';
import { measureTurns } from '../chat-cluster/turns.js';
import type { Suite } from '../suite.js';

/** Nodes of one cluster with everything between client and client: sockets, log, routing. */
export const chatClusterSuite: Suite = {
  name: 'chat-cluster',
  about: 'messages from node to node, thousands that reconnect, and turns (needs redis-server)',
  maxSeconds: 240,
  measuresPeers: false,
  run: async (context) => {
    const tree = new BenchTree();
    const redis = await RedisServer.start();
    let stores: SharedStores | null = null;
    try {
      if (findPostgres()) stores = await SharedStores.start(redis);
      const parts: Measured[] = [await measureTurns(context, tree.path)];
      if (stores) parts.push(await measureStorm(context, tree.path, stores));
      parts.push(await measureRouted(context, tree.path, redis, stores));
      const warnings = context.children.serverWarnings();
      // They drain while what they are connected to still answers.
      await context.children.stopAll();
      return {
        suite: 'chat-cluster',
        figures: parts.flatMap(({ figures }) => figures),
        distributions: parts.flatMap(({ distributions }) => distributions),
        charts: parts.flatMap(({ charts }) => charts),
        notes: [...parts.flatMap(({ notes }) => notes), ...warnings],
      };
    } finally {
      await stores?.close();
      await redis.close();
      tree.remove();
    }
  },
};
