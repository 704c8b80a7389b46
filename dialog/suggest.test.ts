import { describe, expect, test } from 'vitest';

import { dialogLimits } from '../config/limits.js';
import { acceptSuggestions } from './accept-suggestions.js';
import { loadTree } from './load.js';
import { suggest } from './suggest.js';
import { proposedId } from './suggested-id.js';
import { readSuggestions, writeSuggestions, type SuggestionFile } from './suggestion-file.js';
import type { TurnRecord } from './turn-record.js';
import { UnmatchedCollector } from './unmatched.js';

const treeText = `# The shop.
tree: shop
start: menu
thresholds: { accept: 0.5, confirm: 0.35 }
globals:
  - { id: operator, go: human, examples: [talk to a person, an agent please, operator] } # always
nodes:
  menu:
    say: Bill or order?
    listen:
      branches:
        - id: bill
          go: bye
          examples: # money
            - pay my bill # often
            - "how much do i owe"
            # more to come

        - { id: order, go: number, examples: [where is my order, track my parcel] }
        - { id: key, go: bye }
      dtmf: { '1': key }
  number:
    ask: { slot: number, type: digits, min: 4, max: 4, prompts: [Your number?] }
    go: shape
  shape: { subtree: { name: shapes }, go: bye }
  human: { handover: {}, resume: menu }
  bye: { end: { say: Goodbye. } }
subtrees:
  shapes:
    start: which
    nodes:
      which:
        say: Round or square?
        listen:
          branches:
            - { id: round, go: done, examples: [round, a circle] }
            - { id: square, go: done, examples: [square, a box] }
      done: { return: true }`;

const { tree: loaded, problems } = loadTree(treeText, 'shop.yaml');
if (!loaded) throw new Error(problems.map(({ message }) => message).join('\n'));
const tree = loaded;

let sessions = 0;
const turn = (text: string, more: Partial<TurnRecord> = {}): TurnRecord => ({
  atMs: 1_764_417_600_000,
  session: `s${++sessions}`,
  tree: 'shop',
  version: 1,
  language: 'en-US',
  channel: 'chat',
  node: 'menu',
  closed: [],
  question: null,
  input: { type: 'text', text, confidence: 1 },
  decision: { zone: 'reject', branch: 'bill', score: 0.1, threshold: 0.2, runnerUp: null },
  denied: false,
  scorer: 'ngram',
  degraded: false,
  next: 'menu',
  ...more,
});

const decided = (branch: string, zone: 'accept' | 'dtmf' = 'accept', score: number | null = 0.8) => ({
  decision: { zone, branch, score, threshold: null, runnerUp: null },
});

/** A sentence that was asked back about, and the answer to that. */
const asked = (text: string, branch: string, yes: boolean): TurnRecord =>
  turn(yes ? 'yes' : 'no', {
    question: { kind: 'confirm', branches: [branch], text },
    denied: !yes,
    ...(yes
      ? decided(branch, 'accept', null)
      : { decision: { zone: 'no-match', branch: null, score: null, threshold: null, runnerUp: null } }),
  });

function collected(records: readonly TurnRecord[]) {
  const collector = new UnmatchedCollector(tree);
  for (const record of records) collector.add(record);
  return { counts: collector.counts, results: [...collector.results()] };
}

const suggested = (records: readonly TurnRecord[]) => suggest(tree, collected(records).results);

