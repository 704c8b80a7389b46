import { describe, expect, test } from 'vitest';

import { dialogLimits } from '../config/limits.js';
import type { DialogAction } from './action.js';
import type { DialogEvent } from './event.js';
import { loadTree } from './load.js';
import { initialState, type DialogState } from './state.js';
import { step } from './step.js';
import type { DialogTree } from './tree.js';
import { parseTurn, serializeTurn, turnRecord, type TurnRecord } from './turn-record.js';

const tree = treeOf(`tree: shop
version: 3
start: menu
fallback: human
thresholds: { accept: 0.5, confirm: 0.3 }
variables: { vip: = false }
nodes:
  menu:
    say: Bill or order?
    listen:
      branches:
        - { id: bill, label: the bill, go: bye, examples: [my bill] }
        - { id: order, label: an order, go: number, examples: [an order] }
        - { id: lounge, label: the lounge, go: bye, when: vip, examples: [the lounge] }
      dtmf: { '1': bill }
  number:
    ask: { slot: number, type: digits, min: 4, max: 4, prompts: [Your number?], confirm: 'Is it {number}?' }
    go: bye
  human: { handover: {}, resume: menu }
  bye: { end: { say: Goodbye. } }
`);

function treeOf(text: string): DialogTree {
  const loaded = loadTree(text, 'shop.yaml').tree;
  if (!loaded) throw new Error('the tree has errors');
  return loaded;
}

const facts = { session: 's1', scorer: 'ngram', degraded: false };
const nowMs = 1_764_417_600_123;

type Scores = Readonly<Record<string, number>>;

/** Turns of one conversation: what is said (with its scores) or pressed; the record of the last. */
function lastRecord(...turns: readonly (readonly [DialogEvent, Scores?])[]): TurnRecord | null {
  let state = initialState(tree);
  let record: TurnRecord | null = null;
  const start: DialogEvent = { type: 'started', nowMs, channel: 'chat', variables: {} };
  for (const [event, scores = {}] of [[start] as const, ...turns]) {
    const before = state;
    const actions: DialogAction[] = [];
    for (let next: DialogEvent | null = event; next;) {
      const [after, done]: [DialogState, readonly DialogAction[]] = step(tree, state, next);
      state = after;
      actions.push(...done);
      const question = done.find((action) => action.type === 'score');
      next = question
        ? {
            type: 'scored',
            nowMs,
            scoreId: question.scoreId,
            degraded: false,
            scores: Object.entries(scores).map(([branchId, score]) => ({ branchId, score })),
          }
        : null;
    }
    record = turnRecord(tree, { before, event, actions, after: state }, facts);
  }
  return record;
}

const said = (text: string): DialogEvent => ({ type: 'text', nowMs, text, confidence: 0.8 });
const pressed = (digits: string): DialogEvent => ({ type: 'dtmf', nowMs, digits });
const asked = [said('the thing with money'), { bill: 0.4, order: 0.1 }] as const;

describe('the record of a turn', () => {
  test('says who was where, what was said and what it was taken for', () => {
    expect(lastRecord([said('my invoice'), { order: 0.123456, bill: 0.61 }])).toEqual({
      atMs: nowMs,
      session: 's1',
      tree: 'shop',
      version: 3,
      language: 'en-US',
      channel: 'chat',
      node: 'menu',
      closed: ['lounge'],
      question: null,
      input: { type: 'text', text: 'my invoice', confidence: 0.8 },
      decision: {
        zone: 'accept',
        branch: 'bill',
        score: 0.61,
        threshold: 0.5,
        runnerUp: { branch: 'order', score: 0.1235 },
      },
      denied: false,
      scorer: 'ngram',
      degraded: false,
      next: 'bye',
    });
  });

  test.each([
    [
      'keys',
      [[pressed('1')]],
      { input: { type: 'dtmf', digits: '1' }, decision: { zone: 'dtmf', branch: 'bill' } },
    ],
    [
      'silence',
      [[{ type: 'no-input', nowMs }]],
      { input: { type: 'no-input' }, decision: { zone: 'no-input' } },
    ],
    ['noise', [[{ type: 'no-match', nowMs }]], { input: { type: 'no-match' }, next: 'menu' }],
    [
      'nonsense',
      [[said('blub'), { bill: 0.1 }]],
      { decision: { zone: 'reject', branch: 'bill', score: 0.1 } },
    ],
    ['a question', [asked], { decision: { zone: 'confirm', branch: 'bill' }, question: null, denied: false }],
  ] as [string, [DialogEvent, Scores?][], object][])('of %s', (_what, turns, expected) => {
    expect(lastRecord(...turns)).toMatchObject(expected);
  });

  const question = { kind: 'confirm', branches: ['bill'], text: 'the thing with money' };
  test.each([
    ['no', said('no'), undefined, true],
    ['no, and what else', said('no i want an order'), { order: 0.7 }, true],
    ['key 2', pressed('2'), undefined, true],
    ['yes', said('yes'), undefined, false],
    ['something else', said('hm'), { bill: 0.1 }, false],
  ] as const)('says whether a question was denied by %s', (_what, event, scores, denied) => {
    expect(lastRecord(asked, scores ? [event, scores] : [event])).toMatchObject({ question, denied });
  });

  test('names the branches of "A or B?", which "neither" denies', () => {
    const both = [said('both'), { bill: 0.4, order: 0.38 }] as const;
    expect(lastRecord(both, [said('neither')])).toMatchObject({
      question: { kind: 'choose', branches: ['bill', 'order'], text: 'both' },
      denied: true,
    });
  });

  test('of an answer that is read back tells nothing of it but what was said', () => {
    const number = [said('an order'), { order: 0.9 }] as const;
    expect(lastRecord(number, [said('1234')], [said('no')])).toMatchObject({
      node: 'number',
      question: { kind: 'answer', branches: [], text: '' },
      denied: false,
    });
  });

  test('is none where nobody did anything', () => {
    expect(lastRecord()).toBeNull();
  });

  test('is cut where a conversation cuts what it hears', () => {
    const text = 'a'.repeat(dialogLimits.utteranceCharacters + 1);
    expect(lastRecord([said(text), {}])?.input).toEqual({
      type: 'text',
      text: text.slice(1),
      confidence: 0.8,
    });
  });
});

describe('a line of a turn log', () => {
  const record = lastRecord([said('line\nbreak "quoted" 账单'), { bill: 0.2 }]);

  test('holds the whole record and no line end', () => {
    if (!record) throw new Error('no record');
    const line = serializeTurn(record);
    expect(line).not.toContain('\n');
    expect(line).toContain('"format":1,"at":"2025-11-29T12:00:00.123Z"');
    expect(parseTurn(line)).toEqual({ ok: true, record });
  });

  test.each([
    ['{"format":1', 'the line is not JSON'],
    ['[]', /^the line: /],
    ['{"format":2}', '"format": this is not format 1'],
    [record && serializeTurn(record).replace('"node":"menu"', '"node":7'), /^"node": /],
    [record && serializeTurn(record).replace('"zone":"reject"', '"zone":"guess"'), /^"decision.zone": /],
  ])('%s is refused by what is wrong', (line, message) => {
    expect(parseTurn(line ?? '')).toEqual({
      ok: false,
      message: typeof message === 'string' ? message : (expect.stringMatching(message) as string),
    });
  });

  test('may hold keys of a later version', () => {
    expect(record && parseTurn(serializeTurn(record).replace('"node"', '"extra":1,"node"'))).toEqual({
      ok: true,
      record,
    });
  });
});
