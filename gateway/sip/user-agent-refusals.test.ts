import { beforeEach, describe, expect, it } from 'vitest';
import { getHeader } from './header-fields.js';
import { parseDatagram } from './parser.js';
import { sipLimits } from '../../config/limits.js';
import { tagOf } from './response.js';
import { testRequest, testResponse } from './test-messages.js';
import { nothingLeft, TestApp, TestBench, TestPhone } from './test-user-agents.js';
import type { UserAgent } from './user-agent.js';

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

const invite = testRequest('INVITE', { sdp: 'offer', headers: [['Contact', '<sip:ann@192.0.2.9>']] });

describe('requests outside a dialog, RFC 3261 8.2', () => {
  it.each<[string, ReturnType<typeof testRequest>, number, string | null, string | null]>([
    ['OPTIONS', testRequest('OPTIONS'), 200, 'Accept', 'application/sdp'],
    [
      'OPTIONS with Max-Forwards 0: we are the last hop',
      {
        ...testRequest('OPTIONS'),
        headers: testRequest('OPTIONS').headers.map((header) =>
          header.name === 'Max-Forwards' ? { ...header, value: '0' } : header,
        ),
      },
      200,
      null,
      null,
    ],
    ['BYE of nothing', testRequest('BYE', { toTag: 'gone' }), 481, null, null],
    ['BYE without a tag', testRequest('BYE'), 481, null, null],
    ['a re-INVITE of nothing', testRequest('INVITE', { toTag: 'gone' }), 481, null, null],
    [
      'REGISTER',
      testRequest('REGISTER'),
      405,
      'Allow',
      'INVITE, ACK, CANCEL, BYE, OPTIONS, UPDATE, INFO, NOTIFY',
    ],
    ['DANCE', testRequest('DANCE'), 501, 'Allow', 'INVITE, ACK, CANCEL, BYE, OPTIONS, UPDATE, INFO, NOTIFY'],
    [
      'Require: 100rel',
      testRequest('INVITE', { headers: [['Require', '100rel, timer']] }),
      420,
      'Unsupported',
      '100rel',
    ],
    ['a mailto URI', testRequest('INVITE', { uri: 'mailto:a@h' }), 416, null, null],
    [
      'a text body',
      testRequest('INVITE', { sdp: 'x', headers: [['Content-Encoding', 'gzip']] }),
      415,
      'Accept-Encoding',
      'identity',
    ],
    ['a malformed Contact', testRequest('INVITE', { headers: [['Contact', '<sip:a@h']] }), 400, null, null],
  ])('%s', (_name, request, status, header, value) => {
    phone.send(request);
    const response = bench.network.sent.findLast(
      (message) => message.kind === 'response' && message.status === status,
    );
    if (!response) throw new Error(`sent ${bench.network.takeSummary().join()}`);
    if (header !== null) expect(getHeader(response, header)).toBe(value);
    expect([app.invitations.length, agent.stats().dialogs, agent.stats().transactions]).toEqual([0, 0, 0]);
    // Stateless, so a copy must get the very same answer (RFC 3261 8.2.7).
    phone.send(request);
    const again = bench.network.sent.at(-1);
    expect([tagOf(response, 'To') !== null, again]).toEqual([true, response]);
  });

  it('1,000 scans fill no table', () => {
    for (let i = 0; i < 1_000; i++) {
      const method = ['OPTIONS', 'REGISTER', 'BYE', 'CANCEL', 'ACK'][i % 5] ?? '';
      phone.send(testRequest(method, { branch: `z9hG4bK${i}`, callId: `scan-${i}` }));
    }
    expect(agent.stats()).toMatchObject({ messagesIn: 1_000, messagesOut: 800, transactions: 0, dialogs: 0 });
    expect(bench.clock.pendingTimers).toBe(0);
  });

  it('a body that is not SDP gets 415 with Accept', () => {
    const request = testRequest('INVITE', { headers: [['Content-Type', 'text/plain']] });
    phone.send({ ...request, body: Buffer.from('hello') });
    expect(getHeader(phone.response(415), 'Accept')).toBe('application/sdp');
  });

  it('a malformed request is answered with 400 and leaves no transaction', () => {
    const bytes =
      'INVITE sip:bot@192.0.2.1 SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.9;branch=z9hG4bK1;rport\r\nFrom: <sip:a@h>;tag=1\r\nTo: <sip:b@h>\r\nCall-ID: 1\r\nCSeq: 1 BYE\r\n\r\n';
    const parsed = parseDatagram(Buffer.from(bytes), sipLimits);
    expect(parsed?.ok).toBe(false);
    bench.network.inject(
      Buffer.from(bytes),
      { transport: 'udp', address: '192.0.2.9', port: 5060 },
      { transport: 'udp', address: '192.0.2.1', port: 5060 },
    );
    expect(phone.response(400).reason).toBe('CSeq method differs from the request method');
    expect(agent.stats()).toMatchObject({ parseErrors: 1, transactions: 0 });
  });
});

