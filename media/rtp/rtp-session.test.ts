import { describe, expect, it } from 'vitest';
import { SeededRandom } from '../../config/random.js';
import { decodeWire, encodeShared } from '../codec/wire-codec.js';
import type { RtpCodec } from '../worker/media-host.js';
import { Concealer } from './concealment.js';
import { RtpPacket } from './packet.js';
import { RtpReceiver } from './rtp-receiver.js';
import { RtpSender } from './rtp-sender.js';

const pcmu: RtpCodec = {
  encoding: 'PCMU',
  payloadType: 0,
  clockRateHz: 8_000,
  ptimeMs: 20,
  telephoneEventPayloadType: 101,
};
const l16: RtpCodec = { encoding: 'L16', payloadType: 96, clockRateHz: 8_000, ptimeMs: 20 };
const here = { address: '127.0.0.1', port: 4_000 };

const ramp = (length: number) => Int16Array.from({ length }, (_, i) => ((i * 37) % 20_000) - 10_000);

/** A sender of clip bytes; packets are kept as copies. */
function createSender(codec: RtpCodec, bytes: Uint8Array, continuous = false) {
  const packets: Uint8Array[] = [];
  let at = 0;
  const source = (_: RtpCodec, target: Uint8Array, start: number) => {
    if (at >= bytes.length) return false;
    target.set(bytes.subarray(at, at + target.length - start), start);
    at += target.length - start;
    return true;
  };
  const output = (packet: Uint8Array) => void packets.push(packet.slice());
  return { packets, sender: new RtpSender(codec, continuous, source, output, 0, new SeededRandom(1)) };
}

function fields(bytes: Uint8Array) {
  const packet = new RtpPacket();
  packet.parse(bytes);
  const { marker, payloadType, sequenceNumber, timestamp, ssrc } = packet;
  return { marker, payloadType, sequenceNumber, timestamp, ssrc };
}

describe('sender to receiver', () => {
  it.each([
    ['PCMU', 20, 8_000],
    ['PCMA', 20, 8_000],
    ['L16', 20, 8_000],
    ['PCMU', 10, 8_000],
    ['PCMA', 30, 8_000],
    ['PCMU', 60, 8_000],
    ['L16', 20, 16_000],
  ] as const)(
    '%s, %i ms a packet, %i Hz: every sample arrives, in order',
    (encoding, ptimeMs, clockRateHz) => {
      const codec: RtpCodec = { encoding, ptimeMs, clockRateHz, payloadType: 97 };
      const seconds = 1.2;
      const bytes = encodeShared(encoding, ramp(clockRateHz * seconds));
      const { sender, packets } = createSender(codec, bytes);
      for (let nowMs = 0; sender.tick(nowMs); nowMs += ptimeMs) continue;
      const receiver = new RtpReceiver(codec, here, 40, () => undefined);
      receiver.listening = true;
      const heard: number[] = [];
      for (let nowMs = 0; nowMs < seconds * 1_000 + 160; nowMs += 10) {
        const packet = nowMs % ptimeMs === 0 ? packets[nowMs / ptimeMs] : undefined;
        if (packet) receiver.receive(packet, here.address, here.port, nowMs);
        if (nowMs % 20 === 10) heard.push(...receiver.readFrame(nowMs).samples);
      }
      const expected = new Int16Array(clockRateHz * seconds);
      decodeWire(encoding, bytes, 0, bytes.length, expected);
      const start = heard.findIndex((sample) => sample !== 0);
      expect(heard.slice(start, start + expected.length)).toEqual([...expected]);
      expect(receiver.counters).toMatchObject({ lost: 0, late: 0, malformed: 0, underruns: 0 });
    },
  );

  it.each([20, 60])(
    'a lost packet of %i ms is concealed in full: what follows keeps its place',
    (ptimeMs) => {
      const codec: RtpCodec = { ...pcmu, ptimeMs };
      const { sender, packets } = createSender(codec, encodeShared('PCMU', ramp(9_600)));
      for (let nowMs = 0; sender.tick(nowMs); nowMs += ptimeMs) continue;
      const hear = (lost: number): number[] => {
        const receiver = new RtpReceiver(codec, here, 40, () => undefined);
        receiver.listening = true;
        const heard: number[] = [];
        for (let nowMs = 0; nowMs < 1_300; nowMs += 10) {
          const index = nowMs / ptimeMs;
          const packet = index === lost ? undefined : packets[index];
          if (packet) receiver.receive(packet, here.address, here.port, nowMs);
          if (nowMs % 20 === 10) heard.push(...receiver.readFrame(nowMs).samples);
        }
        return heard;
      };
      const [whole, holed] = [hear(-1), hear(10)];
      const different = whole.filter((sample, i) => sample !== holed[i]).length;
      expect(different).toBeGreaterThan(0);
      expect(different).toBeLessThanOrEqual(ptimeMs * 8);
    },
  );

  it('DTMF goes from sender to receiver beside the audio, numbered in one sequence', () => {
    const { sender, packets } = createSender(pcmu, new Uint8Array(160 * 100).fill(3));
    sender.tick(0);
    sender.sendDtmf('42#');
    for (let i = 1; i < 60; i++) sender.tick(i * 20);
    const digits: string[] = [];
    const receiver = new RtpReceiver(pcmu, here, 40, (digit) => digits.push(digit));
    packets.forEach((packet, i) => receiver.receive(packet, here.address, here.port, i * 20));
    expect(digits.join('')).toBe('42#');
    const numbers = packets.map((packet) => fields(packet).sequenceNumber);
    expect(numbers.every((n, i) => i === 0 || n === (((numbers[i - 1] ?? 0) + 1) & 0xffff))).toBe(true);
    expect(receiver.counters.jitterMs).toBeLessThan(15);
  });
});

