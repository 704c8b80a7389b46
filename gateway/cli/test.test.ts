import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { projectPath } from '../../config/paths.js';
import type { DialogTree } from '../../dialog/tree.js';
import { inBoxScoring } from './score-ahead.js';
import { runTest, type TestOptions } from './test.js';

const tree = `tree: small
start: menu
fallback: bye
nodes:
  menu:
    say: { voice: Order or help?, chat: Order or help? }
    listen:
      branches:
        - { id: order, go: fetch, examples: [track my order, where is my order, my parcel] }
        - { id: help, go: bye, examples: [i need help, help me please, how does it work] }
  fetch: { call: { http: shop, path: /orders, into: order, on_error: bye }, go: told }
  told: { say: 'It is {order.state}.', go: bye }
  bye: { end: { say: Bye. } }
`;

const stories = `tree: small.yaml
stories:
  - name: good
    answers: [{ service: shop, path: /orders, answer: { state: late } }]
    steps:
      - { bot: Order or help? }
      - { user: where is my order, branch: order, calls: [shop], bot: It is late., ends: end }
`;

let cwd = '';
beforeAll(() => {
  cwd = mkdtempSync(join(tmpdir(), 'parley-test-'));
  const files: Record<string, string> = {
    'small.yaml': tree,
    'good.yaml': stories,
    'bad.yaml': stories.replace('It is late.', 'It is here.').replace('branch: order', 'branch: help'),
    'unanswered.yaml': stories.replace(/ {4}answers.*\n/, ''),
    'typo.yaml': stories.replace('branch:', 'brunch:'),
    'two-inputs.yaml': stories.replace('user: where', "dtmf: '1', user: where"),
    'pattern.yaml': stories.replace('It is late.', '/(late/'),
    'no-tree.yaml': stories.replace('small.yaml', 'absent.yaml'),
    'over.yaml': `${stories}      - { user: hello? }\n`,
  };
  for (const [name, text] of Object.entries(files)) writeFileSync(join(cwd, name), text);
});
afterAll(() => rmSync(cwd, { recursive: true }));

async function run(
  paths: readonly string[],
  options: Partial<TestOptions> = {},
): Promise<{ code: number; text: string }> {
  const lines: string[] = [];
  const defaults = {
    treeFile: null,
    json: false,
    junitFile: null,
    minNodes: 0,
    minBranches: 0,
    noise: [],
    seed: 1,
    scoringOf: (spoken: DialogTree) => Promise.resolve(inBoxScoring(spoken)),
  };
  const code = await runTest({ paths, cwd, ...defaults, output: (line) => lines.push(line), ...options });
  return { code, text: lines.join('\n') };
}

describe('parley test', () => {
  it('holds stories, and says what they have not reached', async () => {
    const { code, text } = await run(['good.yaml']);
    expect(code).toBe(0);
    expect(text).toContain('ok     good (2 turns)');
    expect(text).toContain('small.yaml: 100 % of the nodes, 50 % of the branches');
    expect(text).toContain('branches never taken: menu help, fetch error');
    expect(text).toContain('1 of 1 stories hold (scored by the in-box matcher)');
  });

  it('shows the conversation, the differences with their line, and why the turn went so', async () => {
    const { code, text } = await run(['bad.yaml']);
    expect(code).toBe(1);
    expect(text).toContain('user: where is my order');
    expect(text).toContain('bad.yaml:7: the bot says ["It is late.","Bye."], not "It is here."');
    expect(text).toContain('bad.yaml:7: branch is "order", not "help"');
    expect(text).toMatch(/menu -> fetch: accept order 0\.\d+ \(threshold/);
  });

  it.each([
    ['unanswered.yaml', 1, 'the story has no answer of the service "shop" for /orders'],
    ['over.yaml', 1, 'over.yaml:8: nothing happens: the conversation is not waiting for this'],
    [
      'typo.yaml',
      2,
      'typo.yaml:7:36: error: stories.0.steps.1.brunch: unknown key "brunch". Write "branch".',
    ],
    ['two-inputs.yaml', 2, 'a step is one of user, dtmf, not several'],
    ['pattern.yaml', 2, '"(" is not closed'],
    ['no-tree.yaml', 2, 'absent.yaml: there is no such tree'],
    ['nowhere', 2, 'nowhere: there is no such file'],
  ])('%s ends with %i: %s', async (file, expected, message) => {
    const { code, text } = await run([file]);
    expect(text).toContain(message);
    expect(code).toBe(expected);
  });

  it('fails below the wanted coverage', async () => {
    const { code, text } = await run(['good.yaml'], { minBranches: 80 });
    expect(code).toBe(1);
    expect(text).toContain('too little: small.yaml: 50 % of the branches, not 80 %');
  });

  it('hears the sentences with errors, the same ones for the same seed, and tells what became of them', async () => {
    const shipped = [projectPath('config/stories')];
    const { text } = await run(shipped, { noise: [0.1, 0.5] });
    const shares = [...text.matchAll(/(\d+) % of the words misheard: (\d+) % right/g)].map(
      ([, rate, right]) => [Number(rate), Number(right)],
    );
    expect(shares.map(([rate]) => rate)).toEqual([10, 50, 10, 50, 10, 50]);
    for (const [few, many] of [shares.slice(0, 2), shares.slice(2, 4), shares.slice(4)])
      expect(few?.[1] ?? 0).toBeGreaterThan(many?.[1] ?? 100);
    expect((await run(shipped, { noise: [0.1, 0.5] })).text).toBe(text);
    expect((await run(shipped, { noise: [0.1, 0.5], seed: 2 })).text).not.toBe(text);
  });

  it('prints JSON with the coverage, and a report for CI servers', async () => {
    const { text } = await run(['good.yaml', 'bad.yaml'], { json: true, junitFile: 'out.xml' });
    const summary = JSON.parse(text) as { coverage: Record<string, { nodes: Record<string, number> }> };
    expect(summary.coverage['small.yaml']?.nodes['fetch']).toBe(2);
    const xml = readFileSync(join(cwd, 'out.xml'), 'utf8');
    expect(xml).toContain('<testsuite name="good.yaml" tests="1" failures="0">');
    expect(xml).toContain('not &quot;It is here.&quot;');
  });

  it('finds that the shipped stories hold, and reach every node and branch of the shipped trees', async () => {
    const { code, text } = await run([projectPath('config/stories')], { minNodes: 100, minBranches: 100 });
    expect(text).toContain('stories hold');
    expect(code).toBe(0);
  });
});
