import { describe, expect, test } from 'vitest';

import { MemoryLogger } from '../../config/logger.js';
import type { MediaStream, RtpCodec } from '../../media/worker/media-host.js';
import { planAnswer } from '../sip/offer-answer.js';
import { PhoneCall, type CallBot } from './phone-call.js';
import { SessionMedia } from './session-media.js';
import { addresses, audio, decided, FakeSipSession, policy, portsOf, sdp } from './testing/fake-sip.js';
import { FakeHost } from './testing/fake-media.js';
import { settled } from './testing/kit.js';

/** A bot that only says what it was told. */
class FakeBot implements CallBot {
  readonly told: string[] = [];

  constructor(
    readonly stream: MediaStream,
    readonly codec: RtpCodec,
  ) {}

  start(variables: Readonly<Record<string, string>>): void {
    this.told.push(`start ${variables['caller']}`);
  }

  codecChanged(codec: RtpCodec): void {
    this.told.push(`codec ${codec.encoding}`);
  }

  close(): void {
    this.told.push('close');
  }
}

function fixture(offer: string | null = sdp(audio())) {
  const logger = new MemoryLogger();
  const host = new FakeHost();
  const sip = new FakeSipSession();
  const bots: FakeBot[] = [];
  const closed: string[] = [];
  const media = new SessionMedia(
    { sessionId: 's1', addresses, continuous: true, sdpSessionId: '7' },
    { host, logger, onLost: (reason) => call.end(reason) },
  );
  const call = new PhoneCall(offer === null ? null : planAnswer(offer, policy), {
    media,
    policy,
    ptimeMs: 20,
    logger,
    variables: { caller: 'alice' },
    createBot: (stream, codec) => {
      const bot = new FakeBot(stream, codec);
      bots.push(bot);
      return bot;
    },
    onClosed: (reason, stats) => closed.push(`${reason}, ${stats.length} streams`),
  });
  return { bots, call, closed, host, logger, sip };
}

async function accepted(offer: string | null = sdp(audio())) {
  const parts = fixture(offer);
  parts.sip.delegate = parts.call;
  await parts.call.open();
  parts.call.accepted(parts.sip);
  return parts;
}

async function confirmed() {
  const parts = await accepted();
  parts.call.onConfirmed(null);
  return parts;
}

describe('setting up', () => {
  test('the bot starts with the ACK, not with the 200', async () => {
    const { bots, call, host } = await accepted();
    expect(bots).toHaveLength(0);
    call.onConfirmed(null);
    expect(bots[0]?.stream).toBe(host.streams[0]);
    expect(bots[0]?.codec.encoding).toBe('PCMU');
    expect(bots[0]?.told).toEqual(['start alice']);
  });

  test('only the first audio line serves the call, others are refused with port 0', async () => {
    const { call, host } = fixture(sdp(audio(4_000), audio(4_002)));
    expect(portsOf(await call.open())).toEqual([30_000, 0]);
    expect(host.streams).toHaveLength(1);
  });

  test('rejects when no port is free', async () => {
    const { call, host } = fixture();
    host.portsLeft = 0;
    await expect(call.open()).rejects.toMatchObject({ code: 'capacity' });
  });

  test.each([
    ['an offer', sdp(audio())],
    ['no offer', null],
  ])('with %s, an end that overtakes it rejects and releases the port', async (_case, offer) => {
    const { call, closed, host } = fixture(offer);
    host.hold();
    const opened = call.open();
    call.end('cancelled');
    host.release();
    await expect(opened).rejects.toThrow('ended while');
    await settled();
    expect([host.openStreams, closed]).toEqual([0, ['cancelled, 0 streams']]);
  });
});

describe('a delayed offer (RFC 3261 13.2.1)', () => {
  test('is answered in the ACK, whose audio the bot then speaks on', async () => {
    const { bots, call, host } = await accepted(null);
    call.onConfirmed(sdp(['m=audio 4000 RTP/AVP 8']));
    await settled();
    expect(host.streams[0]?.updates).toMatchObject([
      { codec: { encoding: 'PCMA' }, remote: { port: 4_000 }, direction: 'sendrecv' },
    ]);
    expect(bots).toMatchObject([{ codec: { encoding: 'PCMA' }, told: ['start alice'] }]);
  });

  test.each([
    ['no answer', null, 'ACK without an answer to our offer'],
    ['no common codec', sdp(['m=audio 4000 RTP/AVP 18']), 'unusable answer: no common codec'],
    ['no description', 'hello', 'unusable answer: SDP line 1: a description starts with "v=0"'],
  ])('an ACK with %s ends the call', async (_case, answer, reason) => {
    const { bots, call, closed, sip } = await accepted(null);
    call.onConfirmed(answer);
    await settled();
    expect([sip.byes, bots.length, closed]).toEqual([1, 0, [`${reason}, 1 streams`]]);
  });

  test('a re-INVITE before the ACK is refused with 491 (RFC 3261 14.2)', async () => {
    const { call } = await accepted(null);
    expect(await decided(call.onReinvite(sdp(audio())))).toEqual({ accept: false, status: 491 });
  });
});

