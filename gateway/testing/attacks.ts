import { createSocket } from 'node:dgram';

import type { SeededRandom } from '../../config/random.js';
import { rtpHeaderBytes, writeRtpHeader } from '../../media/rtp/packet.js';
import { repeated, throwAt } from './hostile-connection.js';
import { audioSection, offerOf } from './offers.js';
import type { ParleyPorts } from './parley-process.js';

/** Datagrams between two breaths, so that an attack does not starve the test that measures its effect. */
const burst = 20;
/** Connections at one time. */
const atOnce = 8;
/** How long an attacker waits for a server that does not close. */
const patienceMs = 30;
const pause = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 4));

/** One kind of bad input; resolves with how many messages were sent. */
export type Attack = (ports: ParleyPorts, random: SeededRandom) => Promise<number>;

/** Bad input for every port of a node, by what it is; about ten thousand messages in all. */
export const attacks: Readonly<Record<string, Attack>> = {
  'SIP datagrams: noise, cuts and mutations': (ports, random) =>
    datagrams(
      3_000,
      () => ports.sip,
      () => brokenSip(ports.sip, random),
    ),
  'SIP datagrams of the largest size': (ports) =>
    datagrams(
      60,
      () => ports.sip,
      () => Buffer.alloc(65_507, 'a'),
    ),
  'SIP INVITEs whose offers are refused': (ports, random) =>
    datagrams(
      300,
      () => ports.sip,
      () => Buffer.from(sipText('INVITE', ports.sip, random, brokenSdp(random))),
    ),
  'SIP connections: noise, cuts and mutations': (ports, random) =>
    connections(300, ports.sip, () => brokenSip(ports.sip, random)),
  'SIP connections: endless messages': (ports) =>
    connections(24, ports.sip, (index) => endlessSip[index % endlessSip.length] ?? ''),
  'MRCP connections: noise, cuts and mutations': (ports, random) =>
    connections(300, ports.mrcp, () => brokenMrcp(random)),
  'MRCP connections: endless messages and wrong lengths': (ports) =>
    connections(40, ports.mrcp, (index) => endlessMrcp[index % endlessMrcp.length] ?? ''),
  'RTP ports: noise, foreign formats, loud packets of a stranger': (ports, random) =>
    datagrams(
      6_000,
      () => rtpPort(ports, random),
      () => brokenRtp(random),
    ),
  'HTTP connections: noise, endless headers, large bodies, odd paths': (ports, random) =>
    connections(200, ports.http, (index) => badHttp[index % badHttp.length] ?? noise(random, 2_000)),
};

async function datagrams(count: number, port: () => number, next: () => Uint8Array): Promise<number> {
  const socket = createSocket('udp4');
  socket.on('error', () => undefined);
  for (let sent = 0; sent < count; sent++) {
    socket.send(next(), port(), '127.0.0.1', () => undefined);
    if (sent % burst === 0) await pause();
  }
  await pause();
  socket.close();
  return count;
}

async function connections(
  count: number,
  port: number,
  next: (index: number) => Uint8Array | string,
): Promise<number> {
  await repeated(count, atOnce, (index) => throwAt(port, next(index), patienceMs));
  return count;
}

function noise(random: SeededRandom, most: number): Buffer {
  return Buffer.from(Array.from({ length: random.integer(most) }, () => random.integer(256)));
}

function mutated(text: string, random: SeededRandom): Buffer {
  const bytes = Buffer.from(text);
  for (let n = 1 + random.integer(20); n > 0; n--) bytes[random.integer(bytes.length)] = random.integer(256);
  return bytes;
}

function cut(text: string, random: SeededRandom): Buffer {
  return Buffer.from(text).subarray(0, random.integer(text.length));
}

const sipMethods = ['OPTIONS', 'BYE', 'CANCEL', 'ACK', 'INVITE', 'UPDATE', 'REFER', 'REGISTER', 'NOPE'];

function brokenSip(port: number, random: SeededRandom): Buffer {
  const method = sipMethods[random.integer(sipMethods.length)] ?? 'OPTIONS';
  const text = sipText(method, port, random, method === 'INVITE' ? brokenSdp(random) : '');
  const kinds = [
    () => noise(random, 1_200),
    () => cut(text, random),
    () => mutated(text, random),
    () =>
      Buffer.from(
        text.replace(/Content-Length: \d+/, `Content-Length: ${random.integer(2 ** 40) - 2 ** 39}`),
      ),
    () =>
      Buffer.from(text.replace('SIP/2.0\r\n', `SIP/2.0\r\n${'X-Filler: y\r\n'.repeat(random.integer(400))}`)),
  ];
  return kinds[random.integer(kinds.length)]?.() ?? noise(random, 100);
}

