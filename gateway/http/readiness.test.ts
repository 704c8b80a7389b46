import { describe, expect, test } from 'vitest';

import { FakeClock } from '../../config/clock.js';
import { httpLimits } from '../../config/limits.js';
import { Readiness } from './readiness.js';
import type { CheckResult, ReadinessCheck } from './readiness.js';

const good: CheckResult = { ok: true, detail: 'fine' };

function scripted(name: string, answer: () => Promise<CheckResult>) {
  const check = {
    name,
    calls: 0,
    check: () => {
      check.calls++;
      return answer();
    },
  };
  return check satisfies ReadinessCheck;
}

describe('a node is ready when every check passes', () => {
  test.each([
    ['no checks', [], true, []],
    ['all pass', [good, good], true, ['fine', 'fine']],
    ['one fails', [good, { ok: false, detail: 'no model' }], false, ['fine', 'no model']],
  ])('%s', async (_, answers, ready, details) => {
    const checks = answers.map((answer, i) => scripted(`c${i}`, () => Promise.resolve(answer)));
    const report = await new Readiness(new FakeClock(), checks).report();
    expect(report.ready).toBe(ready);
    expect(report.checks.map((check) => check.detail)).toEqual(details);
  });

  test('a check that rejects or throws fails with its message', async () => {
    const readiness = new Readiness(new FakeClock(), [
      scripted('rejects', () => Promise.reject(new Error('refused'))),
      scripted('throws', () => {
        throw new Error('broken');
      }),
    ]);
    const { ready, checks } = await readiness.report();
    expect(ready).toBe(false);
    expect(checks.map((check) => check.detail)).toEqual(['refused', 'broken']);
  });
});

test('draining is never ready, whatever the checks say', async () => {
  const readiness = new Readiness(new FakeClock(), [scripted('a', () => Promise.resolve(good))]);
  expect((await readiness.report()).ready).toBe(true);
  readiness.drain();
  expect(await readiness.report()).toMatchObject({ ready: false, draining: true, checks: [{ ok: true }] });
});

describe('probes cost the dependencies little', () => {
  test('an answer is given again while it is fresh', async () => {
    const clock = new FakeClock();
    const check = scripted('a', () => Promise.resolve(good));
    const readiness = new Readiness(clock, [check]);
    await readiness.report();
    clock.advance(httpLimits.readinessFreshMs - 1);
    await readiness.report();
    expect(check.calls).toBe(1);
    clock.advance(1);
    await readiness.report();
    expect(check.calls).toBe(2);
  });

  test('probes that come together share one round', async () => {
    const check = scripted('a', () => Promise.resolve(good));
    const readiness = new Readiness(new FakeClock(), [check]);
    await Promise.all([readiness.report(), readiness.report(), readiness.report()]);
    expect(check.calls).toBe(1);
  });

  test('a check that hangs fails after its time, and is not started again before it answers', async () => {
    const clock = new FakeClock();
    let answer: (result: CheckResult) => void = () => undefined;
    const check = scripted('slow', () => new Promise<CheckResult>((resolve) => (answer = resolve)));
    const readiness = new Readiness(clock, [check]);
    const first = readiness.report();
    clock.advance(httpLimits.readinessCheckMs);
    expect((await first).checks[0]?.detail).toMatch(/no answer within/);
    clock.advance(httpLimits.readinessFreshMs);
    expect((await readiness.report()).checks[0]?.detail).toMatch(/earlier check/);
    expect(check.calls).toBe(1);
    answer(good);
    await Promise.resolve();
    await Promise.resolve();
    clock.advance(httpLimits.readinessFreshMs);
    const last = readiness.report();
    answer(good);
    expect((await last).ready).toBe(true);
    expect(clock.pendingTimers).toBe(0);
  });
});

test('the number of checks is bounded', () => {
  const many = Array.from({ length: httpLimits.readinessChecks + 1 }, (_, i) =>
    scripted(`c${i}`, () => Promise.resolve(good)),
  );
  expect(() => new Readiness(new FakeClock(), many)).toThrow(/at most/);
});
