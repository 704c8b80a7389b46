import { describe, expect, it } from 'vitest';
import { FakeClock } from '../../config/clock.js';
import { LatenessHistogram } from './lateness.js';
import { Ticker } from './ticker.js';

function create(): { clock: FakeClock; ticker: Ticker; errors: unknown[] } {
  const clock = new FakeClock(1_000);
  const errors: unknown[] = [];
  return { clock, errors, ticker: new Ticker(clock, (error) => errors.push(error)) };
}

/** A clock whose timers all fire late. */
class LateClock extends FakeClock {
  lateMs = 0;
  override setTimer(callback: () => void, delayMs: number) {
    return super.setTimer(callback, delayMs + this.lateMs);
  }
}

describe('Ticker', () => {
  it.each([10, 20, 30, 40, 60])('calls every %i ms without drift', (periodMs) => {
    const { clock, ticker } = create();
    const times: number[] = [];
    ticker.every(periodMs, (nowMs) => times.push(nowMs));
    clock.advance(6_000);
    expect(times.length).toBe(6_000 / periodMs);
    expect(new Set(times.map((t) => (t - (times[0] ?? 0)) % periodMs))).toEqual(new Set([0]));
  });

  it('spreads subscribers of 20 ms evenly over ten phases', () => {
    const { clock, ticker } = create();
    const phases = new Map<number, number>();
    for (let i = 0; i < 100; i++)
      ticker.every(20, (nowMs) => phases.set(nowMs % 20, (phases.get(nowMs % 20) ?? 0) + 1));
    clock.advance(20);
    expect([...phases.values()]).toEqual(new Array(10).fill(10));
  });

  it('takes the phase that is asked for, to the nearest slot', () => {
    const { clock, ticker } = create();
    const times: number[] = [];
    ticker.every(20, (nowMs) => times.push(nowMs), 1_013.4);
    clock.advance(60);
    expect(times).toEqual([1_014, 1_034, 1_054]);
  });

  it('does not drift when every timer is late: the average period stays 20 ms', () => {
    const clock = new LateClock(0);
    clock.lateMs = 3;
    const ticker = new Ticker(clock, () => undefined);
    let calls = 0;
    ticker.every(20, () => calls++);
    clock.advance(20_000);
    expect(calls).toBeGreaterThanOrEqual(999);
    expect(ticker.takeLateness()).toMatchObject({ p99Ms: 3, maxMs: 3 });
  });

  it('catches up all ticks when it was late by up to 500 ms', () => {
    const clock = new LateClock(0);
    const ticker = new Ticker(clock, () => undefined);
    let calls = 0;
    clock.lateMs = 400;
    ticker.every(20, () => calls++);
    clock.lateMs = 0;
    clock.advance(1_000);
    expect(calls).toBe(50);
    expect(ticker.droppedTicks).toBe(0);
  });

  it('drops ticks when it was late by more, counts them and goes on at the old pace', () => {
    const clock = new LateClock(0);
    const ticker = new Ticker(clock, () => undefined);
    const times: number[] = [];
    clock.lateMs = 2_000;
    ticker.every(20, (nowMs) => times.push(nowMs));
    clock.lateMs = 0;
    clock.advance(3_000);
    expect(times.length).toBe(50);
    expect(ticker.droppedTicks).toBe(1_000);
    expect(ticker.takeLateness().maxMs).toBe(2_000);
  });

  it('rests without subscribers: no timer, and waking later is not lateness', () => {
    const { clock, ticker } = create();
    const handle = ticker.every(20, () => undefined);
    clock.advance(100);
    handle.cancel();
    handle.cancel();
    expect(clock.pendingTimers).toBe(0);
    clock.advance(60_000);
    let calls = 0;
    ticker.every(20, () => calls++);
    ticker.takeLateness();
    clock.advance(1_000);
    expect(calls).toBe(50);
    expect(ticker.takeLateness().maxMs).toBeLessThanOrEqual(1);
    expect(ticker.droppedTicks).toBe(0);
  });

  it('subscribers may cancel themselves, each other, and subscribe anew from inside', () => {
    const { clock, ticker } = create();
    const log: string[] = [];
    const b = { handle: ticker.every(20, () => log.push('b'), 1_030) };
    const a = ticker.every(
      20,
      () => {
        log.push('a');
        a.cancel();
        b.handle.cancel();
        ticker.every(20, () => log.push('c'));
      },
      1_010,
    );
    clock.advance(45);
    expect(log[0]).toBe('a');
    expect(log).not.toContain('b');
    expect(log.filter((entry) => entry === 'c').length).toBeGreaterThanOrEqual(1);
    expect(ticker.subscriptions).toBe(1);
  });

  it.each([undefined, 0, 1_010])(
    'a subscriber from inside is called within its period (first at %s)',
    (firstAtMs) => {
      const { clock, ticker } = create();
      const times: number[] = [];
      const outer = ticker.every(
        20,
        (nowMs) => {
          outer.cancel();
          times.push(nowMs);
          ticker.every(20, (at) => times.push(at), firstAtMs);
        },
        1_010,
      );
      clock.advance(100);
      expect((times[1] ?? Infinity) - (times[0] ?? 0)).toBeLessThanOrEqual(20);
      expect((times[2] ?? Infinity) - (times[1] ?? 0)).toBe(20);
    },
  );

  it('the last subscriber cancelling itself leaves no timer behind', () => {
    const { clock, ticker } = create();
    const handle = ticker.every(20, () => handle.cancel());
    clock.advance(100);
    expect(clock.pendingTimers).toBe(0);
  });

  it('what one subscriber throws does not stop the others', () => {
    const { clock, ticker, errors } = create();
    let calls = 0;
    ticker.every(20, () => {
      throw new Error('bad stream');
    });
    ticker.every(20, () => calls++);
    clock.advance(200);
    expect([calls, errors.length]).toEqual([10, 10]);
  });

  it('close cancels everything', () => {
    const { clock, ticker } = create();
    let calls = 0;
    for (let i = 0; i < 5; i++) ticker.every(20, () => calls++);
    ticker.close();
    clock.advance(100);
    expect([calls, ticker.subscriptions, clock.pendingTimers]).toEqual([0, 0, 0]);
  });
});

it.each([
  ['nothing', [], 0, 0],
  ['one', [3.2], 3.2, 3.2],
  ['99 quick and one slow', [...new Array<number>(99).fill(0.4), 80], 0.5, 80],
  ['98 quick and two slow', [...new Array<number>(98).fill(0.4), 80, 80], 80, 80],
])('LatenessHistogram of %s', (_, values, p99Ms, maxMs) => {
  const histogram = new LatenessHistogram();
  for (const value of values) histogram.add(value);
  expect(histogram.take()).toEqual({ ticks: values.length, p99Ms, maxMs });
  expect(histogram.take()).toEqual({ ticks: 0, p99Ms: 0, maxMs: 0 });
});
