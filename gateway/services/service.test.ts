import { describe, expect, test } from 'vitest';

import { FakeClock } from '../../config/clock.js';
import { serviceLimits } from '../../config/limits.js';
import { SeededRandom } from '../../config/random.js';
import { configSchema } from '../../config/schema.js';
import type { ServiceConfig } from '../../config/sections/services.js';
import type { CallSpec } from '../../dialog/action.js';
import { answered, failed, type Attempt, type CallRequest, type ServiceClient } from './attempt.js';
import { Service } from './service.js';

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** A client whose attempts end when the test says so, or on abort. */
class ManualClient implements ServiceClient {
  readonly requests: CallRequest[] = [];
  readonly #open: ((attempt: Attempt) => void)[] = [];

  attempt(request: CallRequest, signal: AbortSignal): Promise<Attempt> {
    this.requests.push(request);
    return new Promise((resolve) => {
      this.#open.push(resolve);
      signal.addEventListener('abort', () =>
        resolve(failed('unreachable', 'ABORT_ERR', { retryable: true })),
      );
    });
  }

  close(): void {
    throw new Error('nothing is closed here');
  }

  /** Ends the oldest attempt. */
  async end(attempt: Attempt): Promise<void> {
    this.#open.shift()?.(attempt);
    await settled();
  }
}

const busy = (retryAfterMs: number | null = null): Attempt =>
  failed('status', 'answered 503', { status: 503, retryable: true, retryAfterMs });

function spec(more: Partial<CallSpec> = {}): CallSpec {
  return {
    callId: 1,
    service: 'shop',
    operation: { type: 'http', method: 'POST', path: '/orders' },
    input: {},
    timeoutMs: 3_000,
    retries: 2,
    idempotencyKey: 'k',
    filler: null,
    fillerAfterMs: 1_000,
    ...more,
  };
}

function fixture(more: Record<string, unknown> = {}) {
  const { services } = configSchema.parse({ services: { shop: { url: 'http://shop.test', ...more } } });
  const config = services['shop'] as ServiceConfig;
  const clock = new FakeClock();
  const client = new ManualClient();
  const service = new Service(config, { client, clock, random: new SeededRandom(7) });
  return {
    client,
    clock,
    service,
    call: (s = spec(), signal = new AbortController().signal) => service.call(s, 's1/k', signal),
  };
}

describe('retries', () => {
  test('come after a jittered, doubled back-off with the same idempotency key', async () => {
    const { call, client, clock } = fixture();
    const answer = call();
    await settled();
    await client.end(busy());
    clock.advance(49);
    await settled();
    expect(client.requests).toHaveLength(1);
    clock.advance(52);
    await settled();
    expect(client.requests).toHaveLength(2);
    await client.end(busy());
    clock.advance(99);
    await settled();
    expect(client.requests).toHaveLength(2);
    clock.advance(102);
    await settled();
    await client.end(answered('done'));
    expect(await answer).toEqual({ outcome: { ok: true, value: 'done' }, attempts: 3 });
    expect(new Set(client.requests.map(({ idempotencyKey }) => idempotencyKey))).toEqual(new Set(['s1/k']));
    expect(clock.pendingTimers).toBe(0);
  });

  test.each([
    [0, 1],
    [1, 2],
    [1_000, serviceLimits.retries + 1],
  ])('%i allowed by the tree make %i attempts at most', async (retries, attempts) => {
    const { call, client, clock } = fixture({ circuit: { failures: 100 } });
    const answer = call(spec({ retries, timeoutMs: 60_000 }));
    for (let i = 0; i < attempts; i++) {
      await settled();
      await client.end(busy());
      clock.advance(5_100);
    }
    expect(await answer).toMatchObject({ outcome: { failure: 'status', status: 503 }, attempts });
  });

  test('do not follow a failure that would come again', async () => {
    const { call, client } = fixture();
    const answer = call();
    await settled();
    await client.end(failed('status', 'answered 404', { status: 404, healthy: true }));
    expect(await answer).toMatchObject({ outcome: { status: 404 }, attempts: 1 });
  });

  test('wait as long as Retry-After says', async () => {
    const { call, client, clock } = fixture();
    const answer = call();
    await settled();
    await client.end(busy(2_000));
    clock.advance(1_999);
    await settled();
    expect(client.requests).toHaveLength(1);
    clock.advance(1);
    await settled();
    await client.end(answered(1));
    expect(await answer).toMatchObject({ outcome: { ok: true }, attempts: 2 });
  });

  test('are not waited for when they would come after the deadline', async () => {
    const { call, client, clock } = fixture();
    const answer = call();
    await settled();
    await client.end(busy(3_000));
    expect(await answer).toMatchObject({ outcome: { status: 503 }, attempts: 1 });
    expect(clock.pendingTimers).toBe(0);
  });
});

