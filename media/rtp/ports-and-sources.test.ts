import { describe, expect, it } from 'vitest';
import { FakeClock } from '../../config/clock.js';
import { partitionPorts, PortPool, portQuarantineMs } from './port-pool.js';
import { SourceLock } from './source-lock.js';

describe('PortPool', () => {
  it('gives even ports only, each once, then null (RFC 3550 11)', () => {
    const pool = new PortPool({ from: 30_001, to: 30_006 }, new FakeClock());
    expect([pool.acquire(), pool.acquire(), pool.acquire(), pool.acquire()]).toEqual([
      30_002,
      30_004,
      30_006,
      null,
    ]);
  });

  it('lets a port rest before it is given again', () => {
    const clock = new FakeClock();
    const pool = new PortPool({ from: 30_000, to: 30_005 }, clock);
    const taken = [pool.acquire(), pool.acquire(), pool.acquire()];
    pool.release(30_000);
    clock.advance(portQuarantineMs);
    pool.release(30_002);
    expect([...taken, pool.acquire()]).toEqual([30_000, 30_002, 30_004, 30_000]);
    expect(clock.pendingTimers).toBe(0);
  });

  it('gives the port that has rested longest rather than refuse a call', () => {
    const clock = new FakeClock();
    const pool = new PortPool({ from: 30_000, to: 30_003 }, clock);
    const ports = [pool.acquire(), pool.acquire()];
    pool.release(30_002);
    clock.advance(100);
    pool.release(30_000);
    expect(pool.available).toBe(2);
    expect([...ports, pool.acquire(), pool.acquire(), pool.acquire()]).toEqual([
      30_000,
      30_002,
      30_002,
      30_000,
      null,
    ]);
  });

  it('ignores a port that it did not give, and one given back twice', () => {
    const clock = new FakeClock();
    const pool = new PortPool({ from: 30_000, to: 30_003 }, clock);
    const port = pool.acquire() ?? 0;
    pool.release(port);
    pool.release(port);
    pool.release(40_000);
    clock.advance(portQuarantineMs);
    expect(pool.available).toBe(2);
  });

  it.each([
    [{ from: 30_000, to: 30_019 }, 3],
    [{ from: 30_001, to: 30_020 }, 2],
    [{ from: 30_000, to: 30_003 }, 4],
  ])('%o in %i parts: every even port once', (range, count) => {
    const all: number[] = [];
    for (let index = 0; index < count; index++) {
      const pool = new PortPool(partitionPorts(range, index, count), new FakeClock());
      for (let port = pool.acquire(); port !== null; port = pool.acquire()) all.push(port);
    }
    const expected: number[] = [];
    for (let port = range.from + (range.from % 2); port <= range.to; port += 2) expected.push(port);
    expect(all).toEqual(expected);
  });
});

