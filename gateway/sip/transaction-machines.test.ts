import { describe, expect, it } from 'vitest';
import { FakeClock } from '../../config/clock.js';
import { SipError } from './errors.js';
import { summarize } from './fake-network.js';
import { getHeader } from './header-fields.js';
import { InviteClientTransaction } from './invite-client-transaction.js';
import { InviteServerTransaction } from './invite-server-transaction.js';
import { defaultSipTimers } from './machine.js';
import type { SipMessage } from './message.js';
import { NonInviteClientTransaction } from './non-invite-client-transaction.js';
import { NonInviteServerTransaction } from './non-invite-server-transaction.js';
import { testRequest, testResponse } from './test-messages.js';

/** Records what a machine does, each entry with the time in milliseconds. */
class Recorder {
  readonly clock = new FakeClock();
  readonly events: string[] = [];
  readonly sent: SipMessage[] = [];

  readonly listener = {
    send: (message: SipMessage): void => {
      this.sent.push(message);
      this.#note(`send ${summarize(message)}`);
    },
    onResponse: (response: SipMessage): void => this.#note(`response ${summarize(response)}`),
    onTimeout: (): void => this.#note('timeout'),
    onTransportError: (): void => this.#note('transport error'),
    onTerminated: (): void => this.#note('terminated'),
  };

  environment(reliable: boolean) {
    return { clock: this.clock, timers: defaultSipTimers, reliable };
  }

  /** Events since the last call. */
  take(): string[] {
    return this.events.splice(0);
  }

  /** Times at which `what` happened while `ms` passed. */
  timesOf(what: string, ms: number): number[] {
    this.clock.advance(ms);
    return this.take()
      .filter((event) => event.endsWith(` ${what}`))
      .map((event) => Number(event.split(' ', 1)[0]));
  }

  #note(what: string): void {
    this.events.push(`${this.clock.nowMs()} ${what}`);
  }
}

const invite = testRequest('INVITE');
const bye = testRequest('BYE', { toTag: 'bot', cseq: 2 });
const failure = new SipError('transport', 'gone');

function inviteClient(reliable: boolean) {
  const recorder = new Recorder();
  const machine = new InviteClientTransaction(invite, recorder.environment(reliable), recorder.listener);
  machine.start();
  return { recorder, machine };
}

describe('INVITE client, RFC 3261 17.1.1', () => {
  it('timer A resends after T1 and doubles, timer B gives up after 64*T1', () => {
    const { recorder } = inviteClient(false);
    recorder.clock.advance(31_999);
    expect(recorder.take().map((event) => Number(event.split(' ')[0]))).toEqual([
      0, 500, 1_500, 3_500, 7_500, 15_500, 31_500,
    ]);
    recorder.clock.advance(1);
    expect(recorder.take()).toEqual(['32000 terminated', '32000 timeout']);
    expect(recorder.clock.pendingTimers).toBe(0);
  });

  it('over a reliable transport nothing is resent, timer B runs', () => {
    const { recorder } = inviteClient(true);
    recorder.clock.advance(32_000);
    expect(recorder.take()).toEqual(['0 send INVITE', '32000 terminated', '32000 timeout']);
  });

  it('a provisional response stops A and B', () => {
    const { recorder, machine } = inviteClient(false);
    machine.receive(testResponse(invite, 180));
    machine.receive(testResponse(invite, 183));
    recorder.clock.advance(300_000);
    expect(recorder.take()).toEqual(['0 send INVITE', '0 response 180 INVITE', '0 response 183 INVITE']);
    expect([machine.state, recorder.clock.pendingTimers]).toEqual(['proceeding', 0]);
  });

  it.each([
    [false, 32_000],
    [true, 0],
  ])('a failure is acknowledged, and its copies while timer D runs; reliable %s', (reliable, timerD) => {
    const { recorder, machine } = inviteClient(reliable);
    machine.receive(testResponse(invite, 486));
    machine.receive(testResponse(invite, 486));
    const copies = timerD > 0 ? ['0 send ACK'] : [];
    const ended = timerD > 0 ? [] : ['0 terminated'];
    expect(recorder.take()).toEqual([
      '0 send INVITE',
      '0 send ACK',
      '0 response 486 INVITE',
      ...ended,
      ...copies,
    ]);
    recorder.clock.advance(timerD - 1);
    expect(machine.state).toBe(timerD > 0 ? 'completed' : 'terminated');
    recorder.clock.advance(1);
    expect([machine.state, recorder.clock.pendingTimers]).toEqual(['terminated', 0]);
  });

  it('the ACK of a failure copies the INVITE and takes To from the response, 17.1.1.3', () => {
    const { recorder, machine } = inviteClient(false);
    machine.receive(testResponse(invite, 404, 'far'));
    const ack = recorder.sent[1];
    if (ack?.kind !== 'request') throw new Error('no ACK');
    expect([ack.method, ack.uri, getHeader(ack, 'CSeq')]).toEqual(['ACK', invite.uri, '1 ACK']);
    for (const name of ['Via', 'From', 'Call-ID']) expect(getHeader(ack, name)).toBe(getHeader(invite, name));
    expect(getHeader(ack, 'To')).toBe('<sip:bot@192.0.2.1>;tag=far');
  });

  it.each([false, true])(
    'every 2xx goes to the user for timer M of 64*T1, RFC 6026 7.2; reliable %s',
    (reliable) => {
      const { recorder, machine } = inviteClient(reliable);
      machine.receive(testResponse(invite, 200));
      recorder.clock.advance(31_999);
      machine.receive(testResponse(invite, 200, 'fork'));
      machine.receive(testResponse(invite, 180));
      machine.receive(testResponse(invite, 486));
      recorder.clock.advance(1);
      expect(recorder.take()).toEqual([
        '0 send INVITE',
        '0 response 200 INVITE',
        '31999 response 200 INVITE',
        '32000 terminated',
      ]);
      expect(recorder.clock.pendingTimers).toBe(0);
    },
  );

  it('a transport error before any response ends it, later ones do not, 17.1.4', () => {
    const first = inviteClient(false);
    first.machine.transportFailed(failure);
    expect(first.recorder.take().slice(1)).toEqual(['0 terminated', '0 transport error']);
    const second = inviteClient(false);
    second.machine.receive(testResponse(invite, 180));
    second.machine.transportFailed(failure);
    expect(second.machine.state).toBe('proceeding');
  });
});

