import { describe, expect, test } from 'vitest';

import { dialogLimits } from '../config/limits.js';
import { loadTree } from './load.js';
import { Redecider } from './redecide.js';
import { Replay, changeOf } from './replay.js';
import type { DialogTree } from './tree.js';
import type { TurnRecord } from './turn-record.js';

const base = `tree: shop
start: menu
thresholds: { accept: 0.45, confirm: 0.25 }
variables: { vip: = false }
nodes:
  menu:
    say: Bill or order?
    listen:
      branches:
        - { id: bill, label: the bill, go: bye, examples: [pay my bill, how much do i owe, my invoice] }
        - { id: order, label: an order, go: number, examples: [where is my order, track my parcel] }
        - { id: lounge, label: the lounge, go: bye, when: vip, examples: [open the lounge] }
      dtmf: { '1': bill }
  number:
    ask: { slot: number, type: digits, min: 4, max: 4, prompts: [Your number?], confirm: 'Is it {number}?' }
    go: bye
  bye: { end: { say: Goodbye. } }
`;

function treeOf(text: string): DialogTree {
  const { tree, problems } = loadTree(text, 'shop.yaml');
  if (!tree) throw new Error(problems.map(({ message }) => message).join('\n'));
  return tree;
}

const old = treeOf(base);

const said = (text: string, more: Partial<TurnRecord> = {}): TurnRecord => ({
  atMs: 1_764_417_600_000,
  session: 's1',
  tree: 'shop',
  version: 1,
  language: 'en-US',
  channel: 'chat',
  node: 'menu',
  closed: ['lounge'],
  question: null,
  input: { type: 'text', text, confidence: 1 },
  decision: { zone: 'accept', branch: 'bill', score: 0.9, threshold: 0.45, runnerUp: null },
  denied: false,
  scorer: 'ngram',
  degraded: false,
  next: 'bye',
  ...more,
});

function replayed(edit: (text: string) => string, records: readonly TurnRecord[]): Replay {
  const replay = new Replay(old, treeOf(edit(base)));
  for (const record of records) replay.add(record);
  return replay;
}

describe('an utterance that is decided again', () => {
  const decide = (record: TurnRecord) => new Redecider(old).decide(record);

  test.each([
    ['an example', said('pay my bill'), { zone: 'accept', branch: 'bill', next: 'bye' }],
    ['nonsense', said('purple cactus'), { zone: 'reject', next: 'menu' }],
    [
      'an answer of an ask',
      said('1 2 3 4', { node: 'number' }),
      { zone: 'slot', value: '1234', next: 'number' },
    ],
    [
      'yes to a question',
      said('yes', { question: { kind: 'confirm', branches: ['order'], text: 'the thing' } }),
      { zone: 'accept', branch: 'order', score: null, next: 'number' },
    ],
    [
      'the second of two',
      said('the second one', { question: { kind: 'choose', branches: ['order', 'bill'], text: 'it' } }),
      { zone: 'accept', branch: 'bill' },
    ],
    ['a branch that was open', said('open the lounge', { closed: [] }), { zone: 'accept', branch: 'lounge' }],
    ['another language', said('pay my bill', { language: 'zh-CN' }), { zone: 'accept', branch: 'bill' }],
  ])('%s', (_what, record, outcome) => {
    expect(decide(record)).toMatchObject({ type: 'decided', outcome });
  });

  test('is not taken for a branch that was closed', () => {
    const decided = decide(said('open the lounge'));
    expect(decided).toMatchObject({ type: 'decided', outcome: { zone: 'reject' } });
  });

  test.each([
    ['keys', said('', { input: { type: 'dtmf', digits: '1' } }), 'other'],
    [
      'a reply to what was read back',
      said('no', { node: 'number', question: { kind: 'answer', branches: [], text: '' } }),
      'other',
    ],
    ['a node that is gone', said('my bill', { node: 'attic' }), 'gone'],
    ['a node that waits for nobody', said('my bill', { node: 'bye' }), 'gone'],
  ])('is none: %s', (_what, record, type) => {
    expect(decide(record)).toEqual({ type });
  });
});

