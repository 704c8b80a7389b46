import { describe, expect, test } from 'vitest';

import { loadConfig } from './load.js';
import { formatProblem } from './problem.js';

/** `url` is what `${STORE_URL}` stands for. */
function problemsOf({ url = '', ...settings }: Readonly<Record<string, string>>): string[] {
  const env = Object.fromEntries(Object.entries(settings).map(([key, value]) => [`PARLEY__${key}`, value]));
  if (url !== '') env['PARLEY__store__url'] = '${STORE_URL}';
  // Several nodes need it, and one may have it.
  const visitors = { PARLEY__chat__visitors__secret: '${VISITOR_SECRET}', VISITOR_SECRET: 'v'.repeat(32) };
  return loadConfig({ env: { ...env, ...visitors, STORE_URL: url }, cwd: '/' }).problems.map(formatProblem);
}

const secretUrl = 'postgres://parley:word-that-is-secret@db:5432/parley';

describe('a store that cannot work is an error that names the key', () => {
  test.each([
    [{ store__kind: 'postgres' }, 'store.kind postgres needs an address (write ${PARLEY_POSTGRES_URL}'],
    [{ store__kind: 'postgres', url: 'http://db' }, 'this is no address of a PostgreSQL server'],
    [{ store__kind: 'postgres', url: 'db:5432' }, 'this is no address of a PostgreSQL server'],
    [
      { redis__mode: 'single' },
      'redis.mode single joins several nodes, which cannot share store.kind sqlite',
    ],
    [
      { redis__mode: 'cluster', store__kind: 'memory' },
      'redis.mode cluster joins several nodes, which cannot share store.kind memory',
    ],
  ])('%j', (settings, expected) => {
    const problems = problemsOf(settings);
    expect(problems).toHaveLength(1);
    expect(problems[0]).toContain(`error: ${expected}`);
  });
});

test.each([
  {},
  { store__kind: 'memory' },
  { store__synchronous: 'normal' },
  { store__kind: 'postgres', url: secretUrl },
  { store__kind: 'postgres', url: secretUrl, redis__mode: 'sentinel' },
])('%j is taken', (settings) => {
  expect(problemsOf(settings as Record<string, string>)).toEqual([]);
});
