import { beforeEach, describe, expect, it } from 'vitest';
import { getHeader } from './header-fields.js';
import type { SipMessage } from './message.js';
import { tagOf } from './response.js';
import { testResponse } from './test-messages.js';
import { nothingLeft, TestApp, TestBench, TestCaller, TestPhone } from './test-user-agents.js';
import type { UserAgent } from './user-agent.js';

let bench: TestBench;
let bot: TestApp;
let caller: TestCaller;
let botAgent: UserAgent;
let callerAgent: UserAgent;

beforeEach(async () => {
  bench = new TestBench();
  bot = new TestApp();
  caller = new TestCaller();
  botAgent = await bench.createAgent('192.0.2.1', bot);
  callerAgent = await bench.createAgent('192.0.2.2', caller);
});

/** Drops the next message of that kind, such as "ACK" or 200. */
function dropNext(what: string | number): void {
  bench.network.drop = (message: SipMessage) => {
    const hit = message.kind === 'request' ? message.method === what : message.status === what;
    if (hit) bench.network.drop = () => false;
    return hit;
  };
}

function call() {
  caller.session = callerAgent.invite('sip:bot@192.0.2.1', 'offer', caller, { fromUser: 'ann' });
  bench.settle();
  return caller.session;
}

async function turns(): Promise<void> {
  for (let count = 0; count < 10; count++) {
    await Promise.resolve();
    bench.settle();
  }
}

async function closeBoth(): Promise<void> {
  expect(await bench.close(callerAgent)).toMatchObject({ transactions: 0, dialogs: 0 });
  expect(await bench.close(botAgent)).toEqual(nothingLeft);
}

