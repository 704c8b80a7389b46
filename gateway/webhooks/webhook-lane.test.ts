import { describe, expect, test } from 'vitest';

import { MemorySessionLog } from '../../adapters/database/memory-session-log.js';
import { FakeClock } from '../../config/clock.js';
import { webhookLimits } from '../../config/limits.js';
import { MemoryLogger } from '../../config/logger.js';
import { SeededRandom } from '../../config/random.js';
import { LogError } from '../ports/session-log.js';
import { LogChat } from '../api/testing/log-chat.js';
import type { Delivery } from './delivery.js';
import { hookConfig } from './testing/hook-config.js';
import type { WebhookConfig } from './webhook-config.js';
import { WebhookJobs } from './webhook-jobs.js';
import { WebhookLane, type WebhookLog } from './webhook-lane.js';
import type { SendResult } from './webhook-sender.js';

/** Long enough for everything that waits for nothing but promises. */
async function settled(): Promise<void> {
  for (let i = 0; i < 5; i++) await new Promise((resolve) => setImmediate(resolve));
}

const delivered: SendResult = {
  outcome: 'delivered',
  status: 200,
  reason: '',
  retryAfterMs: null,
  health: 'success',
};
const failed = (more: Partial<SendResult> = {}): SendResult => ({
  outcome: 'failed',
  status: 500,
  reason: 'answered 500',
  retryAfterMs: null,
  health: 'failure',
  ...more,
});

interface Sent {
  readonly event: string;
  readonly id: string;
  readonly body: { readonly session: string; readonly seq: number; readonly [more: string]: unknown };
  end(result: SendResult): void;
}

/** Keeps what it is given until the test ends it, or ends it itself with `answer`. */
class ManualSender {
  readonly sent: Sent[] = [];
  answer: (() => SendResult) | null = null;
  closed = 0;

  send(delivery: Delivery, signal: AbortSignal): Promise<SendResult> {
    return new Promise((resolve) => {
      const body = JSON.parse(delivery.body.toString()) as Sent['body'];
      this.sent.push({ event: delivery.event, id: delivery.id, body, end: resolve });
      const onAbort = (): void => resolve(failed({ status: null, reason: 'aborted', health: 'none' }));
      if (signal.aborted) onAbort();
      signal.addEventListener('abort', onAbort);
      if (this.answer) resolve(this.answer());
    });
  }

  close(): void {
    this.closed++;
  }
}

class Kit {
  readonly clock = new FakeClock();
  readonly logger = new MemoryLogger();
  readonly sender = new ManualSender();
  readonly log = new MemorySessionLog(this.clock, new SeededRandom(2));
  readonly config: WebhookConfig;
  readonly chat: LogChat;
  /** While it is set, the log answers nothing. */
  away = false;
  readonly claims: number[] = [];
  readonly lane: WebhookLane;

  constructor(more: Record<string, unknown> = {}) {
    this.config = hookConfig('crm', 'http://crm.example/', more);
    const jobs = new WebhookJobs([this.config], new SeededRandom(4));
    this.chat = new LogChat(this.log, new SeededRandom(3), jobs);
    this.lane = this.createLane();
  }

  createLane(sender = this.sender): WebhookLane {
    return new WebhookLane(this.config, {
      log: this.#guarded(),
      sender,
      clock: this.clock,
      random: new SeededRandom(5),
      logger: this.logger,
      timing: webhookLimits,
    });
  }

  async open(user: string): Promise<string> {
    const { record } = await this.chat.open({
      user: { tenant: 'shop', userId: user },
      ingress: 'chat',
      tree: null,
    });
    return record.ref.sessionId;
  }

  async say(sessionId: string, text: string): Promise<void> {
    const body = { type: 'text', text } as const;
    const message = { author: 'user', senderId: 'u', clientId: null, body } as const;
    await this.chat.submit({ tenant: 'shop', sessionId }, message);
  }

  async wake(): Promise<void> {
    this.lane.wake();
    await settled();
  }

  /** Moves time in steps, so that what a timer starts can go on. */
  async advance(totalMs: number, stepMs = 500): Promise<void> {
    for (let ms = 0; ms < totalMs; ms += stepMs) {
      this.clock.advance(Math.min(stepMs, totalMs - ms));
      await settled();
    }
  }

