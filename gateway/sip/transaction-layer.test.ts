import { describe, expect, it } from 'vitest';
import { FakeClock } from '../../config/clock.js';
import { SeededRandom } from '../../config/random.js';
import { summarize } from './fake-network.js';
import { getHeader } from './header-fields.js';
import { defaultSipTimers } from './machine.js';
import type { SipMessage, SipRequest } from './message.js';
import { testRequest, testResponse } from './test-messages.js';
import { type ServerTransaction, TransactionLayer } from './transaction-layer.js';
import type { SipRemote } from './user-agent-api.js';

const peer: SipRemote = { transport: 'udp', address: '192.0.2.9', port: 5060 };

function createLayer(maximum = 100) {
  const clock = new FakeClock();
  const sent: { message: SipMessage; remote: SipRemote }[] = [];
  const events: string[] = [];
  const servers: ServerTransaction[] = [];
  let connected = true;
  const layer = new TransactionLayer(
    { clock, random: new SeededRandom(1), timers: defaultSipTimers, maximum },
    {
      send: (message, remote) => void sent.push({ message, remote }),
      isConnected: () => connected,
      sentBy: () => '192.0.2.1:5060',
    },
    {
      answerStateless: (request) => (request.method === 'PUBLISH' ? testResponse(request, 405) : null),
      onRequest: (request, transaction) => {
        servers.push(transaction);
        events.push(`request ${request.method}`);
      },
      onAck: () => void events.push('ack'),
      onCancel: (transaction) => void events.push(`cancel ${transaction.request.method}`),
    },
  );
  const receive = (request: SipRequest, remote = peer): void => layer.receiveRequest(request, remote);
  const take = (): string[] => sent.splice(0).map(({ message }) => summarize(message));
  const disconnect = (): void => void (connected = false);
  return { clock, layer, sent, events, servers, receive, take, disconnect };
}

const ignore = { onResponse: () => undefined, onTimeout: () => undefined, onTransportError: () => undefined };

describe('matching requests, RFC 3261 17.2.3', () => {
  it('a copy meets its transaction', () => {
    const { receive, events, take } = createLayer();
    receive(testRequest('INVITE'));
    receive(testRequest('INVITE'));
    expect([events, take()]).toEqual([['request INVITE'], ['100 INVITE', '100 INVITE']]);
  });

  it.each([
    ['branch', testRequest('OPTIONS', { branch: 'z9hG4bKother', cseq: 2 })],
    ['sent-by', testRequest('OPTIONS', { sentBy: '192.0.2.9:5070', cseq: 2 })],
    ['method', testRequest('INFO')],
  ])('another %s is another transaction', (_name, other) => {
    const { receive, events } = createLayer();
    receive(testRequest('OPTIONS'));
    receive(other);
    expect(events).toHaveLength(2);
  });

  it('without the magic cookie Call-ID, CSeq, tag and sender decide', () => {
    const { receive, events } = createLayer();
    receive(testRequest('OPTIONS', { branch: '1' }));
    receive(testRequest('OPTIONS', { branch: '1' }));
    receive(testRequest('OPTIONS', { branch: '1', callId: 'call-2' }));
    expect(events).toHaveLength(2);
  });

  it('the ACK of a failure is absorbed, that of a 2xx goes to the user', () => {
    const { receive, events, servers } = createLayer();
    receive(testRequest('INVITE'));
    servers[0]?.respond(testResponse(testRequest('INVITE'), 486));
    receive(testRequest('ACK', { toTag: 'bot' }));
    expect([events, servers[0]?.state]).toEqual([['request INVITE'], 'confirmed']);
    receive(testRequest('ACK', { toTag: 'bot', branch: 'z9hG4bKnew' }));
    expect(events).toEqual(['request INVITE', 'ack']);
  });

  it('an ACK that reuses the branch of an accepted INVITE goes to the user', () => {
    const { receive, events, servers } = createLayer();
    receive(testRequest('INVITE'));
    servers[0]?.respond(testResponse(testRequest('INVITE'), 200));
    receive(testRequest('ACK', { toTag: 'bot' }));
    expect(events).toEqual(['request INVITE', 'ack']);
  });

  it('a merged request is a loop, 8.2.2.2', () => {
    const { receive, events, take } = createLayer();
    receive(testRequest('INVITE'));
    receive(testRequest('INVITE', { branch: 'z9hG4bKfork' }));
    expect([events, take()]).toEqual([['request INVITE'], ['100 INVITE', '482 INVITE']]);
  });
});

