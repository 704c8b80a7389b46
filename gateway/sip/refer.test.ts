import { beforeEach, describe, expect, it } from 'vitest';

import type { SipError } from './errors.js';
import { testRequest, testResponse } from './test-messages.js';
import { nothingLeft, TestApp, TestBench, TestPhone } from './test-user-agents.js';
import type { UserAgent } from './user-agent.js';

let bench: TestBench;
let app: TestApp;
let agent: UserAgent;
let phone: TestPhone;
let toTag: string;
let cseq: number;
let outcome: string;

beforeEach(async () => {
  bench = new TestBench();
  app = new TestApp();
  agent = await bench.createAgent('192.0.2.1', app);
  phone = new TestPhone(bench);
  toTag = phone.establish();
  phone.takeSummary();
  cseq = 2;
  outcome = '';
});

/** Our side transfers the phone, which accepts with 202. */
function refer(): void {
  app.session?.refer('sip:agents@192.0.2.50').then(
    () => (outcome = 'done'),
    (error: SipError) => (outcome = `${error.code} ${error.status ?? ''}`.trim()),
  );
  bench.settle();
  phone.send(testResponse(phone.request('REFER'), 202));
}

function notify(fragment: string): string[] {
  const request = testRequest('NOTIFY', {
    toTag,
    cseq: cseq++,
    branch: `z9hG4bKn${cseq}`,
    headers: [
      ['Event', 'refer'],
      ['Subscription-State', 'active;expires=60'],
      ['Content-Type', 'message/sipfrag;version=2.0'],
    ],
  });
  return phone.send({ ...request, body: Buffer.from(fragment) });
}

const settled = async (): Promise<string> => {
  await Promise.resolve();
  await Promise.resolve();
  return outcome;
};

describe('a blind transfer, RFC 3515 2.4.5', () => {
  it('is done when the target answered, not before', async () => {
    refer();
    expect(notify('SIP/2.0 100 Trying\r\n')).toContain('200 NOTIFY');
    expect(notify('SIP/2.0 180 Ringing\r\n')).toContain('200 NOTIFY');
    bench.pass(50_000);
    expect(await settled()).toBe('');
    notify('SIP/2.0 200 OK\r\n');
    expect(await settled()).toBe('done');
  });

  it('fails with the status of a target that is busy, and the session lives on', async () => {
    refer();
    notify('SIP/2.0 100 Trying\r\n');
    notify('SIP/2.0 486 Busy Here\r\n');
    expect(await settled()).toBe('rejected 486');
    expect(agent.stats().dialogs).toBe(1);
  });

  it('fails when the target rings for too long', async () => {
    refer();
    notify('SIP/2.0 180 Ringing\r\n');
    bench.pass(60_000);
    expect(await settled()).toBe('timeout');
  });

  it('counts as done where the far end accepts and reports nothing, RFC 4488', async () => {
    refer();
    bench.pass(3_999);
    expect(await settled()).toBe('');
    bench.pass(1);
    expect(await settled()).toBe('done');
  });

  it('counts as done when the far end hangs up', async () => {
    refer();
    phone.send(testRequest('BYE', { toTag, cseq: cseq++, branch: 'z9hG4bKbye' }));
    expect(await settled()).toBe('done');
    bench.pass(64_000);
    expect(await bench.close(agent)).toEqual(nothingLeft);
  });

  it('a second one has to wait for the first, and ending the session ends the wait', async () => {
    refer();
    await expect(app.session?.refer('sip:b@192.0.2.51')).rejects.toMatchObject({ code: 'request-pending' });
    app.session?.end();
    expect(await settled()).toBe('ended');
  });
});
