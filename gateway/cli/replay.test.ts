import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import { serializeTurn, type TurnRecord } from '../../dialog/turn-record.js';
import { runReplay } from './replay.js';

const tree = `tree: shop
version: 1
start: menu
nodes:
  menu:
    say: Bill or order?
    listen:
      branches:
        - { id: bill, go: bye, examples: [pay my bill, how much do i owe, my invoice] }
        - { id: order, go: bye2, examples: [where is my order, track my parcel, has it been sent] }
  bye: { end: { say: Goodbye. } }
  bye2: { end: { say: Goodbye again. } }
`;
const edited = tree
  .replace('version: 1', 'version: 2')
  .replace('my invoice]', 'i want to pay]')
  .replace('has it been sent]', 'my invoice]');

let directory = '';
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'parley-replay-'));
  writeFileSync(join(directory, 'old.yaml'), tree);
  writeFileSync(join(directory, 'new.yaml'), edited);
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const said = (text: string, more: Partial<TurnRecord> = {}): string =>
  serializeTurn({
    atMs: 1_764_417_600_000,
    session: 's1',
    tree: 'shop',
    version: 1,
    language: 'en-US',
    channel: 'chat',
    node: 'menu',
    closed: [],
    question: null,
    input: { type: 'text', text, confidence: 1 },
    decision: { zone: 'accept', branch: 'bill', score: 0.9, threshold: 0.3, runnerUp: null },
    denied: false,
    scorer: 'ngram',
    degraded: false,
    next: 'bye',
    ...more,
  });

async function replay(
  lines: readonly string[],
  more: { json?: boolean; failOnChange?: boolean; old?: string } = {},
) {
  writeFileSync(join(directory, 'turns.jsonl'), lines.map((line) => `${line}\n`).join(''));
  const output: string[] = [];
  const complaints: string[] = [];
  const progress: string[] = [];
  const { old = 'old.yaml', ...flags } = more;
  const code = await runReplay({
    oldFile: join(directory, old),
    newFile: join(directory, 'new.yaml'),
    logs: [directory],
    json: false,
    failOnChange: false,
    ...flags,
    output: (line) => output.push(line.replaceAll(`${directory}/`, '')),
    complain: (line) => complaints.push(line.replaceAll(`${directory}/`, '')),
    progress: (line) => progress.push(line),
  });
  return { code, output, complaints, progress };
}

describe('parley replay', () => {
  const lines = [
    said('my invoice'),
    said('my invoice'),
    said('i want to pay'),
    said('x', { tree: 'library' }),
  ];

  test('lists what an edit changes, and how often it was said', async () => {
    const { code, complaints, output, progress } = await replay([...lines, said('a', { node: 'attic' })]);
    expect([code, complaints]).toEqual([0, []]);
    expect(output).toEqual([
      'old.yaml (shop version 1) -> new.yaml (version 2), in-box matcher',
      '4 turns in 1 file: 3 utterances decided by both, 0 keys, silences and replies; 1 turn of other trees left out',
      '',
      'taken for something else: 1 utterance, 2 turns',
      '  menu  "my invoice" (2 times)',
      expect.stringMatching(/^ {6}accept bill 0\.\d\d \(to bye\) -> accept order 0\.\d\d \(to bye2\)$/),
      '',
      'now taken without asking: 1 utterance, 1 turn',
      '  menu  "i want to pay"',
      expect.stringMatching(/^ {6}confirm bill 0\.\d\d -> accept bill 0\.\d\d \(to bye\)$/),
      '',
      'at nodes that are no longer there:',
      '  attic: 1 turn',
      '',
      '3 of 3 decisions change (100.0 %)',
      expect.stringMatching(/^1 had been decided otherwise than the first tree does here: /),
    ]);
    expect(progress).toEqual(['reading turn logs: 100 %', '']);
  });

  test('gives all of it as JSON', async () => {
    const { output } = await replay(lines, { json: true });
    expect(JSON.parse(output.join('\n'))).toMatchObject({
      turns: 3,
      strangers: 1,
      changed: 3,
      goneNodes: [],
      changes: [
        { kind: 'elsewhere', node: 'menu', text: 'my invoice', turns: 2, new: { branch: 'order' } },
        { kind: 'accepted', text: 'i want to pay', turns: 1 },
      ],
    });
  });

  test('fails a build that wants no change, and only then', async () => {
    expect((await replay(lines, { failOnChange: true })).code).toBe(1);
    writeFileSync(join(directory, 'new.yaml'), tree);
    expect((await replay(lines, { failOnChange: true })).code).toBe(0);
  });

  test('goes on after a line that it cannot read', async () => {
    const { code, complaints } = await replay(['nonsense', ...lines]);
    expect([code, complaints]).toEqual([0, ['turns.jsonl:1: the line is not JSON; the line is left out']]);
  });

  test.each([
    ['a tree that is not there', { old: 'none.yaml' }, lines, /^none\.yaml: error: the file cannot be read/],
    [
      'a log of another tree',
      {},
      [said('x', { tree: 'library' })],
      /"shop" is in the logs: they are of library$/,
    ],
    ['an empty log', {}, [], /they hold no turns$/],
    ['what is no log', {}, Array(200).fill('GET /') as string[], /lines cannot be read/],
  ])('ends with 2 for %s', async (_what, more, log, complaint) => {
    const { code, complaints } = await replay(log, more);
    expect([code, complaints.at(-1)]).toEqual([2, expect.stringMatching(complaint)]);
  });

  test('ends with 2 for a tree with errors, and names the line', async () => {
    writeFileSync(join(directory, 'old.yaml'), tree.replace('start: menu', 'start: attic'));
    const { code, complaints } = await replay(lines);
    expect([code, complaints[0]]).toEqual([2, expect.stringMatching(/^old\.yaml:3:\d+: error: /)]);
  });
});
