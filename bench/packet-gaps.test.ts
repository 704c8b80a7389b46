import { describe, expect, test } from 'vitest';

import { analyzePacing, PacketRecord } from './packet-gaps.js';

function recordOf(packets: readonly (readonly [atMs: number, sequence: number])[]): PacketRecord {
  const record = new PacketRecord(100);
  for (const [atMs, sequence] of packets) record.add(atMs, sequence);
  return record;
}

describe('analyzePacing', () => {
  test('a perfect stream has equal gaps, no lateness and no loss', () => {
    const pacing = analyzePacing(
      recordOf([
        [0, 5],
        [20, 6],
        [40, 7],
      ]),
      20,
    );
    expect(pacing).toEqual({
      packets: 3,
      gapsMs: [20, 20],
      latenessMs: [0, 0, 0],
      gapStandardDeviationMs: 0,
      lost: 0,
    });
  });

  test('a late packet makes one long and one short gap and is late on the grid once', () => {
    const pacing = analyzePacing(
      recordOf([
        [0, 1],
        [35, 2],
        [40, 3],
      ]),
      20,
    );
    expect(pacing.gapsMs).toEqual([35, 5]);
    expect(pacing.latenessMs).toEqual([0, 15, 0]);
    expect(pacing.gapStandardDeviationMs).toBe(15);
  });

  test('the grid goes through the earliest packet, not the first: a late start is not a lead of the others', () => {
    expect(
      analyzePacing(
        recordOf([
          [10, 1],
          [20, 2],
          [40, 3],
        ]),
        20,
      ).latenessMs,
    ).toEqual([10, 0, 0]);
  });

  test('a missing sequence number is lost and does not make its neighbours late', () => {
    const pacing = analyzePacing(
      recordOf([
        [0, 1],
        [40, 3],
        [60, 4],
      ]),
      20,
    );
    expect(pacing.lost).toBe(1);
    expect(pacing.latenessMs).toEqual([0, 0, 0]);
  });

  test('sequence numbers wrap at 65535 (RFC 3550 5.1) without a loss', () => {
    const pacing = analyzePacing(
      recordOf([
        [0, 65_534],
        [20, 65_535],
        [40, 0],
        [60, 1],
      ]),
      20,
    );
    expect(pacing.lost).toBe(0);
    expect(pacing.latenessMs).toEqual([0, 0, 0, 0]);
  });

  test('reordered packets are not lost', () => {
    expect(
      analyzePacing(
        recordOf([
          [0, 1],
          [20, 3],
          [21, 2],
          [60, 4],
        ]),
        20,
      ).lost,
    ).toBe(0);
  });

  test('a packet before the first in order counts to what was expected', () => {
    expect(
      analyzePacing(
        recordOf([
          [0, 2],
          [1, 1],
          [20, 3],
        ]),
        20,
      ).lost,
    ).toBe(0);
  });

  test('a duplicate does not make up for a loss', () => {
    expect(
      analyzePacing(
        recordOf([
          [0, 1],
          [1, 1],
          [40, 3],
        ]),
        20,
      ).lost,
    ).toBe(1);
  });

  test('nothing received is nothing judged', () => {
    expect(analyzePacing(new PacketRecord(4), 20)).toEqual({
      packets: 0,
      gapsMs: [],
      latenessMs: [],
      gapStandardDeviationMs: 0,
      lost: 0,
    });
  });
});

describe('PacketRecord', () => {
  test('keeps as many packets as it has room for and counts the rest', () => {
    const record = new PacketRecord(2);
    for (let i = 0; i < 5; i++) record.add(i * 20, i);
    expect([record.count, record.dropped, record.lastAtMs]).toEqual([2, 3, 20]);
  });

  test('clear makes it empty', () => {
    const record = recordOf([[1, 1]]);
    record.clear();
    expect([record.count, record.dropped, record.lastAtMs]).toEqual([0, 0, null]);
  });
});
