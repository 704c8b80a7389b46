import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { MemorySessionLog } from '../../adapters/database/memory-session-log.js';
import { FakeClock } from '../../config/clock.js';
import { retentionLimits } from '../../config/limits.js';
import { MemoryLogger } from '../../config/logger.js';
import { SeededRandom } from '../../config/random.js';
import type { NewMessage, SessionRef } from '../ports/session-log.js';
import { LogError } from '../ports/session-log.js';
import { Retention } from './retention.js';
import { FileArchive, type ArchivedSession } from './session-archive.js';

const dayMs = 24 * 3_600_000;
const clock = new FakeClock();
const logger = new MemoryLogger();
let directory = '';
let log: MemorySessionLog;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'parley-archive-'));
  log = new MemorySessionLog(clock, new SeededRandom(1));
  logger.lines.length = 0;
});

afterEach(() => rmSync(directory, { recursive: true, force: true }));

const message = (text: string): NewMessage => ({
  author: 'user',
  senderId: 'ann',
  clientId: null,
  body: { type: 'text', text },
});

async function endedSession(sessionId: string, messages = 1): Promise<SessionRef> {
  const ref = { tenant: 'shop', sessionId };
  await log.open({ ...ref, userId: sessionId, ingress: 'chat', tree: null });
  for (let n = 1; n < messages; n++) await log.append(ref, message(`${n}`));
  await log.mark(ref, 'ann', { read: 1 });
  await log.end(ref, message('bye'));
  return ref;
}

function retention(archive = new FileArchive(directory)): Retention {
  return new Retention(30, { log, archive, clock, logger });
}

function archived(): ArchivedSession[] {
  return readdirSync(directory)
    .sort()
    .flatMap((name) => readFileSync(join(directory, name), 'utf8').trimEnd().split('\n'))
    .map((line) => JSON.parse(line) as ArchivedSession);
}

/** Lets everything that waits for promises and files go on until `done`. */
async function settle(done: () => boolean): Promise<void> {
  for (let turn = 0; turn < 10_000 && !done(); turn++) await new Promise((resolve) => setImmediate(resolve));
  expect(done()).toBe(true);
}

describe('Retention', () => {
  it('archives a session with all of it, then removes it', async () => {
    const ref = await endedSession('old', retentionLimits.pageMessages + 2);
    clock.advance(30 * dayMs);
    await endedSession('young');
    expect(await retention().sweep()).toBe(1);
    expect(await log.session(ref)).toBeNull();
    expect(await log.sessions({ tenant: 'shop', limit: 10 })).toHaveLength(1);
    const [first, ...others] = archived();
    expect(others).toEqual([]);
    expect(first?.session.ref).toEqual(ref);
    expect(first?.messages).toHaveLength(retentionLimits.pageMessages + 2);
    expect(first?.messages.at(-1)).toMatchObject({ body: { text: 'bye' } });
    expect(first?.marks).toEqual({ ann: { delivered: 0, read: 1 } });
  });

  it('writes one file for each day on which sessions ended', async () => {
    await endedSession('one');
    clock.advance(dayMs);
    await endedSession('two');
    clock.advance(40 * dayMs);
    await retention().sweep();
    expect(readdirSync(directory)).toHaveLength(2);
    expect(readdirSync(directory)[0]).toMatch(/^sessions-\d{4}-\d\d-\d\d\.jsonl$/);
  });

  it('removes nothing that cannot be archived, says so, and does it later', async () => {
    const ref = await endedSession('old');
    clock.advance(40 * dayMs);
    const target = join(directory, 'archive');
    writeFileSync(target, 'a file where a directory should be');
    const sweeper = retention(new FileArchive(target));
    expect(await sweeper.sweep()).toBe(0);
    expect(await log.session(ref)).not.toBeNull();
    expect(logger.lines).toMatchObject([{ level: 'error', fields: { sessionId: 'old' } }]);
    rmSync(target);
    expect(await sweeper.sweep()).toBe(1);
  });

  it('removes without an archive where none is wanted', async () => {
    await endedSession('old');
    clock.advance(40 * dayMs);
    expect(await new Retention(30, { log, archive: null, clock, logger }).sweep()).toBe(1);
  });

  it('takes a bounded number in a round, and the rest soon after', async () => {
    for (let n = 0; n <= retentionLimits.sessionsPerRound; n++) await endedSession(`s${n}`);
    clock.advance(40 * dayMs);
    const sweeper = new Retention(30, { log, archive: null, clock, logger });
    const rounds = (): unknown[] => logger.lines.map(({ fields }) => fields['removed']);
    sweeper.start();
    clock.advance(retentionLimits.pauseMs);
    await settle(() => rounds().length === 1 && clock.pendingTimers === 1);
    clock.advance(retentionLimits.pauseMs);
    await settle(() => rounds().length === 2 && clock.pendingTimers === 1);
    expect(rounds()).toEqual([retentionLimits.sessionsPerRound, 1]);
    clock.advance(retentionLimits.pauseMs);
    expect(clock.pendingTimers).toBe(1);
    await sweeper.close();
    expect(clock.pendingTimers).toBe(0);
  });

  it('goes on after the log was away', async () => {
    await endedSession('old');
    clock.advance(40 * dayMs);
    const expired = log.expired.bind(log);
    log.expired = () => Promise.reject(new LogError('away'));
    const sweeper = retention();
    expect(await sweeper.sweep()).toBe(0);
    expect(logger.lines[0]).toMatchObject({ level: 'error' });
    log.expired = expired;
    expect(await sweeper.sweep()).toBe(1);
  });

  it('finishes the session it is at when it is closed, and no more', async () => {
    for (const id of ['a', 'b', 'c']) await endedSession(id);
    clock.advance(40 * dayMs);
    const sweeper = retention();
    sweeper.start();
    clock.advance(retentionLimits.pauseMs);
    await sweeper.close();
    const left = await log.sessions({ tenant: 'shop', limit: 10 });
    expect(archived().length + left.length).toBe(3);
    expect(clock.pendingTimers).toBe(0);
  });
});
