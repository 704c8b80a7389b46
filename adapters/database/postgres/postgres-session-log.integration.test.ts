import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MemoryLogger } from '../../../config/logger.js';
import { systemRandom } from '../../../config/random.js';
import { LogError, type SessionLog } from '../../../gateway/ports/session-log.js';
import { PostgresServer } from '../../../gateway/testing/postgres-server.js';
import {
  alpha,
  answered,
  epochOf,
  opened,
  range,
  refOf,
  refusal,
  said,
  textsIn,
  turnOf,
} from '../../conformance/session-log-fixture.js';
import { describeSessionLog } from '../../conformance/session-log-suite.js';
import { PostgresSessionLog } from './postgres-session-log.js';

let server: PostgresServer;
let admin: pg.Pool;
let schemas = 0;
const logger = new MemoryLogger();

beforeAll(async () => {
  server = await PostgresServer.start();
  admin = newAdmin();
});

afterAll(async () => {
  await admin.end();
  await server.stop();
});

function newAdmin(): pg.Pool {
  const pool = new pg.Pool({ connectionString: server.url, max: 1 });
  pool.on('error', (err) => logger.warn('lost', { err }));
  return pool;
}

function newSchema(): string {
  return `test_${schemas++}`;
}

function open(schema: string, bounds?: { messagesPerSession: number; readersPerSession: number }) {
  const settings = { url: server.url, schema, connections: 4 };
  return PostgresSessionLog.open(settings, { logger, random: systemRandom }, bounds);
}

/** What has happened has happened so much earlier. */
async function shiftTimes(schema: string, ms: number): Promise<void> {
  const { rows } = await admin.query<{ table_name: string; column_name: string }>(
    "select table_name, column_name from information_schema.columns where table_schema = $1 and column_name like '%\\_ms'",
    [schema],
  );
  for (const { table_name, column_name } of rows)
    await admin.query(`update "${schema}"."${table_name}" set ${column_name} = ${column_name} - ${ms}`);
}

describeSessionLog('PostgresSessionLog', async () => {
  const bounds = { messagesPerSession: 150, readersPerSession: 4 };
  const schema = newSchema();
  const [log, other] = await Promise.all([open(schema, bounds), open(schema, bounds)]);
  return {
    log,
    other,
    bounds,
    advance: (ms) => shiftTimes(schema, ms),
    close: async () => {
      await Promise.all([log.close(), other.close()]);
      await admin.query(`drop schema "${schema}" cascade`);
    },
  };
});

