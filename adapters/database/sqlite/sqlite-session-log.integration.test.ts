import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FakeClock, SystemClock } from '../../../config/clock.js';
import { systemRandom } from '../../../config/random.js';
import { LogError, type LogMessage } from '../../../gateway/ports/session-log.js';
import {
  answered,
  goodbye,
  opened,
  refOf,
  said,
  textsIn,
  textsOf,
} from '../../conformance/session-log-fixture.js';
import { describeSessionLog } from '../../conformance/session-log-suite.js';
import { Connection } from './connection.js';
import { SqliteSessionLog } from './sqlite-session-log.js';

let directory = '';
let files = 0;

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'parley-sqlite-'));
});

afterAll(() => rmSync(directory, { recursive: true, force: true }));

function newFile(): string {
  return join(directory, `${files++}`, 'log.sqlite');
}

function open(file: string): Promise<SqliteSessionLog> {
  return SqliteSessionLog.open({ file, synchronous: 'full' }, new SystemClock(), systemRandom);
}

describeSessionLog('SqliteSessionLog', async () => {
  const clock = new FakeClock();
  const bounds = { messagesPerSession: 150, readersPerSession: 4 };
  const settings = { file: newFile(), synchronous: 'normal' as const, bounds };
  const log = await SqliteSessionLog.open(settings, clock, systemRandom);
  return {
    log,
    other: log,
    bounds,
    advance: (ms) => Promise.resolve(clock.advance(ms)),
    close: () => log.close(),
  };
});

/** Runs the writing process until it has acknowledged so many, kills it, and gives what it had acknowledged. */
async function killedAfter(file: string, count: number): Promise<string[]> {
  const script = fileURLToPath(new URL('./testing/writing-process.js', import.meta.url));
  const child = spawn(process.execPath, [script, file], { stdio: ['ignore', 'pipe', 'inherit'] });
  let printed = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    printed += text;
    if (printed.split('\n').length > count) child.kill('SIGKILL');
  });
  await once(child, 'close');
  // What comes after the last newline was not printed whole.
  return printed.split('\n').slice(0, -1);
}

describe('SqliteSessionLog', () => {
  it('has every acknowledged message of a process that was killed while it wrote', async () => {
    const file = newFile();
    for (const count of [100, 700]) {
      const acknowledged = await killedAfter(file, count);
      const log = await open(file);
      const kept: LogMessage[] = [];
      for (let page = await log.read(refOf('first'), 0, 500); page.length > 0;) {
        kept.push(...page);
        page = await log.read(refOf('first'), kept.length, 500);
      }
      expect(kept.map(({ seq }) => seq)).toEqual(kept.map((_, i) => i + 1));
      const texts = new Set(textsOf(kept));
      expect(acknowledged.filter((text) => !texts.has(text))).toEqual([]);
      await log.end(refOf('first'), goodbye);
      await log.remove(refOf('first'));
      await log.close();
    }
  });

  it('finds everything when it is opened again', async () => {
    const file = newFile();
    const first = await open(file);
    const ref = await opened(first);
    await first.append(ref, said('hello', 'id-1'));
    await first.close();
    const second = await open(file);
    const again = await second.append(ref, said('hello', 'id-1'));
    expect(again.outcome).toBe('duplicate');
    expect(await textsIn(second, ref)).toEqual(['hello']);
    await second.close();
  });

  it('keeps the calls that were made before close', async () => {
    const file = newFile();
    const first = await open(file);
    const ref = await opened(first);
    const calls = Array.from({ length: 600 }, (_, n) => first.append(ref, said(`${n}`)));
    await first.close();
    expect((await Promise.all(calls)).every(({ outcome }) => outcome === 'appended')).toBe(true);
    const second = await open(file);
    expect((await second.session(ref))?.lastSeq).toBe(600);
    await second.close();
  });

  it('refuses a file that somebody else has open, and says what to do', async () => {
    const file = newFile();
    const first = await open(file);
    await expect(open(file)).rejects.toThrow(/is in use by another process.*store\.file/);
    await first.close();
    await (await open(file)).close();
  });

  it('refuses a file of a newer version, and says what to do', async () => {
    const file = newFile();
    await (await open(file)).close();
    const connection = new Connection(file, 0);
    connection.execute('pragma user_version = 99');
    connection.close();
    await expect(open(file)).rejects.toThrow(/its version is 99.*newer Parley/);
  });

  it('refuses what is no database, and a directory that cannot be made', async () => {
    const text = join(directory, 'text');
    writeFileSync(text, 'not a database, but long enough to be taken for the head of one. '.repeat(20));
    await expect(open(text)).rejects.toThrow(/text cannot be opened/);
    await expect(open(join(text, 'log.sqlite'))).rejects.toBeInstanceOf(LogError);
  });

  it('rejects with LogError while another program writes, and goes on after it', async () => {
    const file = newFile();
    const log = await open(file);
    const ref = await opened(log);
    const writer = new Connection(file, 0);
    writer.execute('begin immediate');
    await expect(log.append(ref, said('busy', 'id-1'))).rejects.toBeInstanceOf(LogError);
    expect(await log.health()).toMatchObject({ ok: false });
    writer.execute('rollback');
    writer.close();
    expect((await log.append(ref, said('busy', 'id-1'))).outcome).toBe('appended');
    await log.close();
  });

  it('lets a call that fails cost no other call of its transaction', async () => {
    const log = await open(newFile());
    const ref = await opened(log);
    const epoch = (await log.acquire(ref, { nodeId: 'n', incarnation: 'i' }, null)) as { epoch: number };
    const turn = (text: string) => ({
      ...{ epoch: epoch.epoch, processedSeq: 0, snapshot: text },
      messages: [answered(text, 'same id')],
    });
    const [before, good, bad, after] = await Promise.allSettled([
      log.append(ref, said('before')),
      log.commit(ref, turn('good')),
      log.commit(ref, turn('bad')),
      log.append(ref, said('after')),
    ]);
    expect([before.status, good.status, bad.status, after.status]).toEqual([
      'fulfilled',
      'fulfilled',
      'rejected',
      'fulfilled',
    ]);
    expect(await textsIn(log, ref)).toEqual(['before', 'good', 'after']);
    expect(await log.heads([refOf('first')])).toMatchObject([{ lastSeq: 3 }]);
    await log.close();
  });
});
