import type { ChildProcess } from 'node:child_process';

import type { RedisServer } from '../../gateway/testing/redis-server.js';
import type { BarChart } from '../bar-chart.js';
import { nextMessage, type Children } from '../children.js';
import { figure, type Distribution, type Figure } from '../figure.js';
import { median, summarize } from '../statistics.js';
import type { BenchContext } from '../suite.js';
import {
  benchSecret,
  pidOf,
  startChatNode,
  usageOf,
  usedMs,
  type SharedStores,
  type UsageByProcess,
} from './cluster.js';
import type { Dialect, RelayOrder, ServerReply, SocketioOrder, TalkOrder, TalkReply } from './protocol.js';
import { hasSocketio, socketioMissing } from './socketio-peer.js';

const users = 50;
const perSecond = 200;
const timeoutMs = 60_000;
/** Of the design, against the forwarder. */
const routedBar = 1.5;

/** One way from the client on a node to the user's device on the other one. */
interface Way {
  readonly name: string;
  readonly talkers: ChildProcess;
  /** Its own servers. */
  readonly pids: readonly number[];
  /** False: Redis and PostgreSQL have nothing to do with it. */
  readonly usesStores: boolean;
  /** Before each of its rounds. */
  prepare(): Promise<unknown>;
}

interface Round {
  readonly arrivals: readonly number[];
  readonly acks: readonly number[];
  readonly lost: number;
  /** For each message; null without /proc. */
  readonly nodesUs: number | null;
  readonly storesUs: number | null;
}

export interface Measured {
  readonly figures: readonly Figure[];
  readonly distributions: readonly Distribution[];
  readonly charts: readonly BarChart[];
  readonly notes: readonly string[];
}

const names = {
  forwarder: 'bare forwarder',
  socketio: 'socket.io',
  router: 'router alone',
  memory: 'one node, log in memory',
  off: 'two nodes, fsync off',
  on: 'two nodes, fsync on',
} as const;

/** Messages from node to node every way there is, in turn, at the same rate. `stores` null: there is no PostgreSQL. */
export async function measureRouted(
  context: BenchContext,
  tree: string,
  redis: RedisServer,
  stores: SharedStores | null,
): Promise<Measured> {
  const { children, options, print } = context;
  const modules = options.peerModules ?? process.cwd();
  const ways = [
    await relayWay(children, redis, 'forwarder'),
    ...(hasSocketio(modules) ? [await socketioWay(children, redis, modules)] : []),
    await relayWay(children, redis, 'router'),
    await memoryWay(context, tree),
    ...(stores ? await postgresWays(context, tree, stores) : []),
  ];
  const usage = await storesUsage(redis, stores);
  const seconds = options.quick ? 1 : 4;
  const rounds = new Map<string, Round[]>(ways.map(({ name }) => [name, []]));
  for (const way of ways) await runRound(way, seconds / 2, usage);
  for (let round = 0; round < (options.quick ? 1 : 3); round++) {
    print(
      `routed messages, round ${round + 1}: ${ways.length} ways, ${seconds} s each, ${perSecond} a second`,
    );
    // Turn about, so that no way always has the quieter half.
    for (const way of round % 2 === 0 ? ways : ways.toReversed())
      rounds.get(way.name)?.push(await runRound(way, seconds, usage));
  }
  for (const talkers of new Set(ways.map((way) => way.talkers))) await order(talkers, { kind: 'close' });
  const notes = [
    ...(hasSocketio(modules) ? [] : [socketioMissing]),
    ...(stores ? [] : ['PostgreSQL is not installed: two nodes with a log were left out']),
  ];
  return { ...report(rounds), notes };
}

async function relayWay(children: Children, redis: RedisServer, way: RelayOrder['way']): Promise<Way> {
  const nodes = [children.startHelper('./chat-cluster/relay-node.js')];
  nodes.push(children.startHelper('./chat-cluster/relay-node.js'));
  const ports: number[] = [];
  for (const [at, node] of nodes.entries()) {
    const [nodeId, otherNodeId] = at === 0 ? ['a', 'b'] : ['b', 'a'];
    const asked: RelayOrder = { nodeId, otherNodeId, redisPort: redis.port, way };
    node.send(asked);
    ports.push(((await nextMessage(node, timeoutMs)) as ServerReply).port);
  }
  const talkers = await openTalkers(children, 'relay', ports);
  const pids = nodes.map(({ pid = 0 }) => pid);
  return { name: names[way], talkers, pids, usesStores: true, prepare: () => Promise.resolve() };
}

