import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SystemClock } from '../../config/clock.js';
import { MemoryLogger } from '../../config/logger.js';
import { SeededRandom } from '../../config/random.js';
import type { AudioClip } from '../speech/audio-clip.js';
import type { Expansion } from '../speech/grammar/grammar.js';
import type { RecognizeRequest } from '../speech/recognizer.js';
import type {
  ListenListener,
  ListenOutcome,
  ListenRequest,
  MediaStream,
  PlayListener,
  RtpCodec,
  StreamOptions,
} from './media-host.js';
import type { EngineSpec } from './protocol.js';
import { Phone } from './testing/phone.js';
import type { RecognizerScript } from './testing/scripted-recognizer.js';
import { syntheticVoice } from './testing/voice.js';
import { WorkerMediaHost } from './worker-host.js';

const codec: RtpCodec = {
  encoding: 'PCMU',
  payloadType: 0,
  clockRateHz: 8_000,
  ptimeMs: 20,
  telephoneEventPayloadType: 101,
};
const clock = new SystemClock();
const moduleUrl = new URL('./testing/scripted-recognizer.js', import.meta.url).href;

function engine(name: string, script: RecognizerScript): EngineSpec {
  return { name, moduleUrl, options: { ...script } };
}

const engines = [
  engine('yes', { text: 'yes please', confidence: 0.9, partial: { text: 'yes', afterMs: 100 } }),
  engine('crash', { text: '', confidence: 0, fault: 'crash' }),
  engine('broken', { text: '', confidence: 0, fault: 'no-load' }),
  { name: 'absent', moduleUrl: 'file:///nowhere/engine.js', options: {} },
];

const recognition: RecognizeRequest = {
  sessionId: 's',
  sampleRateHz: 8_000,
  language: 'en',
  grammars: [],
  hints: [],
  interimResults: true,
  nBest: 1,
};

