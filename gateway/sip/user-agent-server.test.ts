import { readFileSync } from 'node:fs';
import { beforeEach, describe, expect, it } from 'vitest';
import { projectPath } from '../../config/paths.js';
import { getHeader } from './header-fields.js';
import { sipLimits } from '../../config/limits.js';
import { tagOf } from './response.js';
import { serializeMessage } from './serializer.js';
import { testRequest, testResponse } from './test-messages.js';
import { nothingLeft, TestApp, TestBench, TestPhone } from './test-user-agents.js';
import type { UserAgent } from './user-agent.js';
import type { ReinviteAnswer } from './user-agent-api.js';

let bench: TestBench;
let app: TestApp;
let agent: UserAgent;
let phone: TestPhone;

beforeEach(async () => {
  bench = new TestBench();
  app = new TestApp();
  agent = await bench.createAgent('192.0.2.1', app);
  phone = new TestPhone(bench);
});

const timer = [['Supported', 'timer']] as const;
const invite = testRequest('INVITE', { sdp: 'offer', headers: [['Contact', '<sip:ann@192.0.2.9>']] });

let branches = 0;
function inDialog(
  method: string,
  toTag: string,
  cseq: number,
  sdp?: string,
  headers: readonly (readonly [string, string])[] = [],
) {
  const branch = `z9hG4bKd${branches++}`;
  return testRequest(method, { toTag, cseq, branch, headers, ...(sdp === undefined ? {} : { sdp }) });
}

