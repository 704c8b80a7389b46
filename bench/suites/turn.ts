import { FliteSynthesizer } from '../../adapters/flite/synthesizer.js';
import { SystemClock } from '../../config/clock.js';
import { speakLine } from '../../gateway/testing/speech-kit.js';
import { PacedLoop } from '../client/paced-loop.js';
import { pause } from '../client/pause.js';
import { PhoneCaller, toFrames, trimEnd } from '../client/phone-caller.js';
import { SipClient } from '../client/sip-client.js';
import { figure, type Figure } from '../figure.js';
import {
  histogramMean,
  histogramQuantile,
  histogramShareAbove,
  histogramSince,
  readHistogram,
  type HistogramReading,
} from '../histogram.js';
import { openServer, type ServerUnderTest } from '../server-under-test.js';
import { summarize } from '../statistics.js';
import type { BenchContext, Suite } from '../suite.js';

/** The demo tree answers this with two prompts and listens again for it, so that one call has many turns. */
const utterance = 'when are you open';
const expectedBranch = 'hours';
/** Silence that ends an utterance, whether it matches or not, so that one number can be taken off every turn. */
const endpointingMs = 500;
/** How long the caller lets the bot speak before he interrupts. */
const interruptAfterMs = 700;
const voiceTimeoutMs = 10_000;
/** A recognisable end of speech: samples below this are the voice dying away. */
const quietest = 200;
/** The bot's words this soon after the caller's are the prompt that he interrupted, not an answer. */
const notAnAnswerMs = -100;

/** The design promises a p99 of 20 ms for our own share; the metric has a bucket that ends here. */
const promisedSeconds = 0.02;

const stages = ['recognize', 'score', 'step', 'first_packet', 'total'] as const;
type Stages = ReadonlyMap<string, HistogramReading>;

interface Level {
  readonly calls: number;
  readonly turns: number;
  /** From the caller's last word to the bot's first, without the endpointing silence, in milliseconds. */
  readonly reactions: readonly number[];
  /** Turns without an answer of their own, and calls that failed. */
  readonly unanswered: number;
  readonly understood: number;
  readonly stages: Stages;
}

/** From the end of the caller's speech to the bot's first packet, as the server counts it and as the caller hears it. */
export const turnSuite: Suite = {
  name: 'turn',
  about: 'plain calls: from the end of speech to the first packet of the answer, at 1 and 20 calls',
  maxSeconds: 180,
  measuresPeers: false,
  run: async (context) => {
    const levels = context.options.quick
      ? [{ calls: 2, turns: 2 }]
      : [
          { calls: 1, turns: 8 },
          { calls: 20, turns: 4 },
        ];
    const server = await openServer(context, {
      'bot.endpointing.speechCompleteMs': String(endpointingMs),
      'bot.endpointing.speechIncompleteMs': String(endpointingMs),
    });
    const frames = await callerFrames();
    const sip = await SipClient.open(server);
    const results: Level[] = [];
    try {
      await runCall(sip, new PacedLoop(20), frames, 1);
      for (const { calls, turns } of levels) {
        context.print(`${calls} at a time, ${turns} turns each`);
        results.push(await runLevel(context, server, sip, frames, calls, turns));
      }
    } finally {
      await sip.close();
    }
    return {
      suite: 'turn',
      figures: results.flatMap(levelFigures),
      distributions: results.map(({ calls, reactions }) => ({
        name: `${calls} calls: end of speech to answer less endpointing`,
        unit: 'ms',
        values: reactions,
      })),
      notes: [
        `stages are from /metrics, percentiles interpolated in its buckets; first_packet holds score and step`,
        `the caller's figure holds what he cannot avoid: packet time, jitter buffer (40 ms) and the detector's hangover; a turn may be answered by a prompt of the repair ladder when he was not understood`,
      ],
    };
  },
};

async function callerFrames(): Promise<Uint8Array[]> {
  const voice = new FliteSynthesizer({ clock: new SystemClock() });
  try {
    return toFrames(trimEnd(await speakLine(voice, utterance), quietest));
  } finally {
    await voice.close();
  }
}

