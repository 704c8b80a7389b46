import { describe, expect, it } from 'vitest';
import { SeededRandom } from '../../config/random.js';
import { JitterBuffer, type Playout } from './jitter-buffer.js';

const frameMs = 20;
const ticks = 160;

interface Arrival {
  readonly atMs: number;
  /** Number of the packet; its timestamp is 160 times as large unless given. */
  readonly index: number;
  readonly timestamp?: number;
  readonly marker?: boolean;
}

/** Plays arrivals against pops at 10, 30, 50 … ms; gives the packet index, '-' for a gap, '' for silence. */
function play(
  buffer: JitterBuffer,
  arrivals: readonly Arrival[],
  untilMs: number,
  popEveryMs = frameMs,
): string[] {
  const sorted = [...arrivals].sort((a, b) => a.atMs - b.atMs);
  const played: string[] = [];
  let next = 0;
  for (let nowMs = frameMs / 2; nowMs < untilMs; nowMs += popEveryMs) {
    for (let arrival = sorted[next]; arrival && arrival.atMs <= nowMs; arrival = sorted[++next]) {
      const { index, timestamp = index * ticks, marker = index === 0, atMs } = arrival;
      const payload = Uint8Array.of(0, 0, 0, index >> 8, index);
      buffer.push(payload, 3, 2, 65_536 + index, timestamp >>> 0, ticks, marker, atMs);
    }
    played.push(show(buffer, buffer.pop(nowMs)));
  }
  return played;
}

function show(buffer: JitterBuffer, playout: Playout): string {
  if (playout === 'silence') return '';
  if (playout === 'gap') return '-';
  return String((buffer.payload[0] ?? 0) * 256 + (buffer.payload[1] ?? 0));
}

function steady(count: number, changes: Record<number, Partial<Arrival> | null> = {}): Arrival[] {
  const arrivals: Arrival[] = [];
  for (let index = 0; index < count; index++) {
    const change = changes[index];
    if (change !== null) arrivals.push({ atMs: index * frameMs, index, ...change });
  }
  return arrivals;
}

const create = (targetMs = 40, maxMs = 60) => new JitterBuffer({ clockRateHz: 8_000, targetMs, maxMs });