  dead() {
    return this.log.deadJobs({ tenant: 'shop', kind: 'webhook.crm', limit: 100 });
  }

  #guarded(): WebhookLog {
    const ask = <T>(call: () => Promise<T>): Promise<T> =>
      this.away ? Promise.reject(new LogError('the store is away')) : call();
    const { log } = this;
    return {
      claimJobs: (kinds, options) => {
        this.claims.push(options.limit);
        return ask(() => log.claimJobs(kinds, options));
      },
      finishJob: (job) => ask(() => log.finishJob(job)),
      retryJob: (job, delayMs, error) => ask(() => log.retryJob(job, delayMs, error)),
      buryJob: (job, error) => ask(() => log.buryJob(job, error)),
      read: (ref, after, limit) => ask(() => log.read(ref, after, limit)),
      session: (ref) => ask(() => log.session(ref)),
    };
  }
}

test('what is told: the session, the message as the log has it, and its number', async () => {
  const kit = new Kit();
  kit.sender.answer = () => delivered;
  const id = await kit.open('u1');
  await kit.say(id, '你好');
  await kit.chat.end({ tenant: 'shop', sessionId: id }, 'system', 'bye');
  await kit.wake();
  const about = { tenant: 'shop', session: id, user: 'u1', ingress: 'chat' };
  expect(
    kit.sender.sent.map(({ body, id: delivery }) => ({ ...body, isId: body['id'] === delivery })),
  ).toMatchObject([
    { ...about, event: 'session.opened', seq: 0, tree: null, isId: true },
    {
      ...about,
      event: 'message.created',
      seq: 1,
      at: kit.clock.epochMs(),
      message: { author: 'user', sender: 'u', id: null, body: { type: 'text', text: '你好' } },
    },
    { ...about, event: 'message.created', seq: 2, message: { body: { type: 'event', event: 'ended' } } },
    { ...about, event: 'session.ended', seq: 2 },
  ]);
  expect(new Set(kit.sender.sent.map((one) => one.id)).size).toBe(4);
  expect(kit.lane.reading).toMatchObject({ delivered: 4, failed: 0, dead: 0, running: 0 });
  await kit.advance(60_000);
  expect(kit.sender.sent).toHaveLength(4);
});

describe('order and places', () => {
  test('events of one session follow each other, sessions run side by side', async () => {
    const kit = new Kit({ events: ['message.created'] });
    const [a, b] = [await kit.open('u1'), await kit.open('u2')];
    for (const text of ['1', '2', '3']) await kit.say(a, text);
    await kit.say(b, '1');
    await kit.wake();
    const seen = () => kit.sender.sent.map(({ body }) => `${body.session === a ? 'a' : 'b'}${body.seq}`);
    expect(seen()).toEqual(['a1', 'b1']);
    kit.sender.sent[0]?.end(delivered);
    await settled();
    expect(seen()).toEqual(['a1', 'b1', 'a2']);
    // One that was made meanwhile comes after those that wait.
    await kit.say(a, '4');
    await kit.wake();
    for (let i = 1; i < 5; i++) {
      kit.sender.sent[i]?.end(delivered);
      await settled();
    }
    expect(seen()).toEqual(['a1', 'b1', 'a2', 'a3', 'a4']);
  });

  test(`at most ${webhookLimits.concurrent} are in hand, and the next starts when one ends`, async () => {
    const kit = new Kit({ events: ['session.opened'] });
    for (let i = 0; i < webhookLimits.concurrent + 3; i++) await kit.open(`u${i}`);
    await kit.wake();
    await kit.wake();
    expect(kit.sender.sent).toHaveLength(webhookLimits.concurrent);
    expect(kit.lane.reading.running).toBe(webhookLimits.concurrent);
    kit.sender.sent[0]?.end(delivered);
    await settled();
    expect(kit.sender.sent).toHaveLength(webhookLimits.concurrent + 1);
    kit.sender.answer = () => delivered;
    for (const one of kit.sender.sent) one.end(delivered);
    await settled();
    expect(kit.lane.reading).toMatchObject({ delivered: webhookLimits.concurrent + 3, running: 0 });
  });
});