/** Appends until told to stop, each message again until it is acknowledged; gives those that were. */
async function writeThrough(log: SessionLog, caller: number, stopped: () => boolean): Promise<string[]> {
  const acknowledged: string[] = [];
  for (let n = 0; !stopped();) {
    const text = `${caller}/${n}`;
    try {
      await log.append(refOf('first'), said(text, text));
      acknowledged.push(text);
      n++;
    } catch (err) {
      if (!(err instanceof LogError)) throw err;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
  return acknowledged;
}

/** Runs writers on two nodes while `disturb` does its worst; nothing acknowledged may be lost, doubled or reordered. */
async function surviveWhile(disturb: (schema: string) => Promise<void>): Promise<void> {
  const schema = newSchema();
  const [log, other] = [await open(schema), await open(schema)];
  await opened(log);
  let stopped = false;
  const writers = range(1, 8).map((n) => writeThrough(n % 2 ? log : other, n, () => stopped));
  await disturb(schema);
  stopped = true;
  const acknowledged = (await Promise.all(writers)).flat();
  const kept: string[] = [];
  for (let page = await textsIn(log, refOf('first')); page.length > 0;) {
    kept.push(...page);
    page = (await other.read(refOf('first'), kept.length, 500)).map(({ body }) => body.text);
  }
  expect(acknowledged.length).toBeGreaterThan(50);
  expect(kept.toSorted()).toEqual(acknowledged.toSorted());
  expect((await log.session(refOf('first')))?.lastSeq).toBe(kept.length);
  await log.close();
  await other.close();
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

describe('PostgresSessionLog', () => {
  it('is made by one of several nodes that start at once', async () => {
    const schema = newSchema();
    const logs = await Promise.all(range(1, 6).map(() => open(schema)));
    const results = await Promise.all(
      logs.map((log, n) =>
        log.open({ tenant: 'shop', userId: 'ann', ingress: 'chat', tree: null, sessionId: `s${n}` }),
      ),
    );
    expect(results.filter(({ created }) => created)).toHaveLength(1);
    for (const log of logs) await log.close();
    const again = await open(schema);
    expect(await again.sessions({ tenant: 'shop', limit: 10 })).toHaveLength(1);
    await again.close();
  });

  it('refuses a schema of a newer version, and says what to do', async () => {
    const schema = newSchema();
    await (await open(schema)).close();
    await admin.query(`update "${schema}".version set version = 99`);
    await expect(open(schema)).rejects.toThrow(/has version 99.*newer Parley/);
  });

  it('refuses to open when there is no server, and does not tell the password', async () => {
    const url = 'postgres://parley:secret-word@127.0.0.1:1/none';
    const opening = PostgresSessionLog.open(
      { url, schema: 'parley', connections: 1 },
      { logger, random: systemRandom },
    );
    const err = await opening.catch((reason: unknown) => reason);
    expect(err).toBeInstanceOf(LogError);
    expect(String(err)).toMatch(/ECONNREFUSED/);
    expect(String(err)).not.toMatch(/secret-word/);
  });

  it('loses and doubles nothing when its connections are killed', async () => {
    await surviveWhile(async () => {
      for (let round = 0; round < 5; round++) {
        await pause(150);
        await admin.query(
          "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'parley'",
        );
      }
      await pause(200);
    });
  });

  it('loses and doubles nothing when the server is stopped and started', async () => {
    await surviveWhile(async () => {
      await pause(200);
      await server.pause();
      await pause(300);
      await server.resume();
      await pause(500);
    });
    await admin.end();
    admin = newAdmin();
  });

  it('says while the server is away that it is, and recovers by itself', async () => {
    const log = await open(newSchema());
    const ref = await opened(log);
    await server.pause();
    expect(await refusal(log.append(ref, said('lost')))).toBe('LogError');
    expect(await log.health()).toMatchObject({ ok: false });
    await server.resume();
    expect((await log.append(ref, said('kept'))).outcome).toBe('appended');
    expect(await log.health()).toEqual({ ok: true, detail: 'postgres' });
    await log.close();
    await admin.end();
    admin = newAdmin();
  });

  it('gives up statements, connections and callers past its bounds', async () => {
    const schema = newSchema();
    await (await open(schema)).close();
    const limits = { waitingCalls: 2, connectMs: 5_000, statementMs: 300, migrationMs: 300 };
    const settings = { url: server.url, schema, connections: 1, limits };
    const deps = { logger, random: systemRandom };
    const log = await PostgresSessionLog.open(settings, deps);
    const ref = await opened(log);
    const blocker = await admin.connect();
    await blocker.query(`begin; lock table "${schema}".messages, "${schema}".version`);
    const appends = range(1, 4).map((n) => log.append(ref, said(`${n}`)));
    await expect(appends[3]).rejects.toThrow(/2 calls wait for the session log/);
    const results = await Promise.allSettled(appends);
    expect(results.map(({ status }) => status)).toEqual(Array(4).fill('rejected'));
    await expect(appends[0]).rejects.toThrow(/statement timeout/);
    await expect(PostgresSessionLog.open(settings, deps)).rejects.toThrow(/statement timeout/);
    await blocker.query('rollback');
    blocker.release();
    expect((await log.append(ref, said('again'))).outcome).toBe('appended');
    await log.close();
  });

  it('fences in the middle of a race: of two owners only the larger epoch writes', async () => {
    const schema = newSchema();
    const [log, other] = [await open(schema), await open(schema)];
    const ref = await opened(log);
    let epoch = epochOf(await log.acquire(ref, alpha, null));
    for (const n of range(1, 20)) {
      const [stale, taken] = await Promise.all([
        log.commit(ref, turnOf(epoch, { messages: [answered(`turn of ${epoch}`)] })),
        other.acquire(ref, { nodeId: 'beta', incarnation: `b${n}` }, epoch),
      ]);
      const before = taken.outcome === 'acquired' ? taken.record.lastSeq : -1;
      const after = (await log.session(ref))?.lastSeq;
      expect(after).toBe(before);
      expect(stale.outcome === 'committed' || stale.outcome === 'fenced').toBe(true);
      epoch = epochOf(taken);
    }
    await log.close();
    await other.close();
  });
});
