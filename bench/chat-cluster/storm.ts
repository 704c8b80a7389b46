import type { ChildProcess } from 'node:child_process';

import { nextMessage } from '../children.js';
import { figure, type Figure } from '../figure.js';
import { affordableConnections } from '../open-files.js';
import { readUsage } from '../process-usage.js';
import { summarize } from '../statistics.js';
import type { BenchContext } from '../suite.js';
import { benchSecret, longestDelayMs, startChatNode, type ChatNode, type SharedStores } from './cluster.js';
import type { LoopReading } from './loop-watch.js';
import type { StormOrder, StormReply } from './protocol.js';
import type { Measured } from './routed.js';

/** Clients live in so many processes. */
const herds = 2;
const deadlineMs = 40_000;
const timeoutMs = 60_000;

/** The server that everybody comes to. */
interface Refuge {
  readonly pid: number | null;
  longestDelayMs(): Promise<number>;
}

/** One wave of clients at one server. */
interface Wave {
  /** From the first loss until the last client is ready again. */
  readonly tookMs: number;
  readonly absences: readonly number[];
  readonly longestDelayMs: number;
  readonly cpuMs: number | null;
  /** Growth for each connection; null without /proc. */
  readonly memoryKb: number | null;
  readonly failed: number;
  readonly attempts: number;
}

/** A node dies with thousands of idle connections, and later another one drains; against a bare `ws` server. */
export async function measureStorm(
  context: BenchContext,
  tree: string,
  stores: SharedStores,
): Promise<Measured> {
  const wanted = context.options.quick ? 500 : 5_000;
  const count = affordableConnections(wanted);
  const bare = await bareStorm(context, count);
  const { drained, killed } = await parleyStorm(context, tree, stores, count);
  return {
    figures: [
      ...waveFigures(`${count} connections, their node killed`, killed, bare),
      ...(drained ? waveFigures(`${count} connections, their node drained over 3 s`, drained, null) : []),
    ],
    distributions: [
      { name: 'a client of a killed node, away for', unit: 'ms', values: killed.absences },
      { name: 'a client of a killed bare server, away for', unit: 'ms', values: bare.absences },
      ...(drained
        ? [{ name: 'a client of a draining node, away for', unit: 'ms', values: drained.absences }]
        : []),
    ],
    charts: [],
    notes: count < wanted ? [`${count} connections instead of ${wanted}: ulimit -n allows no more`] : [],
  };
}

function waveFigures(title: string, wave: Wave, bare: Wave | null): Figure[] {
  const { absences, attempts, cpuMs, failed, longestDelayMs: delayMs, memoryKb, tookMs } = wave;
  const each = (of: Wave): number | null => of.cpuMs && (of.cpuMs * 1_000) / of.absences.length;
  return [
    figure(`${title}: all ready again`, tookMs / 1_000, 's', { baseline: bare && bare.tookMs / 1_000 }),
    figure(`${title}: away, p99`, summarize(absences).p99 / 1_000, 's', {
      baseline: bare && summarize(bare.absences).p99 / 1_000,
    }),
    figure(`${title}: longest delay of the loop`, delayMs, 'ms', { baseline: bare && bare.longestDelayMs }),
    ...(cpuMs === null
      ? []
      : [figure(`${title}: processor time of one`, each(wave) ?? 0, 'us', { baseline: bare && each(bare) })]),
    ...(memoryKb === null
      ? []
      : [figure(`${title}: memory of one`, memoryKb, 'KB', { baseline: bare && bare.memoryKb })]),
    figure(`${title}: attempts beyond one each`, attempts - absences.length, 'attempts'),
    figure(`${title}: failed`, failed, 'clients', { bar: 0 }),
  ];
}