describe('a failed delivery', () => {
  test('is made again with the same id after a jittered, doubled wait, then given up', async () => {
    const kit = new Kit({ events: ['session.opened'], attempts: 4 });
    kit.sender.answer = () => failed({ health: 'success' });
    await kit.open('u1');
    await kit.wake();
    const times = [kit.clock.nowMs()];
    for (let seen = 1; seen < 4;) {
      await kit.advance(100, 100);
      if (kit.sender.sent.length > seen) {
        times.push(kit.clock.nowMs());
        seen++;
      }
    }
    const waits = times.slice(1).map((time, index) => time - (times[index] ?? 0));
    waits.forEach((waitMs, index) => expect(waitMs).toBeLessThanOrEqual(5_000 * 2 ** index + 200));
    expect(new Set(kit.sender.sent.map(({ id }) => id)).size).toBe(1);
    expect(await kit.dead()).toMatchObject([{ attempts: 4, error: 'answered 500' }]);
    expect(kit.lane.reading).toMatchObject({ delivered: 0, failed: 4, dead: 1 });
    await kit.advance(60_000);
    expect(kit.sender.sent).toHaveLength(4);
    const [dead] = await kit.dead();
    await kit.log.reviveJob('shop', dead?.id ?? 0);
    kit.sender.answer = () => delivered;
    await kit.wake();
    expect(kit.sender.sent).toHaveLength(5);
    expect(await kit.dead()).toEqual([]);
  });

  test('waits at least as long as Retry-After says, and no longer than the bound', async () => {
    const kit = new Kit({ events: ['session.opened'] });
    kit.sender.answer = () => failed({ status: 429, retryAfterMs: 30_000 });
    await kit.open('u1');
    await kit.wake();
    await kit.advance(29_000);
    expect(kit.sender.sent).toHaveLength(1);
    kit.sender.answer = () => failed({ status: 429, retryAfterMs: 1e12, health: 'success' });
    await kit.advance(2_000);
    expect(kit.sender.sent).toHaveLength(2);
    await kit.advance(webhookLimits.retryAfterMs - 5_000, 5_000);
    expect(kit.sender.sent).toHaveLength(2);
    kit.sender.answer = () => delivered;
    await kit.advance(20_000);
    expect(kit.sender.sent).toHaveLength(3);
  });

  test('waits for an hour at most, however often it failed', async () => {
    const kit = new Kit({ events: ['session.opened'], attempts: 25 });
    kit.sender.answer = () => failed({ health: 'success' });
    await kit.open('u1');
    await kit.wake();
    while ((await kit.dead()).length === 0) await kit.advance(60_000, 10_000);
    expect(await kit.dead()).toMatchObject([{ attempts: 25 }]);
    const waits = kit.logger.lines.flatMap(({ fields }) =>
      typeof fields['delayMs'] === 'number' ? [fields['delayMs']] : [],
    );
    expect(waits).toHaveLength(24);
    expect(Math.max(...waits)).toBeLessThanOrEqual(webhookLimits.retryMostMs);
    expect(Math.max(...waits)).toBeGreaterThan(webhookLimits.retryMostMs / 2);
  });

  test('that is gone (410) is given up at once', async () => {
    const kit = new Kit({ events: ['session.opened'] });
    kit.sender.answer = () => failed({ outcome: 'gone', status: 410, reason: 'answered 410' });
    await kit.open('u1');
    await kit.wake();
    expect(await kit.dead()).toMatchObject([{ attempts: 1, error: 'answered 410' }]);
  });

  test('whose session is not in the log any more is given up', async () => {
    const kit = new Kit({ events: ['session.opened'] });
    const ref = { tenant: 'shop', sessionId: 'gone' };
    const payload = { event: 'session.opened', user: 'u', ingress: 'chat' };
    await kit.log.putJob({ kind: 'webhook.crm', key: 'k1', delayMs: 0, ref, payload });
    await kit.log.putJob({ kind: 'webhook.crm', key: 'k2', delayMs: 0, ref, payload: { event: 'other' } });
    await kit.wake();
    expect((await kit.dead()).map(({ error }) => error).sort()).toEqual([
      'it is not what a webhook is told',
      'what it tells of is not in the log any more',
    ]);
    expect(kit.sender.sent).toEqual([]);
  });
});