async function runLevel(
  context: BenchContext,
  server: ServerUnderTest,
  sip: SipClient,
  frames: readonly Uint8Array[],
  calls: number,
  turns: number,
): Promise<Level> {
  const { parley } = server;
  if (!parley) throw new Error('turn needs a Parley of its own');
  const loop = new PacedLoop(20);
  const linesBefore = parley.lines.length;
  const before = readStages(await parley.getText('/metrics'));
  const turnMs = interruptAfterMs + frames.length * 20 + endpointingMs;
  const running = Array.from({ length: calls }, async (_, index) => {
    // Callers do not speak in chorus.
    await pause((index * turnMs) / calls);
    return runCall(sip, loop, frames, turns);
  });
  const settled = await Promise.allSettled(running);
  const after = readStages(await parley.getText('/metrics'));
  const reactions = settled.flatMap((result) => (result.status === 'fulfilled' ? result.value : []));
  const failure = settled.find((result) => result.status === 'rejected');
  if (failure) context.print(`a call failed: ${String(failure.reason)}`);
  const answers = reactions.filter((reaction) => reaction >= notAnAnswerMs);
  const decisions = parley.lines.slice(linesBefore).filter((line) => line.msg === 'decided');
  return {
    calls,
    turns: calls * turns,
    reactions: answers,
    unanswered: calls * turns - answers.length,
    understood: decisions.filter((line) => line['branchId'] === expectedBranch).length,
    stages: new Map(
      stages.map((stage) => [stage, histogramSince(reading(before, stage), reading(after, stage))]),
    ),
  };
}

/** One call; the reaction of each of its turns. */
async function runCall(
  sip: SipClient,
  loop: PacedLoop,
  frames: readonly Uint8Array[],
  turns: number,
): Promise<number[]> {
  const caller = await PhoneCaller.dial(sip, loop);
  const reactions: number[] = [];
  try {
    await caller.voiceAtMs(voiceTimeoutMs);
    for (let turn = 0; turn < turns; turn++) {
      await pause(interruptAfterMs);
      const saidAtMs = await caller.say(frames);
      caller.listenAnew();
      reactions.push((await caller.voiceAtMs(voiceTimeoutMs)) - saidAtMs - endpointingMs);
    }
  } finally {
    await caller.hangUp();
  }
  return reactions;
}

function readStages(page: string): Stages {
  return new Map(
    stages.map((stage) => [stage, readHistogram(page, 'parley_turn_stage_seconds', 'stage', stage)]),
  );
}

function reading(all: Stages, stage: string): HistogramReading {
  return all.get(stage) ?? { buckets: [], sum: 0, count: 0 };
}

function levelFigures({
  calls,
  turns,
  reactions,
  unanswered,
  understood,
  stages: measured,
}: Level): Figure[] {
  const name = (what: string): string => `${calls} ${calls === 1 ? 'call' : 'calls'}: ${what}`;
  const caller = summarize(reactions);
  return [
    figure(name('turns'), turns, 'turns'),
    figure(name('turns without an answer'), unanswered, 'turns', { bar: 0 }),
    figure(name('turns understood'), (100 * understood) / turns, '%'),
    ...stages.flatMap((stage) => [
      figure(name(`${stage}, mean`), 1_000 * histogramMean(reading(measured, stage)), 'ms'),
      figure(name(`${stage}, p99`), 1_000 * histogramQuantile(reading(measured, stage), 0.99), 'ms'),
    ]),
    figure(
      name(`first_packet over ${promisedSeconds * 1_000} ms`),
      100 * histogramShareAbove(reading(measured, 'first_packet'), promisedSeconds),
      '%',
      { bar: 1 },
    ),
    figure(name('heard by the caller, p50'), caller.p50, 'ms'),
    figure(name('heard by the caller, p95'), caller.p95, 'ms'),
    figure(name('heard by the caller, max'), caller.max, 'ms'),
  ];
}
