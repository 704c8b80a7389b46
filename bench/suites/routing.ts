import type { ChildProcess } from 'node:child_process';

import { RedisServer } from '../../gateway/testing/redis-server.js';
import { nextMessage } from '../children.js';
import { pause } from '../client/pause.js';
import { figure, type SuiteResult } from '../figure.js';
import type { NodeJob, NodeReport, Way } from '../routing-node.js';
import { median, summarize } from '../statistics.js';
import type { Suite } from '../suite.js';

const perSecond = 1_000;
const timeoutMs = 60_000;
const ways: readonly Way[] = ['parley', 'bare'];

/** What one way did in one round. */
interface Round {
  readonly latencies: readonly number[];
  readonly sendCpuUs: number;
  readonly receiveCpuUs: number;
  readonly lost: number;
}

/** Chat messages from node to node through a Redis of this machine, against bare publishing at the same rate. */
export const routingSuite: Suite = {
  name: 'routing',
  about: 'a chat message node -> Redis -> node, and claims (needs redis-server)',
  maxSeconds: 180,
  measuresPeers: false,
  run: async ({ children, options, print }) => {
    const redis = await RedisServer.start();
    try {
      const [a, b] = [children.startHelper('./routing-node.js'), children.startHelper('./routing-node.js')];
      await ask(a, { job: 'open', nodeId: 'a', redisPort: redis.port });
      await ask(b, { job: 'open', nodeId: 'b', redisPort: redis.port });
      await ask(b, { job: 'seat' });
      const messages = options.quick ? 500 : 5_000;
      const rounds: Record<Way, Round[]> = { parley: [], bare: [] };
      for (const way of ways) await runRound(a, b, way, 1_000);
      for (let round = 0; round < (options.quick ? 1 : 4); round++) {
        print(`round ${round + 1}: ${messages} messages each way at ${perSecond} a second`);
        // Turn about, so that neither way always has the quieter half.
        for (const way of round % 2 === 0 ? ways : ways.toReversed())
          rounds[way].push(await runRound(a, b, way, messages));
      }
      const claims = options.quick ? 2_000 : 20_000;
      print(`${claims} claims`);
      const claimed = await ask(a, { job: 'claim', claims });
      return report(rounds, claims, claimed);
    } finally {
      await redis.close();
    }
  },
};

async function runRound(a: ChildProcess, b: ChildProcess, way: Way, messages: number): Promise<Round> {
  await ask(b, { job: 'collect' });
  const sent = await ask(a, { job: 'send', way, messages, perSecond });
  await pause(100);
  const { latencies, cpuMs } = await ask(b, { job: 'collect' });
  return {
    latencies,
    sendCpuUs: (sent.cpuMs * 1_000) / messages,
    receiveCpuUs: (cpuMs * 1_000) / messages,
    lost: messages - latencies.length,
  };
}

async function ask(child: ChildProcess, job: NodeJob): Promise<NodeReport> {
  const answered = nextMessage(child, timeoutMs);
  child.send(job);
  return (await answered) as NodeReport;
}

function report(rounds: Record<Way, readonly Round[]>, claims: number, claimed: NodeReport): SuiteResult {
  const ours = rounds.parley;
  const bare = rounds.bare;
  const all = (of: readonly Round[]): readonly number[] => of.flatMap(({ latencies }) => latencies);
  const [p, q] = [summarize(all(ours)), summarize(all(bare))];
  const middle = (of: readonly Round[], value: (round: Round) => number): number => median(of.map(value));
  const lost = ours.reduce((sum, round) => sum + round.lost, 0);
  return {
    suite: 'routing',
    figures: [
      figure('routed message, p50', p.p50, 'ms', { bar: 1.5 * q.p50, baseline: q.p50 }),
      figure('routed message, p99', p.p99, 'ms', { baseline: q.p99 }),
      figure(
        'processor time to send one',
        middle(ours, ({ sendCpuUs }) => sendCpuUs),
        'us',
        {
          baseline: middle(bare, ({ sendCpuUs }) => sendCpuUs),
        },
      ),
      figure(
        'processor time to receive one',
        middle(ours, ({ receiveCpuUs }) => receiveCpuUs),
        'us',
        {
          baseline: middle(bare, ({ receiveCpuUs }) => receiveCpuUs),
        },
      ),
      figure('messages lost', lost, 'messages', { bar: 0 }),
      figure('claims', (claims * 1_000) / claimed.elapsedMs, 'a second'),
      figure('processor time of a claim', (claimed.cpuMs * 1_000) / claims, 'us'),
    ],
    distributions: [
      { name: 'routed message', unit: 'ms', values: all(ours) },
      { name: 'bare message', unit: 'ms', values: all(bare) },
    ],
    notes: [],
  };
}