describe('SourceLock (RFC 4961)', () => {
  const signalled = { address: '127.0.0.1', port: 4_000 };
  /** [address, port, ssrc, at] */
  type Packet = readonly [string, number, number, number];
  const judge = (lock: SourceLock, packets: readonly Packet[]) =>
    packets.map(([address, port, ssrc, nowMs]) => lock.judge(address, port, ssrc, nowMs));
  /** `count` packets of one source, 20 ms apart. */
  const train = (address: string, port: number, fromMs: number, count: number): Packet[] =>
    Array.from({ length: count }, (_, i) => [address, port, port, fromMs + 20 * i]);

  it.each<[string, readonly Packet[], readonly string[]]>([
    [
      'the first source is taken, others are strangers',
      [
        ['127.0.0.1', 4_000, 1, 0],
        ['127.0.0.1', 4_000, 1, 20],
        ['127.0.0.9', 4_000, 1, 21],
        ['127.0.0.1', 4_002, 1, 22],
      ],
      ['restart', 'accept', 'stranger', 'stranger'],
    ],
    [
      'port 0 is never taken, not even as the first source: nothing can be sent there',
      [
        ['127.0.0.1', 0, 1, 0],
        ['127.0.0.1', 4_000, 1, 20],
      ],
      ['stranger', 'restart'],
    ],
    [
      'another port of the signalled IP address is locked at once, too',
      train('127.0.0.1', 6_000, 0, 2),
      ['restart', 'accept'],
    ],
    [
      'a first source elsewhere (NAT) needs three packets in a row',
      train('10.0.0.9', 9, 0, 4),
      ['stranger', 'stranger', 'restart', 'accept'],
    ],
    [
      'one packet to every port locks nothing: the caller comes first although it came later',
      [...train('10.0.0.9', 9, 0, 2), ...train('127.0.0.1', 4_000, 40, 1), ...train('10.0.0.9', 9, 60, 1)],
      ['stranger', 'stranger', 'restart', 'stranger'],
    ],
    [
      'packets of two sources in turn are not in a row',
      [0, 1, 2, 3].flatMap((i) => [...train('10.0.0.8', 8, i, 1), ...train('10.0.0.9', 9, i, 1)]),
      Array.from({ length: 8 }, () => 'stranger'),
    ],
    [
      'the signalled address outranks a stranger that came first',
      [...train('10.0.0.9', 9, 0, 3), ['127.0.0.1', 4_000, 1, 45], ['10.0.0.9', 9, 9, 46]],
      ['stranger', 'stranger', 'restart', 'restart', 'stranger'],
    ],
    [
      'another port of the signalled IP address outranks nobody before a second of silence',
      [...train('10.0.0.9', 9, 0, 3), ...train('127.0.0.1', 6_000, 45, 3), ['10.0.0.9', 9, 9, 100]],
      ['stranger', 'stranger', 'restart', 'stranger', 'stranger', 'stranger', 'accept'],
    ],
    [
      'another port of the locked IP address takes over after a second of silence and three packets',
      [
        ['127.0.0.1', 4_000, 1, 0],
        ['127.0.0.1', 6_000, 7, 999],
        ['127.0.0.1', 6_000, 7, 1_000],
        ['127.0.0.1', 6_000, 7, 1_020],
        ['127.0.0.1', 6_000, 7, 1_040],
        ['127.0.0.1', 6_000, 7, 1_060],
      ],
      ['restart', 'stranger', 'stranger', 'stranger', 'restart', 'accept'],
    ],
    [
      'so does the signalled IP address from a silent source elsewhere',
      [...train('10.0.0.9', 9, 0, 3), ...train('127.0.0.1', 6_000, 1_040, 3)],
      ['stranger', 'stranger', 'restart', 'stranger', 'stranger', 'restart'],
    ],
    [
      'and another port of a source behind NAT',
      [...train('10.0.0.9', 9, 0, 3), ...train('10.0.0.9', 11, 1_040, 3)],
      ['stranger', 'stranger', 'restart', 'stranger', 'stranger', 'restart'],
    ],
    [
      'no other host takes over, however long the silence (RTP bleed)',
      [
        ...train('127.0.0.1', 4_000, 0, 1),
        ...train('10.0.0.9', 9, 60_000, 5),
        ...train('127.0.0.1', 4_000, 70_000, 1),
      ],
      ['restart', 'stranger', 'stranger', 'stranger', 'stranger', 'stranger', 'accept'],
    ],
    [
      'a lone packet with another SSRC changes nothing; three do (RFC 3550 8.2)',
      [
        ['127.0.0.1', 4_000, 1, 0],
        ['127.0.0.1', 4_000, 2, 20],
        ['127.0.0.1', 4_000, 1, 40],
        ['127.0.0.1', 4_000, 2, 60],
        ['127.0.0.1', 4_000, 2, 80],
        ['127.0.0.1', 4_000, 2, 100],
      ],
      ['restart', 'stranger', 'accept', 'stranger', 'stranger', 'restart'],
    ],
  ])('%s', (_, packets, expected) => {
    const lock = new SourceLock(signalled);
    expect(judge(lock, packets)).toEqual(expected);
    expect(lock.strangers).toBe(expected.filter((verdict) => verdict === 'stranger').length);
  });

  it('with no address signalled yet, any source needs three packets in a row', () => {
    expect(judge(new SourceLock(null), train('10.0.0.9', 9, 0, 4))).toEqual([
      'stranger',
      'stranger',
      'restart',
      'accept',
    ]);
  });

  it('sends to the signalled address until a source is locked, then to that (symmetric RTP)', () => {
    const lock = new SourceLock(signalled);
    judge(lock, train('10.0.0.9', 9, 0, 2));
    expect(lock.remote).toEqual(signalled);
    judge(lock, train('10.0.0.9', 9, 40, 1));
    expect(lock.remote).toEqual({ address: '10.0.0.9', port: 9 });
  });

  it('a new signalled address unlocks and ends a probation; the same one does neither', () => {
    const lock = new SourceLock(signalled);
    judge(lock, train('10.0.0.9', 9, 0, 3));
    lock.signal({ ...signalled });
    expect(lock.remote?.address).toBe('10.0.0.9');
    lock.signal({ address: '127.0.0.2', port: 5_000 });
    expect(lock.remote).toEqual({ address: '127.0.0.2', port: 5_000 });
    expect(judge(lock, train('10.0.0.9', 9, 60, 2))).toEqual(['stranger', 'stranger']);
    lock.signal({ address: '127.0.0.3', port: 5_000 });
    expect(judge(lock, train('10.0.0.9', 9, 100, 1))).toEqual(['stranger']);
    expect(judge(lock, train('127.0.0.3', 5_002, 120, 1))).toEqual(['restart']);
  });
});
