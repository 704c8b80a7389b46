import { describe, expect, test } from 'vitest';

import { loadConfig } from './load.js';
import { formatProblem } from './problem.js';

/** What else several nodes need. */
const others = {
  PARLEY__store__kind: 'postgres',
  PARLEY__store__url: '${STORE_URL}',
  PARLEY__chat__visitors__secret: '${VISITOR_SECRET}',
  STORE_URL: 'postgres://parley@db/parley',
  VISITOR_SECRET: 'v'.repeat(32),
};

function problemsOf(settings: Readonly<Record<string, string>>): string[] {
  const env = Object.fromEntries(
    Object.entries(settings).map(([key, value]) => [`PARLEY__redis__${key}`, value]),
  );
  return loadConfig({ env: { ...others, ...env }, cwd: '/' }).problems.map(formatProblem);
}

describe('a mode of Redis that lacks what it needs is an error that names the key', () => {
  test.each([
    [
      { mode: 'single', nodes: '[]' },
      'redis.mode single needs addresses (write the host:port of the server)',
    ],
    [{ mode: 'sentinel', nodes: '[]' }, 'redis.mode sentinel needs addresses'],
    [{ mode: 'cluster', nodes: '[]' }, 'redis.mode cluster needs addresses'],
    [{ mode: 'single', nodes: 'a:1,b:2' }, 'redis.mode single takes one address'],
    [{ mode: 'single', nodes: 'a:0' }, 'there is no port 0 (write one from 1 to 65535)'],
    [{ mode: 'cluster', nodes: 'a:1,b:70000' }, 'there is no port 70000'],
    [{ mode: 'single', username: 'parley' }, 'redis.username needs a password'],
    [{ mode: 'single', nodes: 'localhost' }, 'not host:port'],
  ])('%j', (settings, expected) => {
    const problems = problemsOf(settings);
    expect(problems).toHaveLength(1);
    expect(problems[0]).toContain(expected);
  });
});

describe('what is complete is taken', () => {
  test.each([
    [{}],
    [{ mode: 'none', nodes: '[]' }],
    [{ mode: 'single' }],
    [{ mode: 'single', nodes: '["[::1]:6379"]' }],
    [{ mode: 'sentinel', nodes: 'a:26379,b:26379', sentinelName: 'chat' }],
    [{ mode: 'cluster', nodes: 'a:1,b:2', tls: 'true' }],
  ])('%j', (settings) => {
    expect(problemsOf(settings as Record<string, string>)).toEqual([]);
  });
});
