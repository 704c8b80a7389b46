import { describe, expect, it } from 'vitest';
import {
  canonicalHeaderName,
  parseCSeq,
  parseParameters,
  quote,
  splitOutsideQuotes,
  unquote,
} from './header-fields.js';
import type { SipRequest } from './message.js';
import { formatUri, parseNameAddress, parseNameAddressList, parseUri } from './uri.js';
import { formatVia, parseVia, responseRemote, stampReceived } from './via.js';

describe('URIs, RFC 3261 19.1 and RFC 3966', () => {
  it.each([
    ['sip:alice@atlanta.com', 'alice', 'atlanta.com', null],
    ['sip:127.0.0.1:8060', null, '127.0.0.1', 8060],
    ['sip:[2001:db8::10]:5070;transport=tcp', null, '2001:db8::10', 5070],
    ['sips:1212@gateway.com;user=phone?subject=x', '1212', 'gateway.com', null],
    ['sip:alice;day=tuesday@atlanta.com', 'alice;day=tuesday', 'atlanta.com', null],
    ['sip:a%40b:pw@h;lr;x=%22', 'a%40b:pw', 'h', null],
    ['tel:+1-201-555-0123;phone-context=x', '+1-201-555-0123', '', null],
  ])('%s', (text, user, host, port) => {
    const uri = parseUri(text);
    expect(uri).toMatchObject({ user, host, port });
    expect(uri && formatUri(uri)).toBe(text);
  });

  it.each([
    'http://h',
    'sip:',
    'sip:a@',
    'sip:a b@h',
    'sip:h:0',
    'sip:h:70000',
    'sip:[1.2.3]',
    'sip:[::1',
    'sip:a<b@h',
    'sip:h;=x',
    'tel:abcz',
    '',
    'sip',
    'sip:a@h\r\nX: y',
    'sip:é@h',
  ])('%j is refused', (text) => {
    expect(parseUri(text)).toBeNull();
  });
});

describe('name-addr, RFC 3261 20.10', () => {
  it.each([
    ['"A. G. Bell" <sip:agb@bell.com> ;tag=a48s', 'A. G. Bell', 'sip:agb@bell.com', 'a48s'],
    ['sip:+1212@server;tag=887s', null, 'sip:+1212@server', '887s'],
    ['Anonymous <sip:c8@anon.com>;tag=x', 'Anonymous', 'sip:c8@anon.com', 'x'],
    ['"<" <sip:a@h;lr>;tag=y', '<', 'sip:a@h;lr', 'y'],
    ['<sip:a@h?b=c>', null, 'sip:a@h?b=c', undefined],
  ])('%s', (text, displayName, uri, tag) => {
    const address = parseNameAddress(text);
    expect(address).toMatchObject({ displayName, uri });
    expect(address?.parameters.get('tag')).toBe(tag);
  });

  it.each(['<sip:a@h', '"x <sip:a@h>', '<sip:a@h> tag=1', '<>', 'alice', '<sip:a b@h>', ''])(
    '%j is refused',
    (text) => {
      expect(parseNameAddress(text)).toBeNull();
    },
  );

  it('lists split at commas outside quotes and brackets', () => {
    const list = parseNameAddressList(['"a, b" <sip:x@h;p=1,2>, <sip:y@h>', '<sip:z@h>']);
    expect(list?.map((address) => address.uri)).toEqual(['sip:x@h;p=1,2', 'sip:y@h', 'sip:z@h']);
    expect(parseNameAddressList(['<sip:x@h>,,'])).toBeNull();
  });
});

describe('header pieces', () => {
  it.each([
    ['via', 'Via'],
    ['v', 'Via'],
    ['CALL-ID', 'Call-ID'],
    ['cseq', 'CSeq'],
    ['x-my-id', 'X-My-Id'],
    ['www-authenticate', 'WWW-Authenticate'],
  ])('%s is %s', (name, canonical) => expect(canonicalHeaderName(name)).toBe(canonical));

  it.each([
    ['0 A', { number: 0, method: 'A' }],
    ['2147483647 INVITE', { number: 2147483647, method: 'INVITE' }],
    ['2147483648 INVITE', null],
    ['1', null],
    ['-1 A', null],
    ['1 A B', null],
    ['1e3 A', null],
  ])('CSeq %s', (text, parsed) => {
    expect(parseCSeq(text)).toEqual(parsed);
  });

  it('quoting round-trips', () => {
    for (const text of ['', 'a', '"', '\\', 'a"b\\c', ', ;<']) expect(unquote(quote(text))).toBe(text);
  });

  it('the first of two parameters of a name counts', () => {
    expect([...(parseParameters(';A=1;a=2; b ;c="x;y"') ?? [])]).toEqual([
      ['a', '1'],
      ['b', null],
      ['c', '"x;y"'],
    ]);
    expect(parseParameters(';a b=1')).toBeNull();
    expect(splitOutsideQuotes('a,"b', ',')).toBeNull();
  });
});

describe('Via', () => {
  it.each([
    'SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK1;rport',
    'SIP/2.0/TCP [::1];branch=z9hG4bK2',
    'SIP/2.0/UDP host',
  ])('%s round-trips', (text) => {
    const via = parseVia(text);
    expect(via && formatVia(via)).toBe(text);
  });

  it.each([
    'SIP/1.0/UDP h',
    'SIP/2.0/UDP',
    'SIP/2.0/UDP h;branch',
    'SIP/2.0/UDP h;branch=a b',
    'UDP h',
    'SIP/2.0/UDP h:99999',
  ])('%j is refused', (text) => expect(parseVia(text)).toBeNull());

  const source = { transport: 'udp', address: '203.0.113.5', port: 40_000 } as const;
  it.each([
    [
      'SIP/2.0/UDP 10.0.0.1:5060;branch=z9hG4bK1;rport',
      'SIP/2.0/UDP 10.0.0.1:5060;branch=z9hG4bK1;rport=40000;received=203.0.113.5',
      40_000,
    ],
    [
      'SIP/2.0/UDP 203.0.113.5;branch=z9hG4bK1;rport',
      'SIP/2.0/UDP 203.0.113.5;branch=z9hG4bK1;rport=40000;received=203.0.113.5',
      40_000,
    ],
    ['SIP/2.0/UDP 203.0.113.5:5090;branch=z9hG4bK1', 'SIP/2.0/UDP 203.0.113.5:5090;branch=z9hG4bK1', 5090],
    [
      'SIP/2.0/UDP 10.0.0.1;branch=z9hG4bK1',
      'SIP/2.0/UDP 10.0.0.1;branch=z9hG4bK1;received=203.0.113.5',
      5060,
    ],
    ['SIP/2.0/UDP 203.0.113.5;received=8.8.8.8;maddr=9.9.9.9', 'SIP/2.0/UDP 203.0.113.5;maddr=9.9.9.9', 5060],
  ])('%s is stamped and answered, RFC 3261 18.2 and RFC 3581 4', (before, after, port) => {
    const headers = [{ name: 'Via', value: `${before}, SIP/2.0/UDP next` }];
    const request: SipRequest = {
      kind: 'request',
      method: 'OPTIONS',
      uri: 'sip:h',
      headers,
      body: Buffer.alloc(0),
    };
    stampReceived(request, source);
    expect(request.headers[0]?.value).toBe(`${after}, SIP/2.0/UDP next`);
    const via = parseVia(after);
    expect(via && responseRemote(via, source)).toEqual({ ...source, port });
  });
});
