import { describe, expect, test } from 'vitest';

import { dialogLimits } from '../config/limits.js';
import type { DialogEvent } from './event.js';
import { loadTree } from './load.js';
import { listenAgain, restoreState, serializeState, type Restored } from './snapshot.js';
import { initialState, type DialogState } from './state.js';
import { step } from './step.js';
import type { DialogTree } from './tree.js';

const yaml = `tree: desk
version: 1
language: en-US
start: menu
fallback: human
thresholds: { accept: 0.5, confirm: 0.3 }
nodes:
  menu:
    say: Bill or fault?
    listen:
      branches:
        - { id: bill, go: phone, examples: [my bill] }
        - { id: fault, go: bye, examples: [a fault] }
      no_match: { prompts: [Pardon?], max: 2 }
  phone:
    ask: { slot: phone, type: digits, min: 4, max: 6, prompts: [Your number?], confirm: 'It is {phone}?' }
    go: bye
  human: { handover: { queue: support, reason: wanted }, resume: menu }
  bye: { end: { say: Goodbye. } }
`;

function treeOf(text: string): DialogTree {
  const { tree, problems } = loadTree(text, 'test.yaml');
  if (!tree) throw new Error(JSON.stringify(problems));
  return tree;
}

const tree = treeOf(yaml);
const newer = treeOf(yaml.replace('version: 1', 'version: 2'));
const withoutPhone = treeOf(
  yaml
    .replace('version: 1', 'version: 2')
    .replace('go: phone', 'go: bye')
    .replace(/ {2}phone:\n {4}ask.*\n {4}go: bye\n/, ''),
);

const nowMs = 0;
const started: DialogEvent = { type: 'started', nowMs, channel: 'voice', variables: { caller: 'alice' } };
const says = (text: string): DialogEvent => ({ type: 'text', nowMs, text, confidence: 1 });
const scored = (branchId: string, score: number): DialogEvent => ({
  type: 'scored',
  nowMs,
  scoreId: 1,
  scores: [{ branchId, score }],
  degraded: false,
});
const noMatch: DialogEvent = { type: 'no-match', nowMs };

function after(...events: readonly DialogEvent[]): DialogState {
  return events.reduce((state, event) => step(tree, state, event)[0], initialState(tree));
}

/** Through a file and back. */
const stored = (state: DialogState): Record<string, unknown> =>
  JSON.parse(JSON.stringify(serializeState(state))) as Record<string, unknown>;

const understood = [started, says('bill'), scored('bill', 0.9)] as const;
const refusalOf = (restored: Restored): string => (restored.ok ? 'it was not refused' : restored.reason);

const situations: [string, DialogState][] = [
  ['new', initialState(tree)],
  ['listening', after(started)],
  ['listening after a misunderstanding', after(started, noMatch)],
  ['asking for a branch', after(started, says('bill'), scored('bill', 0.4))],
  ['asking for digits', after(...understood)],
  ['reading digits back', after(...understood, { type: 'dtmf', nowMs, digits: '1234' })],
  ['handed over', after(started, noMatch, noMatch, noMatch)],
  ['ended', after(started, says('fault'), scored('fault', 0.9))],
];

describe('a conversation', () => {
  test.each(situations)('%s is the same after it was stored', (_what, state) => {
    expect(restoreState(stored(state), tree)).toEqual({ ok: true, mapped: false, state });
  });

  test('goes on as if nothing had happened', () => {
    const state = after(...understood);
    const restored = restoreState(stored(state), tree);
    const event: DialogEvent = { type: 'dtmf', nowMs, digits: '1234' };
    expect(restored.ok && step(tree, restored.state, event)).toEqual(step(tree, state, event));
  });

  test('that waited for scores listens again, or asks what it was asking', () => {
    const scoring = after(started, says('bill'));
    expect(scoring.phase.name).toBe('scoring');
    expect(restoreState(stored(scoring), tree)).toMatchObject({
      ok: true,
      state: { phase: { name: 'listening' } },
    });
    const asking = after(started, says('bill'), scored('bill', 0.4));
    const [again] = step(tree, asking, says('a fault'));
    expect([again.phase.name, restoreState(stored(again), tree)]).toMatchObject([
      'scoring',
      { ok: true, state: { phase: { name: 'confirming-branch', branchId: 'bill' } } },
    ]);
  });

  test.each(situations)('%s listens for what it listened for', (_what, state) => {
    const spec = listenAgain(tree, state);
    expect(spec !== null).toBe(
      ['listening', 'confirming-branch', 'confirming-answer'].includes(state.phase.name),
    );
    if (state.phase.name === 'confirming-answer') expect(spec?.expect).toBe('yes-no');
    if (state.nodeId === 'phone' && state.phase.name === 'listening') expect(spec?.dtmf?.maxDigits).toBe(6);
  });
});