test('a hook that fails is left alone for a while, which costs no attempts, and is tried with one delivery', async () => {
  const kit = new Kit({ events: ['session.opened'], attempts: 50 });
  kit.sender.answer = () => failed();
  for (let i = 0; i < webhookLimits.failuresInARow; i++) await kit.open(`u${i}`);
  await kit.wake();
  expect(kit.lane.reading).toMatchObject({ failed: webhookLimits.failuresInARow, paused: true });
  for (let i = 0; i < 20; i++) await kit.open(`late${i}`);
  await kit.wake();
  await kit.advance(webhookLimits.pauseMs - 500);
  expect(kit.sender.sent).toHaveLength(webhookLimits.failuresInARow);
  kit.claims.length = 0;
  await kit.advance(1_000);
  expect(kit.sender.sent).toHaveLength(webhookLimits.failuresInARow + 1);
  expect(kit.claims).toEqual([1]);
  kit.sender.answer = () => delivered;
  await kit.advance(60_000);
  expect(kit.lane.reading).toMatchObject({ delivered: webhookLimits.failuresInARow + 20, paused: false });
});

describe('the log', () => {
  test('is asked more and more rarely while there is nothing to do, and at once when woken', async () => {
    const kit = new Kit({ events: ['session.opened'] });
    kit.sender.answer = () => delivered;
    await kit.wake();
    kit.claims.length = 0;
    await kit.advance(120_000);
    expect(kit.claims.length).toBeGreaterThanOrEqual(12);
    expect(kit.claims.length).toBeLessThanOrEqual(17);
    await kit.open('u1');
    await kit.wake();
    expect(kit.sender.sent).toHaveLength(1);
  });

  test('that is away loses nothing: what was sent is sent again with the same id, what was not follows', async () => {
    const kit = new Kit({ events: ['session.opened'] });
    await kit.open('u1');
    await kit.wake();
    kit.away = true;
    kit.sender.sent[0]?.end(delivered);
    await settled();
    await kit.open('u2');
    await kit.wake();
    await kit.advance(20_000);
    expect(kit.sender.sent).toHaveLength(1);
    expect(kit.logger.lines.filter(({ message }) => message.includes('log is away'))).toHaveLength(1);
    kit.away = false;
    kit.sender.answer = () => delivered;
    await kit.advance(60_000);
    expect(kit.sender.sent.map(({ id }) => id).filter((id) => id === kit.sender.sent[0]?.id)).toHaveLength(2);
    expect(new Set(kit.sender.sent.map(({ id }) => id)).size).toBe(2);
  });
});

test('a job that waits until its claim is nearly over is left to the next claim', async () => {
  const kit = new Kit({ events: ['message.created'], timeoutMs: 5_000 });
  const id = await kit.open('u1');
  await kit.say(id, '1');
  await kit.say(id, '2');
  await kit.wake();
  await kit.advance(2 * 5_000 + webhookLimits.leaseMarginMs - 1_000);
  kit.sender.answer = () => delivered;
  kit.sender.sent[0]?.end(delivered);
  await settled();
  expect(kit.sender.sent).toHaveLength(1);
  await kit.advance(30_000);
  expect(kit.sender.sent.map(({ body }) => body.seq)).toEqual([1, 2]);
});

test('close gives back what is under way, and leaves no timer; another lane has it at once', async () => {
  const kit = new Kit({ events: ['message.created'] });
  const id = await kit.open('u1');
  await kit.say(id, '1');
  await kit.say(id, '2');
  await kit.wake();
  const closing = kit.lane.close();
  await settled();
  kit.clock.advance(webhookLimits.closeMs);
  await Promise.all([closing, kit.lane.close()]);
  expect(kit.sender.closed).toBeGreaterThan(0);
  expect(kit.clock.pendingTimers).toBe(0);
  expect(kit.lane.reading.running).toBe(0);
  kit.lane.wake();
  const sender = new ManualSender();
  sender.answer = () => delivered;
  const other = kit.createLane(sender);
  other.wake();
  await settled();
  expect(sender.sent.map(({ body }) => body.seq)).toEqual([1, 2]);
  await other.close();
  expect(kit.clock.pendingTimers).toBe(0);
});
