import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, expect, test } from 'vitest';

import { MemorySessionLog } from '../../adapters/database/memory-session-log.js';
import { SqliteSessionLog } from '../../adapters/database/sqlite/sqlite-session-log.js';
import { SystemClock } from '../../config/clock.js';
import { MemoryLogger } from '../../config/logger.js';
import { projectPath } from '../../config/paths.js';
import { SeededRandom, systemRandom } from '../../config/random.js';
import { hookConfig, hookSecret } from './testing/hook-config.js';
import { StrictReceiver } from './testing/strict-receiver.js';
import { WebhookDispatcher } from './webhook-dispatcher.js';

const clock = new SystemClock();
const timing = { retryFirstMs: 50, pollFirstMs: 20, pollMostMs: 100, leaseMarginMs: 200, pauseMs: 100 };

const closers: (() => void | Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

function temporaryDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'parley-webhooks-'));
  closers.push(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

/** Runs a module in a process of its own, which the test's end kills. */
function run(
  source: string,
  env: Record<string, string>,
): { child: ChildProcess; lines: AsyncIterable<string> } {
  const directory = temporaryDirectory();
  const file = join(directory, 'main.mjs');
  writeFileSync(file, source);
  const child = spawn(process.execPath, [file], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  closers.push(() => void child.kill('SIGKILL'));
  return { child, lines: createInterface({ input: child.stdout }) };
}

async function firstLine(lines: AsyncIterable<string>): Promise<string> {
  for await (const line of lines) return line;
  throw new Error('the process ended without a word');
}

async function until(done: () => boolean): Promise<void> {
  const endMs = Date.now() + 20_000;
  while (!done()) {
    if (Date.now() > endMs) throw new Error('it did not come to it in time');
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** Opens 20 sessions in a SQLite file and begins to tell a hook of them. */
const dispatching = `
  const load = (path) => import(new URL(path, process.env.DIST));
  const { SqliteSessionLog } = await load('adapters/database/sqlite/sqlite-session-log.js');
  const { SystemClock } = await load('config/clock.js');
  const { MemoryLogger } = await load('config/logger.js');
  const { systemRandom: random } = await load('config/random.js');
  const { hookConfig } = await load('gateway/webhooks/testing/hook-config.js');
  const { LogChat } = await load('gateway/api/testing/log-chat.js');
  const { WebhookJobs } = await load('gateway/webhooks/webhook-jobs.js');
  const { WebhookDispatcher } = await load('gateway/webhooks/webhook-dispatcher.js');
  const clock = new SystemClock();
  const log = await SqliteSessionLog.open({ file: process.env.FILE, synchronous: 'normal' }, clock, random);
  const hooks = [hookConfig('crm', process.env.HOOK, { timeoutMs: 300, events: ['session.opened'] })];
  const chat = new LogChat(log, random, new WebhookJobs(hooks, random));
  for (let i = 0; i < 20; i++)
    await chat.open({ user: { tenant: 'shop', userId: 'u' + i }, ingress: 'chat', tree: null });
  const timing = JSON.parse(process.env.TIMING);
  const logger = new MemoryLogger();
  new WebhookDispatcher({ hooks, timing }, { log, clock, random, logger }).start();
  setInterval(() => undefined, 1_000);
`;

test('a node that is killed in the middle of deliveries loses none: the next one makes them', async () => {
  const file = join(temporaryDirectory(), 'log.sqlite');
  const receiver = await StrictReceiver.listen(hookSecret);
  closers.push(() => receiver.close());
  // Some arrive and nobody is told so before the kill.
  receiver.behave = (_received, count) => (count <= 4 ? 200 : 'hang');
  const { child } = run(dispatching, {
    DIST: new URL('../../', import.meta.url).href,
    FILE: file,
    HOOK: receiver.url,
    TIMING: JSON.stringify(timing),
  });
  const ended = new Promise((resolve) => child.once('exit', resolve));
  await until(() => receiver.received.length >= 8);
  child.kill('SIGKILL');
  await ended;
  receiver.behave = () => 200;

  const log = await SqliteSessionLog.open({ file, synchronous: 'normal' }, clock, systemRandom);
  closers.push(() => log.close());
  const hooks = [hookConfig('crm', receiver.url, { timeoutMs: 300, events: ['session.opened'] })];
  const dispatcher = new WebhookDispatcher(
    { hooks, timing },
    { log, clock, random: systemRandom, logger: new MemoryLogger() },
  );
  closers.push(() => dispatcher.close());
  dispatcher.start();
  await until(() => receiver.ids.size === 20 && dispatcher.readings()[0]?.running === 0);
  expect(receiver.complaints).toEqual([]);
  expect(await log.deadJobs({ tenant: 'shop', kind: 'webhook.crm', limit: 10 })).toEqual([]);
  expect(await log.claimJobs(['webhook.crm'], { limit: 10, leaseMs: 1_000 })).toEqual([]);
});

test('the receiver of the README believes our signature, and no other', async () => {
  const readme = readFileSync(projectPath('gateway/webhooks/README.md'), 'utf8');
  const code = /```js\n(.*?)```/s.exec(readme)?.[1] ?? '';
  const source = code.replace(
    '.listen(9000);',
    `.listen(0, '127.0.0.1', function () { console.log(this.address().port); });`,
  );
  const { lines } = run(source, { SECRET: hookSecret });
  const url = `http://127.0.0.1:${await firstLine(lines)}/`;
  const hooks = [hookConfig('right', url), hookConfig('wrong', url, { secret: 'another-secret-0123456789' })];
  const log = new MemorySessionLog(clock, new SeededRandom(1));
  const dispatcher = new WebhookDispatcher(
    { hooks },
    { log, clock, random: systemRandom, logger: new MemoryLogger() },
  );
  closers.push(() => dispatcher.close());
  expect(await dispatcher.test('right', 'default')).toMatchObject({ delivered: true, status: 204 });
  expect(await dispatcher.test('wrong', 'default')).toMatchObject({ delivered: false, status: 401 });
});
