import { createSocket } from 'node:dgram';

import { startBareServer, udpRoundTrips } from '../client/bare-client.js';
import { MrcpClient } from '../client/mrcp-client.js';
import { pause } from '../client/pause.js';
import { figure, type Figure } from '../figure.js';
import { openServer } from '../server-under-test.js';
import { summarize } from '../statistics.js';
import type { BenchContext, Suite } from '../suite.js';

/** Octets of the INVITE with its offer and of the 200 with its answer, as this client and Parley write them. */
const inviteBytes = 900;
const answerBytes = 900;

const ratePerSecond = 50;
/** Calls that the just-in-time compiler gets before we look. */
const warmUpCalls = 20;

/** INVITE to 200 OK for MRCP sessions, alone and at a steady rate, against a bare UDP round trip. */
export const setupSuite: Suite = {
  name: 'setup',
  about: 'INVITE to 200 OK of MRCP sessions, one after another and at 50 a second',
  maxSeconds: 90,
  measuresPeers: true,
  run: async (context) => {
    const calls = context.options.quick ? 40 : 300;
    const bare = await startBareServer(context.children);
    const server = await openServer(context);
    await udpRoundTrips(bare, inviteBytes, answerBytes, warmUpCalls);
    const { sequential, roundTrips, steady } = await MrcpClient.use(server, async (client) => {
      await callInSequence(client, warmUpCalls);
      context.print(`${calls} calls one after another`);
      const alone = await callInSequence(client, calls);
      const bareTimes = await udpRoundTrips(bare, inviteBytes, answerBytes, calls);
      context.print(`${calls} calls at ${ratePerSecond} a second`);
      return { sequential: alone, roundTrips: bareTimes, steady: await callAtRate(context, client, calls) };
    });
    return {
      suite: 'setup',
      figures: [
        ...latencyFigures('INVITE to 200, alone', sequential, roundTrips),
        ...latencyFigures(`INVITE to 200, ${ratePerSecond}/s`, steady.times, roundTrips),
        figure('calls not answered', steady.failed, 'calls', { bar: 0 }),
      ],
      distributions: [
        { name: 'INVITE to 200, alone', unit: 'ms', values: sequential },
        { name: `INVITE to 200, ${ratePerSecond}/s`, unit: 'ms', values: steady.times },
        { name: 'bare UDP round trip', unit: 'ms', values: roundTrips },
      ],
      notes: [],
    };
  },
};

function latencyFigures(name: string, times: readonly number[], roundTrips: readonly number[]): Figure[] {
  const ours = summarize(times);
  const bare = summarize(roundTrips);
  return [
    figure(`${name}, p50`, ours.p50, 'ms', { bar: 3, baseline: bare.p50 }),
    figure(`${name}, p95`, ours.p95, 'ms', { baseline: bare.p95 }),
    figure(`${name}, max`, ours.max, 'ms', { baseline: bare.max }),
  ];
}

async function callInSequence(client: MrcpClient, count: number): Promise<number[]> {
  const times: number[] = [];
  const rtp = await openPort();
  for (let i = 0; i < count; i++) {
    const call = await client.invite(rtp.port);
    times.push(call.inviteMs);
    await call.hangUp();
  }
  rtp.close();
  return times;
}

/** Calls start on a grid, whatever became of those before (an open loop); each is ended as soon as it is answered. */
async function callAtRate(
  context: BenchContext,
  client: MrcpClient,
  count: number,
): Promise<{ times: number[]; failed: number }> {
  const times: number[] = [];
  let failed = 0;
  const rtp = await openPort();
  const startMs = performance.now();
  const calls: Promise<void>[] = [];
  for (let i = 0; i < count; i++) {
    await pause(startMs + (i * 1_000) / ratePerSecond - performance.now());
    const call = client.invite(rtp.port).then(async (answered) => {
      times.push(answered.inviteMs);
      await answered.hangUp();
    });
    calls.push(
      call.catch((err: unknown) => {
        failed++;
        if (failed === 1) context.print(`a call failed: ${String(err)}`);
      }),
    );
  }
  await Promise.all(calls);
  rtp.close();
  return { times, failed };
}

/** A port for the offers; nothing is sent to it. */
function openPort(): Promise<{ port: number; close: () => void }> {
  return new Promise((resolve, reject) => {
    const socket = createSocket('udp4');
    socket.once('error', reject);
    socket.bind(0, '127.0.0.1', () => resolve({ port: socket.address().port, close: () => socket.close() }));
  });
}
