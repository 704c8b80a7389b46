import { startSender, type Sender } from '../client/sender-client.js';
import { openCalls, hangUpAll } from '../client/many-calls.js';
import { MrcpClient, type SynthCall } from '../client/mrcp-client.js';
import { watchLoop } from '../client/loop-watch.js';
import { pause } from '../client/pause.js';
import { figure, type Distribution, type Figure, type SuiteResult } from '../figure.js';
import { analyzePacing, type StreamPacing } from '../packet-gaps.js';
import { noUsageNote, readUsage } from '../process-usage.js';
import { openServer, type ServerUnderTest } from '../server-under-test.js';
import { shareAbove, summarize } from '../statistics.js';
import type { BenchContext, Suite } from '../suite.js';

/** Seven seconds with the embedded voice: longer than the spread of the starts and the window together. */
const text =
  'Thank you for calling. All of our colleagues are busy at the moment. Please stay on the line, and we will be with you soon.';
/** SPEAKs of one level start within this time, as calls do; all at once would be another benchmark. */
const startSpreadMs = 1_000;
/** The window in which every stream of a level plays, for the processor time. */
const windowMs = 4_000;
const baselineMs = 5_000;
const completionMs = 15_000;
const ptimeMs = 20;

interface Level {
  readonly streams: number;
  readonly ours: readonly StreamPacing[];
  readonly bare: readonly StreamPacing[];
  /** The longest time that this process did not look at its sockets. */
  readonly clientPauseMs: number;
  readonly bareClientPauseMs: number;
  /** Processor time in milliseconds for a second of one session; null where it cannot be read. */
  readonly cpuMs: number | null;
  readonly bareCpuMs: number;
  /** Of the server while all played. */
  readonly rssBytes: number | null;
}

/** How steadily audio leaves when many prompts play at once, against a bare sender of the same number of streams. */
export const pacingSuite: Suite = {
  name: 'pacing',
  about: '50, 200 and 500 cached SPEAKs at once: gaps, loss, processor time, memory',
  maxSeconds: 120,
  measuresPeers: true,
  run: async (context) => {
    const levels = context.options.quick ? [20] : [50, 200, 500];
    const server = await openServer(context);
    const sender = await startSender(context.children);
    const results: Level[] = [];
    await MrcpClient.use(server, async (client) => {
      await fillCache(client);
      for (const streams of levels) {
        context.print(`${streams} prompts at once, then a bare sender of ${streams} streams`);
        results.push(await runLevel(context, server, client, sender, streams));
      }
    });
    return report(results);
  },
};

/** Lets the prompt be synthesised once. */
async function fillCache(client: MrcpClient): Promise<void> {
  const call = await client.call();
  const exchange = call.speak(text);
  await exchange.response();
  await call.sink.firstAtMs(completionMs);
  await pause(1_500);
  await call.stop().response();
  await call.hangUp();
}

async function runLevel(
  { print }: BenchContext,
  server: ServerUnderTest,
  client: MrcpClient,
  sender: Sender,
  streams: number,
): Promise<Level> {
  const calls = await openCalls(client, streams);
  try {
    const { result: usage, longestPauseMs } = await watchLoop(() => speakTogether(server, calls));
    const ours = calls.map(({ sink }) => analyzePacing(sink.record, ptimeMs));
    for (const { sink } of calls) sink.clear();
    const sending = await watchLoop(async () => {
      const ports = calls.map(({ sink }) => sink.port);
      const sent = await sender.send({ ports, durationMs: baselineMs, ptimeMs });
      await pause(100);
      return sent;
    });
    const { before, after, sessionSeconds } = usage;
    return {
      streams,
      ours,
      bare: calls.map(({ sink }) => analyzePacing(sink.record, ptimeMs)),
      clientPauseMs: longestPauseMs,
      bareClientPauseMs: sending.longestPauseMs,
      cpuMs: before && after ? (after.cpuMs - before.cpuMs) / sessionSeconds : null,
      bareCpuMs: sending.result.cpuMs / ((streams * baselineMs) / 1_000),
      rssBytes: after?.rssBytes ?? null,
    };
  } finally {
    await hangUpAll(calls).catch((err: unknown) => print(`a call did not end: ${String(err)}`));
  }
}

