import { describe, expect, it } from 'vitest';
import { SeededRandom } from '../../config/random.js';
import { TelephoneEventReceiver, TelephoneEventSender } from './telephone-event.js';

interface Packet {
  readonly payload: Uint8Array;
  readonly timestamp: number;
  readonly marker: boolean;
}

function packet(event: number, timestamp: number, duration: number, end = false, marker = false): Packet {
  return { payload: Uint8Array.of(event, end ? 0x8a : 0x0a, duration >> 8, duration), timestamp, marker };
}

/** The packets of one key press as RFC 4733 2.5.1 has them: begin with marker, updates, three ends. */
function press(event: number, timestamp: number): Packet[] {
  return [
    packet(event, timestamp, 160, false, true),
    packet(event, timestamp, 320),
    packet(event, timestamp, 480),
    ...[1, 2, 3].map(() => packet(event, timestamp, 640, true)),
  ];
}

function digits(packets: readonly Packet[]): string {
  const receiver = new TelephoneEventReceiver(8_000);
  return packets
    .map((p) => receiver.receive(p.payload, 0, p.payload.length, p.timestamp, p.marker) ?? '')
    .join('');
}

const one = press(1, 1_000);
const hash = press(11, 3_000);

describe('TelephoneEventReceiver, RFC 4733', () => {
  it.each<[string, readonly Packet[], string]>([
    ['one press is one digit', one, '1'],
    ['two presses of one key are two digits', [...one, ...press(1, 3_000)], '11'],
    ['all begin packets lost', [...one.slice(3), ...hash.slice(3)], '1#'],
    ['all end packets lost', [...one.slice(0, 2), ...hash.slice(0, 2)], '1#'],
    ['only one end packet came', one.slice(5), '1'],
    ['every packet twice', [...one, ...hash].flatMap((p) => [p, p]), '1#'],
    ['late end packets after the next press began', [...one.slice(0, 4), ...hash, ...one.slice(4)], '1#'],
    ['an event that came too late altogether is not put out of order', [...hash, ...one], '#'],
    ['timestamps wrap', [...press(5, 4_294_967_000), ...press(6, 2_000)], '56'],
    ['a sender that began anew far back', [...press(5, 1_000_000), ...press(6, 200)], '56'],
    ['a flash (16) and tones beyond D are not digits', [...press(16, 1_000), ...press(32, 2_000)], ''],
    [
      'all sixteen',
      Array.from({ length: 16 }, (_, e) => press(e, 1_000 + e * 2_000)).flat(),
      '0123456789*#ABCD',
    ],
    [
      'a long press goes on in a new segment (2.5.1.3)',
      [
        packet(2, 1_000, 160, false, true),
        packet(2, 1_000, 65_535),
        packet(2, 66_535, 160),
        packet(2, 66_535, 320, true),
      ],
      '2',
    ],
    [
      'the same key again after the segment is a new digit',
      [packet(2, 1_000, 65_535, true, true), packet(2, 66_535, 160, false, true)],
      '22',
    ],
    [
      'so it is when its marked packet was lost, because the first press had ended',
      [packet(2, 1_000, 65_535, true, true), packet(2, 66_535, 320)],
      '22',
    ],
    ['a payload of three octets', [{ payload: Uint8Array.of(1, 2, 3), timestamp: 1, marker: true }], ''],
  ])('%s', (_, packets, expected) => {
    expect(digits(packets)).toBe(expected);
  });

  it('any subset of the packets that keeps one of each press gives all digits', () => {
    const random = new SeededRandom(9);
    for (let round = 0; round < 500; round++) {
      const packets = [3, 3, 7, 0].flatMap((event, i) => {
        const all = press(event, 1_000 + i * 1_500);
        const kept = all.filter(() => random.integer(3) === 0);
        return kept.length > 0 ? kept : all.slice(2, 3);
      });
      expect(digits(packets)).toBe('3370');
    }
  });
});

describe('TelephoneEventSender', () => {
  function send(text: string, ptimeMs: number): (Packet | null)[] {
    const sender = new TelephoneEventSender();
    sender.enqueue(text);
    const packets: (Packet | null)[] = [];
    for (let timestamp = 0; sender.active; timestamp += ptimeMs * 8) {
      const made = sender.next(timestamp, ptimeMs, 8_000);
      packets.push(made && { ...made, payload: made.payload.slice() });
    }
    return packets;
  }

  it('one digit: marker first, duration rising, timestamp standing, the end sent three times (2.5.1.4)', () => {
    const packets = send('5', 20).filter((p) => p !== null);
    expect(packets.map((p) => p.marker)).toEqual([true, false, false, false, false, false, false]);
    expect(packets.map((p) => (p.payload[2] ?? 0) * 256 + (p.payload[3] ?? 0))).toEqual([
      160, 320, 480, 640, 800, 800, 800,
    ]);
    expect(packets.map((p) => (p.payload[1] ?? 0) >> 7)).toEqual([0, 0, 0, 0, 1, 1, 1]);
    expect(new Set(packets.map((p) => p.timestamp)).size).toBe(1);
  });

  it.each([10, 20, 30, 40, 60])('at %i ms a packet, the receiver gets every digit', (ptimeMs) => {
    const packets = send('0123456789*#abcd11', ptimeMs).filter((p) => p !== null);
    expect(digits(packets)).toBe('0123456789*#ABCD11');
  });

  it('leaves a pause between digits', () => {
    const packets = send('12', 20);
    expect(packets.slice(7, 10)).toEqual([null, null, null]);
  });

  it('counts what is no digit and stops on clear', () => {
    const sender = new TelephoneEventSender();
    expect(sender.enqueue('1x2')).toBe(1);
    sender.clear();
    expect(sender.active).toBe(false);
  });
});