describe('a whole call between two user agents', () => {
  it('INVITE, 200, ACK, BYE', async () => {
    const session = call();
    expect(caller.take()).toEqual(['answered answer', 'confirmed -']);
    expect([bot.take(), bot.invitations[0]?.offer]).toEqual([['confirmed -'], 'offer']);
    expect([session.localUri, session.remoteUri]).toEqual(['sip:ann@192.0.2.2:5060', 'sip:bot@192.0.2.1']);
    expect(bot.session?.callId).toBe(session.callId);
    session.end();
    bench.settle();
    expect([caller.take(), bot.take()]).toEqual([['ended local-bye'], ['ended remote-bye']]);
    expect(bench.network.takeSummary()).toEqual([
      'INVITE',
      '100 INVITE',
      '200 INVITE',
      'ACK',
      'BYE',
      '200 BYE',
    ]);
    bench.pass(40_000);
    expect([botAgent.stats().transactions, callerAgent.stats().transactions]).toEqual([0, 0]);
    await closeBoth();
  });

  it.each<string | number>(['INVITE', 100, 200, 'ACK'])(
    'the loss of the first %s is made good',
    async (what) => {
      dropNext(what);
      call();
      bench.pass(1_000);
      expect(caller.take()).toEqual(['answered answer', 'confirmed -']);
      expect([bot.invitations.length, bot.take()]).toEqual([1, ['confirmed -']]);
      bench.pass(40_000);
      expect([caller.take(), bot.take()]).toEqual([[], []]);
      await closeBoth();
    },
  );

  it.each<string | number>(['BYE', 200])(
    'the loss of the first %s while hanging up is made good',
    async (what) => {
      call();
      bot.take();
      dropNext(what);
      caller.session?.end();
      bench.pass(1_000);
      expect([bot.take(), callerAgent.stats().dialogs]).toEqual([['ended remote-bye'], 0]);
      await closeBoth();
    },
  );

  it('BYEs that cross end both sides, each by its own', async () => {
    call();
    caller.take();
    bot.take();
    caller.session?.end();
    bot.session?.end();
    bench.settle();
    expect([caller.take(), bot.take()]).toEqual([['ended local-bye'], ['ended local-bye']]);
    expect([botAgent.stats().dialogs, callerAgent.stats().dialogs]).toEqual([0, 0]);
    await closeBoth();
  });

  it('a call between agents has the session timer, refreshed for as long as it lives', () => {
    call();
    expect(caller.take().length + bot.take().length).toBe(3);
    bench.network.takeSummary();
    bench.pass(2_000_000, 10_000);
    expect([caller.take(), bot.take().every((event) => event === 'reinvite offer')]).toEqual([[], true]);
    expect(bench.network.takeSummary().filter((summary) => summary === 'INVITE').length).toBeGreaterThan(3);
  });

  it('a refresh that is refused is asked for again a few times, not in a storm, until the session ends', async () => {
    call();
    bot.reinviteAnswer = () => ({ accept: false, status: 488 });
    bench.network.takeSummary();
    for (let seconds = 0; seconds < 570; seconds++) {
      bench.pass(1_000, 1_000);
      // The refusal reaches the session through a promise.
      await new Promise((resolve) => setImmediate(resolve));
    }
    const invites = bench.network.takeSummary().filter((summary) => summary === 'INVITE');
    expect(invites.length).toBeGreaterThan(2);
    expect(invites.length).toBeLessThan(10);
    expect(caller.take().at(-1)).toBe('ended session-timer');
  });

  it('re-INVITE from either side brings the answer back', async () => {
    call();
    caller.reinviteAnswer = () => ({ accept: true, sdp: 'held' });
    const first = caller.session?.reinvite('hold');
    bench.settle();
    expect(await first).toBe('new answer');
    const second = bot.session?.reinvite('hold too');
    bench.settle();
    expect(await second).toBe('held');
    expect([caller.take().at(-1), bot.take().at(-1)]).toEqual(['reinvite hold too', 'reinvite hold']);
    await closeBoth();
  });

  it('re-INVITEs that cross both get 491, and the session lives on, 14.1', async () => {
    call();
    const first = caller.session?.reinvite('a');
    const second = bot.session?.reinvite('b');
    const third = bot.session?.reinvite('c');
    bench.settle();
    await expect(first).rejects.toMatchObject({ code: 'rejected', status: 491 });
    await expect(second).rejects.toMatchObject({ code: 'rejected', status: 491 });
    await expect(third).rejects.toMatchObject({ code: 'request-pending', retryable: true });
    expect([caller.take().includes('reinvite b'), callerAgent.stats().dialogs]).toEqual([false, 1]);
    await closeBoth();
  });

  it('a re-INVITE nobody answers ends the session, 12.2.1.2', async () => {
    call();
    bench.network.drop = () => true;
    const waiting = caller.session?.reinvite('a');
    caller.take();
    bench.pass(32_000);
    await expect(waiting).rejects.toMatchObject({ code: 'timeout' });
    expect(caller.take()).toEqual(['ended timeout']);
    bench.pass(32_000);
    expect(callerAgent.stats().dialogs).toBe(0);
  });

  it('hanging up rejects what waits', async () => {
    call();
    bench.network.drop = (message) => message.kind === 'request' && message.method === 'INVITE';
    const waiting = caller.session?.reinvite('a');
    bot.session?.end();
    bench.settle();
    await expect(waiting).rejects.toMatchObject({ code: 'ended' });
    await expect(caller.session?.reinvite('b')).rejects.toMatchObject({ code: 'ended' });
    await expect(caller.session?.refer('sip:x@h')).rejects.toMatchObject({ code: 'ended' });
    await closeBoth();
  });

  it('REFER is sent for a transfer; our own side refuses it with 405', async () => {
    call();
    const refused = bot.session?.refer('tel:+4930123');
    bench.settle();
    await expect(refused).rejects.toMatchObject({ status: 405 });
    await expect(bot.session?.refer('nonsense')).rejects.toMatchObject({ code: 'bad-target' });
    const refer = bench.network.sent.find(
      (message) => message.kind === 'request' && message.method === 'REFER',
    );
    expect(refer && getHeader(refer, 'Refer-To')).toBe('<tel:+4930123>');
  });
});

