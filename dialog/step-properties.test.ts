import fc from 'fast-check';
import { dialogLimits } from '../config/limits.js';
import { describe, expect, it } from 'vitest';
import type { DialogEvent } from './event.js';
import { entityType } from './entity-types.js';
import type { EntityType } from './entity.js';
import { compileExpression, type Expression } from './expression.js';
import { initialState, type DialogState } from './state.js';
import { step } from './step.js';
import { compileTemplate, type TextTemplate } from './text-template.js';
import {
  defaultThresholds,
  globalPrefix,
  isWaiting,
  type Assignment,
  type Branch,
  type DialogNode,
  type DialogTree,
  type Ladder,
  type PromptTemplate,
} from './tree.js';
import type { Value } from './value.js';

const nodeIds = ['n0', 'n1', 'n2', 'n3', 'n4', 'n5'];
const branchIds = ['a', 'b', 'c'];
const keys = ['0', '1', '2', '5', '*', '#', '12345', ''];

const target = fc.constantFrom(...nodeIds);

function template(source: string): TextTemplate {
  const compiled = compileTemplate(source);
  if (!compiled.ok) throw new Error(compiled.message);
  return compiled.template;
}

function expression(source: string): Expression {
  const compiled = compileExpression(source);
  if (!compiled.ok) throw new Error(compiled.message);
  return compiled.expression;
}

function type(name: string, options: { min?: number; max?: number } = {}): EntityType {
  const found = entityType({ type: name, ...options });
  if (!found) throw new Error(`there is no type ${name}`);
  return found;
}

const types = [type('digits', { min: 2, max: 5 }), type('yes_no'), type('text')];
const expressions = ["v == 'x'", 'w', 'missing.deeper', 'w > 3', 'true'].map(expression);
const anyExpression = fc.constantFrom(...expressions);
const assignment: fc.Arbitrary<Assignment> = fc.oneof(
  fc.constantFrom('x{v}', '7').map((text) => ({ type: 'text' as const, template: template(text) })),
  anyExpression.map((value) => ({ type: 'expression' as const, expression: value })),
);
const assignments = fc
  .array(fc.tuple(fc.constantFrom('v', 'w', 'p'), assignment), { maxLength: 2 })
  .map((entries) => new Map(entries));
const fill = fc
  .array(fc.tuple(fc.constantFrom('v', 'w'), fc.constantFrom(...types)), { maxLength: 1 })
  .map((entries) => new Map(entries));
const prompt: fc.Arbitrary<PromptTemplate> = fc
  .constantFrom('Hello.', 'Hello {v}, {w}.', '{label} {options}', '您好{v}')
  .map((text) => {
    const voice = template(text);
    const quickReplies = [{ title: voice, value: voice }];
    const rendition = { voice, ssml: voice, chat: voice, quickReplies, card: null };
    return { bargeIn: true, renditions: new Map([['en-US', rendition]]) };
  });
const ladder: fc.Arbitrary<Ladder> = fc.record({
  prompts: fc.array(prompt, { maxLength: 3 }),
  max: fc.nat(4),
  then: fc.option(target),
});
const effect: fc.Arbitrary<Branch['effect']> = fc.oneof(
  target.map((id) => ({ type: 'go' as const, target: id })),
  target.map((id) => ({ type: 'visit' as const, target: id })),
  target.map((id) => ({ type: 'cancel' as const, target: id })),
  fc.constantFrom({ type: 'repeat' as const }, { type: 'back' as const }, { type: 'help' as const }),
  fc.constant({ type: 'language' as const, language: 'zh-CN' }),
);
const branch = (id: string): fc.Arbitrary<Branch> =>
  fc.record({
    id: fc.constant(id),
    label: prompt,
    examples: fc.constantFrom([], [id, `${id} please`]),
    tags: fc.constantFrom([], ['t']),
    effect,
    when: fc.option(anyExpression),
    fill,
  });