describe('two trees', () => {
  test('that are alike change nothing', () => {
    const { changes, counts } = replayed((text) => text, [said('pay my bill'), said('purple cactus')]);
    expect([changes, counts.decided, counts.changed]).toEqual([[], 2, 0]);
  });

  test('are compared by what matters most first, then by how often it was said', () => {
    const edit = (text: string) =>
      text
        .replace('my invoice]', 'ring the bells]')
        .replace('track my parcel]', 'my invoice, purple cactus]')
        .replace('accept: 0.45', 'accept: 0.5');
    const records = ['my invoice', 'ring the bells', 'track my parcel', 'my invoice', 'purple cactus'].map(
      (text) => said(text),
    );
    const { changes, counts } = replayed(edit, records);
    expect(changes.map(({ kind, text, turns }) => [kind, text, turns])).toEqual([
      ['elsewhere', 'my invoice', 2],
      ['accepted', 'purple cactus', 1],
      ['accepted', 'ring the bells', 1],
      ['asked', 'track my parcel', 1],
    ]);
    expect(changes[0]).toMatchObject({ old: { branch: 'bill' }, new: { branch: 'order', next: 'number' } });
    expect(counts).toMatchObject({ turns: 5, decided: 5, changed: 5, loggedOtherwise: 3 });
  });

  test('count what they cannot compare', () => {
    const { changes, counts, goneNodes } = replayed(
      (text) =>
        text
          .replaceAll('number:', 'digits:')
          .replaceAll('go: number', 'go: digits')
          .replace('slot: number', 'slot: digits'),
      [
        said('1234', { node: 'number' }),
        said('5678', { node: 'number' }),
        said('', { input: { type: 'no-input' } }),
        said('my bill', { tree: 'library' }),
      ],
    );
    expect([goneNodes, changes]).toEqual([[{ node: 'number', turns: 2 }], []]);
    expect(counts).toMatchObject({ turns: 3, strangers: 1, unscored: 1, decided: 0 });
  });

  test('list no more changes than the bound, and count the rest', () => {
    const records = (n: number) => said(`my invoice ${n}`);
    const replay = replayed((text) => text.replace('my invoice]', 'nothing else]'), []);
    for (let n = 0; n < dialogLimits.replayChanges + 50; n++) replay.add(records(n));
    expect(replay.changes).toHaveLength(dialogLimits.replayChanges);
    expect(replay.counts.unlisted).toBe(replay.counts.changed - dialogLimits.replayChanges);
    expect(replay.counts.unlisted).toBeGreaterThan(0);
  });
});

describe('a change', () => {
  const outcome = {
    zone: 'accept',
    branch: 'a',
    score: 1,
    threshold: 0.5,
    next: 'n',
    value: null,
    scores: [],
  } as const;
  test.each([
    [{}, {}, null],
    [{}, { next: 'm' }, 'elsewhere'],
    [{ value: '1234' }, { value: 1234 }, 'elsewhere'],
    [{}, { branch: 'b' }, 'other'],
    [{}, { zone: 'reject' }, 'rejected'],
    [{ zone: 'confirm' }, { zone: 'no-match' }, 'rejected'],
    [{ zone: 'confirm' }, {}, 'accepted'],
    [{}, { zone: 'choose' }, 'asked'],
    [{ zone: 'confirm' }, { zone: 'confirm' }, null],
    [{ zone: 'confirm' }, { zone: 'confirm', branch: 'b' }, 'asked'],
    [{ zone: 'confirm' }, { zone: 'choose' }, 'asked'],
    [{ zone: 'reject' }, { zone: 'reject', branch: 'b', score: 0.1 }, null],
  ] as const)('from %j to %j is %j', (was, is, kind) => {
    expect(changeOf({ ...outcome, ...was }, { ...outcome, ...is })).toBe(kind);
  });
});