describe('time', () => {
  test('of the tree covers all attempts', async () => {
    const { call, client, clock } = fixture({ timeoutMs: 2_000 });
    const answer = call(spec({ timeoutMs: 2_500 }));
    await settled();
    clock.advance(2_000);
    await settled();
    clock.advance(101);
    await settled();
    expect(client.requests).toHaveLength(2);
    clock.advance(399);
    await settled();
    expect(await answer).toMatchObject({ outcome: { ok: false, failure: 'timeout' } });
    expect(clock.pendingTimers).toBe(0);
  });

  test('waiting for a place counts, and who waited in vain made no request', async () => {
    const { call, client, clock, service } = fixture({ maxConcurrent: 1, timeoutMs: 60_000 });
    const first = call(spec({ timeoutMs: 60_000 }));
    const second = call(spec({ timeoutMs: 1_000 }));
    await settled();
    expect(service.state).toMatchObject({ running: 1, waiting: 1 });
    clock.advance(1_000);
    expect(await second).toMatchObject({ outcome: { failure: 'timeout' }, attempts: 0 });
    await client.end(answered(1));
    expect(await first).toMatchObject({ outcome: { ok: true } });
    expect(service.state).toEqual({ circuit: 'closed', running: 0, waiting: 0 });
    expect(client.requests).toHaveLength(1);
  });

  test('of a caller who hangs up ends at once and says nothing about the service', async () => {
    const { call, clock, service } = fixture({ circuit: { failures: 1 } });
    const caller = new AbortController();
    const answer = call(spec(), caller.signal);
    await settled();
    caller.abort();
    expect((await answer).outcome.ok).toBe(false);
    expect(service.state).toEqual({ circuit: 'closed', running: 0, waiting: 0 });
    expect(clock.pendingTimers).toBe(0);
  });
});

test(`at most maxConcurrent run, ${serviceLimits.waitingCalls} wait, and the next is refused`, async () => {
  const { call, client, clock, service } = fixture({ maxConcurrent: 3 });
  const calls = Array.from({ length: 3 + serviceLimits.waitingCalls }, () => call());
  await settled();
  expect(client.requests).toHaveLength(3);
  expect(await call()).toMatchObject({ outcome: { failure: 'refused' }, attempts: 0 });
  for (let i = 0; i < calls.length; i++) await client.end(answered(i));
  expect((await Promise.all(calls)).every(({ outcome }) => outcome.ok)).toBe(true);
  expect(service.state).toEqual({ circuit: 'closed', running: 0, waiting: 0 });
  expect(clock.pendingTimers).toBe(0);
});

describe('the circuit', () => {
  test('opens after failed attempts, refuses without asking, and one attempt closes it again', async () => {
    const { call, client, clock, service } = fixture({ circuit: { failures: 2, openMs: 10_000 } });
    for (let i = 0; i < 2; i++) {
      const answer = call(spec({ retries: 0 }));
      await settled();
      await client.end(busy());
      await answer;
    }
    expect(service.state.circuit).toBe('open');
    expect(await call()).toMatchObject({ outcome: { failure: 'refused' }, attempts: 0 });
    clock.advance(10_000);
    const tries = [call(), call()];
    await settled();
    expect(client.requests).toHaveLength(3);
    expect(await tries[1]).toMatchObject({ outcome: { failure: 'refused' } });
    await client.end(answered(1));
    expect(await tries[0]).toMatchObject({ outcome: { ok: true } });
    expect(service.state.circuit).toBe('closed');
  });

  test.each([
    ['a 404', failed('status', 'answered 404', { status: 404, healthy: true })],
    ['what our own rules refuse', failed('refused', 'no', { healthy: null })],
  ])('is not opened by %s', async (_case, attempt) => {
    const { call, client, service } = fixture({ circuit: { failures: 1 } });
    const answer = call();
    await settled();
    await client.end(attempt);
    await answer;
    expect(service.state.circuit).toBe('closed');
  });
});
