import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { dialogLimits } from '../../config/limits.js';
import type { Problem } from '../../config/problem.js';
import { runCheck } from './check.js';
import type { CheckDeps, CheckOptions } from './check.js';

let cwd = '';
beforeAll(() => {
  cwd = mkdtempSync(join(tmpdir(), 'parley-check-'));
  writeFileSync(join(cwd, 'good.yaml'), 'tree: good\n');
  writeFileSync(join(cwd, 'bad.yaml'), 'tree: bad\n');
  writeFileSync(join(cwd, 'huge.yaml'), `#${'x'.repeat(dialogLimits.treeBytes)}`);
  writeFileSync(join(cwd, 'parley.yaml'), 'dialog: { tree: good.yaml }\n');
  writeFileSync(join(cwd, 'two.yaml'), 'dialog: { tree: ./good.yaml, trees: { a: bad.yaml } }\n');
  writeFileSync(join(cwd, 'wrong.yaml'), 'sip:\n  prot: 1\n');
  writeFileSync(
    join(cwd, 'warned.yaml'),
    'dialog: { tree: good.yaml }\nsecurity: { apiKeys: [0123456789abcdef] }\n',
  );
});
afterAll(() => rmSync(cwd, { recursive: true }));

const problem: Problem = {
  severity: 'error',
  file: '',
  line: 1,
  column: 7,
  path: 'start',
  message: 'no start',
  fix: 'add start',
};

function check(options: Partial<CheckOptions>, deps: Partial<CheckDeps> = {}) {
  const lines: string[] = [];
  const seen: string[] = [];
  const code = runCheck(
    {
      configFile: null,
      treeFile: null,
      json: false,
      strict: false,
      env: {},
      cwd,
      output: (line) => lines.push(line),
      ...options,
    },
    {
      checkTree: (text, file) => {
        seen.push(text.trim());
        return text.includes('bad') ? [{ ...problem, file }] : [];
      },
      checkTemplates: () => [],
      ...deps,
    },
  );
  return { code, lines: lines.map((line) => line.replaceAll(`${cwd}/`, '')), seen };
}

describe('what is right', () => {
  test('a configuration with its tree is ok with exit code 0', () => {
    const { code, lines, seen } = check({ configFile: 'parley.yaml' });
    expect(lines).toEqual(['ok: parley.yaml, 1 tree, templates']);
    expect(seen).toEqual(['tree: good']);
    expect(code).toBe(0);
  });

  test('warnings are printed and do not fail', () => {
    const { code, lines } = check({ configFile: 'warned.yaml' });
    expect(lines).toEqual([
      'warned.yaml:2:23: warning: a secret is written in clear (write ${ENV_NAME} or file:/path instead)',
      'ok: warned.yaml, 1 tree, templates, 1 warning',
    ]);
    expect(code).toBe(0);
  });
});

describe('what is wrong is printed with file:line:column, the fix and a summary, exit code 1', () => {
  test('in the configuration; what depends on it waits', () => {
    const { code, lines, seen } = check({ configFile: 'wrong.yaml' });
    expect(lines).toEqual([
      'wrong.yaml:2:3: error: unknown key "prot" (did you mean "port"?)',
      '1 error; trees and templates are checked when the configuration is right',
    ]);
    expect([code, seen]).toEqual([1, []]);
  });

  test('in the environment', () => {
    const { code, lines } = check({ configFile: 'parley.yaml', env: { PARLEY__sip__port: 'x' } });
    expect(lines[0]).toBe('$PARLEY__sip__port: error: expected a number, found "x"');
    expect(code).toBe(1);
  });

  test('in one of several trees', () => {
    const { code, lines, seen } = check({ configFile: 'two.yaml' });
    expect(lines).toEqual(['bad.yaml:1:7: error: no start (add start)', '1 error']);
    expect(seen).toHaveLength(2);
    expect(code).toBe(1);
  });

  test('in a template, which comes from the configured directories', () => {
    const asked: string[][] = [];
    const { code, lines } = check(
      { configFile: 'parley.yaml', env: { PARLEY__templates__directories: '.' } },
      {
        checkTemplates: (directories) => {
          asked.push([...directories]);
          return [{ ...problem, file: 't.xml' }];
        },
      },
    );
    expect(asked).toEqual([[cwd]]);
    expect(lines).toEqual(['t.xml:1:7: error: no start (add start)', '1 error']);
    expect(code).toBe(1);
  });

  test.each([
    ['missing.yaml', /^missing\.yaml: error: the file cannot be read \(ENOENT\)/],
    ['.', /^\.: error: the file cannot be read \(EISDIR\)/],
    ['huge.yaml', /^huge\.yaml: error: larger than/],
  ])('in a tree file that is %s', (treeFile, line) => {
    const { code, lines } = check({ configFile: 'parley.yaml', treeFile });
    expect(lines[0]).toMatch(line);
    expect(code).toBe(1);
  });
});

test('--tree is checked instead of the configured trees', () => {
  const { code, seen } = check({ configFile: 'two.yaml', treeFile: 'good.yaml' });
  expect(seen).toEqual(['tree: good']);
  expect(code).toBe(0);
});

test('--tree is checked even when the configuration is wrong', () => {
  const { code, lines } = check({ configFile: 'wrong.yaml', treeFile: 'bad.yaml' });
  expect(lines.slice(0, 2).map((line) => line.split(':')[0])).toEqual(['bad.yaml', 'wrong.yaml']);
  expect(code).toBe(1);
});

test('a fault of a reader is not taken for a problem of the file', () => {
  const failing = () => {
    throw new TypeError('bug');
  };
  expect(() => check({ configFile: 'parley.yaml' }, { checkTree: failing })).toThrow('bug');
});
