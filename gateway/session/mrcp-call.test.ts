import { describe, expect, test } from 'vitest';

import { FakeClock } from '../../config/clock.js';
import { mrcpLimits } from '../../config/limits.js';
import { MemoryLogger } from '../../config/logger.js';
import { SeededRandom } from '../../config/random.js';
import { compileGrammarDocument } from '../../media/speech/grammar/compile.js';
import { MrcpServer, type MrcpSessionDelegate } from '../mrcp/server.js';
import { FakeRecogBackend, FakeSynthBackend } from '../mrcp/testing/fake-backends.js';
import { planAnswer } from '../sip/offer-answer.js';
import { MrcpCall } from './mrcp-call.js';
import { SessionMedia } from './session-media.js';
import {
  addresses,
  audio,
  control,
  decided,
  FakeSipSession,
  policy,
  portsOf,
  sdp,
} from './testing/fake-sip.js';
import { FakeHost } from './testing/fake-media.js';
import { settled } from './testing/kit.js';

const synthOffer = sdp(control('speechsynth'), audio());
const bothOffer = sdp(control('speechsynth'), audio(), control('speechrecog'));

function fixture(offer: string = bothOffer) {
  const clock = new FakeClock();
  const logger = new MemoryLogger();
  const host = new FakeHost();
  const server = new MrcpServer(
    { address: '127.0.0.1', port: 0 },
    { clock, random: new SeededRandom(1), logger, compileGrammar: compileGrammarDocument },
  );
  const sip = new FakeSipSession();
  const closed: string[] = [];
  const synths: FakeSynthBackend[] = [];
  const recogs: FakeRecogBackend[] = [];
  const delegates: MrcpSessionDelegate[] = [];
  const media = new SessionMedia(
    { sessionId: 's1', addresses, continuous: false, sdpSessionId: '7' },
    { host, logger, onLost: (reason) => call.end(reason) },
  );
  const call = new MrcpCall(planAnswer(offer, policy), {
    media,
    policy,
    logger,
    server: {
      openSession: (given) => {
        delegates.push(given);
        return server.openSession(given);
      },
    },
    backends: {
      synth: () => {
        const backend = new FakeSynthBackend();
        synths.push(backend);
        return backend;
      },
      recog: () => {
        const backend = new FakeRecogBackend();
        recogs.push(backend);
        return backend;
      },
    },
    onClosed: (reason, stats) => closed.push(`${reason}, ${stats.length} streams`),
  });
  const loseConnection = () => delegates.at(-1)?.onConnectionLost();
  return { call, clock, closed, host, logger, loseConnection, recogs, server, sip, synths };
}

async function confirmed(offer: string = bothOffer) {
  const parts = fixture(offer);
  parts.sip.delegate = parts.call;
  await parts.call.open();
  parts.call.accepted(parts.sip);
  parts.call.onConfirmed();
  return parts;
}

/** What a closed session must have left behind: nothing. */
function expectReleased({ clock, host, server }: ReturnType<typeof fixture>): void {
  expect(clock.pendingTimers).toBe(0);
  expect(host.openStreams).toBe(0);
  expect(server.stats()).toMatchObject({ sessions: 0, channels: 0 });
}

describe('opening', () => {
  test('each control line becomes a channel with its own identifier (RFC 6787 6.2.1)', async () => {
    const { call, server } = fixture();
    const answer = await call.open();
    expect(portsOf(answer)).toEqual([addresses.mrcpPort, 30_000, addresses.mrcpPort]);
    expect([...answer.matchAll(/a=channel:[0-9a-f]{16}@(\w+)/g)].map((match) => match[1])).toEqual([
      'speechsynth',
      'speechrecog',
    ]);
    expect(server.stats().channels).toBe(2);
  });

  test('rejects when there is no port; ending it then releases everything', async () => {
    const parts = fixture();
    parts.host.portsLeft = 0;
    await expect(parts.call.open()).rejects.toMatchObject({ code: 'capacity' });
    parts.call.end('could not be opened');
    await settled();
    expect(parts.closed).toEqual(['could not be opened, 0 streams']);
    expectReleased(parts);
  });

  test('that is overtaken by the end rejects, opens no channel and releases the port', async () => {
    const parts = fixture();
    parts.host.hold();
    const opened = parts.call.open();
    parts.call.end('cancelled');
    parts.host.release();
    await expect(opened).rejects.toThrow('ended while');
    await settled();
    expect([parts.synths.length, parts.closed.length]).toEqual([0, 1]);
    expectReleased(parts);
  });
});