describe('JitterBuffer', () => {
  it.each<[string, readonly Arrival[], string]>([
    ['waits for its target, then plays in step', steady(5), ',,0,1,2,3,4'],
    ['puts reordered packets in order', steady(5, { 1: { atMs: 45 }, 2: { atMs: 25 } }), ',,0,1,2,3,4'],
    ['plays a gap for a lost packet', steady(5, { 2: null }), ',,0,1,-,3,4'],
    ['plays two gaps for two lost packets', steady(6, { 2: null, 3: null }), ',,0,1,-,-,4,5'],
    [
      'a packet later than the buffer stretches is late, the rest goes on',
      steady(6, { 1: { atMs: 95 } }),
      ',,0,-,2,3,4,5',
    ],
  ])('%s', (_, arrivals, expected) => {
    expect(play(create(), arrivals, expected.split(',').length * frameMs).join(',')).toBe(expected);
  });

  it('counts late packets', () => {
    const buffer = create();
    play(buffer, steady(6, { 1: { atMs: 95 } }), 200);
    expect(buffer.late).toBe(1);
  });

  it('stretches when it runs dry for a moment: nothing is lost when the network stops for 70 ms', () => {
    const buffer = create();
    const arrivals = steady(20).map((a) => ({ ...a, atMs: a.index < 8 ? a.atMs : a.atMs + 70 }));
    const played = play(buffer, arrivals, 560);
    expect(played.filter((p) => p !== '' && p !== '-')).toEqual(arrivals.map((a) => String(a.index)));
    expect(buffer.underruns).toBeGreaterThan(0);
    expect(buffer.late).toBe(0);
  });

  it('the end of speech is not an underrun', () => {
    const buffer = create();
    const played = play(buffer, steady(5), 400);
    expect(played.slice(-5)).toEqual(['', '', '', '', '']);
    expect(buffer.underruns).toBe(0);
  });

  it('a new talkspurt after silence suppression gets its full delay again (RFC 3551 4.1)', () => {
    const later = [0, 1, 2].map((n) => ({
      atMs: 1_000 + n * frameMs,
      index: 3 + n,
      timestamp: 8_000 + n * ticks,
      marker: n === 0,
    }));
    const played = play(create(), [...steady(3), ...later], 1_120);
    expect(played.join(',').replace(/,{4,}/g, ' ')).toBe(',,0,1,2,-,-,-,-,- 3,4,5,-');
  });

  it.each([
    ['jumps ahead by an hour', 8_000 * 3_600],
    ['jumps back', -8_000 * 30],
  ])('goes on when the timestamp %s without a marker', (_, jump) => {
    const arrivals = steady(30).map((a) => ({
      ...a,
      timestamp: a.index * ticks + (a.index < 10 ? 0 : jump),
    }));
    const played = play(create(), arrivals, 800).filter((p) => p !== '' && p !== '-');
    expect(played.length).toBeGreaterThanOrEqual(27);
    expect(played.at(-1)).toBe('29');
  });

  it('sequence numbers decide the order across a timestamp wrap', () => {
    const arrivals = steady(10).map((a) => ({ ...a, timestamp: 4_294_967_296 - 480 + a.index * ticks }));
    expect(play(create(), arrivals, 240).filter(Boolean)).toEqual(arrivals.map((a) => String(a.index)));
  });

  it('never holds more than its bound in time, nor in packets', () => {
    const buffer = create();
    for (let index = 0; index < 500; index++)
      buffer.push(new Uint8Array(2), 0, 2, 65_536 + index, index * ticks, ticks, false, 0);
    expect(buffer.depthMs).toBeLessThanOrEqual(80);
    for (let index = 500; index < 1_500; index++)
      buffer.push(new Uint8Array(2), 0, 2, 65_536 + index, index, 1, false, 0);
    expect(buffer.packets).toBeLessThanOrEqual(50);
    expect(buffer.skipped).toBeGreaterThan(1_000);
  });

  it.each([
    ['fast', 19.9],
    ['slow', 20.1],
  ])('follows a sender whose clock is 0.5 %% too %s, with the delay in bounds', (_, packetMs) => {
    const buffer = create();
    const arrivals = steady(3_000).map((a) => ({ ...a, atMs: a.index * packetMs }));
    const played = play(buffer, arrivals, 3_000 * packetMs).filter((p) => p !== '' && p !== '-');
    expect(played.length).toBeGreaterThan(3_000 * 0.99 - 5);
    expect(buffer.depthMs).toBeLessThanOrEqual(80);
    expect(buffer.late).toBeLessThan(5);
  });

  it('adapts: the target falls on a quiet network and rises with jitter, within 20 and 60 ms', () => {
    const quiet = create();
    play(quiet, steady(200), 4_000);
    expect(quiet.targetMs).toBe(20);
    const random = new SeededRandom(1);
    const rough = create();
    play(
      rough,
      steady(200).map((a) => ({ ...a, atMs: a.atMs + random.integer(60) })),
      4_000,
    );
    expect(rough.targetMs).toBeGreaterThan(40);
    expect(rough.targetMs).toBeLessThanOrEqual(60);
  });

  it('with 5 % loss, reordering and 15 ms of jitter it plays what came, in order and nothing twice', () => {
    const random = new SeededRandom(42);
    const arrivals = steady(5_000)
      .filter(() => random.integer(100) >= 5)
      .map((a) => ({ ...a, atMs: a.atMs + random.integer(15) + (random.integer(50) === 0 ? 25 : 0) }));
    const buffer = create();
    const played = play(buffer, arrivals, 100_200)
      .filter((p) => p !== '' && p !== '-')
      .map(Number);
    expect(played.every((index, i) => i === 0 || index > (played[i - 1] ?? Infinity))).toBe(true);
    expect(played.length + buffer.late + buffer.skipped).toBe(arrivals.length);
    expect(played.length / arrivals.length).toBeGreaterThan(0.985);
  });

  it('survives any order of calls: seeded chaos stays within its bounds', () => {
    const random = new SeededRandom(77);
    const buffer = create();
    let sequence = 70_000;
    for (let step = 0; step < 20_000; step++) {
      sequence = Math.max(0, sequence + random.integer(7) - 2);
      const length = 1 + random.integer(400);
      const timestamp = random.integer(20) ? sequence * ticks : random.integer(2 ** 32);
      if (random.integer(3))
        buffer.push(
          new Uint8Array(length),
          0,
          length,
          sequence,
          timestamp >>> 0,
          length,
          !random.integer(9),
          step * 9,
        );
      else if (buffer.pop(step * 9) === 'packet')
        expect(buffer.payloadLength).toBeLessThanOrEqual(buffer.payload.length);
      if (!random.integer(500)) buffer.reset();
      expect(buffer.packets).toBeLessThanOrEqual(50);
    }
  });
});
