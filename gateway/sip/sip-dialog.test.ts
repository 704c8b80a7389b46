import { describe, expect, it } from 'vitest';
import { getHeader, getHeaders } from './header-fields.js';
import { dialogIdOf, type Reachability, SipDialog } from './sip-dialog.js';
import { testRequest, testResponse } from './test-messages.js';
import type { SipRemote } from './user-agent-api.js';

const source: SipRemote = { transport: 'udp', address: '192.0.2.9', port: 5060 };
const udpOnly: Reachability = { isConnected: () => true, supports: (transport) => transport === 'udp' };
const contact = ['Contact', '<sip:ann@192.0.2.50:5099>'] as const;

function serverDialog(headers: readonly (readonly [string, string])[], from = source): SipDialog {
  return SipDialog.fromRequest(testRequest('INVITE', { headers }), 'me', from, 100);
}

describe('a dialog of the UAS, RFC 3261 12.1.1', () => {
  it('its requests turn From and To around and count from its own number', () => {
    const dialog = serverDialog([contact]);
    const bye = dialog.createRequest('BYE');
    expect(bye.uri).toBe('sip:ann@192.0.2.50:5099');
    expect(getHeader(bye, 'From')).toBe('<sip:bot@192.0.2.1>;tag=me');
    expect(getHeader(bye, 'To')).toBe('<sip:ann@192.0.2.9>;tag=ann');
    expect([getHeader(bye, 'CSeq'), getHeader(dialog.createRequest('INFO'), 'CSeq')]).toEqual([
      '101 BYE',
      '102 INFO',
    ]);
    expect(dialog.id).toBe(dialogIdOf(testRequest('BYE', { toTag: 'me' })));
  });

  it('a lower or equal CSeq is out of order, gaps are allowed, 12.2.2', () => {
    const dialog = serverDialog([contact]);
    const taken = [1, 5, 5, 4, 6].map((cseq) => dialog.takeRemoteSequence(testRequest('INFO', { cseq })));
    expect(taken).toEqual([false, true, false, false, true]);
  });

  it('Record-Route keeps its order; loose routes leave the Request-URI alone, 12.2.1.1', () => {
    const dialog = serverDialog([
      contact,
      ['Record-Route', '<sip:p1;lr>, <sip:p2;lr>'],
      ['Record-Route', '<sip:p3;lr>'],
    ]);
    const bye = dialog.createRequest('BYE');
    expect(bye.uri).toBe('sip:ann@192.0.2.50:5099');
    expect(getHeaders(bye, 'Route').map(({ value }) => value)).toEqual([
      '<sip:p1;lr>',
      '<sip:p2;lr>',
      '<sip:p3;lr>',
    ]);
  });

  it('a strict router becomes the Request-URI, and the target the last route', () => {
    const bye = serverDialog([contact, ['Record-Route', '<sip:p1>, <sip:p2;lr>']]).createRequest('BYE');
    expect(bye.uri).toBe('sip:p1');
    expect(getHeaders(bye, 'Route').map(({ value }) => value)).toEqual([
      '<sip:p2;lr>',
      '<sip:ann@192.0.2.50:5099>',
    ]);
  });

  it('a target refresh replaces the remote target', () => {
    const dialog = serverDialog([contact]);
    dialog.refreshTarget(testRequest('INVITE', { headers: [['Contact', '<sip:ann@192.0.2.60>']] }));
    dialog.refreshTarget(testRequest('UPDATE'));
    expect(dialog.createRequest('BYE').uri).toBe('sip:ann@192.0.2.60');
  });
});

describe('a dialog of the UAC, RFC 3261 12.1.2', () => {
  it('the routes are those of the response backwards', () => {
    const response = testResponse(testRequest('INVITE'), 200);
    response.headers.push(
      { name: 'Record-Route', value: '<sip:p1;lr>, <sip:p2;lr>' },
      { name: 'Contact', value: '<sip:bot@192.0.2.7>' },
    );
    const dialog = SipDialog.fromResponse(testRequest('INVITE'), response, source);
    const ack = dialog.createAck(
      testRequest('INVITE', { headers: [['Proxy-Authorization', 'Digest x']] }),
      'me',
    );
    expect([ack.uri, getHeader(ack, 'CSeq')]).toEqual(['sip:bot@192.0.2.7', '1 ACK']);
    expect(getHeader(ack, 'Proxy-Authorization')).toBe('Digest x');
    expect(getHeaders(ack, 'Route').map(({ value }) => value)).toEqual(['<sip:p2;lr>', '<sip:p1;lr>']);
  });
});

describe('the next hop', () => {
  const tcp: SipRemote = { transport: 'tcp', address: '192.0.2.9', port: 41_000 };
  const both = (alive: boolean): Reachability => ({ isConnected: () => alive, supports: () => true });

  it.each<[string, readonly (readonly [string, string])[], SipRemote, Reachability, string]>([
    ['the Contact', [contact], source, udpOnly, 'udp 192.0.2.50:5099'],
    ['the source without a Contact, as for Sofia MRCP clients', [], source, udpOnly, 'udp 192.0.2.9:5060'],
    [
      'the source when the Contact is a name',
      [['Contact', '<sip:ann@pc.example>']],
      source,
      udpOnly,
      'udp 192.0.2.9:5060',
    ],
    [
      'the source when Via shows a NAT',
      [contact],
      { ...source, address: '203.0.113.1' },
      udpOnly,
      'udp 203.0.113.1:5060',
    ],
    [
      'the first route',
      [contact, ['Record-Route', '<sip:198.51.100.1:5080;lr>']],
      source,
      udpOnly,
      'udp 198.51.100.1:5080',
    ],
    ['the connection while it lives', [contact], tcp, both(true), 'tcp 192.0.2.9:41000'],
    [
      'the Contact once the connection is gone',
      [['Contact', '<sip:192.0.2.9:5071;transport=tcp>']],
      tcp,
      both(false),
      'tcp 192.0.2.9:5071',
    ],
  ])('is %s', (_name, headers, from, transports, expected) => {
    const hop = serverDialog(headers, from).nextHop(transports);
    expect(`${hop.transport} ${hop.address}:${hop.port}`).toBe(expected);
  });
});
