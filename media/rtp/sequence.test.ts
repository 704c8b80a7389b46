import { describe, expect, it } from 'vitest';
import { SeededRandom } from '../../config/random.js';
import { ReceptionStats } from './reception-stats.js';
import { Sequencer } from './sequencer.js';
import { SequenceUnwrapper } from './sequence-unwrapper.js';

/** Extended numbers relative to the first packet; null where the packet is dropped. */
function unwrapAll(numbers: readonly number[]): (number | null)[] {
  const unwrapper = new SequenceUnwrapper();
  const base = 65_536 + (numbers[0] ?? 0);
  return numbers.map((number) => {
    const extended = unwrapper.unwrap(number);
    return extended < 0 ? null : extended - base;
  });
}

describe('SequenceUnwrapper, RFC 3550 A.1', () => {
  it.each([
    ['counts up', [5, 6, 7], [0, 1, 2]],
    ['wraps at 65536', [65_534, 65_535, 0, 1], [0, 1, 2, 3]],
    ['places reordered packets behind', [10, 12, 11, 13], [0, 2, 1, 3]],
    ['places packets reordered before the first', [10, 9, 11], [0, -1, 1]],
    ['reorders across the wrap', [65_535, 1, 0, 2], [0, 2, 1, 3]],
    ['takes a gap below 3000 as loss', [0, 2_999], [0, 2_999]],
    ['drops a single jump', [0, 40_000, 1], [0, null, 1]],
    ['drops two jumps that do not follow each other', [0, 40_000, 50_000, 1], [0, null, null, 1]],
  ])('%s', (_, numbers, expected) => {
    expect(unwrapAll(numbers)).toEqual(expected);
  });

  it('believes a jump that the next packet continues, and goes on rising', () => {
    const unwrapper = new SequenceUnwrapper();
    const before = unwrapper.unwrap(30_000);
    expect(unwrapper.unwrap(100)).toBe(-1);
    const after = unwrapper.unwrap(101);
    expect(after).toBeGreaterThan(before);
    expect(unwrapper.restarts).toBe(1);
    expect(unwrapper.unwrap(102)).toBe(after + 1);
  });
});

describe('Sequencer', () => {
  it('begins at random values and wraps all of them (RFC 3550 5.1)', () => {
    const first = new Sequencer(8_000, 0, new SeededRandom(1));
    const second = new Sequencer(8_000, 0, new SeededRandom(2));
    expect(first.ssrc).not.toBe(second.ssrc);
    expect(first.timestamp).not.toBe(second.timestamp);
    const start = first.takeSequenceNumber();
    for (let i = 1; i < 65_536; i++) first.takeSequenceNumber();
    expect(first.takeSequenceNumber()).toBe(start);
    const timestamp = first.timestamp;
    first.advance(2 ** 32 - 160);
    first.advance(160);
    expect(first.timestamp).toBe(timestamp);
  });

  it('marks the first packet of a talkspurt alone, and lets the timestamp follow the clock over the pause', () => {
    const sequencer = new Sequencer(8_000, 1_000, new SeededRandom(1));
    const start = sequencer.timestamp;
    sequencer.startTalkspurt(1_000);
    expect([sequencer.takeMarker(), sequencer.takeMarker()]).toEqual([true, false]);
    sequencer.advance(160);
    sequencer.startTalkspurt(1_500);
    expect(sequencer.timestamp).toBe((start + 4_000) >>> 0);
    expect(sequencer.takeMarker()).toBe(true);
  });

  it('never steps back, even when it ran ahead of the clock', () => {
    const sequencer = new Sequencer(8_000, 0, new SeededRandom(1));
    sequencer.advance(1_600);
    const ahead = sequencer.timestamp;
    sequencer.startTalkspurt(100);
    expect(sequencer.timestamp).toBe(ahead);
  });
});

describe('ReceptionStats', () => {
  it.each([
    ['nothing lost', [0, 1, 2, 3], 0, 0],
    ['two lost', [0, 1, 4], 2, 0],
    ['reordering loses nothing', [0, 2, 1, 3], 0, 0],
    ['a duplicate does not hide a loss', [0, 1, 1, 3], 1, 1],
    ['before the first', [1, 0, 2], 0, 0],
  ])('%s (RFC 3550 A.3)', (_, sequences, lost, duplicates) => {
    const stats = new ReceptionStats(8_000);
    for (const sequence of sequences) stats.packet(70_000 + sequence, 0);
    expect({ lost: stats.lost, duplicates: stats.duplicates }).toEqual({ lost, duplicates });
    expect(stats.received).toBe(sequences.length);
  });

  it('a restart keeps the losses of before', () => {
    const stats = new ReceptionStats(8_000);
    for (const sequence of [0, 5]) stats.packet(70_000 + sequence, 0);
    stats.restart();
    for (const sequence of [0, 2]) stats.packet(140_000 + sequence, 0);
    expect(stats.lost).toBe(5);
  });

  it('jitter is the smoothed difference of transit times (A.8), unmoved by steady arrival', () => {
    const steady = new ReceptionStats(8_000);
    const shaky = new ReceptionStats(8_000);
    for (let i = 0; i < 1_000; i++) {
      steady.packet(i, i * 20);
      steady.timestamp((4_294_960_000 + i * 160) >>> 0);
      shaky.packet(i, i * 20 + (i % 2) * 8);
      shaky.timestamp(i * 160);
    }
    expect(steady.jitterMs).toBe(0);
    expect(shaky.jitterMs).toBeCloseTo(8, 5);
  });
});
