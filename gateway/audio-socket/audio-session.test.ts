import { describe, expect, test } from 'vitest';

import { audioSocketLimits } from '../../config/limits.js';
import { SpeechError } from '../../media/speech/errors.js';
import { closeReasons, closeText } from './close-reasons.js';
import { FlowGuard } from './flow-guard.js';
import { L16Protocol } from './l16-protocol.js';
import { sessionFixture, settings, settled } from './testing/kit.js';

const start = '{"type":"start","parameters":{"line":"sales","caller":"+1"}}';
const frame = new Uint8Array(640);

function create() {
  return sessionFixture(new L16Protocol({ sampleRateHz: 16_000, events: true }));
}

async function talking() {
  const fixture = create();
  fixture.session.onText(start);
  await settled();
  return fixture;
}

describe('a session', () => {
  test('opens a stream at the start message and starts the bot with the parameters', async () => {
    const { session, host, bots, peer } = await talking();
    expect(host.last.frameOptions).toEqual({
      sessionId: 's1',
      encoding: 'L16',
      sampleRateHz: 16_000,
      leadMs: 100,
    });
    expect(bots[0]?.variables).toEqual({ caller: '+1', called: '', line: 'sales' });
    expect(bots[0]?.parts.codec).toMatchObject({ encoding: 'L16', clockRateHz: 16_000, ptimeMs: 20 });
    expect(JSON.parse(peer.texts[0] ?? '')).toMatchObject({
      type: 'ready',
      sessionId: 's1',
      sampleRateHz: 16_000,
    });
    session.onBinary(Uint8Array.of(1, 2));
    session.onText('{"type":"dtmf","digits":"12"}');
    expect([host.last.audio, host.last.digits]).toEqual([
      [{ octets: [2, 1], timestampMs: null }],
      ['1', '2'],
    ]);
  });

  test('carries frames out and tells what is said', async () => {
    const { host, peer, bots, stats } = await talking();
    host.last.listener.onFrame(Uint8Array.of(0, 0, 1, 2), 2);
    bots[0]?.parts.onSaid('Hello');
    expect(peer.sent.slice(1)).toEqual([Uint8Array.of(2, 1), '{"type":"prompt","text":"Hello"}']);
    expect(stats.framesOut).toBe(1);
  });

  test('ends when the bot hangs up: stop, 1000, and everything is released', async () => {
    const { session, host, bots, peer, ends, clock, stats } = await talking();
    session.hangUp('dialog ended');
    expect(peer.sent.at(-1)).toBe('{"type":"stop","reason":"ended"}');
    expect(peer.closed).toEqual({ code: 1_000, reason: 'the conversation ended: dialog ended' });
    await settled();
    expect([bots[0]?.closes, host.openFrameStreams, ends]).toEqual([1, 0, []]);
    session.onClosed();
    expect([ends, clock.pendingTimers, stats.endings.get('ended')]).toEqual([['ended'], 0, 1]);
    session.onText('{"type":"stop"}');
    session.onClosed();
    expect(ends).toEqual(['ended']);
  });

  test('a peer that does not close is cut', async () => {
    const { session, peer, clock } = await talking();
    session.end();
    expect(peer.closed?.code).toBe(1_001);
    clock.advance(audioSocketLimits.closeMs);
    expect(peer.terminated).toBe(true);
  });

  test('a client that leaves releases everything', async () => {
    const { session, host, ends } = await talking();
    session.onClosed();
    await settled();
    expect([host.openFrameStreams, ends]).toEqual([0, ['left']]);
  });

  test('a client that leaves while its stream is opened leaves none behind', async () => {
    const { session, host, bots, ends } = create();
    session.onText(start);
    session.onClosed();
    await settled();
    expect([host.openFrameStreams, bots.length, ends]).toEqual([0, 0, ['left']]);
  });

  test('stop by the client is 1000; what comes after has no effect', async () => {
    const { session, peer, host } = await talking();
    session.onText('{"type":"stop"}');
    session.onBinary(frame);
    expect([peer.closed?.code, host.last.audio.length]).toEqual([1_000, 0]);
  });

  test('a lost worker is 1011, a full one 1013', async () => {
    const lost = await talking();
    lost.host.last.listener.onClosed('it died');
    expect(lost.peer.closed).toEqual({ code: 1_011, reason: 'the media worker is gone: it died' });
    const full = create();
    full.host.refusal = new SpeechError('capacity', 'full');
    full.session.onText(start);
    await settled();
    expect(full.peer.closed?.code).toBe(1_013);
    const failed = create();
    failed.host.refusal = new SpeechError('internal', 'broken');
    failed.session.onText(start);
    await settled();
    expect(failed.peer.closed?.code).toBe(1_011);
  });

  test('cannot be transferred', async () => {
    const { session } = await talking();
    await expect(session.transfer()).rejects.toThrow('cannot be transferred');
  });

  test('frames that the worker cannot take are counted', async () => {
    const { session, host, stats } = await talking();
    host.last.accepts = false;
    session.onBinary(frame);
    expect([stats.framesIn, stats.framesDropped]).toEqual([1, 1]);
  });
});