async function socketioWay(children: Children, redis: RedisServer, modules: string): Promise<Way> {
  const nodes = [children.startHelper('./chat-cluster/socketio-node.js')];
  nodes.push(children.startHelper('./chat-cluster/socketio-node.js'));
  const ports: number[] = [];
  for (const node of nodes) {
    node.send({ redisPort: redis.port, modules } satisfies SocketioOrder);
    ports.push(((await nextMessage(node, timeoutMs)) as ServerReply).port);
  }
  const talkers = await openTalkers(children, 'socketio', ports);
  const pids = nodes.map(({ pid = 0 }) => pid);
  return { name: names.socketio, talkers, pids, usesStores: true, prepare: () => Promise.resolve() };
}

async function memoryWay(context: BenchContext, tree: string): Promise<Way> {
  const node = await startChatNode(context, tree, { 'store.kind': 'memory' });
  const talkers = await openTalkers(context.children, 'parley', [node.port, node.port]);
  const pids = [node.parley.child.pid ?? 0];
  return { name: names.memory, talkers, pids, usesStores: false, prepare: () => Promise.resolve() };
}

async function postgresWays(context: BenchContext, tree: string, stores: SharedStores): Promise<Way[]> {
  const [a, b] = await Promise.all([
    startChatNode(context, tree, stores.settings('a')),
    startChatNode(context, tree, stores.settings('b')),
  ]);
  const talkers = await openTalkers(context.children, 'parley', [a.port, b.port]);
  const pids = [a.parley.child.pid ?? 0, b.parley.child.pid ?? 0];
  return [
    { name: names.off, talkers, pids, usesStores: true, prepare: () => stores.waitForDisk(false) },
    { name: names.on, talkers, pids, usesStores: true, prepare: () => stores.waitForDisk(true) },
  ];
}

async function openTalkers(
  children: Children,
  dialect: Dialect,
  ports: readonly number[],
): Promise<ChildProcess> {
  const talkers = children.startHelper('./chat-cluster/talkers.js');
  await order(talkers, { kind: 'open', dialect, ports, users, secret: benchSecret });
  return talkers;
}

export async function order(talkers: ChildProcess, what: TalkOrder): Promise<TalkReply> {
  talkers.send(what);
  const reply = (await nextMessage(talkers, timeoutMs)) as TalkReply;
  if (reply.failed !== null) throw new Error(`the clients of chat-cluster: ${reply.failed}`);
  return reply;
}

type StoresUsage = () => Promise<UsageByProcess>;

async function storesUsage(redis: RedisServer, stores: SharedStores | null): Promise<StoresUsage> {
  if (stores) return () => stores.usage();
  const pid = await pidOf(redis);
  return () => Promise.resolve(usageOf([pid]));
}

async function runRound(way: Way, seconds: number, stores: StoresUsage): Promise<Round> {
  await way.prepare();
  const messages = seconds * perSecond;
  const before = { nodes: usageOf(way.pids), stores: await stores() };
  const { acks, arrivals } = await order(way.talkers, { kind: 'send', messages, perSecond });
  const after = { nodes: usageOf(way.pids), stores: await stores() };
  const each = (of: 'nodes' | 'stores'): number | null => {
    const ms = usedMs(before[of], after[of]);
    return ms === null ? null : (ms * 1_000) / messages;
  };
  const lost = messages - arrivals.length;
  return { arrivals, acks, lost, nodesUs: each('nodes'), storesUs: way.usesStores ? each('stores') : null };
}

/** One way's rounds together. */
interface Total {
  readonly name: string;
  readonly arrivals: readonly number[];
  readonly p50: number;
  readonly p99: number;
  readonly ackP50: number | null;
  readonly lost: number;
  readonly nodesUs: number | null;
  readonly storesUs: number | null;
}

