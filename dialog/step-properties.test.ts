import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { DialogEvent } from './event.js';
import { initialState, type DialogState } from './state.js';
import { step } from './step.js';
import {
  defaultThresholds,
  globalPrefix,
  isWaiting,
  type Branch,
  type DialogNode,
  type DialogTree,
  type Ladder,
  type PromptTemplate,
} from './tree.js';

const nodeIds = ['n0', 'n1', 'n2', 'n3', 'n4', 'n5'];
const branchIds = ['a', 'b', 'c'];
const keys = ['0', '1', '2', '5', '*', '#', '12345', ''];

const target = fc.constantFrom(...nodeIds);
const prompt: fc.Arbitrary<PromptTemplate> = fc
  .constantFrom('Hello.', 'Hello {v}, {w}.', '{label} {', '您好{v}')
  .map((text) => ({ voice: text, chat: text, bargeIn: true }));
const ladder: fc.Arbitrary<Ladder> = fc.record({
  prompts: fc.array(prompt, { maxLength: 3 }),
  max: fc.nat(4),
  then: fc.option(target),
});
const effect: fc.Arbitrary<Branch['effect']> = fc.oneof(
  target.map((id) => ({ type: 'go' as const, target: id })),
  fc.constant({ type: 'repeat' as const }),
);
const branch = (id: string): fc.Arbitrary<Branch> =>
  fc.record({
    id: fc.constant(id),
    label: fc.constant(id),
    examples: fc.constantFrom([], [id, `${id} please`]),
    tags: fc.constantFrom([], ['t']),
    effect,
  });
const waiting = {
  noInput: ladder,
  noMatch: ladder,
  noInputMs: fc.constant(5_000),
  thresholds: fc.constant(defaultThresholds),
  dtmf: fc
    .array(fc.tuple(fc.constantFrom('0', '1', '2'), fc.constantFrom(...branchIds, 'global:g')))
    .map((entries) => new Map(entries)),
};

function node(id: string): fc.Arbitrary<DialogNode> {
  const base = {
    id: fc.constant(id),
    say: fc.option(prompt),
    tags: fc.constantFrom([], [id]),
    go: target,
  };
  return fc.oneof(
    fc.record({ ...base, kind: fc.constant('say' as const) }),
    fc.record({ ...base, kind: fc.constant('set' as const), values: fc.constant(new Map([['v', 'x{v}']])) }),
    fc.record({
      ...base,
      ...waiting,
      kind: fc.constant('listen' as const),
      branches: fc.tuple(...branchIds.map(branch)),
    }),
    fc.record({
      ...base,
      ...waiting,
      kind: fc.constant('ask' as const),
      slot: fc.constantFrom('v', 'w'),
      answer: fc.constantFrom(
        { type: 'digits' as const, minDigits: 2, maxDigits: 5 },
        { type: 'yes-no' as const },
        { type: 'text' as const },
      ),
      prompts: fc.array(prompt, { minLength: 1, maxLength: 2 }),
      confirm: fc.option(prompt),
      goNo: target,
    }),
    fc.record({
      ...base,
      kind: fc.constant('handover' as const),
      queue: fc.constant('q'),
      reason: fc.constant('r'),
      summary: fc.option(fc.constant('{v}')),
      resume: target,
    }),
    fc.record({ ...base, kind: fc.constant('transfer' as const), target: fc.constant('sip:{v}') }),
    fc.record({ ...base, kind: fc.constant('end' as const) }),
  );
}

/** Any graph, those included that the loader refuses: cycles without a user turn, a fallback that asks. */
const anyTree: fc.Arbitrary<DialogTree> = fc.record({
  id: fc.constant('random'),
  version: fc.constant(1),
  language: fc.constantFrom('en-US', 'zh-CN', 'fr'),
  start: target,
  nodes: fc.tuple(...nodeIds.map(node)).map((nodes) => new Map(nodes.map((made) => [made.id, made]))),
  globals: fc.array(branch(`${globalPrefix}g`), { maxLength: 1 }),
  fallback: fc.constant(null),
  sessionMax: fc.record({ noInput: fc.nat(5), noMatch: fc.nat(5) }),
  variables: fc.constant(new Map([['w', '7']])),
  confirmBranch: prompt,
  digitSlots: fc.constant(new Set(['w'])),
});

