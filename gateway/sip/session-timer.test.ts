import { describe, expect, it } from 'vitest';
import { FakeClock } from '../../config/clock.js';
import { negotiateAsServer, SessionTimer, termsFromResponse } from './session-timer.js';
import { testRequest, testResponse } from './test-messages.js';

const options = { sessionExpiresSeconds: 600, minSeSeconds: 90 };

describe('the UAS answers, RFC 4028 9', () => {
  it.each<[string, [string, string][], string | null, boolean, 'local' | 'remote' | null]>([
    ['no timer at all', [], null, false, null],
    [
      'Supported alone, as Sofia clients send',
      [['Supported', 'timer, 100rel']],
      '600;refresher=uac',
      true,
      'remote',
    ],
    [
      'a longer interval',
      [
        ['Supported', 'timer'],
        ['Session-Expires', '1800'],
      ],
      '600;refresher=uac',
      true,
      'remote',
    ],
    [
      'a shorter interval',
      [
        ['Supported', 'timer'],
        ['Session-Expires', '120'],
      ],
      '120;refresher=uac',
      true,
      'remote',
    ],
    [
      'the choice of uas',
      [
        ['Supported', 'timer'],
        ['Session-Expires', '300;refresher=uas'],
      ],
      '300;refresher=uas',
      true,
      'local',
    ],
    [
      'a Min-SE above ours',
      [
        ['Supported', 'timer'],
        ['Session-Expires', '1800'],
        ['Min-SE', '900'],
      ],
      '900;refresher=uac',
      true,
      'remote',
    ],
    [
      'Require: timer',
      [
        ['Require', 'timer'],
        ['Session-Expires', '200;refresher=uac'],
      ],
      '200;refresher=uac',
      true,
      'remote',
    ],
    [
      'a proxy asks for a caller without timers',
      [['Session-Expires', '300']],
      '300;refresher=uas',
      false,
      'local',
    ],
    [
      'nonsense in Session-Expires',
      [
        ['Supported', 'timer'],
        ['Session-Expires', 'soon'],
      ],
      '600;refresher=uac',
      true,
      'remote',
    ],
  ])('%s', (_name, headers, expires, require, refresher) => {
    const answer = negotiateAsServer(testRequest('INVITE', { headers }), options);
    if (answer.kind !== 'agreed') throw new Error('refused');
    const fields = new Map(answer.headers);
    expect([fields.get('Session-Expires') ?? null, fields.has('Require')]).toEqual([expires, require]);
    expect(answer.terms?.refresher ?? null).toBe(refresher);
  });

  it('too short an interval is refused with 422 and Min-SE, but only to who knows timers', () => {
    const headers: [string, string][] = [['Session-Expires', '60']];
    expect(
      negotiateAsServer(testRequest('INVITE', { headers: [...headers, ['Supported', 'timer']] }), options),
    ).toEqual({
      kind: 'too-small',
      headers: [['Min-SE', '90']],
    });
    expect(negotiateAsServer(testRequest('INVITE', { headers }), options).kind).toBe('agreed');
  });
});

describe('the UAC reads the 2xx, RFC 4028 7.2', () => {
  it.each([
    ['600;refresher=uac', 'local'],
    ['600;refresher=uas', 'remote'],
    ['600', 'local'],
  ])('%s', (value, refresher) => {
    const response = testResponse(testRequest('INVITE'), 200);
    response.headers.push({ name: 'Session-Expires', value });
    expect(termsFromResponse(response)).toEqual({ intervalSeconds: 600, refresher });
  });
});

describe('SessionTimer', () => {
  function createTimer() {
    const clock = new FakeClock();
    const events: string[] = [];
    const note = (what: string) => (): void => void events.push(`${clock.nowMs() / 1000} ${what}`);
    const timer = new SessionTimer(clock, { onRefreshDue: note('refresh'), onExpired: note('expired') });
    return { clock, events, timer };
  }

  it.each([
    [90, 'remote', ['60 expired']],
    [600, 'remote', ['568 expired']],
    [600, 'local', ['300 refresh', '568 expired']],
  ] as const)(
    '%i s refreshed by the %s side, RFC 4028 7.2 and 10',
    (intervalSeconds, refresher, expected) => {
      const { clock, events, timer } = createTimer();
      timer.arm({ intervalSeconds, refresher });
      clock.advance(700_000);
      expect(events).toEqual(expected);
    },
  );

  it('arming again starts over; stop leaves no timer', () => {
    const { clock, events, timer } = createTimer();
    timer.arm({ intervalSeconds: 600, refresher: 'local' });
    clock.advance(299_000);
    timer.arm({ intervalSeconds: 600, refresher: 'local' });
    clock.advance(299_000);
    timer.retryRefresh(2_000);
    clock.advance(2_000);
    expect(events).toEqual(['600 refresh']);
    timer.stop();
    expect(clock.pendingTimers).toBe(0);
  });
});
