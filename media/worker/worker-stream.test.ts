import { describe, expect, it } from 'vitest';
import { FakeClock } from '../../config/clock.js';
import { SeededRandom } from '../../config/random.js';
import { encodeShared } from '../codec/wire-codec.js';
import { Ticker } from '../pipeline/ticker.js';
import { RtpPacket, writeRtpHeader } from '../rtp/packet.js';
import { SpeechError } from '../speech/errors.js';
import type { AudioClip } from '../speech/audio-clip.js';
import type { ListenRequest, RemoteAddress, RtpCodec, StreamOptions } from './media-host.js';
import type { StreamEvent } from './protocol.js';
import { ScriptedRecognizer } from './testing/scripted-recognizer.js';
import { TypeAhead } from '../pipeline/type-ahead.js';
import { WorkerStream } from './worker-stream.js';

const remote: RemoteAddress = { address: '127.0.0.1', port: 4_000 };
const pcmu: RtpCodec = {
  encoding: 'PCMU',
  payloadType: 0,
  clockRateHz: 8_000,
  ptimeMs: 20,
  telephoneEventPayloadType: 101,
};
const options: StreamOptions = {
  sessionId: 's',
  localAddress: '127.0.0.1',
  codec: pcmu,
  remote,
  direction: 'sendrecv',
  continuous: false,
};
const listenOptions: ListenRequest = {
  recognizer: 'scripted',
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
  noInputTimeoutMs: 2_000,
  recognitionTimeoutMs: 5_000,
  speechCompleteTimeoutMs: 300,
  speechIncompleteTimeoutMs: 300,
  startInputTimers: true,
  bargeIn: 'speech',
  bargeInMinSpeechMs: 100,
  confidenceThreshold: 0.5,
};

function clip(ms: number, value = 1): AudioClip {
  const bytes = new Uint8Array(new SharedArrayBuffer(ms * 8)).fill(value);
  return { encoding: 'PCMU', sampleRateHz: 8_000, bytes, marks: [] };
}

interface Sent {
  readonly atMs: number;
  readonly payloadType: number;
  readonly octet: number;
  readonly marker: boolean;
  readonly length: number;
  readonly to: RemoteAddress;
}

/** A stream on a fake clock whose detector takes any sound for speech. */
function create(change: Partial<StreamOptions> = {}) {
  const clock = new FakeClock(100_000);
  const events: StreamEvent[] = [];
  const sent: Sent[] = [];
  const warnings: string[] = [];
  const errors: unknown[] = [];
  const detectors = { open: 0 };
  const ticker = new Ticker(clock, (error) => errors.push(error));
  const recognizer = new ScriptedRecognizer({ text: 'yes', confidence: 1 });
  const output = (bytes: Uint8Array, to: RemoteAddress) => {
    const packet = new RtpPacket();
    packet.parse(bytes);
    const { payloadType, marker, payloadLength: length } = packet;
    sent.push({ atMs: clock.nowMs() - 100_000, payloadType, marker, octet: bytes[12] ?? -1, length, to });
  };
  const stream = new WorkerStream(5, { ...options, ...change }, output, {
    clock,
    ticker,
    random: new SeededRandom(1),
    vads: {
      create: () => {
        detectors.open++;
        return { isSpeech: (samples) => samples.some((s) => s !== 0), close: () => void detectors.open-- };
      },
    },
    engines: { get: (name) => (name === 'scripted' ? recognizer : new SpeechError('unavailable', name)) },
    jitterMs: 40,
    emit: (event) => events.push(event),
    warn: (message) => warnings.push(message),
  });
  let sequence = 1;
  /** The far end sends loud packets for `ms`, and time passes. */
  const talk = (ms: number, from = remote) => {
    const payload = encodeShared('PCMU', new Int16Array(160).fill(9_000));
    for (let at = 0; at < ms; at += 20) {
      const bytes = new Uint8Array(172);
      writeRtpHeader(bytes, 0, false, sequence, sequence * 160, 77);
      sequence++;
      bytes.set(payload, 12);
      stream.receive(bytes, from.address, from.port);
      clock.advance(20);
    }
  };
  return { clock, events, sent, warnings, errors, detectors, ticker, recognizer, stream, talk };
}