describe('what a client must not do', () => {
  test.each([
    ['audio before start', 4_409, (s: ReturnType<typeof create>) => s.session.onBinary(frame)],
    [
      'keys before start',
      4_409,
      (s: ReturnType<typeof create>) => s.session.onText('{"type":"dtmf","digits":"1"}'),
    ],
    [
      'a mark before start',
      4_409,
      (s: ReturnType<typeof create>) => s.session.onText('{"type":"mark","name":"m"}'),
    ],
    ['no JSON', 4_400, (s: ReturnType<typeof create>) => s.session.onText('{')],
    ['too long a frame', 4_413, (s: ReturnType<typeof create>) => s.session.onBinary(new Uint8Array(40_000))],
  ])('%s closes with %i', (_case, code, act) => {
    const fixture = create();
    act(fixture);
    expect(fixture.peer.closed?.code).toBe(code);
  });

  test('a second start', async () => {
    const { session, peer } = await talking();
    session.onText(start);
    expect(peer.closed).toEqual({ code: 4_409, reason: 'message out of order: a second start' });
  });

  test('no start in time', () => {
    const { session, peer, clock } = create();
    clock.advance(settings.startMs - 1);
    session.sweep(clock.nowMs());
    expect(peer.closed).toBeNull();
    clock.advance(1);
    session.sweep(clock.nowMs());
    expect(peer.closed?.code).toBe(4_408);
  });

  test('no audio for idleMs', async () => {
    const { session, peer, clock } = await talking();
    clock.advance(settings.idleMs - 1);
    session.onBinary(frame);
    clock.advance(settings.idleMs - 1);
    session.sweep(clock.nowMs());
    expect(peer.closed).toBeNull();
    clock.advance(1);
    session.sweep(clock.nowMs());
    expect(peer.closed?.code).toBe(4_408);
  });

  test('audio faster than real time, beyond the lead', async () => {
    const { session, peer } = await talking();
    for (let i = 0; i < settings.aheadMs / 20; i++) session.onBinary(frame);
    expect(peer.closed).toBeNull();
    session.onBinary(frame);
    expect(peer.closed).toEqual({
      code: 4_429,
      reason: 'faster than real time: audio is more than 2000 ms ahead',
    });
  });

  test('more messages than anyone needs, pings included', async () => {
    const { session, peer } = await talking();
    for (let i = 0; i < audioSocketLimits.messagesAtOnce + 1; i++) session.onControl();
    expect(peer.closed?.code).toBe(4_429);
  });

  test('leaving more unread than bufferedBytes', async () => {
    const { host, peer } = await talking();
    peer.bufferedBytes = settings.bufferedBytes;
    host.last.listener.onFrame(new Uint8Array(642), 2);
    expect(peer.closed).toBeNull();
    peer.bufferedBytes++;
    host.last.listener.onFrame(new Uint8Array(642), 2);
    expect(peer.closed?.code).toBe(4_430);
  });

  test('taking nothing for stalledMs while something waits; slow progress is progress', async () => {
    const { session, host, peer, clock } = await talking();
    peer.bufferedBytes = 2_000;
    for (let seconds = 0; seconds < 60; seconds++) {
      session.onBinary(frame);
      host.last.listener.onFrame(new Uint8Array(642), 2);
      clock.advance(1_000);
      session.sweep(clock.nowMs());
    }
    expect(peer.closed).toBeNull();
    for (let seconds = 0; seconds <= audioSocketLimits.stalledMs / 1_000; seconds++) {
      session.onBinary(frame);
      clock.advance(1_000);
      session.sweep(clock.nowMs());
    }
    expect(peer.closed?.code).toBe(4_430);
  });

  test('breaking WebSocket itself is counted, and the socket is cut if it stays', async () => {
    const { session, peer, stats, clock } = await talking();
    session.onBroken(new Error('Max payload size exceeded'));
    expect(stats.endings.get('broken')).toBe(1);
    clock.advance(audioSocketLimits.closeMs);
    expect(peer.terminated).toBe(true);
  });
});

describe('FlowGuard', () => {
  test('what a stall held back may come at once, and no more than behindMs of it', () => {
    const guard = new FlowGuard(1_000, 6_000);
    guard.audio(20, 0);
    for (let i = 0; i < 350; i++) expect(guard.audio(20, 3_600_000)).toBe(true);
    expect(guard.audio(20, 3_600_000)).toBe(false);
  });

  test('nothing is saved up before the first audio', () => {
    const guard = new FlowGuard(1_000, 6_000);
    expect(guard.audio(1_000, 3_600_000)).toBe(true);
    expect(guard.audio(20, 3_600_000)).toBe(false);
  });

  test('real time goes on for ever, a little faster does not', () => {
    const even = new FlowGuard(1_000, 6_000);
    for (let at = 0; at < 600_000; at += 20) expect(even.audio(20, at)).toBe(true);
    const fast = new FlowGuard(1_000, 6_000);
    let at = 0;
    while (fast.audio(22, at)) at += 20;
    expect(at).toBeLessThan(12_000);
  });
});

test('a close frame holds 123 octets of ASCII at most', () => {
  expect(closeText('bad-message', 'x'.repeat(300)).length).toBe(123);
  expect(closeText('bad-message', 'é')).toBe('message not understood: ?');
  for (const { text } of Object.values(closeReasons)) expect(text.length).toBeLessThan(100);
});