const sentence = fc.oneof(
  fc.constantFrom('yes', 'no', 'not sure', 'one two three', '是的', '不对', 'a please', 'no, 12345', ' '),
  fc.string({ unit: 'binary', maxLength: 20 }),
);
const scores = fc.array(
  fc.record({
    branchId: fc.constantFrom(...branchIds, 'global:g', 'stranger', '__proto__'),
    score: fc.oneof(fc.double({ min: 0, max: 1 }), fc.constantFrom(Number.NaN, Infinity, -1)),
  }),
);
const userEvent: fc.Arbitrary<DialogEvent> = fc.oneof(
  fc.record({ type: fc.constant('text' as const), nowMs: fc.nat(), text: sentence, confidence: fc.double() }),
  fc.record({ type: fc.constant('dtmf' as const), nowMs: fc.nat(), digits: fc.constantFrom(...keys) }),
  fc.record({ type: fc.constant('no-input' as const), nowMs: fc.nat() }),
  fc.record({ type: fc.constant('no-match' as const), nowMs: fc.nat() }),
);
const anyEvent: fc.Arbitrary<DialogEvent> = fc.oneof(
  { weight: 6, arbitrary: userEvent },
  {
    weight: 4,
    arbitrary: fc.record({
      type: fc.constant('scored' as const),
      nowMs: fc.nat(),
      scoreId: fc.integer({ min: 0, max: 12 }),
      scores,
      degraded: fc.boolean(),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.oneof(
      fc.record({ type: fc.constantFrom('resumed' as const, 'hung-up' as const), nowMs: fc.nat() }),
      fc.record({
        type: fc.constant('started' as const),
        nowMs: fc.nat(),
        channel: fc.constantFrom('voice' as const, 'chat' as const),
        variables: fc.dictionary(fc.string({ maxLength: 8 }), fc.string({ maxLength: 8 }), { maxKeys: 3 }),
      }),
    ),
  },
);
const started: DialogEvent = { type: 'started', nowMs: 0, channel: 'voice', variables: {} };

function isOver({ phase }: DialogState): boolean {
  return phase.name === 'ended' || phase.name === 'transferred' || phase.name === 'handed-over';
}

describe('step, for random trees and events', () => {
  it('never throws, and its state survives JSON unchanged', () => {
    fc.assert(
      fc.property(anyTree, fc.array(anyEvent, { maxLength: 40 }), (tree, events) => {
        let state = initialState(tree);
        for (const event of [started, ...events]) {
          const [direct] = step(tree, state, event);
          const [restored] = step(tree, JSON.parse(JSON.stringify(state)) as DialogState, event);
          expect(restored).toEqual(direct);
          expect(JSON.parse(JSON.stringify(direct))).toEqual(direct);
          state = direct;
        }
      }),
      { numRuns: 150, seed: 1 },
    );
  });

  it('gives the same result for the same arguments, and leaves them as they were', () => {
    fc.assert(
      fc.property(anyTree, fc.array(anyEvent, { maxLength: 20 }), (tree, events) => {
        let state = initialState(tree);
        for (const event of [started, ...events]) {
          const before = JSON.stringify(state);
          const first = step(tree, state, event);
          expect(step(tree, state, event)).toEqual(first);
          expect(JSON.stringify(state)).toBe(before);
          state = first[0];
        }
      }),
      { numRuns: 80, seed: 2 },
    );
  });

  it('answers each open turn: it scores, waits, hands over, transfers or ends', () => {
    const closing = new Set(['score', 'listen', 'handover', 'transfer', 'end']);
    fc.assert(
      fc.property(anyTree, fc.array(userEvent, { maxLength: 20 }), (tree, events) => {
        let state = initialState(tree);
        for (const event of [started, ...events]) {
          const [next, actions] = step(tree, state, event);
          if (next === state) expect(actions).toEqual([]);
          else {
            expect(actions.filter(({ type }) => closing.has(type))).toHaveLength(1);
            expect(closing.has(actions.at(-1)?.type ?? '')).toBe(true);
            expect(isOver(next) || isWaiting(tree.nodes.get(next.nodeId))).toBe(true);
          }
          state = next;
        }
      }),
      { numRuns: 150, seed: 3 },
    );
  });

  it.each(['no-input', 'no-match'] as const)('ends every ladder of %s within the session bound', (type) => {
    fc.assert(
      fc.property(anyTree, fc.array(userEvent, { maxLength: 6 }), (tree, warmUp) => {
        let state = step(tree, initialState(tree), started)[0];
        for (const event of warmUp) state = step(tree, state, event)[0];
        // Scores that never come would hold the talk open; silence waits for them by design.
        if (state.phase.name === 'scoring') {
          const { scoreId } = state.phase;
          state = step(tree, state, { type: 'scored', nowMs: 0, scoreId, scores: [], degraded: true })[0];
        }
        const bound = tree.sessionMax[type === 'no-input' ? 'noInput' : 'noMatch'] + 1;
        for (let turns = 0; turns < bound; turns++) state = step(tree, state, { type, nowMs: 0 })[0];
        expect(isOver(state)).toBe(true);
      }),
      { numRuns: 200, seed: 4 },
    );
  });
});