describe('CANCEL, RFC 3261 9.2', () => {
  it('of an undecided INVITE is answered 200 and reported', () => {
    const { receive, events, take } = createLayer();
    receive(testRequest('INVITE'));
    receive(testRequest('CANCEL'));
    receive(testRequest('CANCEL'));
    expect([events, take()]).toEqual([
      ['request INVITE', 'cancel INVITE'],
      ['100 INVITE', '200 CANCEL', '200 CANCEL'],
    ]);
  });

  it('of an answered INVITE is answered 200 and has no effect', () => {
    const { receive, events, servers } = createLayer();
    receive(testRequest('INVITE'));
    servers[0]?.respond(testResponse(testRequest('INVITE'), 200));
    receive(testRequest('CANCEL'));
    expect(events).toEqual(['request INVITE']);
  });

  it('of nothing is answered 481, without a transaction', () => {
    const { layer, receive, take } = createLayer();
    receive(testRequest('CANCEL'));
    expect([take(), layer.size]).toEqual([['481 CANCEL'], 0]);
  });
});

describe('bounds', () => {
  it('what the user answers without a transaction leaves none', () => {
    const { layer, receive, events, take } = createLayer();
    receive(testRequest('PUBLISH'));
    receive(testRequest('PUBLISH'));
    expect([events, take(), layer.size]).toEqual([[], ['405 PUBLISH', '405 PUBLISH'], 0]);
  });

  it('above the maximum requests get 503 with Retry-After and leave nothing', () => {
    const { clock, layer, receive, sent, events } = createLayer(1);
    receive(testRequest('OPTIONS'));
    receive(testRequest('OPTIONS', { branch: 'z9hG4bK2', callId: 'call-2' }));
    expect([events.length, layer.size]).toEqual([1, 1]);
    const [refusal] = sent;
    expect(
      refusal && [summarize(refusal.message), Number(getHeader(refusal.message, 'Retry-After')) >= 5],
    ).toEqual(['503 OPTIONS', true]);
    expect(layer.request(testRequest('BYE'), peer, ignore)).toBeNull();
    layer.close();
    expect([layer.size, clock.pendingTimers]).toEqual([0, 0]);
  });

  it('a finished transaction is forgotten, its merge mark too', () => {
    const { clock, layer, receive, servers, events } = createLayer();
    receive(testRequest('OPTIONS'));
    servers[0]?.respond(testResponse(testRequest('OPTIONS'), 200));
    clock.advance(32_000);
    expect(layer.size).toBe(0);
    receive(testRequest('OPTIONS', { branch: 'z9hG4bKagain' }));
    expect(events).toHaveLength(2);
  });
});

describe('the way of responses, RFC 3261 18.2.2', () => {
  const tcp: SipRemote = { transport: 'tcp', address: '192.0.2.9', port: 40_000 };

  it('back over the connection while it lives, else to sent-by', () => {
    const { receive, servers, sent, disconnect } = createLayer();
    const request = testRequest('OPTIONS', { sentBy: '192.0.2.9:5080' });
    receive(request, tcp);
    servers[0]?.respond(testResponse(request, 100));
    disconnect();
    servers[0]?.respond(testResponse(request, 200));
    expect(sent.map(({ remote }) => remote.port)).toEqual([40_000, 5080]);
  });
});

describe('client transactions', () => {
  it('a response is matched by branch and CSeq method, 17.1.3', () => {
    const { layer, sent } = createLayer();
    const statuses: number[] = [];
    const request = testRequest('INVITE');
    request.headers.shift();
    const transaction = layer.request(request, peer, {
      ...ignore,
      onResponse: ({ status }) => void statuses.push(status),
    });
    expect(getHeader(request, 'Via')).toMatch(
      /^SIP\/2.0\/UDP 192.0.2.1:5060;rport;branch=z9hG4bK[0-9a-f]{24}$/,
    );
    layer.receiveResponse(testResponse(testRequest('INVITE'), 180));
    layer.receiveResponse(testResponse(request, 180));
    if (transaction) layer.cancel(transaction, peer);
    const cancel = sent[1]?.message;
    if (cancel?.kind !== 'request') throw new Error('no CANCEL');
    layer.receiveResponse(testResponse(cancel, 200));
    layer.receiveResponse(testResponse(request, 487));
    expect(statuses).toEqual([180, 487]);
    expect([getHeader(cancel, 'Via'), getHeader(cancel, 'CSeq')]).toEqual([
      getHeader(request, 'Via'),
      '1 CANCEL',
    ]);
    expect(sent.map(({ message }) => summarize(message))).toEqual(['INVITE', 'CANCEL', 'ACK']);
  });
});