describe('who may call, and how many', () => {
  it('an address outside allowFrom gets 403 and leaves nothing', async () => {
    const guarded = await bench.createAgent('192.0.2.2', app, { allowFrom: ['198.51.100.0/24'] });
    expect(phone.send(invite, { transport: 'udp', address: '192.0.2.2', port: 5060 })).toEqual([
      '403 INVITE',
    ]);
    expect(phone.send(testRequest('ACK'), { transport: 'udp', address: '192.0.2.2', port: 5060 })).toEqual(
      [],
    );
    expect(guarded.stats()).toMatchObject({ forbidden: 2, transactions: 0, dialogs: 0 });
    expect(app.invitations).toHaveLength(0);
  });

  it('above the bound of dialogs, and when admission says so, calls get 503 with Retry-After', async () => {
    const to = { transport: 'udp', address: '192.0.2.2', port: 5060 } as const;
    let admit: number | null = null;
    await bench.createAgent('192.0.2.2', app, { limits: { dialogs: 1 } }, { admission: () => admit });
    admit = 7;
    phone.send(invite, to);
    expect(getHeader(phone.response(503), 'Retry-After')).toBe('7');
    admit = null;
    phone.send(testRequest('INVITE', { callId: 'a', branch: 'z9hG4bKa' }), to);
    phone.takeSummary();
    expect(phone.send(testRequest('INVITE', { callId: 'b', branch: 'z9hG4bKb' }), to)).toContain(
      '503 INVITE',
    );
  });

  it('10,000 pieces of garbage leave counters, ten log lines and nothing else', () => {
    for (let i = 0; i < 10_000; i++)
      bench.network.inject(
        Buffer.from(`${i} garbage\r\n\r\n`),
        { transport: 'udp', address: '203.0.113.1', port: 1 + i },
        { transport: 'udp', address: '192.0.2.1', port: 5060 },
      );
    expect(agent.stats()).toMatchObject({ parseErrors: 10_000, transactions: 0, dialogs: 0, messagesOut: 0 });
    expect(bench.logger.lines).toHaveLength(10);
    expect(bench.clock.pendingTimers).toBe(0);
  });
});

describe('close', () => {
  it('sends BYE to every session, waits for the answers, and takes no more calls', async () => {
    phone.establish();
    app.take();
    phone.takeSummary();
    const closed = agent.close();
    bench.settle();
    const bye = phone.request('BYE');
    phone.takeSummary();
    expect(phone.send(testRequest('INVITE', { callId: 'late', branch: 'z9hG4bKlate' }))).toEqual([
      '100 INVITE',
      '503 INVITE',
    ]);
    phone.send(testResponse(bye, 200));
    await closed;
    expect([app.take(), bench.clock.pendingTimers]).toEqual([['ended local-bye'], 0]);
    expect(() => agent.invite('sip:192.0.2.9', 'x', { ...appDelegate() })).toThrow('closed');
  });

  it('gives up on a silent peer after closeMs', async () => {
    phone.establish();
    app.take();
    app.decide = (invitation) => invitation.ringing();
    phone.send(testRequest('INVITE', { callId: 'ringing', branch: 'z9hG4bKringing' }));
    expect(await bench.close(agent)).toEqual(nothingLeft);
    expect(app.take()).toEqual(['ended local-bye', 'cancelled']);
    expect(phone.takeSummary()).toContain('503 INVITE');
  });
});

function appDelegate() {
  const ignore = (): void => undefined;
  return {
    onConfirmed: ignore,
    onEnded: ignore,
    onProvisional: ignore,
    onAnswered: ignore,
    onRejected: ignore,
    onReinvite: () => ({ accept: false, status: 488 }) as const,
  };
}
