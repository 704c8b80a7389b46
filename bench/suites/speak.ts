import { SeededRandom } from '../../config/random.js';
import { startBareServer, tcpRequests } from '../client/bare-client.js';
import { MrcpClient, type SynthCall } from '../client/mrcp-client.js';
import { pause } from '../client/pause.js';
import { figure, type Figure } from '../figure.js';
import { openServer } from '../server-under-test.js';
import { summarize } from '../statistics.js';
import type { Suite } from '../suite.js';

/** Octets of a SPEAK and of its response, as this client and Parley write them. */
const speakBytes = 190;
const responseBytes = 95;

const cachedText = 'Yes.';
const patienceMs = 10_000;
/**
 * Wait between two requests: long enough that the stream rests again, as it does when a caller has spoken meanwhile, and
 * of any length within a packet time or two, so that requests meet every phase of the server's packet clock.
 */
const restMs = 60;
const jitterMs = 40;

interface SpeakTimes {
  readonly inProgressMs: number;
  readonly firstPacketMs: number;
}

/** SPEAK to its response and to the first packet of audio, and the end of the audio to SPEAK-COMPLETE. */
export const speakSuite: Suite = {
  name: 'speak',
  about: 'SPEAK to IN-PROGRESS and first RTP packet (cold, cached), last packet to SPEAK-COMPLETE',
  maxSeconds: 90,
  measuresPeers: true,
  run: async (context) => {
    const { quick, peer } = context.options;
    const counts = quick ? { cold: 8, cached: 30, whole: 4 } : { cold: 40, cached: 150, whole: 25 };
    const bare = await startBareServer(context.children);
    const server = await openServer(context);
    const { cold, cached, completion } = await MrcpClient.use(server, async (client) => {
      const call = await client.call();
      await speakWhole(call, cachedText);
      await speakCached(call, 20);
      context.print(`${counts.cold} prompts for the first time, ${counts.cached} from the cache`);
      const coldTimes = await speakCold(call, counts.cold);
      const cachedTimes = await speakCached(call, counts.cached);
      context.print(`${counts.whole} prompts to their end`);
      const ends: number[] = [];
      for (let i = 0; i < counts.whole; i++) ends.push(await speakWhole(call, cachedText));
      await call.hangUp();
      return { cold: coldTimes, cached: cachedTimes, completion: ends };
    });
    const requests = await tcpRequests(bare, speakBytes, responseBytes, counts.cached);

    const inProgress = cached.map((times) => times.inProgressMs);
    const firstCached = cached.map((times) => times.firstPacketMs);
    const firstCold = cold.map((times) => times.firstPacketMs);
    return {
      suite: 'speak',
      figures: [
        ...latency('SPEAK to IN-PROGRESS', inProgress, { baseline: requests.reply }),
        ...latency('SPEAK to first packet, cached', firstCached, { bar: 10, baseline: requests.firstPacket }),
        ...latency('SPEAK to first packet, cold', firstCold, {}),
        ...latency('last packet to SPEAK-COMPLETE', completion, {}),
      ],
      distributions: [
        { name: 'SPEAK to first packet, cached', unit: 'ms', values: firstCached },
        { name: 'SPEAK to first packet, cold', unit: 'ms', values: firstCold },
        { name: 'bare TCP request to packet', unit: 'ms', values: requests.firstPacket },
        { name: 'last packet to SPEAK-COMPLETE', unit: 'ms', values: completion },
      ],
      notes: [
        peer
          ? 'cold and cached are a matter of the text alone here: the peer may have no cache'
          : 'SPEAK-COMPLETE waits for mrcp.playoutDelayMs (80 ms by default) on purpose, and for the last packet to be heard',
      ],
    };
  },
};

function latency(
  name: string,
  times: readonly number[],
  against: { readonly bar?: number; readonly baseline?: readonly number[] },
): Figure[] {
  const { p50, p95, max } = summarize(times);
  const bare = against.baseline ? summarize(against.baseline) : null;
  return [
    figure(`${name}, p50`, p50, 'ms', {
      ...(against.bar === undefined ? {} : { bar: against.bar }),
      baseline: bare?.p50 ?? null,
    }),
    figure(`${name}, p95`, p95, 'ms', { baseline: bare?.p95 ?? null }),
    figure(`${name}, max`, max, 'ms', { baseline: bare?.max ?? null }),
  ];
}

async function speakCached(call: SynthCall, count: number): Promise<SpeakTimes[]> {
  const random = new SeededRandom(1);
  const all: SpeakTimes[] = [];
  for (let i = 0; i < count; i++) {
    await pause(restMs + random.integer(jitterMs));
    all.push(await speakAndStop(call, cachedText));
  }
  return all;
}

/** Texts that nobody has said before: each is synthesised. */
async function speakCold(call: SynthCall, count: number): Promise<SpeakTimes[]> {
  const all: SpeakTimes[] = [];
  for (let i = 0; i < count; i++) {
    await pause(restMs);
    all.push(await speakAndStop(call, `Your order number ${1_000 + i} will arrive on Monday.`));
  }
  return all;
}

/** Speaks until the first packet is there; the rest of the prompt is of no interest. */
async function speakAndStop(call: SynthCall, text: string): Promise<SpeakTimes> {
  call.sink.clear();
  const exchange = call.speak(text);
  const inProgress = await exchange.response();
  const firstAtMs = await call.sink.firstAtMs(patienceMs);
  await call.stop().response();
  return { inProgressMs: inProgress.atMs - exchange.sentAtMs, firstPacketMs: firstAtMs - exchange.sentAtMs };
}

/** Speaks a prompt to its end; from its last packet to its SPEAK-COMPLETE, in milliseconds. */
async function speakWhole(call: SynthCall, text: string): Promise<number> {
  call.sink.clear();
  const exchange = call.speak(text);
  await exchange.response();
  const completed = await exchange.completion(patienceMs);
  const { lastAtMs } = call.sink.record;
  if (lastAtMs === null) throw new Error('SPEAK-COMPLETE came without any audio');
  return completed.atMs - lastAtMs;
}