describe('a faulty application', () => {
  it('that throws in every call-back costs nothing but log lines', async () => {
    const fault = (): never => {
      throw new Error('bug');
    };
    const faulty = {
      onConfirmed: fault,
      onEnded: fault,
      onProvisional: fault,
      onAnswered: fault,
      onRejected: fault,
      onReinvite: fault,
    };
    bot.decide = (invitation) => {
      invitation.ringing();
      bot.session = invitation.accept('answer', faulty);
    };
    const session = callerAgent.invite('sip:bot@192.0.2.1', 'offer', faulty);
    bench.settle();
    session.end();
    bench.settle();
    const faults = bench.logger.lines.map(({ fields }) => fields['what']);
    expect(faults).toEqual([
      'onProvisional',
      'onAnswered',
      'onConfirmed',
      'onConfirmed',
      'onEnded',
      'onEnded',
    ]);
    await closeBoth();
  });

  it('that hangs up in onAnswered hears nothing after onEnded', () => {
    const hasty = new TestCaller();
    hasty.onAnswered = () => session.end();
    const session = callerAgent.invite('sip:bot@192.0.2.1', 'offer', hasty);
    bench.settle();
    expect([hasty.take(), bot.take()]).toEqual([['ended local-bye'], ['confirmed -', 'ended remote-bye']]);
  });
});

describe('a call that is not answered', () => {
  it.each([302, 404, 486, 603])('%i is a rejection', async (status) => {
    bot.decide = (invitation) => invitation.reject(status);
    call();
    expect(caller.take()).toEqual([`rejected ${status}`]);
    bench.pass(40_000);
    expect(caller.take()).toEqual([]);
    await closeBoth();
  });

  it('no response at all is a rejection after 64*T1', () => {
    bench.network.drop = () => true;
    call();
    bench.pass(31_900);
    expect(caller.take()).toEqual([]);
    bench.pass(100);
    expect([caller.take(), callerAgent.stats().dialogs, bench.clock.pendingTimers]).toEqual([
      ['rejected timeout'],
      0,
      0,
    ]);
  });

  it('end() while it rings sends CANCEL', async () => {
    bot.decide = (invitation) => invitation.ringing();
    const session = call();
    expect(caller.take()).toEqual(['provisional 180']);
    bench.network.takeSummary();
    session.end();
    session.end();
    bench.settle();
    expect([caller.take(), bot.take()]).toEqual([['ended local-bye'], ['cancelled']]);
    expect(bench.network.takeSummary()).toEqual(['CANCEL', '200 CANCEL', '487 INVITE', 'ACK']);
    expect(callerAgent.stats().dialogs).toBe(0);
    await closeBoth();
  });

  it('end() before any response waits with CANCEL until one comes, 9.1', () => {
    bot.decide = (invitation) => invitation.ringing();
    caller.session = callerAgent.invite('sip:bot@192.0.2.1', 'offer', caller);
    caller.session.end();
    expect(bench.network.sent.length).toBe(1);
    bench.settle();
    expect(bench.network.takeSummary().filter((summary) => summary === 'CANCEL')).toHaveLength(1);
    expect([caller.take(), bot.take()]).toEqual([['ended local-bye'], ['cancelled']]);
  });

  it('an answer that crosses the CANCEL is acknowledged and hung up', () => {
    bot.decide = (invitation) => invitation.ringing();
    const session = call();
    session.end();
    bot.session = bot.invitations[0]?.accept('answer', bot) ?? null;
    bench.settle();
    bench.pass(1_000);
    expect(caller.take()).toEqual(['provisional 180', 'ended local-bye']);
    expect(bot.take()).toEqual(['confirmed -', 'ended remote-bye']);
    expect(callerAgent.stats().dialogs).toBe(0);
  });

  it('a call that rings for ringMs is cancelled', async () => {
    bot.decide = (invitation) => invitation.ringing();
    const impatient = await bench.createAgent('192.0.2.3', caller, { limits: { ringMs: 20_000 } });
    impatient.invite('sip:bot@192.0.2.1', 'offer', caller);
    bench.pass(20_100);
    expect([caller.take(), bot.take()]).toEqual([['provisional 180', 'rejected timeout'], ['cancelled']]);
    expect(impatient.stats().dialogs).toBe(0);
  });

  it.each(['tel:+1', 'http://h', 'sips:bot@h', 'sip:'])('%s is no target', (target) => {
    expect(() => callerAgent.invite(target, 'offer', caller)).toThrow('is not a SIP URI');
  });

  it('a host name is looked up; without an address the call fails', async () => {
    const lookup = (host: string): Promise<string> =>
      host === 'bot.example' ? Promise.resolve('192.0.2.1') : Promise.reject(new Error('ENOTFOUND'));
    const agent = await bench.createAgent('192.0.2.3', caller, {}, { lookup });
    agent.invite('sip:bot@bot.example', 'offer', caller);
    await turns();
    expect(caller.take()).toEqual(['answered answer', 'confirmed -']);
    agent.invite('sip:bot@nowhere.example', 'offer', caller);
    await turns();
    expect(caller.take()).toEqual(['rejected bad-target']);
  });

  it('close() ends a ringing call with CANCEL', async () => {
    bot.decide = (invitation) => invitation.ringing();
    call();
    const closed = callerAgent.close();
    bench.settle();
    await closed;
    expect([caller.take(), bot.take()]).toEqual([['provisional 180', 'ended local-bye'], ['cancelled']]);
  });
});

