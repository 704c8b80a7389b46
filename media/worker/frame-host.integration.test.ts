import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SystemClock } from '../../config/clock.js';
import { MemoryLogger } from '../../config/logger.js';
import { encodeShared } from '../codec/wire-codec.js';
import type { AudioClip } from '../speech/audio-clip.js';
import type { FrameStream, ListenListener, ListenOutcome, ListenRequest } from './media-host.js';
import type { EngineSpec } from './protocol.js';
import type { RecognizerScript } from './testing/scripted-recognizer.js';
import { syntheticVoice } from './testing/voice.js';
import { WorkerMediaHost } from './worker-host.js';

const moduleUrl = new URL('./testing/scripted-recognizer.js', import.meta.url).href;

function engine(name: string, script: RecognizerScript): EngineSpec {
  return { name, moduleUrl, options: { ...script } };
}

const listenRequest: ListenRequest = {
  recognizer: 'yes',
  recognition: {
    sessionId: 's',
    sampleRateHz: 8_000,
    language: 'en',
    grammars: [],
    hints: [],
    interimResults: false,
    nBest: 1,
  },
  dtmf: null,
  noInputTimeoutMs: 5_000,
  recognitionTimeoutMs: 10_000,
  speechCompleteTimeoutMs: 300,
  speechIncompleteTimeoutMs: 600,
  startInputTimers: true,
  bargeIn: 'any',
  bargeInMinSpeechMs: 100,
  confidenceThreshold: 0.5,
};

let host: WorkerMediaHost;
const lost: string[] = [];

beforeEach(async () => {
  lost.length = 0;
  host = await WorkerMediaHost.start(
    {
      workers: 1,
      rtpPorts: { from: 28_000, to: 28_099 },
      engines: [
        engine('yes', { text: 'yes', confidence: 0.9 }),
        engine('crash', { text: '', confidence: 0, fault: 'crash' }),
      ],
    },
    {
      logger: new MemoryLogger(),
      clock: new SystemClock(),
      onWorkerLost: (_worker, reason) => lost.push(reason),
    },
  );
});

afterEach(async () => {
  await host.close();
  expect([host.openStreams, host.openFrameStreams]).toEqual([0, 0]);
});

/** A stream with what came out of it, in order: octets of audio and events. */
async function open(leadMs = 0) {
  const out: string[] = [];
  const octets: number[] = [];
  const stream = await host.openFrames(
    { sessionId: 's', encoding: 'PCMU', sampleRateHz: 8_000, leadMs },
    {
      onFrame: (bytes, start) => {
        out.push('frame');
        octets.push(...bytes.subarray(start));
      },
      onClosed: (reason) => out.push(`closed: ${reason}`),
    },
  );
  return { stream, out, octets };
}

function clip(ms: number): AudioClip {
  const bytes = new Uint8Array(new SharedArrayBuffer(ms * 8));
  for (let i = 0; i < bytes.length; i++) bytes[i] = (i * 31 + (i >> 8)) & 0xff;
  return { encoding: 'PCMU', sampleRateHz: 8_000, bytes, marks: [] };
}

function play(stream: FrameStream, ms: number, out: string[]): Promise<string> {
  return new Promise((resolve) =>
    stream.play(clip(ms), {
      onStarted: () => out.push('started'),
      onMark: () => undefined,
      onEnded: (reason) => {
        out.push(reason);
        resolve(reason);
      },
    }),
  );
}

function listen(stream: FrameStream, request: ListenRequest): Promise<ListenOutcome> {
  return new Promise((resolve) => {
    const listener: ListenListener = {
      onStartOfInput: () => undefined,
      onPartial: () => undefined,
      onWarning: () => undefined,
      onComplete: resolve,
    };
    stream.listen(request, listener);
  });
}

/** Streams samples at the pace of real time. */
async function say(stream: FrameStream, samples: Int16Array): Promise<void> {
  const octets = encodeShared('PCMU', samples);
  const startMs = performance.now();
  for (let at = 0; at < octets.length; at += 160) {
    stream.pushAudio(octets, at, Math.min(octets.length, at + 160), at / 8);
    const waitMs = startMs + at / 8 + 20 - performance.now();
    if (waitMs > 0) await new Promise((resolve) => setTimeout(resolve, waitMs));
  }
}

describe('frames between threads', () => {
  it('all of a prompt comes out in order, and its end after its last frame', async () => {
    const { stream, out, octets } = await open(100);
    const startMs = performance.now();
    expect(await play(stream, 600, out)).toBe('done');
    expect(performance.now() - startMs).toBeGreaterThan(450);
    expect(octets).toEqual([...clip(600).bytes]);
    expect(out.lastIndexOf('frame')).toBe(out.length - 2);
    expect(await stream.close()).toMatchObject({ packetsSent: 30, framesDropped: 0 });
  });

  it('speech interrupts: no frame of the prompt follows its end, and the speech is understood', async () => {
    const { stream, out } = await open(100);
    const outcome = listen(stream, listenRequest);
    const ended = play(stream, 10_000, out);
    await say(stream, syntheticVoice(0.7));
    await say(stream, new Int16Array(8 * 700));
    expect(await ended).toBe('barge-in');
    expect((await outcome).result.alternatives[0]?.text).toBe('yes');
    expect(out.at(-1)).toBe('barge-in');
    expect(await stream.close()).toMatchObject({ packetsReceived: 70, lost: 0 });
  });

  it('sockets and ports are not touched: RTP counters stand still', async () => {
    const { stream, out } = await open();
    await play(stream, 60, out);
    expect(await host.metrics()).toMatchObject([{ streams: 1, packetsSent: 0, portsTaken: 0 }]);
    await stream.close();
  });

  it('a worker that dies closes the stream; the next one is served by its successor', async () => {
    const { stream, out } = await open();
    const outcome = listen(stream, { ...listenRequest, recognizer: 'crash' });
    await say(stream, syntheticVoice(0.4));
    expect((await outcome).cause).toBe('recognizer-error');
    expect(out.at(-1)).toContain('closed: Error: scripted crash');
    expect(stream.pushAudio(new Uint8Array(160), 0, 160, null)).toBe(false);
    stream.pushDigit('1');
    await expect.poll(() => host.ready, { timeout: 5_000 }).toBe(true);
    const next = await open();
    expect(await play(next.stream, 60, next.out)).toBe('done');
    expect(lost).toHaveLength(1);
  });

  it('a listener that throws loses its own stream only', async () => {
    const stream = await host.openFrames(
      { sessionId: 's', encoding: 'PCMU', sampleRateHz: 8_000, leadMs: 0 },
      {
        onFrame: () => {
          throw new Error('a defect');
        },
        onClosed: () => undefined,
      },
    );
    const other = await open();
    expect(await play(stream, 200, [])).toBe('closed');
    expect(await play(other.stream, 60, other.out)).toBe('done');
  });
});
