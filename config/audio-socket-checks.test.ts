import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, describe, expect, test } from 'vitest';

import { loadConfig } from './load.js';
import { formatProblem } from './problem.js';

const directory = mkdtempSync(join(tmpdir(), 'parley-audio-socket-'));
afterAll(() => rmSync(directory, { recursive: true }));

function problemsOf(yaml: string): string[] {
  writeFileSync(join(directory, 'parley.yaml'), yaml);
  const { problems } = loadConfig({ file: 'parley.yaml', env: {}, cwd: directory });
  return problems.map(formatProblem).map((line) => line.replace(/^parley\.yaml:/, ''));
}

describe('names of other sections', () => {
  test.each([
    ['audioSocket: { tier: gold }', 'tiers has no "gold"'],
    ['audioSocket: { tree: sales }', 'dialog.trees has no "sales"'],
    ['audioSocket: { rules: [{ tree: sales }] }', 'dialog.trees has no "sales"'],
    ['audioSocket: { rules: [{ tier: gold }] }', 'tiers has no "gold"'],
  ])('%s', (yaml, message) => {
    const problems = problemsOf(`${yaml}\n`);
    expect(problems).toHaveLength(1);
    expect(problems[0]).toContain(message);
  });

  test('matter only where the socket is open', () => {
    expect(problemsOf('audioSocket: { enabled: false, tier: gold }\n')).toEqual([]);
  });
});

describe('values', () => {
  test.each([
    ['path: media', 'not a path such as /media'],
    ['leadMs: 2001', '2001 is too large'],
    ['twilio: { publicUrl: voice.example.com }', 'not a URL such as wss://voice.example.com/media'],
    ['tokens: [short]', 'too small'],
    ['rules: [{ when: { parameter: { name: a } } }]', 'value'],
  ])('%s', (entry, message) => {
    expect(problemsOf(`audioSocket: { ${entry} }\n`).join()).toContain(message);
  });
});

test('a socket that others can reach is refused without a key', () => {
  const yaml = 'listen: { public: true }\nsip: { allowFrom: [10.0.0.0/8] }\n';
  expect(problemsOf(yaml).join()).toContain('listen.public exposes http without authentication');
});
