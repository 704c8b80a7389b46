import { expect, test } from 'vitest';

import { formatPath, formatProblem, hasErrors, sortProblems } from './problem.js';
import type { Problem } from './problem.js';

const problem: Problem = {
  severity: 'error',
  file: 'parley.yaml',
  line: 3,
  column: 5,
  path: 'sip.prot',
  message: 'unknown key "prot"',
  fix: 'did you mean "port"?',
};

test('a problem is one line that begins with file:line:column', () => {
  expect(formatProblem(problem)).toBe('parley.yaml:3:5: error: unknown key "prot" (did you mean "port"?)');
});

test('a problem without a place or a fix leaves them out', () => {
  expect(formatProblem({ ...problem, file: '$PARLEY__x', line: 0, column: 0, fix: '' })).toBe(
    '$PARLEY__x: error: unknown key "prot"',
  );
});

test('problems are read by file, then from top to bottom', () => {
  const order = [
    { ...problem, file: 'b', line: 1 },
    { ...problem, file: 'a', line: 9 },
    { ...problem, file: 'a', line: 2, column: 7 },
    { ...problem, file: 'a', line: 2, column: 1 },
  ];
  expect(sortProblems(order).map(({ file, line, column }) => `${file}${line}:${column}`)).toEqual([
    'a2:1',
    'a2:7',
    'a9:5',
    'b1:5',
  ]);
});

test('warnings alone are not errors', () => {
  expect(hasErrors([{ ...problem, severity: 'warning' }])).toBe(false);
  expect(hasErrors([{ ...problem, severity: 'warning' }, problem])).toBe(true);
});

test('paths are written with dots and indices in brackets', () => {
  expect(formatPath(['security', 'apiKeys', 0])).toBe('security.apiKeys[0]');
  expect(formatPath([])).toBe('');
});