function byeClient(reliable: boolean) {
  const recorder = new Recorder();
  const machine = new NonInviteClientTransaction(bye, recorder.environment(reliable), recorder.listener);
  machine.start();
  return { recorder, machine };
}

describe('non-INVITE client, RFC 3261 17.1.2', () => {
  it('timer E resends after T1, doubling up to T2, until timer F at 64*T1', () => {
    const { recorder } = byeClient(false);
    expect(recorder.timesOf('send BYE', 31_999)).toEqual([
      0, 500, 1_500, 3_500, 7_500, 11_500, 15_500, 19_500, 23_500, 27_500, 31_500,
    ]);
    recorder.clock.advance(1);
    expect(recorder.take()).toEqual(['32000 terminated', '32000 timeout']);
    expect(recorder.clock.pendingTimers).toBe(0);
  });

  it('in proceeding E is T2 and F still ends it', () => {
    const { recorder, machine } = byeClient(false);
    machine.receive(testResponse(bye, 100));
    expect(recorder.timesOf('send BYE', 13_000)).toEqual([0, 500, 4_500, 8_500, 12_500]);
    recorder.clock.advance(19_000);
    expect(recorder.take()).toContain('32000 timeout');
  });

  it.each([
    [false, 5_000],
    [true, 0],
  ])('timer K absorbs copies of the response for T4; reliable %s', (reliable, timerK) => {
    const { recorder, machine } = byeClient(reliable);
    machine.receive(testResponse(bye, 200));
    machine.receive(testResponse(bye, 200));
    recorder.clock.advance(timerK);
    expect(recorder.take()).toEqual(['0 send BYE', '0 response 200 BYE', `${timerK} terminated`]);
    expect(recorder.clock.pendingTimers).toBe(0);
  });

  it('over a reliable transport nothing is resent and F ends it', () => {
    const { recorder } = byeClient(true);
    recorder.clock.advance(40_000);
    expect(recorder.take()).toEqual(['0 send BYE', '32000 terminated', '32000 timeout']);
  });

  it('a transport error is reported once, 17.1.4', () => {
    const { recorder, machine } = byeClient(false);
    machine.transportFailed(failure);
    machine.transportFailed(failure);
    expect(recorder.take().slice(1)).toEqual(['0 terminated', '0 transport error']);
  });
});

function inviteServer(reliable: boolean) {
  const recorder = new Recorder();
  const machine = new InviteServerTransaction(invite, recorder.environment(reliable), recorder.listener);
  machine.start();
  return { recorder, machine };
}

const ackOfFailure = testRequest('ACK', { toTag: 'bot' });