describe('on another version of its tree, a conversation', () => {
  test('that waits enters its node anew: what is known stays, counts and open questions do not', () => {
    for (const state of [after(started, noMatch), after(started, says('bill'), scored('bill', 0.4))]) {
      expect(restoreState(stored(state), newer)).toMatchObject({
        ok: true,
        mapped: true,
        state: {
          treeVersion: 2,
          nodeId: 'menu',
          phase: { name: 'listening' },
          nodeCounts: { noInput: 0, noMatch: 0 },
          variables: { caller: 'alice' },
        },
      });
    }
  });

  test('that is with a human comes back there', () => {
    const restored = restoreState(stored(after(started, noMatch, noMatch, noMatch)), newer);
    expect(restored).toMatchObject({
      ok: true,
      state: { phase: { name: 'handed-over', resumeNodeId: 'menu' } },
    });
  });

  test.each([
    ['whose node is gone', after(...understood), withoutPhone, 'the tree has no node "phone"'],
    [
      'that has ended',
      after(started, says('fault'), scored('fault', 0.9)),
      newer,
      'does not wait for the user',
    ],
    ['that has not begun', initialState(tree), newer, 'does not wait for the user'],
  ])('%s is refused', (_what, state, other, reason) => {
    expect(refusalOf(restoreState(stored(state), other))).toContain(reason);
  });
});

describe('what is no conversation of this tree is refused with a reason', () => {
  const good = stored(after(...understood));
  const deep = JSON.parse(`${'['.repeat(5_000)}${']'.repeat(5_000)}`) as unknown;
  test.each([
    ['nothing', null, 'its format is null'],
    ['a text', 'state', 'its format is null'],
    ['another format', { ...good, stateVersion: 99 }, 'its format is 99'],
    ['another tree', { ...good, treeId: 'till' }, 'it belongs to the tree "till"'],
    ['a node that is not there', { ...good, nodeId: 'nowhere' }, 'no node "nowhere"'],
    ['a node that does not wait', { ...good, nodeId: 'bye' }, 'no node "bye"'],
    ['a missing field', { ...good, heard: undefined }, 'heard is not valid'],
    ['an unknown field', { ...good, more: 1 }, 'Unrecognized key'],
    ['a phase that does not exist', { ...good, phase: { name: 'asleep' } }, 'phase.name is not valid'],
    ['a negative count', { ...good, nextScoreId: -1 }, 'nextScoreId is not valid'],
    ['a variable that is no value', { ...good, variables: { a: Infinity } }, 'variables.a is not valid'],
    ['a name that cannot be a variable', { ...good, variables: { '1': 'x' } }, 'variables'],
    ['an inherited name', JSON.parse('{"stateVersion":2,"__proto__":{"treeId":"desk"}}'), 'is not valid'],
    ['more than it may remember', { ...good, heard: Array(99).fill('x') }, 'heard is not valid'],
    [
      'a text without end',
      { ...good, variables: { a: 'x'.repeat(dialogLimits.textCharacters + 1) } },
      'variables.a is not valid',
    ],
    ['a deep one', { ...good, variables: deep }, 'it is larger than a conversation can be'],
    ['a wide one', { ...good, heard: Array(60_000).fill(1) }, 'it is larger than a conversation can be'],
  ])('%s', (_what, json, reason) => {
    expect(refusalOf(restoreState(json, tree))).toContain(reason);
  });
});
