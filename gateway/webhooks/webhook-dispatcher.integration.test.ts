import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';

import { MemorySessionLog } from '../../adapters/database/memory-session-log.js';
import { SystemClock } from '../../config/clock.js';
import { MemoryLogger } from '../../config/logger.js';
import { SeededRandom } from '../../config/random.js';
import { LogChat } from '../api/testing/log-chat.js';
import { LogError } from '../ports/session-log.js';
import { hookConfig, hookSecret } from './testing/hook-config.js';
import { StrictReceiver, type Behaviour } from './testing/strict-receiver.js';
import type { WebhookConfig } from './webhook-config.js';
import { WebhookDispatcher, type WebhookDispatcherDeps } from './webhook-dispatcher.js';
import { WebhookJobs } from './webhook-jobs.js';
import type { WebhookLog } from './webhook-lane.js';

const clock = new SystemClock();
const timing = {
  retryFirstMs: 50,
  retryMostMs: 200,
  pollFirstMs: 20,
  pollMostMs: 100,
  leaseMarginMs: 100,
  pauseMs: 100,
  closeMs: 50,
};

const closers: (() => void | Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

async function receiver(): Promise<StrictReceiver> {
  const opened = await StrictReceiver.listen(hookSecret);
  closers.push(() => opened.close());
  return opened;
}

async function until(done: () => boolean, mostMs = 15_000): Promise<void> {
  const endMs = Date.now() + mostMs;
  while (!done()) {
    if (Date.now() > endMs) throw new Error('it did not come to it in time');
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** A store that several dispatchers share, and sessions in it. */
class Kit {
  readonly log = new MemorySessionLog(clock, new SeededRandom(1));
  readonly logger = new MemoryLogger();
  readonly chat: LogChat;

  constructor(readonly hooks: readonly WebhookConfig[]) {
    const random = new SeededRandom(2);
    this.chat = new LogChat(this.log, random, new WebhookJobs(hooks, random));
  }

  dispatcher(
    log: WebhookLog = this.log,
    more: Pick<WebhookDispatcherDeps, 'lookup'> = {},
    seed = 3,
  ): WebhookDispatcher {
    const { hooks, logger } = this;
    const dispatcher = new WebhookDispatcher(
      { hooks, timing },
      { log, clock, random: new SeededRandom(seed), logger, ...more },
    );
    closers.push(() => dispatcher.close());
    dispatcher.start();
    return dispatcher;
  }

  async open(userId: string): Promise<string> {
    const user = { tenant: 'shop', userId };
    const { record } = await this.chat.open({ user, ingress: 'chat', tree: null });
    return record.ref.sessionId;
  }

  async say(sessionId: string, text: string): Promise<void> {
    const body = { type: 'text', text } as const;
    const message = { author: 'user', senderId: 'u', clientId: null, body } as const;
    await this.chat.submit({ tenant: 'shop', sessionId }, message);
  }

  dead(hook = 'crm') {
    return this.log.deadJobs({ tenant: 'shop', kind: `webhook.${hook}`, limit: 500 });
  }
}

test('events arrive once each and in order, signed, on kept connections', async () => {
  const crm = await receiver();
  const kit = new Kit([hookConfig('crm', crm.url)]);
  const dispatcher = kit.dispatcher();
  const id = await kit.open('王小明');
  for (let i = 1; i <= 20; i++) await kit.say(id, `第 ${i} 条`);
  dispatcher.wake([{ kind: 'webhook.crm' }]);
  await until(() => crm.received.length >= 21);
  expect(crm.complaints).toEqual([]);
  expect(crm.received.map(({ body }) => body.seq)).toEqual(Array.from({ length: 21 }, (_, seq) => seq));
  expect(crm.received[20]?.body).toMatchObject({
    event: 'message.created',
    tenant: 'shop',
    session: id,
    user: '王小明',
    message: { author: 'user', body: { type: 'text', text: '第 20 条' } },
  });
  expect(crm.connections).toBeLessThanOrEqual(2);
  expect(dispatcher.readings()).toMatchObject([{ hook: 'crm', delivered: 21, failed: 0, running: 0 }]);
});

test('a delivery signed with another secret is refused by the receiver, which shows that it looks', async () => {
  const crm = await receiver();
  const secret = 'another-secret-0123456789';
  const kit = new Kit([hookConfig('crm', crm.url, { secret, attempts: 1, events: ['session.opened'] })]);
  await kit.open('u1');
  const dispatcher = kit.dispatcher();
  await until(() => dispatcher.readings()[0]?.dead === 1);
  expect([crm.complaints, crm.received]).toEqual([['signature'], []]);
});

describe('a receiver that misbehaves twice is told again, with the same id, and then no more', () => {
  const elsewhere = { redirect: 'http://127.0.0.1:1/' };
  test.each<[string, Behaviour]>([
    ['answers 500', 500],
    ['answers 404', 404],
    ['hangs', 'hang'],
    ['answers garbage', 'garbage'],
    ['dies', 'die'],
    ['answers 429 with Retry-After', { status: 429, retryAfter: '1' }],
    ['answers 503 with a Retry-After that means nothing', { status: 503, retryAfter: 'soon' }],
    ['redirects', elsewhere],
  ])('%s', async (_name, behaviour) => {
    const crm = await receiver();
    crm.behave = (_received, count) => (count <= 2 ? behaviour : 200);
    const kit = new Kit([hookConfig('crm', crm.url, { timeoutMs: 150, events: ['session.opened'] })]);
    await kit.open('u1');
    const dispatcher = kit.dispatcher();
    await until(() => dispatcher.readings()[0]?.delivered === 1);
    expect(crm.complaints).toEqual([]);
    expect([crm.received.length, crm.ids.size]).toEqual([3, 1]);
    expect(dispatcher.readings()).toMatchObject([{ failed: 2, dead: 0 }]);
    if (typeof behaviour === 'object' && 'retryAfter' in behaviour && behaviour.retryAfter === '1')
      expect((crm.received[1]?.atMs ?? 0) - (crm.received[0]?.atMs ?? 0)).toBeGreaterThanOrEqual(1_000);
    expect(JSON.stringify(kit.logger.lines)).not.toContain(hookSecret);
  });

  test.each<Behaviour>(['slow-body', 'huge-body'])(
    'but a 200 is a 200, whatever comes after it: %s',
    async (behaviour) => {
      const crm = await receiver();
      crm.behave = () => behaviour;
      const kit = new Kit([hookConfig('crm', crm.url, { timeoutMs: 300, events: ['session.opened'] })]);
      await kit.open('u1');
      const dispatcher = kit.dispatcher();
      await until(() => dispatcher.readings()[0]?.delivered === 1);
      expect([crm.received.length, dispatcher.readings()[0]?.failed]).toEqual([1, 0]);
    },
  );
});

describe('addresses', () => {
  let inner: Server;
  async function innerPort(seen: string[]): Promise<number> {
    inner = createServer((request, response) => {
      seen.push(request.url ?? '');
      response.end();
    });
    await new Promise<void>((resolve) => inner.listen(0, '127.0.0.1', resolve));
    closers.push(() => void inner.close());
    return (inner.address() as AddressInfo).port;
  }

  test.each([
    ['http://127.0.0.1:PORT/x', undefined],
    ['http://[::1]:PORT/x', undefined],
    ['http://hook.example:PORT/x', [{ address: '127.0.0.1', family: 4 as const }]],
    ['http://hook.example:PORT/x', [{ address: '169.254.169.254', family: 4 as const }]],
  ])('that are private are not told anything unless the operator lists them: %s', async (url, addresses) => {
    const seen: string[] = [];
    const port = await innerPort(seen);
    const target = url.replace('PORT', String(port));
    const kit = new Kit([
      hookConfig('crm', target, { allowPrivate: [], attempts: 2, events: ['session.opened'] }),
    ]);
    await kit.open('u1');
    const dispatcher = kit.dispatcher(kit.log, addresses ? { lookup: () => Promise.resolve(addresses) } : {});
    await until(() => dispatcher.readings()[0]?.dead === 1);
    expect(seen).toEqual([]);
    const [dead] = await kit.dead();
    expect(dead?.error).toContain('allowPrivate');
  });

  test('that a redirect names are never asked', async () => {
    const seen: string[] = [];
    const port = await innerPort(seen);
    const crm = await receiver();
    crm.behave = () => ({ redirect: `http://127.0.0.1:${port}/latest/meta-data` });
    const kit = new Kit([hookConfig('crm', crm.url, { attempts: 2, events: ['session.opened'] })]);
    await kit.open('u1');
    const dispatcher = kit.dispatcher();
    await until(() => dispatcher.readings()[0]?.dead === 1);
    expect(seen).toEqual([]);
    expect(await kit.dead()).toMatchObject([{ error: 'answered 307, and redirects are not followed' }]);
  });
});

test('a hook that hangs costs another nothing', async () => {
  const [dead, well] = [await receiver(), await receiver()];
  dead.behave = () => 'hang';
  const kit = new Kit([hookConfig('dead', dead.url, { timeoutMs: 10_000 }), hookConfig('well', well.url)]);
  for (let i = 0; i < 100; i++) await kit.open(`u${i}`);
  const startedAtMs = Date.now();
  kit.dispatcher();
  await until(() => well.received.length >= 100, 5_000);
  expect(Date.now() - startedAtMs).toBeLessThan(5_000);
  expect(dead.received.length).toBeLessThanOrEqual(8);
});

test('a dispatcher that dies in the middle loses nothing: its claims pass to another', async () => {
  const crm = await receiver();
  const kit = new Kit([hookConfig('crm', crm.url, { timeoutMs: 100, events: ['session.opened'] })]);
  for (let i = 0; i < 5; i++) await kit.open(`u${i}`);
  const line = new CutLog(kit.log);
  crm.behave = () => {
    // Everything has arrived, and nobody is told so.
    line.cut = true;
    return 200;
  };
  kit.dispatcher(line);
  await until(() => crm.received.length >= 5);
  crm.behave = () => 200;
  const other = kit.dispatcher();
  await until(() => other.readings()[0]?.delivered === 5);
  expect([crm.received.length, crm.ids.size]).toEqual([10, 5]);
  expect(crm.complaints).toEqual([]);
});

test('of 300 events every one arrives, while receivers fail at random and dispatchers die one after another', async () => {
  const [crm, erp] = [await receiver(), await receiver()];
  const random = new SeededRandom(11);
  const moods: readonly Behaviour[] = [500, 'die', 'garbage', 'hang', 503, 'huge-body'];
  const moody = (): Behaviour => (random.integer(3) > 0 ? 204 : (moods[random.integer(moods.length)] ?? 500));
  crm.behave = moody;
  erp.behave = moody;
  const settings = { timeoutMs: 200, attempts: 50 };
  const kit = new Kit([hookConfig('crm', crm.url, settings), hookConfig('erp', erp.url, settings)]);
  const lines: CutLog[] = [];
  const dispatchers = Array.from({ length: 3 }, (_, seed) => {
    const line = new CutLog(kit.log);
    lines.push(line);
    return kit.dispatcher(line, {}, seed);
  });
  const sessions = await Promise.all(Array.from({ length: 30 }, (_, i) => kit.open(`u${i}`)));
  for (let round = 0; round < 9; round++) {
    for (const session of sessions) await kit.say(session, `${round}`);
    for (const dispatcher of dispatchers) dispatcher.wake([{ kind: 'webhook.crm' }, { kind: 'webhook.erp' }]);
    const line = lines[round % 3];
    if (round % 3 === 2 && line) {
      line.cut = true;
      lines.push(new CutLog(kit.log));
      const next = lines.at(-1);
      if (next) dispatchers.push(kit.dispatcher(next, {}, 10 + round));
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  await until(() => crm.ids.size === 300 && erp.ids.size === 300, 60_000);
  expect([...crm.complaints, ...erp.complaints]).toEqual([]);
  for (const session of sessions) {
    const seqs = new Set(
      crm.received.filter(({ body }) => body.session === session).map(({ body }) => body.seq),
    );
    expect([...seqs].sort((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  }
  expect([await kit.dead('crm'), await kit.dead('erp')]).toEqual([[], []]);
});

/** The line between a dispatcher and the log; once cut, the dispatcher is as good as dead. */
class CutLog implements WebhookLog {
  cut = false;
  readonly #log: WebhookLog;

  constructor(log: WebhookLog) {
    this.#log = log;
  }

  readonly claimJobs: WebhookLog['claimJobs'] = (kinds, options) =>
    this.#ask(() => this.#log.claimJobs(kinds, options));
  readonly finishJob: WebhookLog['finishJob'] = (job) => this.#ask(() => this.#log.finishJob(job));
  readonly retryJob: WebhookLog['retryJob'] = (job, delayMs, error) =>
    this.#ask(() => this.#log.retryJob(job, delayMs, error));
  readonly buryJob: WebhookLog['buryJob'] = (job, error) => this.#ask(() => this.#log.buryJob(job, error));
  readonly read: WebhookLog['read'] = (ref, after, limit) =>
    this.#ask(() => this.#log.read(ref, after, limit));
  readonly session: WebhookLog['session'] = (ref) => this.#ask(() => this.#log.session(ref));

  #ask<T>(call: () => Promise<T>): Promise<T> {
    return this.cut ? Promise.reject(new LogError('the line is cut')) : call();
  }
}