function totalOf(name: string, rounds: readonly Round[]): Total {
  const arrivals = rounds.flatMap((round) => round.arrivals);
  const acks = rounds.flatMap((round) => round.acks);
  const { p50, p99 } = summarize(arrivals);
  const middle = (of: (round: Round) => number | null): number | null => {
    const values = rounds.flatMap((round) => of(round) ?? []);
    return values.length === 0 ? null : median(values);
  };
  return {
    name,
    arrivals,
    p50,
    p99,
    ackP50: acks.length === 0 ? null : summarize(acks).p50,
    lost: rounds.reduce((sum, round) => sum + round.lost, 0),
    nodesUs: middle(({ nodesUs }) => nodesUs),
    storesUs: middle(({ storesUs }) => storesUs),
  };
}

function report(rounds: ReadonlyMap<string, readonly Round[]>): Omit<Measured, 'notes'> {
  const totals = [...rounds].map(([name, of]) => totalOf(name, of));
  const find = (name: string): Total | null => totals.find((total) => total.name === name) ?? null;
  const base = find(names.forwarder);
  const ours = totals.filter(({ name }) => name !== names.forwarder && name !== names.socketio);
  return {
    figures: [
      ...totals.flatMap((total) => wayFigures(total, base)),
      ...ours.flatMap((total) => againstSocketio(total, find(names.socketio))),
      ...logCost(find(names.router), find(names.off), find(names.on)),
      figure(
        'messages lost, all ways',
        totals.reduce((sum, { lost }) => sum + lost, 0),
        'messages',
        { bar: 0 },
      ),
    ],
    distributions: totals.map(({ arrivals, name }) => ({
      name: `routed message, ${name}`,
      unit: 'ms',
      values: arrivals,
    })),
    charts: [
      chart('routed message, latency', 'ms', ['p50', 'p99'], totals, ({ p50, p99 }) => [p50, p99]),
      chart('processor time of a routed message', 'us', ['nodes', 'stores'], totals, (total) => [
        total.nodesUs,
        total.storesUs,
      ]),
    ],
  };
}

function wayFigures(total: Total, base: Total | null): Figure[] {
  const { ackP50, name, nodesUs, p50, p99, storesUs } = total;
  const against = (of: (total: Total) => number | null): { baseline: number | null } => ({
    baseline: base && base !== total ? of(base) : null,
  });
  const bar = name === names.router && base ? { bar: routedBar * base.p50 } : {};
  const title = `routed, ${name}`;
  return [
    figure(`${title}: p50`, p50, 'ms', { ...bar, ...against((of) => of.p50) }),
    figure(
      `${title}: p99`,
      p99,
      'ms',
      against((of) => of.p99),
    ),
    ...(ackP50 === null ? [] : [figure(`${title}: its ack, p50`, ackP50, 'ms')]),
    ...(nodesUs === null
      ? []
      : [
          figure(
            `${title}: processor time, nodes`,
            nodesUs,
            'us',
            against((of) => of.nodesUs),
          ),
        ]),
    ...(storesUs === null
      ? []
      : [
          figure(
            `${title}: processor time, Redis and PostgreSQL`,
            storesUs,
            'us',
            against((of) => of.storesUs),
          ),
        ]),
  ];
}

function againstSocketio(total: Total, socketio: Total | null): Figure[] {
  if (!socketio) return [];
  const { name, nodesUs, p50 } = total;
  return [
    figure(`against socket.io, ${name}: p50`, p50, 'ms', { baseline: socketio.p50 }),
    ...(nodesUs === null
      ? []
      : [
          figure(`against socket.io, ${name}: processor time, nodes`, nodesUs, 'us', {
            baseline: socketio.nodesUs,
          }),
        ]),
  ];
}

/** What keeping a message before it is passed on adds to passing it on. */
function logCost(router: Total | null, off: Total | null, on: Total | null): Figure[] {
  if (!router || !off || !on) return [];
  return [
    figure('what the durable log adds, fsync off: p50', off.p50 - router.p50, 'ms'),
    figure('what the durable log adds, fsync on: p50', on.p50 - router.p50, 'ms'),
  ];
}

function chart(
  name: string,
  unit: string,
  series: readonly string[],
  totals: readonly Total[],
  values: (total: Total) => readonly (number | null)[],
): BarChart {
  return { name, unit, series, groups: totals.map((total) => ({ name: total.name, values: values(total) })) };
}