const waiting = {
  noInput: ladder,
  noMatch: ladder,
  noInputMs: fc.constant(5_000),
  thresholds: fc.constant(defaultThresholds),
  interruptible: fc.boolean(),
  help: fc.option(prompt),
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
    fc.record({ ...base, kind: fc.constant('set' as const), values: assignments }),
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
      answer: fc.constantFrom(...types),
      validate: fc.option(fc.record({ expression: anyExpression, prompt: fc.option(prompt) })),
      fill,
      skipFilled: fc.boolean(),
      prompts: fc.array(prompt, { minLength: 1, maxLength: 2 }),
      confirm: fc.option(prompt),
      goNo: target,
    }),
    fc.record({
      ...base,
      kind: fc.constant('condition' as const),
      arms: fc.array(fc.record({ when: fc.option(anyExpression), target }), { maxLength: 3 }),
    }),
    fc.record({
      ...base,
      kind: fc.constant('call' as const),
      service: fc.constant('s'),
      operation: fc.constantFrom(
        { type: 'http' as const, method: 'GET' as const, path: template('/{v}') },
        { type: 'grpc' as const, method: 'a.B/C' },
      ),
      input: assignments,
      into: fc.option(fc.constant('v')),
      output: fc.constant(new Map([['w', expression('result')]])),
      timeoutMs: fc.constant(1_000),
      retries: fc.nat(2),
      filler: fc.option(prompt),
      fillerAfterMs: fc.constant(500),
      onError: fc.option(target),
    }),
    fc.record({
      ...base,
      kind: fc.constant('subtree' as const),
      subtree: fc.constantFrom('sub', 'absent'),
      parameters: assignments,
      into: fc.constant(new Map([['w', 'r']])),
    }),
    fc.record({ ...base, kind: fc.constant('return' as const), results: assignments, otherwise: target }),
    fc.record({
      ...base,
      kind: fc.constant('handover' as const),
      queue: fc.constant('q'),
      reason: fc.constant('r'),
      summary: fc.option(fc.constant(template('{v}'))),
      resume: target,
    }),
    fc.record({ ...base, kind: fc.constant('transfer' as const), target: fc.constant(template('sip:{v}')) }),
    fc.record({ ...base, kind: fc.constant('end' as const) }),
  );
}

/** Any graph, those included that the loader refuses: cycles without a user turn, a fallback that asks. */
const anyTree: fc.Arbitrary<DialogTree> = fc.record({
  id: fc.constant('random'),
  version: fc.constant(1),
  language: fc.constantFrom('en-US', 'zh-CN', 'fr'),
  languages: fc.constant(['en-US', 'zh-CN', 'fr']),
  timeZone: fc.constantFrom('UTC', 'Asia/Shanghai', 'No/Where'),
  subtrees: fc.record({ start: target }).map(({ start }) => {
    const sub = { name: 'sub', start, parameters: ['p'], locals: ['p', 'v'] };
    return new Map([['sub', sub]]);
  }),
  start: target,
  nodes: fc.tuple(...nodeIds.map(node)).map((nodes) => new Map(nodes.map((made) => [made.id, made]))),
  globals: fc.array(branch(`${globalPrefix}g`), { maxLength: 1 }),
  fallback: fc.constant(null),
  sessionMax: fc.record({ noInput: fc.nat(5), noMatch: fc.nat(5) }),
  variables: fc.constant(new Map([['w', { type: 'text' as const, template: template('7') }]])),
  texts: fc.record({
    confirmBranch: prompt,
    chooseBranch: prompt,
    resume: prompt,
    corrected: prompt,
    help: fc.option(prompt),
  }),
  slotTypes: fc.constant(new Map([['w', type('digits')]])),
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
    weight: 3,
    arbitrary: fc.record({
      type: fc.constant('called' as const),
      nowMs: fc.nat(),
      callId: fc.integer({ min: 0, max: 6 }),
      outcome: fc.oneof(
        fc.jsonValue().map((value) => ({ ok: true as const, value: value as Value })),
        fc.constant({ ok: false as const, failure: 'timeout' as const, message: 'no answer' }),
      ),
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
    const closing = new Set(['score', 'call', 'listen', 'handover', 'transfer', 'end']);
    fc.assert(
      fc.property(anyTree, fc.array(userEvent, { maxLength: 20 }), (tree, events) => {
        let state = initialState(tree);
        for (const event of [started, ...events]) {
          const [next, actions] = step(tree, state, event);
          if (next === state) expect(actions).toEqual([]);
          else {
            expect(actions.filter(({ type }) => closing.has(type))).toHaveLength(1);
            expect(closing.has(actions.at(-1)?.type ?? '')).toBe(true);
            expect(
              isOver(next) || next.phase.name === 'calling' || isWaiting(tree.nodes.get(next.nodeId)),
            ).toBe(true);
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
        const answered = (): void => {
          for (
            let calls = 0;
            state.phase.name === 'calling' && calls <= dialogLimits.stepsWithoutUserTurn;
            calls++
          ) {
            const { callId } = state.phase;
            const outcome = { ok: false, failure: 'timeout', message: '' } as const;
            state = step(tree, state, { type: 'called', nowMs: 0, callId, outcome })[0];
          }
        };
        answered();
        const bound = tree.sessionMax[type === 'no-input' ? 'noInput' : 'noMatch'] + 1;
        for (let turns = 0; turns < bound; turns++) {
          state = step(tree, state, { type, nowMs: 0 })[0];
          answered();
        }
        expect(isOver(state)).toBe(true);
      }),
      { numRuns: 200, seed: 4 },
    );
  });
});