describe('what is gathered from turns', () => {
  test('is what was rejected, once for each text and node', () => {
    const { results } = collected([
      turn('purple cactus'),
      turn(' Purple  cactus! '),
      turn('purple cactus', { node: 'number' }),
    ]);
    expect(results).toMatchObject([
      { node: 'menu', text: 'purple cactus', turns: 2 },
      { node: 'number', turns: 1 },
    ]);
  });

  test('is what people said yes or no to', () => {
    const { results } = collected([
      asked('the money thing', 'bill', true),
      asked('the money thing', 'bill', false),
      turn('2', { ...asked('the money thing', 'bill', false), input: { type: 'dtmf', digits: '2' } }),
    ]);
    expect(results).toMatchObject([{ text: 'the money thing', turns: 3 }]);
    expect([...(results[0]?.confirmed ?? [])]).toEqual([['bill', 1]]);
    expect([...(results[0]?.denied ?? [])]).toEqual([['bill', 2]]);
  });

  test('has what the same person took right afterwards, commands apart', () => {
    const of = (session: string, after: Partial<TurnRecord>) => [
      turn('the money thing', { session }),
      turn('x', { session, ...after }),
    ];
    const { results } = collected([
      ...of('a', decided('bill')),
      ...of('b', decided('key', 'dtmf')),
      ...of('c', decided('global:operator')),
      ...of('d', { ...decided('square'), node: 'shapes/which' }),
    ]);
    const [first] = results;
    expect([...(first?.rephrased ?? [])]).toEqual([
      ['bill', 1],
      ['key', 1],
    ]);
  });

  test('is not what the tree understands by now, nor what is elsewhere or no text', () => {
    const { counts, results } = collected([
      turn('pay my bill'),
      turn('x', { tree: 'library' }),
      turn('x', { node: 'attic' }),
      turn('?!'),
      turn('', { input: { type: 'no-match' } }),
      turn('no', { question: { kind: 'answer', branches: [], text: '' } }),
    ]);
    expect(results).toEqual([]);
    expect(counts).toEqual({ turns: 5, strangers: 1, gone: 1, unkept: 0 });
  });

  test('is bounded in utterances, and counts the rest', () => {
    const collector = new UnmatchedCollector(tree);
    for (let n = 0; n <= dialogLimits.unmatchedUtterances; n++) collector.add(turn(`word${n}`));
    expect(collector.counts.unkept).toBe(1);
    collector.add(turn('word7'));
    expect(collector.counts.unkept).toBe(1);
  });
});

describe('suggestions', () => {
  test('add what people confirmed to the branch', () => {
    const { add } = suggested([asked('the money thing', 'bill', true), asked('the cash', 'bill', true)]);
    expect(add).toMatchObject([
      {
        node: 'menu',
        branch: 'bill',
        turns: 2,
        utterances: 2,
        why: expect.stringContaining('yes (2 times)') as string,
      },
    ]);
    expect(add[0]?.examples.map(({ text }) => text)).toEqual(['the cash', 'the money thing']);
  });

  test('add what people took right afterwards, if more than one did', () => {
    const follow = (session: string) => [
      turn('the thing with the van', { session }),
      turn('x', { session, ...decided('order') }),
    ];
    expect(suggested(follow('a')).add).toEqual([]);
    expect(suggested([...follow('a'), ...follow('b')]).add).toMatchObject([
      { branch: 'order', why: expect.stringContaining('(2 of 2)') as string },
    ]);
  });

  test('add what is near one branch alone', () => {
    const { add } = suggested([turn('parcel people are odd'), turn('parcel people are odd')]);
    expect(add).toMatchObject([{ branch: 'order', turns: 2, nearest: { branch: 'order' } }]);
    expect(add[0]?.nearest?.similarity).toBeGreaterThan(0.3);
  });

  test('are a new branch for what is near none, with an id of its words', () => {
    const { add, new: created } = suggested([
      turn('i would like to change my password'),
      turn('can i reset the password'),
      turn('the password does not work'),
    ]);
    expect(add).toEqual([]);
    expect(created).toMatchObject([
      { node: 'menu', turns: 3, utterances: 3, id: expect.stringMatching(/^password/) as string },
    ]);
  });

  test('are a new branch for what was denied', () => {
    expect(suggested([asked('the pay stuff of others', 'bill', false)]).new).toMatchObject([
      { why: 'people said no to bill (once)' },
    ]);
  });

  test('tell answers that an ask did not read apart', () => {
    const found = suggested([turn('purple cactus', { node: 'number' })]);
    expect(found).toMatchObject({ add: [], new: [], answers: [{ node: 'number', turns: 1 }] });
  });

  test('are the same whatever order the turns come in, up to the bound', () => {
    const records = Array.from({ length: dialogLimits.suggestions + 30 }, (_, n) =>
      turn(String.fromCodePoint(0x4e00 + 7 * n)),
    );
    const found = suggested(records);
    expect(found.add.length + found.new.length).toBe(dialogLimits.suggestions);
    expect(found.unlisted).toBeGreaterThan(0);
    const few = [turn('purple cactus'), turn('green parrot'), turn('the money thing')];
    expect(suggested([...few].reverse())).toEqual(suggested(few));
  });

  test.each([
    [['change my password', 'password please'], 'password_change'],
    [['忘记密码了怎么办'], '忘记密码了怎'],
    [['the'], 'new'],
    [['password change', 'password change now'], 'password_change'],
  ])('propose for %j the id %s', (texts, id) => {
    expect(
      proposedId(
        texts.map((text) => ({ text, turns: 1 })),
        new Set(),
      ),
    ).toBe(id);
    expect(
      proposedId(
        texts.map((text) => ({ text, turns: 1 })),
        new Set([id]),
      ),
    ).toBe(`${id}_2`);
  });
});

