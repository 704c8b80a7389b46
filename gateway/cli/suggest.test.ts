import {
  chmodSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import { serializeTurn } from '../../dialog/turn-record.js';
import { runAccept, runSuggest } from './suggest.js';

const tree = `tree: shop
version: 1
start: menu
thresholds: { accept: 0.5, confirm: 0.3 }
nodes:
  menu:
    say: Bill or order?
    listen:
      branches:
        - { id: bill, go: bye, examples: [pay my bill, how much do i owe] } # the money
        - { id: order, go: bye, examples: [where is my order, track my parcel] }
  bye: { end: { say: Goodbye. } }
`;

let directory = '';
const path = (name: string): string => join(directory, name);
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'parley-suggest-'));
  writeFileSync(path('tree.yaml'), tree);
  const lines = ['purple cactus', 'purple cactus', 'zigzag'].map((text) => said(text));
  writeFileSync(path('turns.jsonl'), [...lines, 'nonsense', said('x', 'attic'), ''].join('\n'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const said = (text: string, node = 'menu'): string =>
  serializeTurn({
    atMs: 1_764_417_600_000,
    session: 's1',
    tree: 'shop',
    version: 1,
    language: 'en-US',
    channel: 'chat',
    node,
    closed: [],
    question: null,
    input: { type: 'text', text, confidence: 1 },
    decision: { zone: 'reject', branch: 'bill', score: 0.1, threshold: 0.2, runnerUp: null },
    denied: false,
    scorer: 'ngram',
    degraded: false,
    next: 'menu',
  });

async function run(verb: 'suggest' | 'accept', more: { outFile?: string | null; logs?: string[] } = {}) {
  const output: string[] = [];
  const complaints: string[] = [];
  const clean = (line: string): string => line.replaceAll(`${directory}/`, '');
  const common = {
    treeFile: path('tree.yaml'),
    output: (line: string) => output.push(clean(line)),
    complain: (line: string) => complaints.push(clean(line)),
  };
  const { outFile = path('s.yaml'), logs = [path('turns.jsonl')] } = more;
  const code =
    verb === 'suggest'
      ? await runSuggest({ ...common, logs, outFile, progress: null })
      : await runAccept({ ...common, suggestionsFile: path('s.yaml') });
  return { code, output, complaints };
}

const read = (name: string): string => readFileSync(path(name), 'utf8');
const edit = (name: string, from: string | RegExp, to: string): void =>
  writeFileSync(path(name), read(name).replace(from, to));

describe('parley suggest', () => {
  test('writes a file for its owner alone, and says what is in it', async () => {
    const { code, complaints, output } = await run('suggest');
    expect([code, complaints]).toEqual([0, ['turns.jsonl:4: the line is not JSON; the line is left out']]);
    expect(output).toEqual([
      'From 4 turns of shop: 0 suggestions for branches that are there, 2 for new ones, 0 groups of answers.',
      'Left out: 1 turn at nodes that are no longer there.',
      'They are in s.yaml.',
    ]);
    expect(read('s.yaml')).toContain('      - purple cactus # 2 times\n');
    expect(statSync(path('s.yaml')).mode & 0o777).toBe(0o600);
  });

  test('prints it where no file is named', async () => {
    const { output } = await run('suggest', { outFile: null });
    expect(output.join('\n')).toMatch(/^# From 4 turns.*\nsuggestions: 1\n/s);
  });

  test.each([
    ['there is no log', { logs: ['/none.jsonl'] }, /^\/none\.jsonl: there is no such file/],
    ['it cannot be written', { outFile: '/dev/null/s.yaml' }, /cannot be written/],
  ])('ends with 2 when %s', async (_what, more, complaint) => {
    const { code, complaints } = await run('suggest', more);
    expect([code, complaints.at(-1)]).toEqual([2, expect.stringMatching(complaint)]);
  });

  test('ends with 2 when the turns are of another tree', async () => {
    edit('tree.yaml', 'tree: shop', 'tree: library');
    const { code, complaints } = await run('suggest');
    expect([code, complaints.at(-1)]).toEqual([2, 'no turn of the tree "library" is in the logs']);
  });
});

describe('parley suggest --accept', () => {
  beforeEach(async () => void (await run('suggest')));

  test('changes nothing before something is accepted', async () => {
    const { code, output } = await run('accept');
    expect([code, output]).toEqual([0, ['tree.yaml stays as it is: nothing new is marked "accept: true"']]);
    expect(read('tree.yaml')).toBe(tree);
  });

  test('puts it into the tree, whose permissions and comments stay', async () => {
    chmodSync(path('tree.yaml'), 0o640);
    edit('s.yaml', /accept: false(\n.*\n.*\n.*)go: null/, 'accept: true$1go: bye');
    const { code, complaints, output } = await run('accept');
    expect([code, complaints, output]).toEqual([
      0,
      [],
      ['tree.yaml: 1 example and 1 branch more. Raise its version before you deploy it.'],
    ]);
    const added = '        - { id: purple_cactus, go: bye, examples: [purple cactus] }\n';
    expect(read('tree.yaml')).toBe(tree.replace('  bye:', `${added}  bye:`));
    expect(statSync(path('tree.yaml')).mode & 0o777).toBe(0o640);
    expect(readdirSync(directory).sort()).toEqual(['s.yaml', 'tree.yaml', 'turns.jsonl']);
  });

  test('follows a link to the tree instead of replacing it', async () => {
    writeFileSync(path('real.yaml'), tree);
    rmSync(path('tree.yaml'));
    symlinkSync(path('real.yaml'), path('tree.yaml'));
    edit('s.yaml', /accept: false(\n.*\n.*\n.*)go: null/, 'accept: true$1go: bye');
    expect((await run('accept')).code).toBe(0);
    expect(read('real.yaml')).toContain('purple cactus');
  });

  test.each([
    [/accept: false/, 'accept: true', 1, /^s\.yaml:\d+: write at "go"/],
    [
      /accept: false(\n.*\n.*\n.*)go: null/,
      'accept: true$1go: attic',
      1,
      /^tree\.yaml:\d+:\d+: error: .*"attic"/,
    ],
    ['tree: shop', 'tree: library', 1, /for the tree "library", not "shop"/],
    ['accept: false', 'accept: perhaps', 2, /^s\.yaml:\d+:\d+: error: new\.0\.accept/],
    [/[^]*/, '{', 2, /^s\.yaml:1:\d+: error/],
  ])('refuses %s as %s and leaves the tree alone', async (from, to, expected, complaint) => {
    edit('s.yaml', from, to);
    const { code, complaints } = await run('accept');
    expect(code).toBe(expected);
    expect(complaints).toContainEqual(expect.stringMatching(complaint));
    expect(read('tree.yaml')).toBe(tree);
  });

  test('ends with 2 when a file is missing', async () => {
    rmSync(path('s.yaml'));
    const { code, complaints } = await run('accept');
    expect([code, complaints]).toEqual([
      2,
      ['s.yaml: error: the file cannot be read (ENOENT) (correct the path)'],
    ]);
  });
});