const times = (sent: readonly Sent[]) => sent.map((packet) => packet.atMs);

describe('WorkerStream', () => {
  it('sends the first packet of a prompt at once, the rest 20 ms apart, then rests', () => {
    const { stream, sent, clock, events, ticker } = create();
    clock.advance(7);
    stream.handle({ type: 'play', stream: 5, play: 1, clip: clip(80) });
    clock.advance(200);
    expect(times(sent)[0]).toBe(7);
    expect(times(sent).slice(1)).toEqual([28, 48, 68]);
    expect(events.map((e) => e.type)).toEqual(['play-started', 'play-ended']);
    expect(events[1]).toMatchObject({ reason: 'done', playedMs: 80 });
    expect([ticker.subscriptions, clock.pendingTimers]).toEqual([0, 0]);
  });

  it('continuous streams never rest', () => {
    const { sent, clock } = create({ continuous: true });
    clock.advance(1_000);
    expect(sent.length).toBe(50);
    expect(new Set(sent.map((p) => p.octet))).toEqual(new Set([0xff]));
  });

  it.each(['inactive', 'recvonly'] as const)(
    '%s sends nothing, and the prompt goes on later (RFC 3264 8.4)',
    (direction) => {
      const { stream, sent, clock, events } = create({ direction });
      stream.handle({ type: 'play', stream: 5, play: 1, clip: clip(40) });
      clock.advance(500);
      expect([sent.length, events.length]).toEqual([0, 0]);
      stream.handle({ type: 'update', stream: 5, change: { direction: 'sendrecv' } });
      clock.advance(100);
      expect(sent.map((p) => p.marker)).toEqual([true, false]);
      expect(events.at(-1)).toMatchObject({ reason: 'done' });
    },
  );

  it('a prompt that was held in mid-word goes on as a new talkspurt, with a marker', () => {
    const { stream, sent, clock } = create();
    stream.handle({ type: 'play', stream: 5, play: 1, clip: clip(80) });
    clock.advance(30);
    stream.handle({ type: 'update', stream: 5, change: { direction: 'inactive' } });
    clock.advance(1_000);
    stream.handle({ type: 'update', stream: 5, change: { direction: 'sendrecv' } });
    clock.advance(100);
    expect(sent.map((p) => p.marker)).toEqual([true, false, true, false]);
  });

  it('a codec and an address that come with the answer start the sending', () => {
    const { stream, sent, clock } = create({ codec: null, remote: null, continuous: true });
    clock.advance(100);
    expect(sent.length).toBe(0);
    stream.handle({ type: 'update', stream: 5, change: { codec: pcmu, remote } });
    clock.advance(100);
    expect(sent.length).toBe(5);
  });

  it('a codec change takes effect with the next packet and packet time', () => {
    const { stream, sent, clock } = create();
    stream.handle({ type: 'play', stream: 5, play: 1, clip: clip(100) });
    const l16: RtpCodec = { encoding: 'L16', payloadType: 96, clockRateHz: 8_000, ptimeMs: 40 };
    stream.handle({ type: 'update', stream: 5, change: { codec: l16 } });
    clock.advance(300);
    expect(sent.map((p) => [p.payloadType, p.length])).toEqual([
      [0, 160],
      [96, 640],
      [96, 640],
    ]);
  });

  it('a re-INVITE with the same codec disturbs neither prompt nor listening', async () => {
    const { stream, sent, events, clock, talk } = create();
    stream.handle({ type: 'play', stream: 5, play: 1, clip: clip(2_000) });
    stream.handle({ type: 'listen', stream: 5, listen: 2, options: { ...listenOptions, bargeIn: 'none' } });
    for (let i = 0; i < 20; i++) {
      talk(20);
      stream.handle({ type: 'update', stream: 5, change: { codec: { ...pcmu }, remote: { ...remote } } });
    }
    clock.advance(1_000);
    await Promise.resolve();
    await Promise.resolve();
    expect(sent.filter((p) => p.marker).length).toBe(1);
    expect(events.map((e) => e.type)).toEqual(['play-started', 'start-of-input', 'complete']);
    expect(stream.close()).toMatchObject({ packetsReceived: 20, late: 0, underruns: 0 });
  });

  it('sends to where packets come from once they do (RFC 4961)', () => {
    const { stream, sent, clock, talk } = create({ remote: null, continuous: true });
    clock.advance(100);
    talk(80, { address: '10.1.1.1', port: 9_000 });
    expect(sent.length).toBeGreaterThan(0);
    expect(sent.at(-1)?.to).toEqual({ address: '10.1.1.1', port: 9_000 });
    stream.close();
    expect(clock.pendingTimers).toBe(0);
  });

  it('speech stops the prompts at the next frame and ends in a result', async () => {
    const { stream, sent, events, clock, talk, detectors } = create();
    stream.handle({ type: 'play', stream: 5, play: 1, clip: clip(10_000) });
    stream.handle({ type: 'play', stream: 5, play: 2, clip: clip(10_000) });
    stream.handle({ type: 'listen', stream: 5, listen: 3, options: listenOptions });
    talk(400);
    const stoppedAt = sent.length;
    clock.advance(1_000);
    await Promise.resolve();
    await Promise.resolve();
    expect(sent.length).toBe(stoppedAt);
    expect(stoppedAt).toBeLessThan(12);
    expect(events.map((e) => e.type)).toEqual([
      'play-started',
      'play-ended',
      'play-ended',
      'start-of-input',
      'complete',
    ]);
    expect(events.at(-1)).toMatchObject({ listen: 3, outcome: { cause: 'success' } });
    expect([detectors.open, clock.pendingTimers]).toEqual([1, 0]);
    stream.close();
    expect(detectors.open).toBe(0);
  });

  it('a second listen replaces the first without an outcome', () => {
    const { stream, events, clock } = create();
    stream.handle({ type: 'listen', stream: 5, listen: 1, options: listenOptions });
    clock.advance(1_000);
    stream.handle({ type: 'listen', stream: 5, listen: 2, options: listenOptions });
    stream.handle({ type: 'stop-listen', stream: 5, listen: 1 });
    clock.advance(5_000);
    expect(events).toMatchObject([{ type: 'complete', listen: 2, outcome: { cause: 'no-input-timeout' } }]);
  });

  it('on hold it hears nothing and no-input does not run', () => {
    const { stream, events, clock, talk } = create({ direction: 'sendonly' });
    stream.handle({ type: 'listen', stream: 5, listen: 1, options: listenOptions });
    talk(1_000);
    clock.advance(10_000);
    expect(events).toEqual([]);
    expect(stream.close().packetsReceived).toBe(0);
  });

  describe('digits pressed while nobody listens', () => {
    const keys = {
      kind: 'rules',
      uri: 'session:keys',
      mode: 'dtmf',
      language: 'en',
      weight: 1,
      root: 'root',
      rules: { root: { type: 'repeat', item: { type: 'token', text: '5' }, min: 2, max: 2 } },
    } as const;
    const dtmf = { grammars: [keys], interdigitTimeoutMs: 1_000, termTimeoutMs: 0, termChar: '' };
    const press = (stream: WorkerStream, count: number) => {
      for (let i = 0; i < count; i++) {
        const bytes = new Uint8Array(16);
        writeRtpHeader(bytes, 101, true, 500 + i, 50_000 + i * 1_000, 77);
        bytes.set([5, 0x8a, 3, 0x20], 12);
        stream.receive(bytes, remote.address, remote.port);
      }
    };
    const outcomes = (events: readonly StreamEvent[]) =>
      events.flatMap((e) =>
        e.type === 'complete' ? [`${e.listen} ${e.outcome.cause} ${e.outcome.digits}`] : [],
      );

    it.each([
      [
        'count as input when the listen asks for them (RFC 6787 9.4.31)',
        3_000,
        ['1 success 55', '2 success 55'],
      ],
      ['are forgotten when they are too old', 1_000, []],
      ['are forgotten otherwise (9.4.32)', 0, []],
    ])('%s', (_, typeAheadMs, expected) => {
      const { stream, events, clock } = create();
      press(stream, 5);
      clock.advance(1_500);
      for (const listen of [1, 2, 3])
        stream.handle({
          type: 'listen',
          stream: 5,
          listen,
          options: { ...listenOptions, recognition: null, dtmf: { ...dtmf, typeAheadMs } },
        });
      expect(outcomes(events)).toEqual(expected);
      stream.close();
      expect(clock.pendingTimers).toBe(0);
    });

    it('are bounded: the oldest go first', () => {
      const digits = new TypeAhead();
      for (let i = 0; i < 200; i++) digits.push(String(i % 10), i);
      expect([digits.length, digits.shift()]).toEqual([128, '2']);
    });
  });

  it('DTMF without telephone-event is refused with a warning; beyond 128 digits it is cut', () => {
    const { telephoneEventPayloadType: _, ...plain } = pcmu;
    const none = create({ codec: plain });
    none.stream.handle({ type: 'dtmf', stream: 5, digits: '1' });
    none.clock.advance(1_000);
    expect([none.sent.length, none.warnings.length, none.clock.pendingTimers]).toEqual([0, 1, 0]);
    const many = create();
    many.stream.handle({ type: 'dtmf', stream: 5, digits: '7'.repeat(300) });
    many.clock.advance(60_000);
    expect(many.warnings.length).toBe(1);
    expect(many.sent.filter((p) => p.marker).length).toBe(128);
    expect(many.clock.pendingTimers).toBe(0);
  });

  it('an update that cannot work is ignored with a warning', () => {
    const { stream, warnings, sent, clock } = create({ continuous: true });
    stream.handle({ type: 'update', stream: 5, change: { codec: { ...pcmu, ptimeMs: 1_000 } } });
    stream.handle({ type: 'update', stream: 5, change: { remote: { address: 'x', port: 1 } } });
    clock.advance(100);
    expect([warnings.length, sent.length]).toEqual([2, 5]);
  });

  it('close ends prompts and listen, leaves no tick and no detector; later calls change nothing', () => {
    const { stream, events, clock, ticker, talk, detectors, recognizer, sent } = create({ continuous: true });
    stream.handle({ type: 'play', stream: 5, play: 1, clip: clip(5_000) });
    stream.handle({ type: 'play', stream: 5, play: 2, clip: null });
    stream.handle({ type: 'listen', stream: 5, listen: 3, options: { ...listenOptions, bargeIn: 'none' } });
    talk(300);
    const stats = stream.close();
    expect(events.slice(-3).map((e) => e.type)).toEqual(['complete', 'play-ended', 'play-ended']);
    expect(events.slice(-3)[0]).toMatchObject({ outcome: { cause: 'cancelled' } });
    expect([ticker.subscriptions, clock.pendingTimers, detectors.open, recognizer.live]).toEqual([
      0, 0, 0, 0,
    ]);
    const count = { events: events.length, sent: sent.length };
    stream.handle({ type: 'resume', stream: 5, play: 1 });
    stream.handle({ type: 'dtmf', stream: 5, digits: '1' });
    talk(100);
    expect({ events: events.length, sent: sent.length }).toEqual(count);
    expect(stream.close()).toEqual(stats);
    expect(clock.pendingTimers).toBe(0);
  });

  it('commands for plays and listens that ended have no effect', () => {
    const { stream, events, clock, errors } = create();
    for (const type of ['pause', 'resume', 'stop-play'] as const)
      stream.handle({ type, stream: 5, play: 99 });
    stream.handle({ type: 'finish', stream: 5, play: 99, ok: true });
    stream.handle({ type: 'start-input-timers', stream: 5, listen: 99 });
    clock.advance(100);
    expect([events, errors]).toEqual([[], []]);
  });
});
