import { describe, expect, it } from 'vitest';
import { FakeClock } from '../../config/clock.js';
import { SeededRandom } from '../../config/random.js';
import { frameRemote } from '../frames/frame-transport.js';
import { FramePacketizer } from '../frames/packetizer.js';
import { Ticker } from '../pipeline/ticker.js';
import { SpeechError } from '../speech/errors.js';
import type { AudioClip } from '../speech/audio-clip.js';
import type { ListenRequest, RtpCodec, StreamOptions } from './media-host.js';
import type { StreamEvent } from './protocol.js';
import { ScriptedRecognizer } from './testing/scripted-recognizer.js';
import { WorkerStream } from './worker-stream.js';

const codec: RtpCodec = { encoding: 'L16', payloadType: 96, clockRateHz: 16_000, ptimeMs: 20 };
const base: StreamOptions = {
  sessionId: 's',
  localAddress: '',
  codec,
  remote: frameRemote,
  direction: 'sendrecv',
  continuous: false,
};
const listenOptions: ListenRequest = {
  recognizer: 'scripted',
  recognition: {
    sessionId: 's',
    sampleRateHz: 16_000,
    language: 'en',
    grammars: [],
    hints: [],
    interimResults: false,
    nBest: 1,
  },
  dtmf: null,
  noInputTimeoutMs: 0,
  recognitionTimeoutMs: 30_000,
  speechCompleteTimeoutMs: 300,
  speechIncompleteTimeoutMs: 300,
  startInputTimers: true,
  bargeIn: 'speech',
  bargeInMinSpeechMs: 100,
  confidenceThreshold: 0.5,
};

function clip(ms: number): AudioClip {
  const bytes = new Uint8Array(new SharedArrayBuffer(ms * 32)).fill(1);
  return { encoding: 'L16', sampleRateHz: 16_000, bytes, marks: [] };
}

function create(leadMs = 0) {
  const clock = new FakeClock(100_000);
  const events: StreamEvent[] = [];
  const sent: number[] = [];
  const ticker = new Ticker(clock, () => undefined);
  const recognizer = new ScriptedRecognizer({ text: 'yes', confidence: 1 });
  const stream = new WorkerStream(
    5,
    { ...base, frames: { leadMs } },
    () => sent.push(clock.nowMs() - 100_000),
    {
      clock,
      ticker,
      random: new SeededRandom(1),
      vads: {
        create: () => ({ isSpeech: (samples) => samples.some((s) => s !== 0), close: () => undefined }),
      },
      engines: {
        get: (name) => (name === 'scripted' ? recognizer : new SpeechError('unavailable', name)),
      },
      jitterMs: 40,
      emit: (event) => events.push(event),
      warn: () => undefined,
    },
  );
  const packetizer = new FramePacketizer(codec, (packet) =>
    stream.receive(packet, frameRemote.address, frameRemote.port),
  );
  const push = (ms: number, value = 9) => {
    const octets = new Uint8Array(ms * 32).fill(value);
    packetizer.write(octets, 0, octets.length, null);
  };
  return { clock, events, sent, ticker, recognizer, stream, push };
}

describe('a frame stream', () => {
  it('sends the lead at once and then one packet each packet time', () => {
    const { stream, clock, sent } = create(60);
    stream.handle({ type: 'play', stream: 5, play: 1, clip: clip(200) });
    clock.advance(300);
    expect(sent).toEqual([0, 0, 0, 0, 20, 40, 60, 80, 100, 120]);
  });

  it('without a lead sends like a call', () => {
    const { stream, clock, sent } = create(0);
    stream.handle({ type: 'play', stream: 5, play: 1, clip: clip(80) });
    clock.advance(300);
    expect(sent).toEqual([0, 20, 40, 60]);
  });

  it('does not fill the lead with silence while a prompt is being made', () => {
    const { stream, clock, sent } = create(100);
    stream.handle({ type: 'play', stream: 5, play: 1, clip: null });
    const bytes = new Uint8Array(new SharedArrayBuffer(40 * 32)).fill(1);
    stream.handle({ type: 'append', stream: 5, play: 1, bytes, marks: [] });
    expect(sent).toEqual([0, 0]);
    clock.advance(41);
    // The second tick of silence keeps the far end's clock going.
    expect(sent.length).toBeLessThanOrEqual(4);
    const more = new Uint8Array(new SharedArrayBuffer(400 * 32)).fill(1);
    stream.handle({ type: 'append', stream: 5, play: 1, bytes: more, marks: [] });
    clock.advance(20);
    expect(sent.filter((at) => at > 41).length).toBeGreaterThan(4);
    stream.close();
  });

  it('barge-in ends the prompt and no packet of it follows', () => {
    const { stream, clock, sent, events, push } = create(100);
    stream.handle({ type: 'listen', stream: 5, listen: 1, options: listenOptions });
    stream.handle({ type: 'play', stream: 5, play: 1, clip: clip(5_000) });
    for (let at = 0; at < 300; at += 20) {
      push(20);
      clock.advance(20);
    }
    const ended = events.findIndex((event) => event.type === 'play-ended');
    expect(events[ended]).toMatchObject({ reason: 'barge-in' });
    const count = sent.length;
    clock.advance(500);
    expect(sent.length).toBe(count);
  });

  it('a digit reaches the listen', () => {
    const { stream, events } = create();
    const request = { ...listenOptions, bargeIn: 'any' as const };
    stream.handle({ type: 'listen', stream: 5, listen: 1, options: request });
    stream.handle({ type: 'play', stream: 5, play: 1, clip: clip(500) });
    stream.handle({ type: 'digit', stream: 5, digit: '1' });
    expect(events.filter(({ type }) => type === 'play-ended')).toHaveLength(1);
  });

  it('behind a stall all audio is heard, and the delay is made up for', () => {
    const { stream, clock, push, recognizer } = create();
    const options = { ...listenOptions, speechCompleteTimeoutMs: 2_000, speechIncompleteTimeoutMs: 2_000 };
    stream.handle({ type: 'listen', stream: 5, listen: 1, options });
    for (let at = 0; at < 1_000; at += 20) {
      push(20);
      clock.advance(20);
    }
    clock.advance(600);
    push(600);
    let pushed = 1_600;
    for (let at = 0; at < 6_000; at += 20) {
      push(20);
      pushed += 20;
      clock.advance(20);
    }
    expect(stream.packetsReceived).toBe(pushed / 20);
    const waiting = pushed - recognizer.heardMs;
    // What conceals the stall is heard besides, so that the audio itself is not further behind than that.
    expect(waiting).toBeLessThan(200);
  });

  it('holds no tick after close', () => {
    const { stream, ticker } = create(100);
    stream.handle({ type: 'listen', stream: 5, listen: 1, options: listenOptions });
    stream.handle({ type: 'play', stream: 5, play: 1, clip: clip(500) });
    stream.close();
    expect(ticker.subscriptions).toBe(0);
  });
});