describe('re-INVITE', () => {
  test('hold and another codec reach the stream and the bot (RFC 3264 8.4)', async () => {
    const { bots, call, host } = await confirmed();
    const answer = await decided(call.onReinvite(sdp(['m=audio 4002 RTP/AVP 8', 'a=sendonly'])));
    expect(answer.accept && answer.sdp).toContain('a=recvonly');
    expect(host.streams[0]?.updates).toMatchObject([{ direction: 'recvonly', remote: { port: 4_002 } }]);
    expect(bots[0]?.told).toEqual(['start alice', 'codec PCMA']);
  });

  test('without an offer is answered with one, and the ACK with the answer to it counts (RFC 3261 14.2)', async () => {
    const { bots, call, host } = await confirmed();
    const offered = await decided(call.onReinvite(null));
    expect(offered.accept && portsOf(offered.sdp)).toEqual([30_000]);
    call.onConfirmed(sdp(audio(4_010)));
    await settled();
    expect(host.streams[0]?.updates).toMatchObject([{ remote: { port: 4_010 } }]);
    expect(bots).toHaveLength(1);
    expect(bots[0]?.told).toEqual(['start alice', 'codec PCMU']);
  });

  test('a bad answer in that ACK is logged and changes nothing', async () => {
    const { call, closed, host, logger } = await confirmed();
    await decided(call.onReinvite(null));
    call.onConfirmed('hello');
    await settled();
    expect([host.streams[0]?.updates, closed]).toEqual([[], []]);
    expect(logger.lines.at(-1)).toMatchObject({ level: 'warn', fields: { status: 400 } });
  });

  test.each([
    ['an unreadable offer', 'v=1', 400],
    ['no common codec', sdp(['m=audio 4000 RTP/AVP 18']), 488],
  ])('%s is refused', async (_case, offer, status) => {
    const { call, host } = await confirmed();
    expect(await decided(call.onReinvite(offer))).toMatchObject({ accept: false, status });
    expect(host.streams[0]?.updates).toEqual([]);
  });
});

describe('ending', () => {
  test('BYE from the caller closes the bot and the audio, once', async () => {
    const { bots, call, closed, host, sip } = await confirmed();
    sip.endedBy('remote-bye');
    call.hangUp('dialog ended');
    await settled();
    expect(bots[0]?.told).toEqual(['start alice', 'close']);
    expect([sip.byes, host.openStreams, closed]).toEqual([0, 0, ['remote-bye, 1 streams']]);
  });

  test('the bot hanging up sends BYE', async () => {
    const { call, closed, sip } = await confirmed();
    call.hangUp('dialog ended');
    call.hangUp('again');
    await settled();
    expect([sip.byes, closed]).toEqual([1, ['dialog ended, 1 streams']]);
  });

  test('an end before the 200 sends BYE when the session is there', async () => {
    const { call, closed, sip } = fixture();
    await call.open();
    call.end('drain');
    call.accepted(sip);
    await settled();
    expect([sip.byes, closed]).toEqual([1, ['drain, 1 streams']]);
  });

  test('lost media ends the call', async () => {
    const { closed, host, sip } = await confirmed();
    host.lose(0, 'media worker exited');
    await settled();
    expect([sip.byes, closed]).toEqual([1, ['media worker exited, 1 streams']]);
  });
});

describe('transfer', () => {
  test('is REFER on the session that is up (RFC 3515)', async () => {
    const { call, sip } = await confirmed();
    await call.transfer('sip:desk@example.test');
    expect(sip.referred).toEqual(['sip:desk@example.test']);
  });

  test('rejects as long as there is none', async () => {
    await expect(fixture().call.transfer('sip:desk@example.test')).rejects.toThrow('not up');
  });
});