describe('a file of suggestions', () => {
  test('is read as it was written', () => {
    const suggestions = suggested([
      asked('the (money) thing | that', 'bill', true),
      turn('purple cactus'),
      turn('purple cactus', { node: 'number' }),
    ]);
    const text = writeSuggestions(tree, suggestions, ['A heading.', 'Another line.']);
    expect(text).toMatch(/^# A heading\.\n# Another line\.\n\nsuggestions: 1\n/);
    expect(readSuggestions(text, 's.yaml')).toMatchObject({
      problems: [],
      suggestions: {
        tree: 'shop',
        add: [{ accept: false, branch: 'bill', examples: ['the \\(money\\) thing \\| that'] }],
        new: [{ accept: false, node: 'menu', id: 'purple_cactus', go: null }],
        answers: [{ node: 'number' }],
      },
    });
  });

  test('is refused when it is too long', () => {
    const { problems: found, suggestions } = readSuggestions(
      '#'.repeat(dialogLimits.suggestionBytes + 1),
      's.yaml',
    );
    expect(suggestions).toBeNull();
    expect(found).toMatchObject([{ fix: 'Take out what is not wanted' }]);
  });

  test('names the line of what is wrong', () => {
    const text = writeSuggestions(tree, suggested([turn('purple cactus')]), []).replace(
      'accept: false',
      'acept: true',
    );
    const { problems: found, suggestions } = readSuggestions(text, 's.yaml');
    expect(suggestions).toBeNull();
    expect(found).toContainEqual(
      expect.objectContaining({ line: 10, message: 'unknown key "acept"', fix: 'Write "accept"' }),
    );
  });
});

describe('accepted suggestions', () => {
  const facts = {
    suggestions: 1 as const,
    tree: 'shop',
    version: 1,
    answers: [],
  } satisfies Partial<SuggestionFile>;
  const add = (branch: string, examples: string[], node = 'menu') => ({
    accept: true,
    node,
    branch,
    examples,
  });
  const created = (id: string, examples: string[], node = 'menu', go: string | null = 'bye') => ({
    accept: true,
    node,
    id,
    go,
    examples,
  });

  /** Lines of the new text that the old one does not have, with what was accepted. */
  function accepted(
    adds: readonly ReturnType<typeof add>[],
    news: readonly ReturnType<typeof created>[] = [],
    text = treeText,
  ) {
    const result = acceptSuggestions(text, { ...facts, add: [...adds], new: [...news] });
    const old = new Set(text.split('\n'));
    return { ...result, lines: result.text.split('\n').filter((line) => !old.has(line)) };
  }

  test('stand behind the last example, in its style, and touch nothing else', () => {
    const { examples, lines, text } = accepted([add('bill', ['my invoice', 'no: "thanks"', 'pay my bill'])]);
    expect(lines).toEqual(['            - "my invoice"', '            - "no: \\"thanks\\""']);
    expect(examples).toBe(2);
    expect(text.replace(`${lines.join('\n')}\n`, '')).toBe(treeText);
  });

  test.each([
    ['a list on one line', add('order', ['has it come', 'yes']), "track my parcel, has it come, 'yes'] }"],
    [
      'a branch without examples',
      add('key', ['the key']),
      '        - { id: key, go: bye, examples: [the key] }',
    ],
    ['a global', add('global:operator', ['a human']), 'an agent please, operator, a human] } # always'],
    [
      'a sub-tree',
      add('round', ['like a ball'], 'shapes/which'),
      'examples: [round, a circle, like a ball] }',
    ],
  ])('go into %s', (_what, suggestion, line) => {
    expect(accepted([suggestion]).lines).toEqual([expect.stringContaining(line)]);
  });

  test('that are not marked change nothing', () => {
    expect(accepted([{ ...add('bill', ['x']), accept: false }]).text).toBe(treeText);
  });

  test('make new branches in the style of the last, behind it', () => {
    const { branches, lines, text } = accepted([], [created('lost', ['i lost it', "it's gone"])]);
    expect(lines).toEqual(["        - { id: lost, go: bye, examples: [i lost it, 'it''s gone'] }"]);
    expect(branches).toBe(1);
    expect(loadTree(text, 't').tree).not.toBeNull();
  });

  test('make block branches where the last is one, also together with its examples, at the end of a file', () => {
    const block = `nodes:\n  menu:\n    listen:\n      branches:\n      - id: a\n        examples:\n        - one`;
    const { text } = accepted([add('a', ['two'])], [created('b', ['three'])], block);
    expect(text).toBe(
      `${block}\n        - two\n      - id: b\n        go: bye\n        examples:\n          - three`,
    );
  });

  test('go into empty lists and lists over several lines', () => {
    const flow = `nodes:\n  m: { listen: { branches: [ { id: a, examples: [] }, { id: b, examples: [\n    one, # first\n    two\n    ] } ] } }\n`;
    const { text } = accepted(
      [add('a', ['x', 'z'], 'm'), add('b', ['three'], 'm')],
      [created('c', ['z'], 'm')],
      flow,
    );
    expect(text).toBe(
      flow
        .replace('[]', '[x, z]')
        .replace('two\n', 'two, three\n')
        .replace('] } ]', '] }, { id: c, go: bye, examples: [z] } ]'),
    );
  });

  test.each([
    ['a branch that is gone', [add('attic', ['x'])], [], /no branch "attic" at "menu"/],
    ['a node that is gone', [add('bill', ['x'], 'attic')], [], /no node "attic"/],
    ['an ask', [add('bill', ['x'], 'number')], [], /no list of branches of its own/],
    ['a new branch that leads nowhere', [], [created('x', ['y'], 'menu', null)], /^write at "go"/],
    ['an id that is taken', [], [created('bill', ['y'])], /has a branch "bill" already/],
    ['the same new id twice', [], [created('x', ['y']), created('x', ['z'])], /has a branch "x" already/],
  ])('are refused for %s, and then nothing is changed', (_what, adds, news, message) => {
    const { text, unfit } = accepted([add('order', ['fine']), ...adds], news);
    expect(unfit).toEqual([expect.objectContaining({ message: expect.stringMatching(message) as string })]);
    expect(text).toBe(treeText);
  });

  test('are refused where a list is an alias', () => {
    const aliased = `x: &e [one]\nnodes:\n  menu:\n    listen:\n      branches:\n      - { id: a, examples: *e }\n`;
    expect(accepted([add('a', ['x'])], [], aliased).unfit[0]?.message).toMatch(/alias/);
  });
});