async function parleyStorm(
  context: BenchContext,
  tree: string,
  stores: SharedStores,
  count: number,
): Promise<{ killed: Wave; drained: Wave | null }> {
  const { children, options, print } = context;
  await stores.waitForDisk(false);
  const [a, b] = await Promise.all([
    startChatNode(context, tree, stores.settings('storm-a')),
    startChatNode(context, tree, stores.settings('storm-b')),
  ]);
  print(`${count} chat connections, then their node is killed`);
  const clients = await openHerds(context, 'parley', [a.port, b.port], count);
  const killed = await wave(clients, refuge(b), () => a.parley.child.kill('SIGKILL'));
  await children.stopParley(a.parley);
  if (options.quick) {
    await closeHerds(clients);
    return { killed, drained: null };
  }
  print(`${count} chat connections, and their node drains`);
  const again = await startChatNode(context, tree, stores.settings('storm-a'), a.port);
  const drained = await wave(clients, refuge(again), () => b.parley.child.kill('SIGTERM'));
  await children.stopParley(b.parley);
  await closeHerds(clients);
  return { killed, drained };
}

function refuge(node: ChatNode): Refuge {
  return { pid: node.parley.child.pid ?? null, longestDelayMs: () => longestDelayMs(node) };
}

async function bareStorm(context: BenchContext, count: number): Promise<Wave> {
  context.print(`${count} connections to a bare ws server, then it is killed`);
  const servers: { child: ChildProcess; port: number }[] = [];
  for (let i = 0; i < 2; i++) {
    const child = context.children.startHelper('./chat-cluster/watched-bare-server.js');
    servers.push({ child, port: ((await nextMessage(child, timeoutMs)) as { port: number }).port });
  }
  const [first, second] = servers;
  if (!first || !second) throw new Error('two bare servers are needed');
  const clients = await openHerds(context, 'bare', [first.port, second.port], count);
  const taking: Refuge = {
    pid: second.child.pid ?? null,
    longestDelayMs: async () => {
      const told = nextMessage(second.child, timeoutMs);
      second.child.kill('SIGUSR2');
      return ((await told) as LoopReading).longestMs;
    },
  };
  const seen = await wave(clients, taking, () => first.child.kill('SIGKILL'));
  await closeHerds(clients);
  return seen;
}

async function openHerds(
  { children }: BenchContext,
  dialect: 'parley' | 'bare',
  ports: readonly number[],
  count: number,
): Promise<ChildProcess[]> {
  const clients = Array.from({ length: herds }, () =>
    children.startHelper('./chat-cluster/storm-clients.js'),
  );
  const each = Math.ceil(count / herds);
  await Promise.all(
    clients.map((herd, at) =>
      order(herd, {
        kind: 'open',
        dialect,
        ports,
        firstUser: at * each,
        count: Math.min(each, count - at * each),
        secret: benchSecret,
      }),
    ),
  );
  return clients;
}

async function closeHerds(clients: readonly ChildProcess[]): Promise<void> {
  await Promise.all(clients.map((herd) => order(herd, { kind: 'close' })));
  for (const herd of clients) herd.disconnect();
}

async function wave(clients: readonly ChildProcess[], to: Refuge, begin: () => unknown): Promise<Wave> {
  const before = readUsage(to.pid);
  await to.longestDelayMs();
  const recovered = clients.map((herd) => order(herd, { kind: 'recover', deadlineMs }));
  const startMs = performance.now();
  begin();
  const replies = await Promise.all(recovered);
  const tookMs = performance.now() - startMs;
  const delayMs = await to.longestDelayMs();
  const after = readUsage(to.pid);
  const absences = replies.flatMap((reply) => reply.absences);
  return {
    tookMs,
    absences,
    longestDelayMs: delayMs,
    cpuMs: before && after ? after.cpuMs - before.cpuMs : null,
    memoryKb: before && after ? (after.rssBytes - before.rssBytes) / 1_024 / absences.length : null,
    failed: replies.reduce((sum, { failed }) => sum + failed, 0),
    attempts: replies.reduce((sum, reply) => sum + reply.attempts, 0),
  };
}

async function order(herd: ChildProcess, what: StormOrder): Promise<StormReply> {
  herd.send(what);
  return (await nextMessage(herd, timeoutMs)) as StormReply;
}