describe('INVITE server, RFC 3261 17.2.1', () => {
  it('100 goes out at once, and a copy of the INVITE gets the last provisional again', () => {
    const { recorder, machine } = inviteServer(false);
    machine.receive(invite);
    machine.respond(testResponse(invite, 180));
    machine.receive(invite);
    expect(recorder.take()).toEqual([
      '0 send 100 INVITE',
      '0 send 100 INVITE',
      '0 send 180 INVITE',
      '0 send 180 INVITE',
    ]);
  });

  it('timer G resends a failure after T1, doubling up to T2, until timer H at 64*T1', () => {
    const { recorder, machine } = inviteServer(false);
    machine.respond(testResponse(invite, 486));
    expect(recorder.timesOf('send 486 INVITE', 31_999)).toEqual([
      0, 500, 1_500, 3_500, 7_500, 11_500, 15_500, 19_500, 23_500, 27_500, 31_500,
    ]);
    recorder.clock.advance(1);
    expect([recorder.take(), recorder.clock.pendingTimers]).toEqual([['32000 terminated'], 0]);
  });

  it('a copy of the INVITE in completed gets the failure again', () => {
    const { recorder, machine } = inviteServer(true);
    machine.respond(testResponse(invite, 486));
    recorder.take();
    machine.receive(invite);
    expect(recorder.take()).toEqual(['0 send 486 INVITE']);
    recorder.clock.advance(32_000);
    expect(recorder.take()).toEqual(['32000 terminated']);
  });

  it.each([
    [false, 5_000],
    [true, 0],
  ])('ACK stops G and H, and timer I absorbs its copies for T4; reliable %s', (reliable, timerI) => {
    const { recorder, machine } = inviteServer(reliable);
    machine.respond(testResponse(invite, 486));
    machine.receive(ackOfFailure);
    expect(machine.state).toBe(reliable ? 'terminated' : 'confirmed');
    recorder.take();
    machine.receive(ackOfFailure);
    machine.receive(invite);
    recorder.clock.advance(timerI);
    expect(recorder.take()).toEqual(reliable ? [] : ['5000 terminated']);
    expect(recorder.clock.pendingTimers).toBe(0);
  });

  it.each([false, true])(
    'accepted absorbs INVITEs and lets 2xx through until timer L at 64*T1, RFC 6026 7.1; reliable %s',
    (reliable) => {
      const { recorder, machine } = inviteServer(reliable);
      machine.respond(testResponse(invite, 200));
      recorder.take();
      machine.receive(invite);
      machine.respond(testResponse(invite, 486));
      recorder.clock.advance(500);
      machine.respond(testResponse(invite, 200));
      machine.transportFailed(failure);
      expect(recorder.take()).toEqual(['500 send 200 INVITE', '500 transport error']);
      recorder.clock.advance(31_500);
      expect(recorder.take()).toEqual(['32000 terminated']);
      machine.respond(testResponse(invite, 200));
      expect([recorder.take(), recorder.clock.pendingTimers]).toEqual([[], 0]);
    },
  );

  it('a transport error before the answer ends it, 17.2.4', () => {
    const { recorder, machine } = inviteServer(false);
    machine.transportFailed(failure);
    expect(recorder.take()).toEqual(['0 send 100 INVITE', '0 terminated', '0 transport error']);
  });
});

function byeServer(reliable: boolean) {
  const recorder = new Recorder();
  const machine = new NonInviteServerTransaction(bye, recorder.environment(reliable), recorder.listener);
  return { recorder, machine };
}

describe('non-INVITE server, RFC 3261 17.2.2', () => {
  it('copies are ignored in trying and get the last response later', () => {
    const { recorder, machine } = byeServer(false);
    machine.receive();
    machine.respond(testResponse(bye, 100));
    machine.receive();
    machine.respond(testResponse(bye, 200));
    machine.receive();
    machine.respond(testResponse(bye, 500));
    expect(recorder.take().map((event) => event.slice(2))).toEqual([
      'send 100 BYE',
      'send 100 BYE',
      'send 200 BYE',
      'send 200 BYE',
    ]);
  });

  it.each([
    [false, 32_000],
    [true, 0],
  ])('timer J is 64*T1; reliable %s', (reliable, timerJ) => {
    const { recorder, machine } = byeServer(reliable);
    machine.respond(testResponse(bye, 200));
    recorder.clock.advance(timerJ - 1);
    expect(machine.state).toBe(reliable ? 'terminated' : 'completed');
    recorder.clock.advance(1);
    expect([machine.state, recorder.clock.pendingTimers]).toEqual(['terminated', 0]);
    machine.receive();
    expect(recorder.take().filter((event) => event.includes('send'))).toHaveLength(1);
  });
});
