import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { projectPath } from '../config/paths.js';
import type { EntityContext } from './entity.js';
import { entityType, entityTypeNames } from './entity-types.js';

const context: EntityContext = {
  nowMs: Date.UTC(2026, 10, 20, 2),
  timeZone: 'Asia/Shanghai',
  language: 'zh-CN',
};
const folder = projectPath('dialog/testdata/entities');

/** The rows of one table for the types known here; lists in the last columns mean several entities. */
function rowsOf(file: string): string[][] {
  return readFileSync(`${folder}/${file}`, 'utf8')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => line.split('\t'))
    .filter(([type = '']) => entityTypeNames.includes(type));
}

const files = readdirSync(folder)
  .filter((file) => file.endsWith('.tsv'))
  .map((file) => ({ file, rows: rowsOf(file) }))
  .filter(({ rows }) => rows.length > 0);

describe.each(files)('$file', ({ rows }) => {
  it.each(rows)('%s in %j is %s', (type = '', text = '', expected = '', raw = '', doubt = '') => {
    const found = entityType({ type })?.find(text, context) ?? null;
    const values: unknown = expected === '-' ? [] : JSON.parse(expected);
    const raws: unknown = raw.startsWith('[') ? JSON.parse(raw) : expected === '-' ? [] : [raw];
    expect(found?.map(({ value }) => value)).toEqual(Array.isArray(values) ? values : [values]);
    expect(found?.map((entity) => entity.raw)).toEqual(raws);
    expect(found?.every(({ certain }) => certain) ?? false).toBe(doubt !== '?');
  });
});

describe('the tables', () => {
  it('cover every type', () => {
    const covered = new Set(files.flatMap(({ rows }) => rows.map(([type]) => type)));
    expect([...covered].sort()).toEqual([...entityTypeNames].sort());
  });
});