const listenRequest: ListenRequest = {
  recognizer: 'yes',
  recognition,
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

const anyDigit: Expansion = {
  type: 'alternatives',
  items: [...'0123456789'].map((text) => ({ weight: 1, expansion: { type: 'token', text } })),
};

/** A clip whose octets tell their place, so that order and loss show. */
function numberedClip(ms: number): AudioClip {
  const bytes = new Uint8Array(new SharedArrayBuffer(ms * 8));
  for (let i = 0; i < bytes.length; i++) bytes[i] = (i * 31 + (i >> 8)) & 0xff;
  return { encoding: 'PCMU', sampleRateHz: 8_000, bytes, marks: [{ name: 'middle', offsetMs: ms / 2 }] };
}

interface PlayRecord {
  readonly events: string[];
  startedAtMs: number;
  playedMs: number;
  readonly ended: Promise<string>;
  readonly listener: PlayListener;
}

function recordPlay(): PlayRecord {
  const events: string[] = [];
  let resolveEnded: (reason: string) => void;
  const ended = new Promise<string>((resolve) => (resolveEnded = resolve));
  const record: PlayRecord = {
    events,
    startedAtMs: 0,
    playedMs: 0,
    ended,
    listener: {
      onStarted: (atMs) => {
        record.startedAtMs = atMs;
        events.push('started');
      },
      onMark: (name) => events.push(`mark ${name}`),
      onEnded: (reason, playedMs) => {
        events.push(reason);
        record.playedMs = playedMs;
        resolveEnded(reason);
      },
    },
  };
  return record;
}

function recordListen(events: string[] = []) {
  let resolveOutcome: (outcome: ListenOutcome) => void;
  const outcome = new Promise<ListenOutcome>((resolve) => (resolveOutcome = resolve));
  const listener: ListenListener = {
    onStartOfInput: (mode) => events.push(`start ${mode}`),
    onPartial: (text) => events.push(`partial ${text}`),
    onWarning: (message) => events.push(`warning ${message}`),
    onComplete: (result) => {
      events.push(`complete ${result.cause}`);
      resolveOutcome(result);
    },
  };
  return { events, outcome, listener };
}

const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

describe('WorkerMediaHost over UDP on 127.0.0.1', () => {
  let host: WorkerMediaHost;
  let phones: Phone[] = [];
  const lost: string[] = [];
  const logger = new MemoryLogger();

  beforeEach(async () => {
    lost.length = 0;
    host = await WorkerMediaHost.start(
      { workers: 2, rtpPorts: { from: 41_000, to: 41_199 }, engines },
      { logger, clock, onWorkerLost: (worker, reason) => lost.push(`${worker} ${reason}`) },
    );
  });

  afterEach(async () => {
    await host.close();
    for (const phone of phones) phone.close();
    phones = [];
  });

  async function openPhone(ssrc?: number): Promise<Phone> {
    const phone = await Phone.open(ssrc);
    phones.push(phone);
    return phone;
  }

  async function open(
    phone: Phone,
    change: Partial<StreamOptions> = {},
    onClosed = (_: string) => undefined,
  ) {
    const options: StreamOptions = {
      sessionId: 'call',
      localAddress: '127.0.0.1',
      codec,
      remote: phone.address,
      direction: 'sendrecv',
      continuous: false,
      ...change,
    };
    return host.openStream(options, onClosed);
  }

  it('reports engines that do not load and runs the others', () => {
    expect(Object.fromEntries(host.engines)).toEqual({
      yes: 'ready',
      crash: 'ready',
      broken: 'unavailable',
      absent: 'unavailable',
    });
  });

  it('20 streams play a clip each: every octet in order, 20 ms apart, on even ports, ports free afterwards', async () => {
    const clip = numberedClip(1_000);
    const calls = await Promise.all(
      Array.from({ length: 20 }, async () => {
        const phone = await openPhone();
        return { phone, stream: await open(phone), play: recordPlay() };
      }),
    );
    expect(new Set(calls.map(({ stream }) => stream.localPort)).size).toBe(20);
    expect(calls.every(({ stream }) => stream.localPort % 2 === 0)).toBe(true);
    for (const { stream, play } of calls) stream.play(clip, play.listener);
    expect(new Set(await Promise.all(calls.map(({ play }) => play.ended)))).toEqual(new Set(['done']));
    for (const { phone, play, stream } of calls) {
      expect(play.events).toEqual(['started', 'mark middle', 'done']);
      expect(play.playedMs).toBe(1_000);
      expect(phone.heard.length).toBe(50);
      expect(Buffer.concat(phone.heard.map((p) => p.payload)).equals(Buffer.from(clip.bytes))).toBe(true);
      expect(phone.heard.map((p) => p.marker)).toEqual(phone.heard.map((_, i) => i === 0));
      const first = phone.heard[0];
      const last = phone.heard[49];
      expect(((last?.timestamp ?? 0) - (first?.timestamp ?? 0)) >>> 0).toBe(49 * 160);
      // Slack for a busy machine; the bound on drift is what counts.
      expect(Math.abs((last?.atMs ?? 0) - (first?.atMs ?? 0) - 980)).toBeLessThan(100);
      expect(Math.abs(play.startedAtMs - (first?.atMs ?? 0))).toBeLessThan(100);
      const stats = await stream.close();
      expect(stats).toMatchObject({ packetsSent: 50, octetsSent: 8_000 });
    }
    expect(host.openStreams).toBe(0);
    const metrics = await host.metrics();
    expect(metrics.map((m) => [m?.streams, m?.portsTaken, m?.openDetectors])).toEqual([
      [0, 0, 0],
      [0, 0, 0],
    ]);
    expect(metrics.reduce((sum, m) => sum + (m?.packetsSent ?? 0), 0)).toBe(1_000);
  });

  it('an idle stream sends the first packet of a prompt at once', async () => {
    const phone = await openPhone();
    const stream = await open(phone);
    const delays: number[] = [];
    for (let round = 0; round < 8; round++) {
      const play = recordPlay();
      const askedMs = performance.now();
      stream.play(numberedClip(20), play.listener);
      await play.ended;
      delays.push(play.startedAtMs - askedMs);
    }
    delays.sort((a, b) => a - b);
    // The median, on a machine that does other things too; a stream that waited for a phase would take 10 ms and more.
    expect(delays[3]).toBeLessThan(8);
  });

  it('speech barges in: the prompt stops, the recogniser hears it and the result comes after the pause', async () => {
    const phone = await openPhone();
    const stream = await open(phone);
    const play = recordPlay();
    const listen = recordListen();
    stream.play(numberedClip(10_000), play.listener);
    stream.listen(listenRequest, listen.listener);
    await sleep(100);
    const beganMs = performance.now();
    await phone.talk(syntheticVoice(0.6), stream.localPort);
    const outcome = await listen.outcome;
    expect(await play.ended).toBe('barge-in');
    expect(play.playedMs).toBeLessThan(1_000);
    const heard = phone.heard.length;
    expect(outcome.cause).toBe('success');
    expect(outcome.result.alternatives[0]?.text).toBe('yes please');
    expect(listen.events).toEqual(['start speech', 'partial yes', 'complete success']);
    expect((outcome.inputStartedAtMs ?? 0) - beganMs).toBeGreaterThan(-50);
    expect((outcome.inputStartedAtMs ?? 0) - beganMs).toBeLessThan(400);
    expect((outcome.endpointAtMs ?? 0) - (outcome.inputStartedAtMs ?? 0)).toBeGreaterThan(600);
    await sleep(60);
    expect(phone.heard.length).toBe(heard);
  });

  it('DTMF goes from one stream to another and completes a listen', async () => {
    const placeholder = await openPhone();
    const receiver = await open(placeholder);
    const sender = await open(placeholder, { remote: { address: '127.0.0.1', port: receiver.localPort } });
    const listen = recordListen();
    receiver.listen(
      {
        ...listenRequest,
        recognition: null,
        dtmf: {
          grammars: [
            {
              kind: 'rules',
              uri: 'builtin:dtmf/digits?length=4',
              mode: 'dtmf',
              language: 'en',
              weight: 1,
              root: 'root',
              rules: { root: { type: 'repeat', item: anyDigit, min: 4, max: 4 } },
            },
          ],
          interdigitTimeoutMs: 2_000,
          termTimeoutMs: 0,
          termChar: '#',
        },
      },
      listen.listener,
    );
    sender.sendDtmf('4021');
    const outcome = await listen.outcome;
    expect(outcome).toMatchObject({ cause: 'success', mode: 'dtmf', digits: '4021' });
    expect(listen.events).toEqual(['start dtmf', 'complete success']);
  });

  it('garbage and strangers are counted and change nothing', async () => {
    const phone = await openPhone(1);
    const stranger = await openPhone(2);
    const stream = await open(phone);
    await phone.talk(syntheticVoice(0.1), stream.localPort);
    await stranger.talk(syntheticVoice(0.1), stream.localPort);
    const random = new SeededRandom(4);
    for (let i = 0; i < 100; i++)
      stranger.sendRaw(
        Uint8Array.from({ length: 1 + random.integer(60) }, () => random.integer(128)),
        stream.localPort,
      );
    const play = recordPlay();
    stream.play(numberedClip(60), play.listener);
    expect(await play.ended).toBe('done');
    expect(phone.heard.length).toBe(3);
    expect(stranger.heard.length).toBe(0);
    const stats = await stream.close();
    expect(stats).toMatchObject({ packetsReceived: 5, strangers: 5, malformed: 100, lost: 0 });
  });

  it('continuous streams send silence around prompts; hold stops it and freezes the prompt', async () => {
    const phone = await openPhone();
    const stream = await open(phone, { continuous: true });
    await sleep(120);
    expect(phone.heard.length).toBeGreaterThan(2);
    expect(phone.heard.every((p) => p.payload.every((octet) => octet === 0xff))).toBe(true);
    const play = recordPlay();
    stream.play(numberedClip(200), play.listener);
    await sleep(100);
    stream.update({ direction: 'inactive' });
    await sleep(50);
    const held = phone.heard.length;
    await sleep(150);
    expect(phone.heard.length).toBe(held);
    expect(play.events).not.toContain('done');
    stream.update({ direction: 'sendrecv' });
    expect(await play.ended).toBe('done');
    const spoken = phone.heard.map((p) => Buffer.from(p.payload)).filter((p) => p.some((o) => o !== 0xff));
    expect(Buffer.concat(spoken).equals(Buffer.from(numberedClip(200).bytes))).toBe(true);
  });

  it('a streaming prompt waits for audio, plays it as it comes and ends after finish', async () => {
    const phone = await openPhone();
    const stream = await open(phone);
    const play = recordPlay();
    const { bytes } = numberedClip(100);
    const handle = stream.play(null, play.listener);
    await sleep(40);
    expect(phone.heard.length).toBe(0);
    handle.append(bytes, [{ name: 'end', offsetMs: 100 }]);
    handle.finish(true);
    expect(await play.ended).toBe('done');
    expect(play.events).toEqual(['started', 'mark end', 'done']);
    expect(Buffer.concat(phone.heard.map((p) => p.payload)).equals(Buffer.from(bytes))).toBe(true);
  });

  it('close ends what runs on the stream and gives the counters once', async () => {
    const phone = await openPhone();
    const stream = await open(phone);
    const play = recordPlay();
    const waiting = recordPlay();
    const listen = recordListen();
    stream.play(numberedClip(5_000), play.listener);
    stream.play(numberedClip(5_000), waiting.listener);
    stream.listen(listenRequest, listen.listener);
    await sleep(60);
    const [stats, again] = await Promise.all([stream.close(), stream.close()]);
    expect(stats).toBe(again);
    expect(stats.packetsSent).toBeGreaterThan(0);
    expect([play.events.at(-1), waiting.events, listen.events]).toEqual([
      'closed',
      ['closed'],
      ['complete cancelled'],
    ]);
    const after = recordPlay();
    stream.play(numberedClip(20), after.listener);
    expect(await after.ended).toBe('closed');
  });

  it.each([
    ['an engine that did not load', 'broken', 'unavailable'],
    ['an engine that nobody configured', 'nobody', 'unavailable'],
  ])('a listen with %s ends with recognizer-error', async (_, recognizer, code) => {
    const stream = await open(await openPhone());
    const listen = recordListen();
    stream.listen({ ...listenRequest, recognizer }, listen.listener);
    const outcome = await listen.outcome;
    expect(outcome.cause).toBe('recognizer-error');
    expect(outcome.error?.code).toBe(code);
  });

  it.each<[string, Partial<StreamOptions>]>([
    ['ptimeMs 25', { codec: { ...codec, ptimeMs: 25 } }],
    ['remote.address', { remote: { address: 'example.invalid', port: 9 } }],
  ])('openStream names what is wrong: %s', async (problem, change) => {
    const phone = await openPhone();
    await expect(open(phone, change)).rejects.toMatchObject({
      code: 'unsupported',
      message: expect.stringContaining(problem) as string,
    });
  });

  it('a worker that crashes closes its streams only, and is replaced', async () => {
    const phone = await openPhone();
    const closed: string[] = [];
    const streams: MediaStream[] = [];
    for (const name of ['a', 'b'])
      streams.push(await open(phone, {}, (reason) => void closed.push(`${name}: ${reason}`)));
    const listen = recordListen();
    const play = recordPlay();
    const victim = streams[0];
    victim?.play(numberedClip(5_000), play.listener);
    victim?.listen({ ...listenRequest, recognizer: 'crash', bargeIn: 'none' }, listen.listener);
    await phone.talk(syntheticVoice(0.4), victim?.localPort ?? 0);
    expect((await listen.outcome).error?.code).toBe('unavailable');
    expect(await play.ended).toBe('closed');
    expect(closed).toEqual([expect.stringContaining('a: Error: scripted crash')]);
    expect(lost.length).toBe(1);
    expect(host.openStreams).toBe(1);
    expect(await victim?.close()).toMatchObject({ packetsSent: 0 });
    for (let i = 0; i < 60 && (await host.metrics()).includes(null); i++) await sleep(50);
    const next = [await open(phone), await open(phone)];
    expect((await host.metrics()).map((m) => (m?.streams ?? 0) > 0)).toEqual([true, true]);
    expect(next.length).toBe(2);
  });
});

it('streams beyond the port range are refused with capacity', async () => {
  const host = await WorkerMediaHost.start(
    { workers: 1, rtpPorts: { from: 41_300, to: 41_303 }, engines: [] },
    { logger: new MemoryLogger(), clock, onWorkerLost: () => undefined },
  );
  const options: StreamOptions = {
    sessionId: 's',
    localAddress: '127.0.0.1',
    codec: null,
    remote: null,
    direction: 'inactive',
    continuous: false,
  };
  const onClosed = () => undefined;
  await host.openStream(options, onClosed);
  await host.openStream(options, onClosed);
  await expect(host.openStream(options, onClosed)).rejects.toMatchObject({ code: 'capacity' });
  await host.close();
  await expect(host.openStream(options, onClosed)).rejects.toMatchObject({ code: 'unavailable' });
});