describe('a call comes in', () => {
  it('from UniMRCP: no Contact, and BYE still finds the way to the source', async () => {
    const sofia = new TestPhone(bench, { transport: 'udp', address: '127.0.0.1', port: 8062 });
    sofia.sendBytes(readFileSync(projectPath('gateway/sip/testdata/clients/unimrcp-invite.sip')));
    const ok = sofia.response(200);
    expect(sofia.takeSummary()).toEqual(['100 INVITE', '200 INVITE']);
    expect(getHeader(ok, 'Session-Expires')).toBe('600;refresher=uac');
    expect([getHeader(ok, 'Require'), getHeader(ok, 'Contact')]).toEqual(['timer', '<sip:192.0.2.1:5060>']);
    expect(getHeader(ok, 'Via')).toContain('rport=8062');
    expect(getHeader(ok, 'Supported')).not.toContain('100rel');
    const captured = readFileSync(projectPath('gateway/sip/testdata/clients/unimrcp-ack.sip'), 'utf8');
    sofia.sendBytes(Buffer.from(captured.replace(/(To: .*;tag=)\w+/, `$1${tagOf(ok, 'To') ?? ''}`)));
    expect(app.take()).toEqual(['confirmed -']);
    expect(app.invitations[0]?.offer).toContain('a=resource:speechrecog');
    app.session?.end();
    bench.settle();
    const bye = sofia.request('BYE');
    expect([bye.uri, getHeader(bye, 'To')]).toEqual([
      'sip:127.0.0.1:8062',
      '<sip:127.0.0.1:8062>;tag=Za4tKtjH75pBH',
    ]);
    sofia.send(testResponse(bye, 200));
    expect([app.take(), agent.stats().dialogs]).toEqual([['ended local-bye'], 0]);
    expect(await bench.close(agent)).toEqual(nothingLeft);
  });

  it('180 and 200 carry one tag and our Contact; a copy of the INVITE changes nothing', () => {
    app.decide = (invitation) => invitation.ringing();
    phone.send(invite);
    const ringing = phone.response(180);
    phone.send(invite);
    const invitation = app.invitations[0];
    app.session = invitation?.accept('answer', app) ?? null;
    bench.settle();
    const ok = phone.response(200);
    expect(tagOf(ok, 'To')).toBe(tagOf(ringing, 'To'));
    expect([getHeader(ringing, 'Contact'), ok.body.toString()]).toEqual(['<sip:192.0.2.1:5060>', 'answer']);
    expect([app.invitations.length, phone.takeSummary()]).toEqual([1, ['200 INVITE']]);
  });

  it('the 200 is repeated after T1, doubling to T2; without ACK BYE follows after 64*T1, 13.3.1.4', async () => {
    const times: number[] = [];
    bench.network.drop = (message) => {
      if (message.kind === 'response' && message.status === 200) times.push(bench.clock.nowMs());
      return false;
    };
    phone.send(invite);
    bench.pass(31_900);
    expect(times).toEqual([0, 500, 1_500, 3_500, 7_500, 11_500, 15_500, 19_500, 23_500, 27_500, 31_500]);
    expect(app.take()).toEqual([]);
    bench.pass(100);
    expect(app.take()).toEqual(['ended no-ack']);
    phone.send(testResponse(phone.request('BYE'), 200));
    expect(agent.stats().dialogs).toBe(0);
    expect(await bench.close(agent)).toEqual(nothingLeft);
  });

  it('end() before the ACK holds BYE back until it comes, 15', () => {
    phone.send(invite);
    const tag = tagOf(phone.response(200), 'To') ?? '';
    phone.takeSummary();
    app.session?.end();
    app.session?.end();
    bench.settle();
    expect([app.take(), phone.takeSummary()]).toEqual([['ended local-bye'], []]);
    expect(phone.send(testRequest('ACK', { toTag: tag, branch: 'z9hG4bKack' }))).toEqual(['BYE']);
    expect(app.take()).toEqual([]);
  });

  it('an INVITE without SDP gets our offer, and the ACK brings the answer, 13.2.1', () => {
    phone.send(testRequest('INVITE'));
    expect(app.invitations[0]?.offer).toBeNull();
    const tag = tagOf(phone.response(200), 'To') ?? '';
    phone.send(testRequest('ACK', { toTag: tag, branch: 'z9hG4bKack', sdp: 'late answer' }));
    expect(app.take()).toEqual(['confirmed late answer']);
  });

  it('reject sends status, reason and fields; the rest is ignored', () => {
    app.decide = (invitation) => {
      invitation.reject(486, 'On the phone', [['Retry-After', '30']]);
      invitation.ringing();
      invitation.reject(500);
    };
    expect(phone.send(invite)).toEqual(['100 INVITE', '486 INVITE']);
    expect(phone.send(testRequest('ACK', { toTag: 'x' }))).toEqual([]);
    expect(agent.stats().dialogs).toBe(0);
  });

  it('CANCEL is answered 200 and the INVITE 487; accepting too late ends at once', async () => {
    app.decide = (invitation) => invitation.ringing();
    phone.sendBytes(serializeMessage(invite));
    expect(phone.send(testRequest('CANCEL'))).toEqual([
      '100 INVITE',
      '180 INVITE',
      '200 CANCEL',
      '487 INVITE',
    ]);
    expect(app.take()).toEqual(['cancelled']);
    const session = app.invitations[0]?.accept('answer', app);
    await Promise.resolve();
    expect(app.take()).toEqual(['ended remote-bye']);
    await expect(session?.reinvite('x')).rejects.toMatchObject({ code: 'ended' });
    expect(await bench.close(agent)).toEqual(nothingLeft);
  });

  it('BYE in the early dialog ends it with 487, UPDATE there has to wait', () => {
    app.decide = (invitation) => invitation.ringing();
    phone.send(invite);
    const tag = tagOf(phone.response(180), 'To') ?? '';
    phone.takeSummary();
    expect(phone.send(inDialog('UPDATE', tag, 2, 'offer 2'))).toEqual(['500 UPDATE']);
    expect(phone.send(inDialog('BYE', tag, 3))).toEqual(['200 BYE', '487 INVITE']);
    expect(app.take()).toEqual(['cancelled']);
  });

  it('an invitation nobody decides on is given up after ringMs', async () => {
    app.decide = () => undefined;
    phone.send(invite);
    phone.takeSummary();
    bench.pass(sipLimits.ringMs, 1_000);
    expect([phone.takeSummary()[0], app.take()]).toEqual(['480 INVITE', ['cancelled']]);
    expect(await bench.close(agent)).toEqual(nothingLeft);
  });

  it('a fault of the application costs that call', () => {
    app.decide = () => {
      throw new Error('bug');
    };
    expect(phone.send(invite)).toEqual(['100 INVITE', '500 INVITE']);
    expect(agent.stats().dialogs).toBe(0);
    expect(bench.logger.lines.map((line) => line.message)).toContain('INVITE handler failed');
  });
});