describe('ending (RFC 6787 4.6)', () => {
  test('BYE from the client closes the channels and the audio', async () => {
    const parts = await confirmed();
    parts.sip.endedBy('remote-bye');
    await settled();
    expect([parts.synths[0]?.closed, parts.recogs[0]?.closed]).toEqual([1, 1]);
    expect(parts.closed).toEqual(['remote-bye, 1 streams']);
    expect(parts.sip.byes).toBe(0);
    expectReleased(parts);
  });

  test('a lost MRCP connection sends BYE once, however often the session ends', async () => {
    const parts = await confirmed();
    parts.loseConnection();
    parts.loseConnection();
    parts.call.end('drain');
    await settled();
    expect(parts.sip.byes).toBe(1);
    expect(parts.closed).toEqual(['MRCP connection lost, 1 streams']);
    expectReleased(parts);
  });

  test('a client that never connects is ended with BYE after its deadline', async () => {
    const parts = await confirmed();
    parts.clock.advance(mrcpLimits.connectDeadlineMs);
    await settled();
    expect(parts.sip.byes).toBe(1);
    expect(parts.closed).toEqual(['MRCP inactivity, 1 streams']);
    expectReleased(parts);
  });

  test('lost media ends the session', async () => {
    const parts = await confirmed();
    parts.host.lose(0, 'media worker exited');
    await settled();
    expect([parts.sip.byes, parts.closed]).toEqual([1, ['media worker exited, 1 streams']]);
  });

  test('that came before the 200 is told to the caller with BYE', async () => {
    const { call, sip } = fixture();
    await call.open();
    call.end('drain');
    call.accepted(sip);
    expect(sip.byes).toBe(1);
  });
});

describe('re-INVITE (RFC 3264 section 8)', () => {
  test('adds a channel beside the one that stays', async () => {
    const { call, recogs, synths } = await confirmed(synthOffer);
    const answer = await decided(call.onReinvite(bothOffer));
    expect(answer).toMatchObject({ accept: true });
    expect(answer.accept && portsOf(answer.sdp)).toEqual([addresses.mrcpPort, 30_000, addresses.mrcpPort]);
    expect([synths.length, recogs.length, synths[0]?.closed]).toEqual([1, 1, 0]);
  });

  test('port 0 removes a channel and its backend only', async () => {
    const { call, recogs, synths, server } = await confirmed();
    const answer = await decided(
      call.onReinvite(sdp(['m=application 0 TCP/MRCPv2 1'], audio(), control('speechrecog'))),
    );
    expect(answer.accept && portsOf(answer.sdp)).toEqual([0, 30_000, addresses.mrcpPort]);
    expect([synths[0]?.closed, recogs[0]?.closed, server.stats().channels]).toEqual([1, 0, 1]);
  });

  test('a control line that asks for another resource gets a channel of that resource', async () => {
    const { call, recogs, synths } = await confirmed(synthOffer);
    const answer = await decided(call.onReinvite(sdp(control('speechrecog'), audio())));
    expect(answer.accept && answer.sdp).toMatch(/a=channel:[0-9a-f]{16}@speechrecog/);
    expect([synths[0]?.closed, recogs.length]).toEqual([1, 1]);
  });

  test('without an offer repeats what is in force (RFC 3261 14.2)', async () => {
    const { call } = await confirmed();
    const answer = await decided(call.onReinvite(null));
    expect(answer.accept && portsOf(answer.sdp)).toEqual([addresses.mrcpPort, 30_000, addresses.mrcpPort]);
  });

  test.each([
    ['an unreadable offer', 'v=1', 400],
    ['fewer lines than before', sdp(audio()), 400],
    ['no resource that exists here', sdp(control('recorder'), audio(), control('speakverify')), 404],
  ])('%s is refused with a status and changes nothing', async (_case, offer, status) => {
    const { call, server } = await confirmed();
    expect(await decided(call.onReinvite(offer))).toMatchObject({ accept: false, status });
    expect(server.stats().channels).toBe(2);
  });

  test('that finds no port is refused with 500', async () => {
    const { call, host, logger } = await confirmed(synthOffer);
    host.portsLeft = 0;
    const more = sdp(control('speechsynth', 'a=cmid:2'), audio(), audio(4_002, 'a=mid:2'));
    expect(await decided(call.onReinvite(more))).toEqual({ accept: false, status: 500 });
    expect(logger.lines.at(-1)).toMatchObject({ level: 'warn' });
  });
});
