import { describe, expect, test } from 'vitest';

import { FakeClock } from '../../config/clock.js';
import { MemoryLogger } from '../../config/logger.js';
import { SeededRandom } from '../../config/random.js';
import type { AnswerPlan } from '../sip/offer-answer.js';
import type { SipSession, SipSessionEnd } from '../sip/user-agent-api.js';
import { CallIngress, type IncomingSession, type IncomingSessionParts } from './call-ingress.js';
import { SessionTable } from './session-table.js';
import { addresses, audio, control, FakeInvitation, policy, sdp } from './testing/fake-sip.js';
import { FakeHost } from './testing/fake-media.js';
import { settled } from './testing/kit.js';

/** A session that is nothing but its media. */
class FakeSession implements IncomingSession {
  readonly ends: string[] = [];
  sip: SipSession | null = null;

  constructor(
    readonly kind: 'call' | 'mrcp',
    readonly plan: AnswerPlan | null,
    readonly parts: IncomingSessionParts,
    readonly failure: Error | null,
  ) {}

  async open(): Promise<string> {
    if (this.failure) throw this.failure;
    if (this.plan) await this.parts.media.apply(this.plan);
    return `answer of ${this.kind}`;
  }

  accepted(sip: SipSession): void {
    this.sip = sip;
  }

  end(reason: string): void {
    if (this.ends.length > 0) return;
    this.ends.push(reason);
    this.sip?.end();
    void this.parts.media.close().then(() => this.parts.onClosed(reason));
  }

  onConfirmed(): void {
    throw new Error('nobody confirms here');
  }

  onReinvite(): { accept: false; status: number } {
    return { accept: false, status: 488 };
  }

  onEnded(reason: SipSessionEnd): void {
    this.end(reason);
  }
}

function fixture(failure: Error | null = null) {
  const logger = new MemoryLogger();
  const host = new FakeHost();
  const table = new SessionTable(2);
  const sessions: FakeSession[] = [];
  const create = (kind: 'call' | 'mrcp') => (plan: AnswerPlan | null, parts: IncomingSessionParts) => {
    const session = new FakeSession(kind, plan, parts, failure);
    sessions.push(session);
    return session;
  };
  const ingress = new CallIngress({
    clock: new FakeClock(),
    random: new SeededRandom(1),
    logger,
    host,
    table,
    policy,
    addresses: () => addresses,
    createCall: create('call'),
    createMrcp: create('mrcp'),
  });
  const invite = (invitation: FakeInvitation): FakeInvitation => {
    ingress.onInvite(invitation);
    return invitation;
  };
  return { host, ingress, invite, logger, sessions, table };
}

const options = new FakeInvitation(null).request;

describe('INVITE', () => {
  test.each([
    ['audio', sdp(audio()), 'call', true],
    ['nothing (a delayed offer)', null, 'call', true],
    ['MRCP control lines', sdp(control('speechrecog'), audio()), 'mrcp', false],
  ])('that offers %s becomes a session and is accepted', async (_case, offer, kind, continuous) => {
    const { host, invite, sessions, table } = fixture();
    const invitation = invite(new FakeInvitation(offer));
    expect(table.list()).toMatchObject([{ kind, callId: 'call@test', remote: '192.0.2.1:5060' }]);
    await settled();
    expect(invitation.answers).toEqual([`answer of ${kind}`]);
    expect([invitation.delegate, sessions[0]?.sip]).toEqual([sessions[0], invitation.session]);
    for (const stream of host.streams) expect(stream.options?.continuous).toBe(continuous);
  });

  test('tells a session who calls whom, and the header fields by name without case', () => {
    const { invite, sessions } = fixture();
    invite(
      new FakeInvitation(null, [
        ['From', '"Alice" <sip:alice@example.test>;tag=1'],
        ['To', '<sip:bot@example.test>'],
        ['X-Platform', 'genesys'],
      ]),
    );
    const facts = sessions[0]?.parts.facts;
    expect(facts).toMatchObject({ fromUser: 'alice', toUser: 'bot', sourceAddress: '192.0.2.1' });
    expect(facts?.sessionId).toMatch(/^[0-9a-f]{16}$/);
    expect([facts?.header('x-platform'), facts?.header('X-Other')]).toEqual(['genesys', null]);
  });

  test('with unreadable From and To has empty users', () => {
    const { invite, sessions } = fixture();
    invite(new FakeInvitation(null, [['From', '<<>>']]));
    expect(sessions[0]?.parts.facts).toMatchObject({ fromUser: '', toUser: '' });
  });

  test.each([
    ['is unreadable', 'v=1', 400],
    ['asks for an unknown resource', sdp(control('recorder'), audio()), 404],
    ['has no common codec', sdp(['m=audio 4000 RTP/AVP 18']), 488],
  ])('whose offer %s is refused and holds nothing', async (_case, offer, status) => {
    const { host, invite, sessions, table } = fixture();
    const invitation = invite(new FakeInvitation(offer));
    await settled();
    expect(invitation.rejections).toMatchObject([{ status }]);
    expect([sessions.length, table.size, host.streams.length]).toEqual([0, 0, 0]);
  });
});