describe('requests in the dialog', () => {
  it('BYE ends it; its copy is answered again, later requests get 481', async () => {
    const tag = phone.establish();
    app.take();
    const bye = inDialog('BYE', tag, 2);
    expect([phone.send(bye).at(-1), phone.send(bye)]).toEqual(['200 BYE', ['200 BYE']]);
    expect([app.take(), agent.stats().dialogs]).toEqual([['ended remote-bye'], 0]);
    expect(phone.send(inDialog('INFO', tag, 3))).toEqual(['481 INFO']);
    expect(await bench.close(agent)).toEqual(nothingLeft);
  });

  it('re-INVITE is answered by the application and repeated until its ACK', () => {
    const tag = phone.establish();
    app.take();
    phone.takeSummary();
    expect(phone.send(inDialog('INVITE', tag, 2, 'hold'))).toEqual(['100 INVITE', '200 INVITE']);
    bench.pass(500);
    expect(phone.takeSummary()).toEqual(['200 INVITE']);
    expect(phone.send(inDialog('INVITE', tag, 3, 'too early'))).toEqual(['100 INVITE', '491 INVITE']);
    phone.send(testRequest('ACK', { toTag: tag, cseq: 2, branch: 'z9hG4bKack2' }));
    bench.pass(10_000);
    expect([app.take(), phone.takeSummary().includes('200 INVITE')]).toEqual([['reinvite hold'], false]);
  });

  it('re-INVITE without SDP: our offer goes out and the answer comes in the ACK', () => {
    const tag = phone.establish();
    app.take();
    phone.send(inDialog('INVITE', tag, 2));
    phone.send(testRequest('ACK', { toTag: tag, cseq: 2, branch: 'z9hG4bKack2', sdp: 'answer 2' }));
    expect(app.take()).toEqual(['reinvite -', 'confirmed answer 2']);
  });

  it.each<[string, () => ReinviteAnswer, string]>([
    ['refused', () => ({ accept: false, status: 488 }), '488 INVITE'],
    [
      'thrown',
      () => {
        throw new Error('bug');
      },
      '500 INVITE',
    ],
    ['rejected later', () => Promise.reject(new Error('bug')), '500 INVITE'],
    ['accepted later', () => Promise.resolve({ accept: true, sdp: 'x' }), '200 INVITE'],
  ])('an answer that is %s', async (_name, answer, expected) => {
    const tag = phone.establish();
    app.take();
    phone.takeSummary();
    app.reinviteAnswer = answer;
    phone.send(inDialog('INVITE', tag, 2, 'offer 2'));
    for (let turns = 0; turns < 5; turns++) await Promise.resolve();
    bench.settle();
    phone.send(testRequest('ACK', { toTag: tag, cseq: 2, branch: 'z9hG4bKack2' }));
    expect(bench.network.takeSummary()).toContain(expected);
    expect(agent.stats().dialogs).toBe(1);
    expect(await bench.close(agent)).toEqual(nothingLeft);
  });

  it('a second offer before the first is answered gets 500 with Retry-After, 14.2; 5 s are the limit', () => {
    const tag = phone.establish();
    app.take();
    phone.takeSummary();
    app.reinviteAnswer = () => new Promise(() => undefined);
    phone.send(inDialog('INVITE', tag, 2, 'offer 2'));
    phone.send(inDialog('UPDATE', tag, 3, 'offer 3'));
    expect(Number(getHeader(phone.response(500), 'Retry-After'))).toBeLessThanOrEqual(10);
    bench.pass(5_000);
    expect(phone.takeSummary()).toEqual(['500 INVITE']);
  });

  it('BYE while a re-INVITE waits answers that with 487, 15.1.2', () => {
    const tag = phone.establish();
    app.take();
    phone.takeSummary();
    app.reinviteAnswer = () => new Promise(() => undefined);
    phone.send(inDialog('INVITE', tag, 2, 'offer 2'));
    expect(phone.send(inDialog('BYE', tag, 3))).toEqual(['200 BYE', '487 INVITE']);
  });

  it.each<[string, readonly (readonly [string, string])[], string]>([
    ['INFO', [], '200 INFO'],
    ['OPTIONS', [], '200 OPTIONS'],
    ['NOTIFY', [['Event', 'refer;id=1']], '200 NOTIFY'],
    ['NOTIFY', [['Event', 'presence']], '489 NOTIFY'],
    ['UPDATE', [], '200 UPDATE'],
    ['PRACK', [], '405 PRACK'],
    ['REFER', [], '405 REFER'],
  ])('%s %j', (method, headers, expected) => {
    const tag = phone.establish();
    app.take();
    phone.takeSummary();
    expect(phone.send(inDialog(method, tag, 2, undefined, headers))).toEqual([expected]);
  });

  it('a lower CSeq gets 500, 12.2.2', () => {
    const tag = phone.establish();
    app.take();
    phone.send(inDialog('INFO', tag, 9));
    phone.takeSummary();
    expect(phone.send(inDialog('BYE', tag, 8))).toEqual(['500 BYE']);
    expect(app.take()).toEqual([]);
  });
});