/** Plays the prompt on every call; resolves when all have heard it, with the server's usage while all played. */
async function speakTogether(server: ServerUnderTest, calls: readonly SynthCall[]) {
  const speaking = await startSpeaking(calls);
  const before = readUsage(server.pid);
  const beforeMs = performance.now();
  await pause(windowMs);
  const after = readUsage(server.pid);
  const sessionSeconds = (calls.length * (performance.now() - beforeMs)) / 1_000;
  await Promise.all(speaking.map((exchange) => exchange.completion(completionMs)));
  return { before, after, sessionSeconds };
}

/** Starts the prompts evenly over the spread; resolves when all are in progress. */
async function startSpeaking(calls: readonly SynthCall[]) {
  const startMs = performance.now();
  const speaking = [];
  for (const [index, call] of calls.entries()) {
    const dueMs = startMs + (index * startSpreadMs) / calls.length;
    if (dueMs > performance.now()) await pause(dueMs - performance.now());
    call.sink.clear();
    speaking.push(call.speak(text));
  }
  await Promise.all(speaking.map((exchange) => exchange.response()));
  return speaking;
}

function report(levels: readonly Level[]): SuiteResult {
  const distributions: Distribution[] = levels.flatMap(({ streams, ours, bare }) => [
    { name: `${streams} prompts: lateness`, unit: 'ms', values: ours.flatMap((stream) => stream.latenessMs) },
    {
      name: `${streams} bare streams: lateness`,
      unit: 'ms',
      values: bare.flatMap((stream) => stream.latenessMs),
    },
  ]);
  return {
    suite: 'pacing',
    figures: [...levels.flatMap(levelFigures), ...memoryFigure(levels)],
    distributions,
    notes: levels.some(({ cpuMs }) => cpuMs === null) ? [noUsageNote] : [],
  };
}

function levelFigures(level: Level): Figure[] {
  const { streams, cpuMs, bareCpuMs, clientPauseMs, bareClientPauseMs } = level;
  const ours = totals(level.ours);
  const bare = totals(level.bare);
  const name = (what: string): string => `${streams} prompts: ${what}`;
  return [
    figure(name('packets'), ours.packets, 'packets'),
    figure(name('later than 30 ms'), ours.over30, '%', { baseline: bare.over30 }),
    figure(name('later than 60 ms'), ours.over60, '%', {
      baseline: bare.over60,
      // The promise is for 200 streams; fewer must not do worse.
      ...(streams <= 200 ? { bar: 0 } : {}),
    }),
    figure(name('largest gap'), ours.largest, 'ms', { baseline: bare.largest }),
    figure(name("the client's own longest pause"), clientPauseMs, 'ms', { baseline: bareClientPauseMs }),
    figure(name('gap sd of a stream, median'), ours.deviation.p50, 'ms', { baseline: bare.deviation.p50 }),
    figure(name('gap sd of a stream, max'), ours.deviation.max, 'ms', { baseline: bare.deviation.max }),
    figure(name('behind the grid, p99'), ours.lateness.p99, 'ms', { baseline: bare.lateness.p99 }),
    figure(name('lost'), ours.lost, 'packets', { bar: 0, baseline: bare.lost }),
    ...(cpuMs === null
      ? []
      : [figure(name('server CPU a session-second'), cpuMs, 'ms', { bar: 0.6, baseline: bareCpuMs })]),
  ];
}

/** Growth from the smallest level to the largest: what the server held before any session does not blur it. */
function memoryFigure(levels: readonly Level[]): Figure[] {
  const first = levels[0];
  const last = levels[levels.length - 1];
  if (!first || !last || first === last || first.rssBytes === null || last.rssBytes === null) return [];
  const bytes = (last.rssBytes - first.rssBytes) / (last.streams - first.streams);
  return [figure(`memory a session, from ${first.streams} to ${last.streams}`, bytes / 1_024, 'KB')];
}

function totals(streams: readonly StreamPacing[]) {
  const gaps = streams.flatMap((stream) => stream.gapsMs);
  return {
    packets: streams.reduce((sum, stream) => sum + stream.packets, 0),
    over30: 100 * shareAbove(gaps, 30),
    over60: 100 * shareAbove(gaps, 60),
    largest: summarize(gaps).max,
    deviation: summarize(streams.map((stream) => stream.gapStandardDeviationMs)),
    lateness: summarize(streams.flatMap((stream) => stream.latenessMs)),
    lost: streams.reduce((sum, stream) => sum + stream.lost, 0),
  };
}