describe('against a peer driven by hand', () => {
  let phone: TestPhone;

  beforeEach(() => {
    phone = new TestPhone(bench);
  });

  function callPhone(options = {}) {
    const session = callerAgent.invite('sip:ann@192.0.2.9', 'offer', caller, options);
    bench.settle();
    return session;
  }

  it('a second branch of a fork that answers is acknowledged and hung up, 13.2.2.4', () => {
    callPhone();
    const invite = phone.request('INVITE');
    const to = { transport: 'udp', address: '192.0.2.2', port: 5060 } as const;
    expect(phone.send(testResponse(invite, 200, 'desk'), to)).toEqual(['INVITE', 'ACK']);
    expect(phone.send(testResponse(invite, 200, 'mobile'), to)).toEqual(['ACK', 'BYE']);
    expect(tagOf(phone.request('BYE'), 'To')).toBe('mobile');
    phone.send(testResponse(phone.request('BYE'), 200, 'mobile'), to);
    expect(phone.send(testResponse(invite, 200, 'desk'), to)).toEqual(['ACK']);
    expect([caller.take().length, callerAgent.stats().dialogs]).toEqual([2, 1]);
  });

  it('a 407 is answered once with Digest and the next CSeq, 22.2', () => {
    callPhone({ credentials: { username: 'ann', password: 'secret' } });
    const to = { transport: 'udp', address: '192.0.2.2', port: 5060 } as const;
    const challenge = (): string[] => {
      const response = testResponse(phone.request('INVITE'), 407);
      response.headers.push({ name: 'Proxy-Authenticate', value: 'Digest realm="r", nonce="n", qop="auth"' });
      return phone.send(response, to);
    };
    expect(challenge()).toEqual(['INVITE', 'ACK', 'INVITE']);
    const second = phone.request('INVITE');
    expect(getHeader(second, 'Proxy-Authorization')).toMatch(
      /^Digest username="ann", realm="r", nonce="n", uri="sip:ann@192.0.2.9", response="[0-9a-f]{32}"/,
    );
    expect(getHeader(second, 'CSeq')).toBe('2 INVITE');
    expect(challenge()).toEqual(['ACK']);
    expect(caller.take()).toEqual(['rejected 407']);
  });

  it('a 422 is answered once with the interval it asks for, RFC 4028 7.3', () => {
    callPhone();
    const to = { transport: 'udp', address: '192.0.2.2', port: 5060 } as const;
    const refuse = (): string[] => {
      const response = testResponse(phone.request('INVITE'), 422);
      response.headers.push({ name: 'Min-SE', value: '1800' });
      return phone.send(response, to);
    };
    expect(refuse()).toEqual(['INVITE', 'ACK', 'INVITE']);
    expect(getHeader(phone.request('INVITE'), 'Session-Expires')).toBe('1800');
    refuse();
    expect(caller.take()).toEqual(['rejected 422']);
  });

  it('a target whose transport is not bound is a rejection', async () => {
    callerAgent.invite('sip:ann@192.0.2.9;transport=tcp', 'offer', caller);
    await turns();
    expect(caller.take()).toEqual(['rejected no-transport']);
    expect(callerAgent.stats()).toMatchObject({ transactions: 0, dialogs: 0 });
  });
});
