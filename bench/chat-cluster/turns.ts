import { figure, type Figure } from '../figure.js';
import { readUsage } from '../process-usage.js';
import { summarize } from '../statistics.js';
import type { BenchContext } from '../suite.js';
import { benchSecret, startChatNode, type ChatNode } from './cluster.js';
import type { Measured } from './routed.js';
import { order } from './routed.js';

const most = 50;

interface Turns {
  readonly users: number;
  readonly acks: readonly number[];
  readonly answers: readonly number[];
  /** Of the node, for each turn; null without /proc. */
  readonly cpuUs: number | null;
  readonly perSecond: number;
}

/** A chat turn on one node with its default log in a file: message, acknowledgement, the bot's answer. */
export async function measureTurns(context: BenchContext, tree: string): Promise<Measured> {
  context.print('chat turns on one node: SQLite, and the log in memory as the baseline');
  const [onDisk, inMemory] = await Promise.all([
    startChatNode(context, tree, { 'store.kind': 'sqlite' }),
    startChatNode(context, tree, { 'store.kind': 'memory' }),
  ]);
  const sqlite = await turnsOf(context, onDisk);
  const memory = await turnsOf(context, inMemory);
  return {
    figures: sqlite.flatMap((turns) =>
      turnFigures(
        turns,
        memory.find(({ users }) => users === turns.users),
      ),
    ),
    distributions: sqlite.map(({ answers, users }) => ({
      name: `chat turn with SQLite, message to answer, ${users} ${users === 1 ? 'user' : 'users'}`,
      unit: 'ms',
      values: answers,
    })),
    charts: [],
    notes: [],
  };
}

async function turnsOf(context: BenchContext, node: ChatNode): Promise<Turns[]> {
  const pid = node.parley.child.pid ?? null;
  const talkers = context.children.startHelper('./chat-cluster/talkers.js');
  const ports = [node.port];
  await order(talkers, { kind: 'open', dialect: 'parley', ports, users: most, secret: benchSecret });
  const factor = context.options.quick ? 1 : 5;
  await order(talkers, { kind: 'turns', users: most, turns: 4 * factor });
  const all: Turns[] = [];
  for (const users of [1, most]) {
    const turns = (users === 1 ? 100 : 10) * factor;
    const before = readUsage(pid);
    const startMs = performance.now();
    const { acks, arrivals } = await order(talkers, { kind: 'turns', users, turns });
    const seconds = (performance.now() - startMs) / 1_000;
    const after = readUsage(pid);
    const cpuUs = before && after ? ((after.cpuMs - before.cpuMs) * 1_000) / arrivals.length : null;
    all.push({ users, acks, answers: arrivals, cpuUs, perSecond: arrivals.length / seconds });
  }
  await order(talkers, { kind: 'close' });
  await context.children.stopParley(node.parley);
  return all;
}

function turnFigures(turns: Turns, memory: Turns | undefined): Figure[] {
  const title = `turn with SQLite, ${turns.users} ${turns.users === 1 ? 'user' : 'users'}`;
  const percentiles = (what: string, of: (turns: Turns) => readonly number[]): Figure[] => {
    const [ours, base] = [summarize(of(turns)), memory && summarize(of(memory))];
    return [
      figure(`${title}: message to ${what}, p50`, ours.p50, 'ms', { baseline: base?.p50 ?? null }),
      figure(`${title}: message to ${what}, p99`, ours.p99, 'ms', { baseline: base?.p99 ?? null }),
    ];
  };
  return [
    ...percentiles('ack', ({ acks }) => acks),
    ...percentiles('answer', ({ answers }) => answers),
    figure(`${title}: turns`, turns.perSecond, 'a second', { baseline: memory?.perSecond ?? null }),
    ...(turns.cpuUs === null
      ? []
      : [figure(`${title}: processor time`, turns.cpuUs, 'us', { baseline: memory?.cpuUs ?? null })]),
  ];
}
