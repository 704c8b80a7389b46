import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FakeClock } from '../../../config/clock.js';
import { MemoryLogger } from '../../../config/logger.js';
import { VectorCache, vectorKey } from './vector-cache.js';

let directory = '';
let logger = new MemoryLogger();
const clock = new FakeClock(0, Date.now());

beforeEach(() => {
  directory = join(mkdtempSync(join(tmpdir(), 'parley-cache-')), 'made', 'when', 'needed');
  logger = new MemoryLogger();
});
afterEach(() => rmSync(join(directory, '../../..'), { recursive: true }));

const cache = (maxBytes = 1_000_000): VectorCache =>
  new VectorCache({ directory, maxBytes }, { clock, logger });
const key = (text: string): string => vectorKey('model', text);
const vector = (value: number, dimension = 4): Float32Array => new Float32Array(dimension).fill(value);
const files = (): string[] => readdirSync(directory).map((name) => join(directory, name));
const warnings = (): string[] => logger.lines.map(({ level, message }) => `${level} ${message}`);

async function kept(...texts: string[]): Promise<(number | undefined)[]> {
  const found = await cache().read(texts.map(key));
  return texts.map((text) => found.get(key(text))?.[0]);
}

describe('VectorCache', () => {
  it('gives back what an earlier process wrote, and nothing else', async () => {
    await cache().write([
      [key('a'), vector(0.5)],
      [key('b'), vector(-2)],
    ]);
    expect(await kept('a', 'b', 'c')).toEqual([0.5, -2, undefined]);
    expect(readdirSync(directory).every((name) => name.endsWith('.vectors'))).toBe(true);
    expect(logger.lines).toEqual([]);
  });

  it('keeps models apart, however their names and texts are put together', () => {
    expect(new Set([vectorKey('m', 'ab'), vectorKey('ma', 'b'), vectorKey('n', 'ab')]).size).toBe(3);
  });

  it('reads nothing, and says nothing, where nothing was ever written', async () => {
    expect(await kept('a')).toEqual([undefined]);
    expect(existsSync(directory)).toBe(false);
    expect(logger.lines).toEqual([]);
  });

  it.each<[string, (file: string) => void]>([
    ['is cut off', (file) => truncateSync(file, statSync(file).size - 1)],
    ['ends in its header', (file) => truncateSync(file, 7)],
    ['is empty', (file) => truncateSync(file, 0)],
    ['is something else', (file) => writeFileSync(file, 'x'.repeat(500))],
    ['has another key', (file) => flip(file, 25)],
    ['claims another dimension', (file) => flip(file, 8)],
    ['claims a billion vectors', (file) => flip(file, 15)],
    [
      'is a directory',
      (file) => {
        rmSync(file);
        mkdirSync(file);
      },
    ],
  ])('ignores a file that %s, with a log line', async (_what, damage) => {
    await cache().write([[key('a'), vector(1)]]);
    damage(files()[0] ?? '');
    expect(await kept('a')).toEqual([undefined]);
    expect(warnings().join()).toMatch(
      /^warn a (damaged file of vectors is ignored|file of vectors cannot be read)/,
    );
  });

  it('ignores the one vector of a file that is damaged', async () => {
    await cache().write([
      [key('a'), vector(1)],
      [key('b'), vector(2)],
    ]);
    const [file = ''] = files();
    flip(file, statSync(file).size - 10);
    expect(await kept('a', 'b')).toEqual([1, undefined]);
    expect(warnings()).toEqual(['warn a damaged vector is ignored']);
  });

  it('is taken for empty when a file vanishes between looking and reading', async () => {
    const one = cache();
    await one.write([[key('a'), vector(1)]]);
    for (const file of files()) rmSync(file);
    expect((await one.read([key('a')])).size).toBe(0);
    expect(one.size).toBe(0);
  });

  it('removes the files unused for longest when all are too large', async () => {
    const one = cache(700);
    const used = Date.now() - 10_000;
    for (const [i, text] of ['a', 'b', 'c'].entries()) {
      await one.write([[key(text), vector(i, 50)]]);
      files().forEach((file) => utimesSync(file, used / 1_000, used / 1_000));
      await one.read([key('a')]);
    }
    // Each is 256 bytes; a was used last.
    expect(files()).toHaveLength(2);
    expect(await kept('a', 'c')).toEqual([0, 2]);
    expect(one.size).toBe(2);
  });

  it('removes what a process that died has left, not what another is writing', async () => {
    await cache().write([[key('a'), vector(1)]]);
    const [old, fresh] = [join(directory, 'x.1.unfinished'), join(directory, 'y.2.unfinished')];
    writeFileSync(old, '');
    writeFileSync(fresh, '');
    utimesSync(old, 1, 1);
    await kept('a');
    expect([existsSync(old), existsSync(fresh)]).toEqual([false, true]);
  });

  it('costs nobody anything when the disk refuses', async () => {
    const blocked = join(directory, '..');
    mkdirSync(join(blocked, '..'), { recursive: true });
    writeFileSync(blocked, 'a file in the way');
    await cache().write([[key('a'), vector(1)]]);
    expect(await kept('a')).toEqual([undefined]);
    expect(warnings()).toContain('warn vectors could not be written');
    rmSync(blocked);
  });
});

function flip(file: string, at: number): void {
  const bytes = readFileSync(file);
  bytes[at] = (bytes[at] ?? 0) ^ 0x10;
  writeFileSync(file, bytes);
}
