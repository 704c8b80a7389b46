import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { chmod } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import { FakeClock } from '../../config/clock.js';
import { turnLimits } from '../../config/limits.js';
import { MemoryLogger } from '../../config/logger.js';
import { SeededRandom } from '../../config/random.js';
import type { TurnRecord } from '../../dialog/turn-record.js';
import { TurnLog, type TurnLogOptions } from './turn-log.js';
import { TurnLogError, TurnLogReader, turnFiles } from './turn-log-reader.js';

const hourMs = 3_600_000;
let directory = '';
beforeEach(() => {
  directory = join(mkdtempSync(join(tmpdir(), 'parley-turns-')), 'turns');
});
afterEach(() => rmSync(join(directory, '..'), { recursive: true, force: true }));

const turn = (text: string): TurnRecord => ({
  atMs: 1_764_417_600_000,
  session: 's1',
  tree: 'shop',
  version: 1,
  language: 'en-US',
  channel: 'chat',
  node: 'menu',
  closed: [],
  question: null,
  input: { type: 'text', text, confidence: 1 },
  decision: { zone: 'reject', branch: null, score: null, threshold: null, runnerUp: null },
  denied: false,
  scorer: null,
  degraded: false,
  next: 'menu',
});

async function open(more: Partial<TurnLogOptions> = {}, clock = new FakeClock()) {
  clock.advance(Date.now() - clock.epochMs());
  const logger = new MemoryLogger();
  const options = { directory, maxBytes: 10_000_000, keepDays: 2, ...more };
  return { clock, logger, log: await TurnLog.open(options, { clock, random: new SeededRandom(1), logger }) };
}

const files = (): string[] => readdirSync(directory).sort();
const path = (name: string | undefined): string => join(directory, name ?? '');

/** Texts of all turns, and the lines that were complained about. */
async function read(paths: readonly string[] = [directory]) {
  const complaints: string[] = [];
  const reader = new TurnLogReader(turnFiles(paths), {
    onBadLine: (file, line, message) =>
      complaints.push(`${file.slice(directory.length + 1)}:${line}: ${message}`),
  });
  const texts: string[] = [];
  for await (const { input } of reader.records()) texts.push(input.type === 'text' ? input.text : input.type);
  return { texts, complaints, counts: reader.counts };
}

describe('a turn log', () => {
  test('is a file that its owner alone may read, made by the first turn', async () => {
    const { clock, log } = await open();
    expect(() => files()).toThrow();
    for (const text of ['one', 'two', '三']) log.record(turn(text));
    await log.close();
    log.record(turn('too late'));
    expect(files()).toHaveLength(1);
    expect(statSync(path(files()[0])).mode & 0o777).toBe(0o600);
    expect(await read()).toEqual({
      texts: ['one', 'two', '三'],
      complaints: [],
      counts: { turns: 3, bad: 0, torn: 0 },
    });
    expect([log.stats, clock.pendingTimers]).toEqual([{ written: 3, dropped: 0 }, 0]);
  });

  test('begins a file when one is full, and deletes the oldest when all are too much', async () => {
    const { log } = await open({ maxBytes: 65_536 });
    for (let n = 0; n < 300; n++) {
      log.record(turn(`${n} ${'a'.repeat(500)}`));
      if (n % 10 === 0) await log.flush();
    }
    await log.close();
    const sizes = files().map((name) => statSync(path(name)).size);
    expect(sizes.length).toBeGreaterThan(2);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(65_536 / 4);
    expect(sizes.reduce((sum, size) => sum + size)).toBeLessThanOrEqual(65_536);
    const { texts } = await read();
    expect(texts.at(-1)).toMatch(/^299 /);
    expect(texts.length).toBeLessThan(300);
  });

  test('begins a file when one is as large as any may be', async () => {
    const { log } = await open({ maxBytes: 1_000_000_000 });
    const long = { ...turn('a'), next: 'n'.repeat(turnLimits.lineBytes - 1_000) };
    const lines = Math.ceil(turnLimits.fileBytes / (turnLimits.lineBytes - 1_000));
    for (let n = 0; n < lines; n++) {
      log.record(long);
      if (n % 50 === 0) await log.flush();
    }
    await log.close();
    expect(files()).toHaveLength(2);
    expect(log.stats).toEqual({ written: lines, dropped: 0 });
  });

  test('deletes what is older than it may be, when it is opened and as time goes by', async () => {
    const first = await open();
    first.log.record(turn('old'));
    await first.log.close();
    const [old] = files();
    writeFileSync(path('notes.jsonl'), 'not ours');
    const longAgo = (Date.now() - 49 * hourMs) / 1_000;
    utimesSync(path(old ?? ''), longAgo, longAgo);
    utimesSync(path('notes.jsonl'), longAgo, longAgo);
    const { clock, log } = await open();
    expect(files()).toEqual(['notes.jsonl']);
    log.record(turn('new'));
    await log.flush();
    for (let hours = 0; hours < 50; hours++) {
      clock.advance(hourMs);
    }
    await expect.poll(files).toEqual(['notes.jsonl']);
    await log.close();
  });

  test('begins a file when the last one is a day old', async () => {
    const { clock, log } = await open();
    log.record(turn('monday'));
    await log.flush();
    clock.advance(turnLimits.fileMs);
    log.record(turn('tuesday'));
    await log.close();
    expect(files()).toHaveLength(2);
    expect((await read()).texts).toEqual(['monday', 'tuesday']);
  });

  test('drops and counts what the queue has no room for, and says so once', async () => {
    const { logger, log } = await open();
    for (let n = 0; n < turnLimits.waitingLines + 5; n++) log.record(turn('a'));
    await log.close();
    // The writer took the first as soon as it came.
    const { dropped, written } = log.stats;
    expect(dropped).toBeGreaterThan(0);
    expect(written + dropped).toBe(turnLimits.waitingLines + 5);
    expect(logger.lines.filter(({ message }) => message === 'turns are not logged')).toHaveLength(1);
  });

  test('drops a turn whose line, and turns whose bytes, are too many', async () => {
    const { log } = await open();
    log.record({ ...turn('a'), next: 'n'.repeat(turnLimits.lineBytes) });
    const long = { ...turn('a'), next: 'n'.repeat(turnLimits.lineBytes - 1_000) };
    const most = Math.ceil(turnLimits.waitingBytes / (turnLimits.lineBytes - 1_000));
    for (let n = 0; n < 2 * most; n++) log.record(long);
    await log.close();
    expect(log.stats.dropped).toBeGreaterThan(most - 2);
  });

  test('that cannot be written costs its lines, and is written again when it can be', async () => {
    const { clock, logger, log } = await open();
    writeFileSync(directory, 'a file where the directory should be');
    log.record(turn('lost'));
    log.record(turn('lost too'));
    await log.flush();
    expect(log.stats).toEqual({ written: 0, dropped: 2 });
    expect(logger.lines.at(-1)).toMatchObject({ message: 'turns are not logged' });
    rmSync(directory);
    clock.advance(1);
    log.record(turn('kept'));
    await log.close();
    expect((await read()).texts).toEqual(['kept']);
    expect(logger.lines.filter(({ level }) => level === 'error')).toHaveLength(1);
  });

  test('opens in a directory that cannot be read, with a warning', async () => {
    writeFileSync(directory, '');
    await chmod(directory, 0o600);
    const { log, logger } = await open();
    expect(logger.lines.map(({ message }) => message)).toEqual(['old turn logs cannot be deleted']);
    await log.close();
  });
});

