import type { ChildProcess } from 'node:child_process';

import type { ChatDialect, ChatOrder, ChatReply, ServerMemory } from '../chat-echo-protocol.js';
import { nextMessage } from '../children.js';
import { pause } from '../client/pause.js';
import { figure, type Figure } from '../figure.js';
import { affordableConnections } from '../open-files.js';
import { noUsageNote, readUsage } from '../process-usage.js';
import { summarize } from '../statistics.js';
import type { BenchContext, Suite } from '../suite.js';

const helperTimeoutMs = 120_000;
const busyConnections = 50;

/** One server, seen from outside. */
interface Seen {
  readonly alone: readonly number[];
  readonly busy: readonly number[];
  /** Of the server, for each message of the busy part; null without /proc. */
  readonly cpuUs: number | null;
  readonly idleRssBytes: number;
  readonly idleHeapBytes: number;
  readonly failed: number;
}

/** Chat messages through the chat socket, whose sessions only append in memory, against a bare `ws` that echoes. */
export const chatEchoSuite: Suite = {
  name: 'chat-echo',
  about: 'chat messages and their acks, and idle connections, against a bare ws echo server',
  maxSeconds: 400,
  measuresPeers: false,
  run: async (context) => {
    const wanted = context.options.quick ? 500 : 10_000;
    const idle = affordableConnections(wanted);
    const messages = context.options.quick ? 5_000 : 50_000;
    const bare = await measure(context, './bare-chat-server.js', 'bare', idle, messages);
    const chat = await measure(context, './chat-server.js', 'chat', idle, messages);
    return {
      suite: 'chat-echo',
      figures: figures(chat, bare, idle),
      distributions: [
        { name: `message to ack, ${busyConnections} connections`, unit: 'ms', values: chat.busy },
        { name: `bare echo, ${busyConnections} connections`, unit: 'ms', values: bare.busy },
      ],
      notes: [
        ...(idle < wanted ? [`${idle} connections instead of ${wanted}: ulimit -n allows no more`] : []),
        ...(chat.cpuUs === null ? [noUsageNote] : []),
      ],
    };
  },
};

function figures(chat: Seen, bare: Seen, idle: number): Figure[] {
  const latency = (name: string, ours: readonly number[], theirs: readonly number[]): Figure[] => {
    const [a, b] = [summarize(ours), summarize(theirs)];
    return [
      figure(`${name}, p50`, a.p50, 'ms', { baseline: b.p50 }),
      figure(`${name}, p99`, a.p99, 'ms', { baseline: b.p99 }),
    ];
  };
  return [
    ...(chat.cpuUs === null
      ? []
      : [figure('processor time of a message and its ack', chat.cpuUs, 'us', { baseline: bare.cpuUs })]),
    ...latency('message to ack, alone', chat.alone, bare.alone),
    ...latency(`message to ack, ${busyConnections} connections`, chat.busy, bare.busy),
    figure(`memory of an idle connection, of ${idle}`, chat.idleRssBytes / 1_024, 'KB', {
      bar: 12,
      baseline: bare.idleRssBytes / 1_024,
    }),
    figure('heap of it', chat.idleHeapBytes / 1_024, 'KB', { baseline: bare.idleHeapBytes / 1_024 }),
    figure('connections that failed', chat.failed + bare.failed, 'connections', { bar: 0 }),
  ];
}

async function measure(
  { children, print }: BenchContext,
  module: string,
  dialect: ChatDialect,
  idle: number,
  messages: number,
): Promise<Seen> {
  const server = children.startHelper(module);
  const { port } = (await nextMessage(server, helperTimeoutMs)) as { port: number };
  const clients = children.startHelper('./chat-clients.js');
  await nextMessage(clients, helperTimeoutMs);
  print(`${dialect}: ${messages} messages`);
  await order(clients, { kind: 'open', port, count: busyConnections, dialect, perUser: 1 });
  await order(clients, { kind: 'echo', connections: busyConnections, messages: messages / 5 });
  const alone = await order(clients, { kind: 'echo', connections: 1, messages: messages / 10 });
  const before = readUsage(server.pid ?? null);
  const busy = await order(clients, { kind: 'echo', connections: busyConnections, messages });
  const after = readUsage(server.pid ?? null);
  await order(clients, { kind: 'close' });
  print(`${dialect}: ${idle} idle connections`);
  const empty = await memoryOf(server);
  const opened = await order(clients, { kind: 'open', port, count: idle, dialect, perUser: 100 });
  const full = await memoryOf(server);
  await order(clients, { kind: 'close' });
  const cpuMs = before && after ? after.cpuMs - before.cpuMs : null;
  return {
    alone: alone.times,
    busy: busy.times,
    cpuUs: cpuMs === null ? null : (cpuMs * 1_000) / busy.times.length,
    idleRssBytes: (full.rssBytes - empty.rssBytes) / opened.connections,
    idleHeapBytes: (full.heapBytes - empty.heapBytes) / opened.connections,
    failed: idle - opened.connections,
  };
}

async function order(clients: ChildProcess, what: ChatOrder): Promise<ChatReply> {
  clients.send(what);
  return (await nextMessage(clients, helperTimeoutMs)) as ChatReply;
}

/** After what is left of closed or opened connections has been collected. */
async function memoryOf(server: ChildProcess): Promise<ServerMemory> {
  await pause(1_000);
  server.send('memory');
  return (await nextMessage(server, helperTimeoutMs)) as ServerMemory;
}
