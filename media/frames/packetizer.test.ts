import { describe, expect, it } from 'vitest';
import { RtpPacket } from '../rtp/packet.js';
import type { RtpCodec } from '../worker/media-host.js';
import { FrameTimeline } from './frame-timeline.js';
import { FramePacketizer } from './packetizer.js';

const pcmu: RtpCodec = { encoding: 'PCMU', payloadType: 96, clockRateHz: 8_000, ptimeMs: 20 };
const l16: RtpCodec = { encoding: 'L16', payloadType: 96, clockRateHz: 16_000, ptimeMs: 20 };

function create(codec: RtpCodec) {
  const packets: { sequence: number; timestamp: number; length: number; first: number }[] = [];
  const packetizer = new FramePacketizer(codec, (bytes) => {
    const packet = new RtpPacket();
    expect(packet.parse(bytes)).toBeNull();
    expect(packet.payloadType).toBe(96);
    const { sequenceNumber: sequence, timestamp, payloadLength: length, payloadOffset } = packet;
    packets.push({ sequence, timestamp, length, first: bytes[payloadOffset] ?? -1 });
  });
  const write = (samples: number, timestampMs: number | null, value = 1) => {
    const octets = new Uint8Array(3 + samples * (codec.encoding === 'L16' ? 2 : 1)).fill(value);
    packetizer.write(octets, 3, octets.length, timestampMs);
  };
  return { packets, write };
}

const numbers = (packets: readonly { sequence: number; timestamp: number }[]) =>
  packets.map(({ sequence, timestamp }) => `${sequence}@${timestamp}`);

describe('FramePacketizer', () => {
  it.each([10, 20, 30, 55, 160, 800, 1_777])('cuts frames of %i samples into packets of 20 ms', (samples) => {
    const { packets, write } = create(l16);
    for (let written = 0; written < 6_400; written += samples) write(samples, null);
    expect(packets.every(({ length }) => length === 640)).toBe(true);
    expect(packets.length).toBeGreaterThanOrEqual(20);
    packets.forEach(({ sequence, timestamp }, i) => expect([sequence, timestamp]).toEqual([i, i * 320]));
  });

  it('takes times that wander by less than a packet for one clock', () => {
    const { packets, write } = create(pcmu);
    for (const ms of [5, 26, 44, 71, 85]) write(160, ms);
    expect(numbers(packets)).toEqual(['0@0', '1@160', '2@320', '3@480', '4@640']);
  });

  it('numbers what follows a missing frame as if it had been there', () => {
    const { packets, write } = create(pcmu);
    for (const ms of [0, 20, 80, 100]) write(160, ms);
    expect(numbers(packets)).toEqual(['0@0', '1@160', '4@640', '5@800']);
  });

  it('sends the part before a gap as a short packet', () => {
    const { packets, write } = create(pcmu);
    write(200, 0);
    write(160, 60);
    expect(packets.map(({ length }) => length)).toEqual([160, 40, 160]);
    expect(numbers(packets)).toEqual(['0@0', '1@160', '3@480']);
  });

  it('a frame that comes late or twice keeps its place', () => {
    const { packets, write } = create(pcmu);
    for (const ms of [0, 20, 40, 20, 60]) write(160, ms);
    expect(numbers(packets)).toEqual(['0@0', '1@160', '2@320', '1@160', '3@480']);
  });

  it('sequence numbers and timestamps wrap as in RTP', () => {
    const { packets, write } = create(pcmu);
    for (let i = 0; i < 65_540; i++) write(160, null);
    expect(numbers(packets.slice(-5))).toEqual([
      '65535@10485600',
      '0@10485760',
      '1@10485920',
      '2@10486080',
      '3@10486240',
    ]);
  });
});

describe('FrameTimeline', () => {
  it('begins anew when the clock goes back by more than a second', () => {
    const timeline = new FrameTimeline(8_000);
    for (let ms = 0; ms <= 2_000; ms += 20) timeline.place(ms, 160);
    expect(timeline.place(0, 160)).toBe(2_020 * 8);
    expect(timeline.place(20, 160)).toBe(2_040 * 8);
    expect(timeline.trusted).toBe(true);
  });

  it('ignores a clock that stands still', () => {
    const timeline = new FrameTimeline(8_000);
    const places = Array.from({ length: 50 }, () => timeline.place(0, 160));
    expect(timeline.trusted).toBe(false);
    expect(places.slice(-2)).toEqual([44 * 160, 45 * 160]);
    expect(timeline.expected).toBe(46 * 160);
  });

  it('starts wherever the clock of the client is', () => {
    const timeline = new FrameTimeline(16_000);
    expect(timeline.place(1_700_000_000_000, 320)).toBe(0);
    expect(timeline.place(1_700_000_000_020, 320)).toBe(320);
    expect(timeline.place(null, 320)).toBe(640);
    expect(timeline.place(1_700_000_000_060, 320)).toBe(960);
  });
});