describe('RtpSender', () => {
  it('sends talkspurts: marker at the start, nothing when there is nothing, timestamp by the clock', () => {
    const { sender, packets } = createSender(pcmu, new Uint8Array(320));
    expect([sender.tick(0), sender.tick(20), sender.tick(40)]).toEqual([true, true, false]);
    const [first, second] = packets.map(fields);
    expect([first?.marker, second?.marker]).toEqual([true, false]);
    expect(((second?.timestamp ?? 0) - (first?.timestamp ?? 0)) >>> 0).toBe(160);
    expect({ packets: sender.packetsSent, octets: sender.octetsSent }).toEqual({ packets: 2, octets: 320 });
  });

  it('continuous streams send silence between prompts, with one marker for all of it', () => {
    const { sender, packets } = createSender(pcmu, new Uint8Array(160).fill(9), true);
    for (let i = 0; i < 3; i++) expect(sender.tick(i * 20)).toBe(true);
    expect(packets.map((p) => fields(p).marker)).toEqual([true, false, false]);
    expect([...new Set(packets[2]?.subarray(12))]).toEqual([0xff]);
  });

  it('keeps its SSRC and takes the new payload type when the codec changes', () => {
    const { sender, packets } = createSender(pcmu, new Uint8Array(2_000));
    sender.tick(0);
    sender.changeCodec(l16, 20);
    sender.tick(20);
    const [first, second] = packets.map(fields);
    expect(second?.ssrc).toBe(first?.ssrc);
    expect(second?.payloadType).toBe(96);
    expect(packets[1]?.length).toBe(12 + 320);
  });
});

