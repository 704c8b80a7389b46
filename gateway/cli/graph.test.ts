import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { runGraph } from './graph.js';
import { inBoxScoring } from './score-ahead.js';
import { runTest } from './test.js';

let cwd = '';
beforeAll(() => {
  cwd = mkdtempSync(join(tmpdir(), 'parley-graph-'));
  const tree = 'tree: shop-zh\nstart: hello\nnodes:\n  hello: { say: 您好, go: bye }\n  bye: { end: true }\n';
  writeFileSync(join(cwd, 'any-name.yaml'), tree);
  writeFileSync(join(cwd, 'bad.yaml'), tree.replace('go: bye', 'go: by'));
  writeFileSync(
    join(cwd, 'story.yaml'),
    'tree: any-name.yaml\nstories: [{ name: a, steps: [{ ends: end }] }]\n',
  );
});
afterAll(() => rmSync(cwd, { recursive: true }));

function draw(treeFile: string, outFile: string, coverageFile: string | null = null): [number, string[]] {
  const lines: string[] = [];
  const code = runGraph({ treeFile, outFile, coverageFile, cwd, output: (line) => lines.push(line) });
  return [code, lines];
}

it.each(['tree.html', 'tree.svg', 'tree.mmd'])('draws into %s', (outFile) => {
  expect(draw('any-name.yaml', outFile)).toEqual([0, [`${outFile}: 2 nodes, 1 ways`]]);
  expect(readFileSync(join(cwd, outFile), 'utf8')).toContain('hello');
});

it('shows the coverage that "parley test --json" printed, whatever the file of the tree is called', async () => {
  const lines: string[] = [];
  await runTest({
    ...{ paths: ['story.yaml'], treeFile: null, json: true, junitFile: null, minNodes: 0, minBranches: 0 },
    ...{ noise: [], seed: 1, cwd, output: (line: string) => lines.push(line) },
    scoringOf: (tree) => Promise.resolve(inBoxScoring(tree)),
  });
  writeFileSync(join(cwd, 'coverage.json'), lines.join('\n'));
  expect(draw('any-name.yaml', 'covered.svg', 'coverage.json')[0]).toBe(0);
  expect(draw('any-name.yaml', 'plain.svg')[0]).toBe(0);
  const [covered, plain] = ['covered.svg', 'plain.svg'].map((file) => readFileSync(join(cwd, file), 'utf8'));
  expect(covered).not.toBe(plain);
});

it.each<[string, string, string | null, RegExp]>([
  ['absent.yaml', 'tree.html', null, /^absent\.yaml: there is no such tree/],
  ['bad.yaml', 'tree.html', null, /^bad\.yaml:4:\d+: error: .*"by"/],
  ['any-name.yaml', 'tree.png', null, /^tree\.png: a drawing is \.html, \.svg or \.mmd/],
  ['any-name.yaml', 'tree.svg', 'any-name.yaml', /not what "parley test --json" prints/],
])('%s into %s with coverage %s is refused with the reason', (tree, outFile, coverage, reason) => {
  const [code, [line]] = draw(tree, outFile, coverage);
  expect([code, line]).toEqual([1, expect.stringMatching(reason)]);
});