function sipText(method: string, port: number, random: SeededRandom, body: string): string {
  const id = random.hex(8);
  const lines = [
    `${method} sip:bot@127.0.0.1:${port} SIP/2.0`,
    `Via: SIP/2.0/UDP 127.0.0.1:9;rport;branch=z9hG4bK${id}`,
    'Max-Forwards: 70',
    `From: <sip:stranger@127.0.0.1>;tag=${id}`,
    `To: <sip:bot@127.0.0.1:${port}>`,
    `Call-ID: ${id}`,
    `CSeq: 1 ${method}`,
    'Contact: <sip:stranger@127.0.0.1:9>',
    ...(body === '' ? [] : ['Content-Type: application/sdp']),
    `Content-Length: ${Buffer.byteLength(body)}`,
  ];
  return `${lines.join('\r\n')}\r\n\r\n${body}`;
}

/** An offer that nothing of can be taken, and that is there: an INVITE without any would be served (delayed offer). */
function brokenSdp(random: SeededRandom): string {
  const opus = offerOf(audioSection({ port: 9, formats: ['96 opus/48000/2'] }));
  return random.integer(2) === 0
    ? opus
    : opus.slice(0, 1 + random.integer(opus.length - 1)).replaceAll('0', 'zero');
}

const endlessSip = [
  'OPTIONS sip:' + 'a'.repeat(300_000),
  `OPTIONS sip:bot@127.0.0.1 SIP/2.0\r\nX: ${'a'.repeat(300_000)}`,
  `OPTIONS sip:bot@127.0.0.1 SIP/2.0\r\n${'X: a\r\n'.repeat(50_000)}`,
  `OPTIONS sip:bot@127.0.0.1 SIP/2.0\r\nContent-Length: 99999999999\r\n\r\n${'a'.repeat(300_000)}`,
  `OPTIONS sip:bot@127.0.0.1 SIP/2.0\r\nContent-Length: -5\r\n\r\n`,
  '\r\n'.repeat(150_000),
];

const mrcpRequest =
  'MRCP/2.0 143 SPEAK 1\r\nChannel-Identifier: 0123456789abcdef@speechsynth\r\nContent-Type: text/plain\r\n' +
  'Content-Length: 5\r\n\r\nhello';

function brokenMrcp(random: SeededRandom): Buffer {
  const kinds = [
    () => noise(random, 3_000),
    () => cut(mrcpRequest, random),
    () => mutated(mrcpRequest, random),
    () => Buffer.from(mrcpRequest.replace('143', String(random.integer(400)))),
    () => mutated(mrcpRequest.repeat(20), random),
  ];
  return kinds[random.integer(kinds.length)]?.() ?? noise(random, 100);
}

const endlessMrcp = [
  `MRCP/2.0 ${'9'.repeat(300_000)}`,
  'MRCP/2.0 99999999999 SPEAK 1\r\n',
  `MRCP/2.0 900000 SPEAK 1\r\n${'X-Filler: y\r\n'.repeat(30_000)}`,
  `MRCP/2.0 900000 SPEAK 1\r\nX: ${'y'.repeat(300_000)}`,
  'garbage\r\n'.repeat(30_000),
  'a'.repeat(300_000),
  'MRCP/2.0 0 SPEAK 1\r\n\r\n',
  'MRCP/2.0 83 1 200 COMPLETE\r\nChannel-Identifier: 0123456789abcdef@speechsynth\r\n\r\n',
];

function rtpPort(ports: ParleyPorts, random: SeededRandom): number {
  return ports.rtpFrom + random.integer(ports.rtpTo - ports.rtpFrom + 1);
}

/** Noise, or a packet that is right in everything but where it comes from (full-scale square wave, or digit 9). */
function brokenRtp(random: SeededRandom): Uint8Array {
  const kind = random.integer(4);
  if (kind === 0) return noise(random, 1_600);
  const payloadType = [0, 101, 96][kind - 1] ?? 0;
  const packet = new Uint8Array(rtpHeaderBytes + (payloadType === 101 ? 4 : 160));
  packet.fill(payloadType === 101 ? 9 : 0x80, rtpHeaderBytes);
  writeRtpHeader(
    packet,
    payloadType,
    true,
    random.integer(65_536),
    random.integer(2 ** 32),
    random.integer(2 ** 32),
  );
  return packet;
}

const badHttp = [
  'GET / HTTP/9.9\r\n\r\n',
  `GET / HTTP/1.1\r\nHost: x\r\nX: ${'a'.repeat(200_000)}\r\n\r\n`,
  `GET /${'a'.repeat(100_000)} HTTP/1.1\r\nHost: x\r\n\r\n`,
  'GET /../../../../etc/passwd HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n',
  'GET /%2e%2e/%2e%2e/etc/passwd%00 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n',
  `POST /api/v1/status HTTP/1.1\r\nHost: x\r\nContent-Length: 900000\r\n\r\n${'a'.repeat(900_000)}`,
  'POST /metrics HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\nffffffffff\r\n',
  'INVITE sip:bot@127.0.0.1 SIP/2.0\r\n\r\n',
  undefined,
];