describe('a session that cannot be opened', () => {
  test('for lack of a port is answered 503 with Retry-After and released', async () => {
    const { host, invite, sessions, table } = fixture();
    host.portsLeft = 0;
    const invitation = invite(new FakeInvitation(sdp(audio())));
    await settled();
    expect(invitation.rejections).toEqual([{ status: 503, headers: [['Retry-After', '5']] }]);
    expect([sessions[0]?.ends, table.size]).toEqual([['could not be opened'], 0]);
  });

  test('for another reason is answered 500 and released', async () => {
    const { invite, table } = fixture(new Error('a defect'));
    const invitation = invite(new FakeInvitation(sdp(audio())));
    await settled();
    expect(invitation.rejections).toMatchObject([{ status: 500 }]);
    expect(table.size).toBe(0);
  });
});

describe('CANCEL while the session opens', () => {
  test('releases everything and neither accepts nor rejects (487 was sent already)', async () => {
    const { host, invite, sessions, table } = fixture();
    host.hold();
    const invitation = invite(new FakeInvitation(sdp(audio())));
    await settled();
    invitation.onCancelled?.();
    host.release();
    await settled();
    expect([invitation.answers, invitation.rejections]).toEqual([[], []]);
    expect([sessions[0]?.ends[0], host.openStreams, table.size]).toEqual(['cancelled', 0, 0]);
  });

  test('and fails to open is not rejected either', async () => {
    const { invite, table } = fixture(new Error('a defect'));
    const invitation = invite(new FakeInvitation(sdp(audio())));
    invitation.onCancelled?.();
    await settled();
    expect([invitation.rejections, table.size]).toEqual([[], 0]);
  });
});

describe('a running session', () => {
  test('ends when its media is lost', async () => {
    const { host, invite, sessions, table } = fixture();
    invite(new FakeInvitation(sdp(audio())));
    await settled();
    host.lose(0, 'worker exited');
    await settled();
    expect([sessions[0]?.ends, table.size]).toEqual([['media: worker exited'], 0]);
  });

  test('can be ended by the operator, and its end is logged with the reason', async () => {
    const { invite, logger, table } = fixture();
    const invitation = invite(new FakeInvitation(sdp(audio())));
    await settled();
    table.endAll();
    await settled();
    expect([invitation.session.byes, table.size]).toEqual([1, 0]);
    expect(logger.lines.at(-1)).toMatchObject({
      message: 'session ended',
      fields: { kind: 'call', reason: 'ended by the operator' },
    });
  });
});

describe('OPTIONS (RFC 3261 11, RFC 6787 7)', () => {
  test('is answered with our resources and encodings', () => {
    const body = fixture().ingress.onOptions(options) ?? '';
    expect(body).toContain('a=resource:speechsynth');
    expect(body).toContain('a=resource:speechrecog');
    expect(body).toMatch(/m=audio 0 RTP\/AVP 0 8/);
  });

  test('is refused while draining and while the table is full', async () => {
    const draining = fixture();
    void draining.table.drain();
    expect(draining.ingress.onOptions(options)).toBeNull();
    const full = fixture();
    for (let i = 0; i < 2; i++) full.invite(new FakeInvitation(sdp(audio())));
    await settled();
    expect(full.ingress.onOptions(options)).toBeNull();
  });
});