describe('RtpReceiver', () => {
  const clip = createSender(pcmu, new Uint8Array(160 * 50).fill(5));
  for (let nowMs = 0; clip.sender.tick(nowMs); nowMs += 20) continue;
  const first = clip.packets[0] ?? new Uint8Array(0);

  it.each([
    ['an unknown payload type', Uint8Array.of(0x80, 77, ...first.subarray(2))],
    ['RTCP', Uint8Array.of(0x80, 200, ...first.subarray(2))],
    ['noise', Uint8Array.of(1, 2, 3)],
  ])('counts %s as malformed and does not lock to its source', (_, bytes) => {
    const receiver = new RtpReceiver(pcmu, null, 40, () => undefined);
    receiver.receive(bytes, '10.0.0.9', 9, 0);
    expect(receiver.counters).toMatchObject({ malformed: 1, packetsReceived: 0 });
    expect(receiver.remote).toBeNull();
  });

  it('keeps nothing while nobody listens, and plays nothing old when somebody does', () => {
    const receiver = new RtpReceiver(pcmu, here, 40, () => undefined);
    clip.packets.forEach((packet, i) => receiver.receive(packet, here.address, here.port, i * 20));
    receiver.listening = true;
    const frame = receiver.readFrame(1_010);
    expect(Math.max(...frame.samples)).toBe(0);
    expect(receiver.counters.packetsReceived).toBe(50);
  });

  it('counts duplicates once heard and once only', () => {
    const receiver = new RtpReceiver(pcmu, here, 40, () => undefined);
    for (const packet of clip.packets.slice(0, 3).flatMap((p) => [p, p]))
      receiver.receive(packet, here.address, here.port, 0);
    expect(receiver.counters).toMatchObject({ duplicates: 3, packetsReceived: 6, lost: 0 });
  });

  it('a new SSRC at the same address is a new numbering, not loss (RFC 3550 8.2)', () => {
    const receiver = new RtpReceiver(pcmu, here, 40, () => undefined);
    for (const i of [0, 1, 2]) receiver.receive(clip.packets[i] ?? first, here.address, here.port, i * 20);
    for (let i = 10; i < 20; i++) {
      const bytes = (clip.packets[i] ?? first).slice();
      bytes[8] = (bytes[8] ?? 0) ^ 0xff;
      receiver.receive(bytes, here.address, here.port, i * 20);
    }
    expect(receiver.counters).toMatchObject({ packetsReceived: 11, strangers: 2, lost: 0 });
  });

  it('keeps its counters when the codec changes', () => {
    const receiver = new RtpReceiver(pcmu, here, 40, () => undefined);
    for (const i of [0, 1, 4]) receiver.receive(clip.packets[i] ?? first, here.address, here.port, i * 20);
    receiver.changeCodec(l16);
    expect(receiver.counters).toMatchObject({ packetsReceived: 3, lost: 2 });
    expect(receiver.readFrame(0).samples.length).toBe(160);
  });

  it('any datagram is taken without a throw, and every frame has 160 samples', () => {
    const random = new SeededRandom(13);
    const receiver = new RtpReceiver(pcmu, here, 40, () => undefined);
    receiver.listening = true;
    for (let i = 0; i < 5_000; i++) {
      const base = clip.packets[random.integer(50)] ?? first;
      const bytes = base.slice(0, random.integer(4) ? base.length : random.integer(180));
      if (bytes.length > 8)
        for (let n = random.integer(3); n > 0; n--) bytes[random.integer(12)] = random.integer(256);
      receiver.receive(bytes, here.address, here.port, i * 7);
      if (i % 3 === 0) expect(receiver.readFrame(i * 7).samples.length).toBe(160);
    }
  });
});

it('Concealer repeats the last frame ever more quietly, then is silent', () => {
  const concealer = new Concealer();
  const target = new Int16Array(4);
  concealer.remember(Int16Array.of(5, 800, -800), 1, 3);
  const loudest = [1, 2, 3, 4].map(() => {
    concealer.conceal(target, 0, 4);
    return [...target];
  });
  expect(loudest).toEqual([
    [400, -400, 400, -400],
    [200, -200, 200, -200],
    [100, -100, 100, -100],
    [0, 0, 0, 0],
  ]);
});

it('a packet there and back costs next to no memory', () => {
  const receiver = new RtpReceiver(pcmu, here, 40, () => undefined);
  receiver.listening = true;
  let nowMs = 0;
  const source = () => true;
  const output = (packet: Uint8Array) => receiver.receive(packet, here.address, here.port, nowMs);
  const sender = new RtpSender(pcmu, false, source, output, 0, new SeededRandom(1));
  const frames = 20_000;
  const pump = () => {
    for (let i = 0; i < frames; i++, nowMs += 20) {
      sender.tick(nowMs);
      receiver.readFrame(nowMs);
    }
  };
  pump();
  const before = process.memoryUsage().heapUsed;
  pump();
  expect((process.memoryUsage().heapUsed - before) / frames).toBeLessThan(150);
});