describe('session timer, RFC 4028', () => {
  it('without a refresh BYE goes out 32 s before the end', async () => {
    phone.establish(timer);
    app.take();
    bench.pass(567_000, 1_000);
    expect(app.take()).toEqual([]);
    bench.pass(1_000);
    expect([app.take(), phone.request('BYE').method]).toEqual([['ended session-timer'], 'BYE']);
    expect(await bench.close(agent)).toEqual(nothingLeft);
  });

  it.each([
    ['UPDATE', undefined],
    ['INVITE', 'offer'],
  ])('%s by the caller refreshes it', (method, sdp) => {
    const tag = phone.establish(timer);
    app.take();
    bench.pass(500_000, 1_000);
    phone.send(inDialog(method, tag, 2, sdp, timer));
    phone.send(testRequest('ACK', { toTag: tag, cseq: 2, branch: 'z9hG4bKack2' }));
    bench.pass(500_000, 1_000);
    expect(app.take().filter((event) => event.startsWith('ended'))).toEqual([]);
  });

  it('as refresher we send a re-INVITE with the last description at half time', async () => {
    phone.establish([
      ['Supported', 'timer'],
      ['Session-Expires', '200;refresher=uas'],
    ]);
    bench.pass(100_000, 1_000);
    const refresh = phone.request('INVITE');
    expect([refresh.body.toString(), getHeader(refresh, 'Session-Expires')]).toEqual([
      'answer',
      '200;refresher=uac',
    ]);
    const ok = testResponse(refresh, 200, 'ann');
    ok.headers.push({ name: 'Session-Expires', value: '200;refresher=uac' });
    phone.takeSummary();
    expect([phone.send(ok), phone.send(ok)]).toEqual([['ACK'], ['ACK']]);
    bench.pass(100_000, 1_000);
    expect(phone.request('INVITE').body.toString()).toBe('answer');
    expect(await bench.close(agent)).toEqual(nothingLeft);
  });

  it('a refresh that meets 491 is tried again', async () => {
    phone.establish([
      ['Supported', 'timer'],
      ['Session-Expires', '200;refresher=uas'],
    ]);
    bench.pass(100_000, 1_000);
    const refresh = phone.request('INVITE');
    phone.takeSummary();
    expect(phone.send(testResponse(refresh, 491))).toEqual(['ACK']);
    for (let turns = 0; turns < 5; turns++) await Promise.resolve();
    bench.pass(4_000);
    expect(phone.takeSummary()[0]).toBe('INVITE');
    expect(getHeader(phone.request('INVITE'), 'CSeq')).not.toBe(getHeader(refresh, 'CSeq'));
  });

  it('too small an interval gets 422 with Min-SE', () => {
    phone.send(testRequest('INVITE', { headers: [...timer, ['Session-Expires', '30']] }));
    expect(getHeader(phone.response(422), 'Min-SE')).toBe('90');
    expect(agent.stats().dialogs).toBe(0);
  });
});