describe('a reader of turn logs', () => {
  async function logOf(...texts: string[]): Promise<string> {
    const { log } = await open();
    for (const text of texts) log.record(turn(text));
    await log.close();
    return path(files().at(-1));
  }

  test('does not mind a last line that is cut off', async () => {
    const file = await logOf('one', 'two');
    writeFileSync(file, readFileSync(file).subarray(0, -20));
    expect(await read([file])).toMatchObject({ texts: ['one'], complaints: [], counts: { torn: 1, bad: 0 } });
  });

  test('takes a last line without its end, empty lines and Windows line ends', async () => {
    const file = await logOf('one', 'two');
    writeFileSync(file, readFileSync(file, 'utf8').replaceAll('\n', '\r\n\r\n').trimEnd());
    expect(await read([file])).toMatchObject({ texts: ['one', 'two'], complaints: [] });
  });

  test('names file and line of what it cannot read, and goes on', async () => {
    const file = await logOf('one', 'two');
    const [one = '', two = ''] = readFileSync(file, 'utf8').split('\n');
    const long = `"${'a'.repeat(turnLimits.lineBytes)}"`;
    writeFileSync(file, [one, '{"format":1', long, two.replace('"menu"', '5'), two].join('\n'));
    expect(await read([file])).toMatchObject({
      texts: ['one', 'two'],
      complaints: [
        expect.stringMatching(/jsonl:2: the line is not JSON$/),
        expect.stringMatching(/jsonl:3: the line is longer than 65536 bytes$/),
        expect.stringMatching(/jsonl:4: "node": /),
      ],
    });
  });

  test('gives up on what is no turn log', async () => {
    const file = await logOf('one');
    writeFileSync(file, 'GET /\n'.repeat(turnLimits.badLines + 1));
    await expect(read([file])).rejects.toThrow(TurnLogError);
  });

  test('tells what there is to read, and refuses what is not there', async () => {
    const file = await logOf('one');
    const progress: number[] = [];
    const all = turnFiles([file]);
    const reader = new TurnLogReader(all, {
      onBadLine: () => undefined,
      onProgress: (bytes, total) => progress.push(bytes / total),
    });
    for await (const record of reader.records()) expect(record.node).toBe('menu');
    expect(progress.at(-1)).toBe(1);
    expect(() => turnFiles([`${file}.gone`])).toThrow(/there is no such file/);
    rmSync(file);
    expect(() => turnFiles([directory])).toThrow(/there is no turn log/);
    expect(() => turnFiles(Array(turnLimits.files + 1).fill('package.json') as string[])).toThrow(
      /more than/,
    );
  });
});
