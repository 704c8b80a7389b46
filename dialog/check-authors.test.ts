import { describe, expect, it } from 'vitest';
import { checkForAuthors } from './check-authoring.js';
import type { ServiceName } from './check-services.js';
import { loadTree } from './load.js';
import { formatProblem } from './tree-problem.js';

const good = `tree: shop
start: menu
fallback: bye
variables: { limit: = 100 }
nodes:
  menu:
    say: Order or bill?
    listen:
      branches:
        - { id: order, label: your order, go: amount, examples: [track my order, where is my order, has it been sent] }
        - { id: bill, label: your bill, go: name, examples: [pay my bill, about the bill, what do i owe you] }
  amount: { ask: { slot: amount, type: money, prompts: [How much?] }, go: name }
  name: { ask: { slot: name, type: text, prompts: [Your name?] }, go: sure }
  sure: { ask: { slot: sure, type: yes_no, prompts: ['{name}, {amount}?'] }, go: decide }
  decide:
    condition:
      - { if: amount > limit and sure, go: bye }
      - { go: again }
  again: { set: { limit: = limit * 2 }, go: menu }
  bye: { end: { say: Bye. } }
no_match: { prompts: [Pardon?] }
`;

function problemsOf(text: string): string[] {
  return loadTree(text, 'shop.yaml').problems.map(formatProblem);
}

describe('expressions are checked against what slots hold', () => {
  it('has nothing to say of a good tree', () => {
    expect(problemsOf(good)).toEqual([]);
  });

  it.each<[string, string, string, string]>([
    [
      'a text as a number',
      'amount > limit',
      'name > 5',
      'shop.yaml:17:11: error: nodes.decide.condition.0.if: name > 5',
    ],
    ['no truth value', 'amount > limit and sure', 'amount', 'nodes.decide.condition.0.if: amount: '],
    ['a constant', 'amount > limit and sure', '1 == 1', 'nodes.decide.condition.0.if: 1 == 1: '],
    [
      'an unknown name',
      'amount > limit',
      'amout > limit',
      'nothing in the tree sets "{amout}". Write "{amount}".',
    ],
    ['an unknown function', 'limit * 2', 'doubled(limit)', 'there is no function "doubled"'],
    ['one "=" too few', 'amount > limit', 'amount = limit', 'Write "=="'],
    ['a brace left open', "'{name}, {amount}?'", "'{name, {amount}?'", 'nodes.sure.ask.prompts.0'],
    ['a type that is not there', 'type: money', 'type: mony', 'there is no type "mony" (Write "money")'],
    [
      'a last arm with a condition',
      '      - { go: again }\n',
      '',
      'nothing is said for when no condition holds',
    ],
  ])('%s', (_what, from, to, message) => {
    expect(good).toContain(from);
    const text = problemsOf(good.replace(from, to))
      .join('\n')
      .replaceAll('. Write "money".', ' (Write "money")');
    expect(text).toContain(message);
  });

  it('warns of a circle that only a condition can end', () => {
    const circling = good.replace(
      'again: { set: { limit: = limit * 2 }, go: menu }',
      'again: { set: { limit: = limit * 2 }, go: decide }',
    );
    expect(problemsOf(circling).join('\n')).toContain(
      '"decide" > "again" > "decide" can go round without waiting for the user',
    );
  });
});

describe('sub-trees are checked', () => {
  const nested = `${good}subtrees:
  verify:
    parameters: [pin]
    start: ask
    nodes:
      ask: { ask: { slot: given, type: digits, prompts: [Pin?] }, go: done }
      done: { return: { results: { ok: = given == pin } } }
`
    .replace(
      '  again:',
      "  check: { subtree: { name: verify, with: { pin: '1' }, into: { fine: ok } }, go: bye }\n  again:",
    )
    .replace('- { go: again }', '- { go: check }');

  it('has nothing to say of a good one, but that nothing leads to the rest', () => {
    expect(problemsOf(nested)).toEqual([
      'shop.yaml:20:3: warning: nodes.again: no way leads to "again". Add a branch that goes here, or remove it.',
    ]);
  });

  it.each<[string, string, string, string]>([
    ['name', 'name: verify', 'name: verfy', 'there is no sub-tree "verfy". Write "verify".'],
    ['parameter', 'with: { pin:', 'with: { pim:', '"verify" has no parameter "pim". Write "pin".'],
    ['result', 'into: { fine: ok }', 'into: { fine: okay }', '"verify" gives no result "okay". Write "ok".'],
    ['node', 'go: done', 'go: dune', 'there is no node "dune". Write "done".'],
    ['start', 'start: ask\n', 'start: menu\n', 'there is no node "menu"'],
  ])('unknown %s', (_what, from, to, message) => {
    expect(problemsOf(nested.replace(from, to)).join('\n')).toContain(message);
  });
});

describe('checkForAuthors', () => {
  const found = (text: string, services?: readonly ServiceName[]): string[] =>
    checkForAuthors(text, 'shop.yaml', services ? { services } : {}).problems.map(
      (problem) => `${problem.code}: ${formatProblem(problem)}`,
    );

  it('has nothing to say of a good tree', () => {
    expect(found(good)).toEqual([]);
  });

  it('tells which example is taken for another branch, with the measured scores and its line', () => {
    const confusing = good.replace('what do i owe you]', 'what do i owe you, where is my order bill]');
    expect(found(confusing).join('\n')).toMatch(
      /confusable-examples: shop\.yaml:1[01]:\d+: warning: nodes\.menu\.listen\.branches\.\d\.examples\.\d: ".*" of branch "(bill|order)" is taken for "(bill|order)" \(0\.\d\d/,
    );
    expect(loadTree(confusing, 'shop.yaml').problems).toEqual([]);
  });

  it('tells which own examples a threshold of the file refuses', () => {
    const strict = good.replace('start: menu', 'start: menu\nthresholds: { accept: 0.99, confirm: 0.98 }');
    expect(found(strict).join('\n')).toContain('rejected-examples: shop.yaml:');
  });

  it.each<[string, string, string, string]>([
    [
      'a text missing in a language',
      'start: menu',
      'languages: [zh-CN]\nstart: menu',
      'language-missing: shop.yaml:',
    ],
    [
      'an address in speech',
      'say: Order or bill?',
      'say: See https://example.test',
      'unspeakable-text: shop.yaml:7:5:',
    ],
    [
      'Markdown in speech',
      'say: Order or bill?',
      "say: 'A **bold** offer'",
      'unspeakable-text: shop.yaml:7:5:',
    ],
    ['a pictograph in speech', 'say: Order or bill?', "say: 'Hello 😀'", 'unspeakable-text: shop.yaml:7:5:'],
    ['half a minute of speech', 'Order or bill?', 'word '.repeat(140), 'long-speech: shop.yaml:7:5:'],
    [
      'SSML that is none',
      'say: Order or bill?',
      "say: { voice: Hi., ssml: '<speak>Hi.' }",
      'ssml: shop.yaml:',
    ],
    [
      'few examples',
      'examples: [track my order, where is my order, has it been sent]',
      'examples: [track my order]',
      'few-examples: shop.yaml:10:',
    ],
    [
      'the same sentence twice',
      'has it been sent]',
      'has it been sent, (has it been) sent]',
      'repeated-example: shop.yaml:10:',
    ],
    [
      'an unreachable node',
      '  bye: {',
      '  lost: { say: Where?, go: bye }\n  bye: {',
      'unreachable: shop.yaml:',
    ],
  ])('advises on %s, by a code and a line', (_what, from, to, expected) => {
    expect(good).toContain(from);
    expect(found(good.replace(from, to)).join('\n')).toContain(expected);
  });

  it('says nothing of what the tree ignores', () => {
    const sight = good.replace('say: Order or bill?', 'say: See https://example.test');
    expect(found(sight.replace('start: menu', 'start: menu\nlint: { ignore: [unspeakable-text] }'))).toEqual(
      [],
    );
  });

  const asking = good.replace(
    'again: { set: { limit: = limit * 2 }, go: menu }',
    'again: { call: { http: shop, path: / }, go: menu }',
  );

  it.each<[string, readonly ServiceName[], string]>([
    ['unknown', [{ name: 'shops', type: 'http' }], 'there is no service "shop". Write "shops".'],
    ['of another type', [{ name: 'shop', type: 'grpc' }], '"shop" is a service of type grpc'],
  ])('refuses a service that is %s', (_what, services, expected) => {
    expect(found(asking, services).join('\n')).toContain(expected);
    expect(found(asking, [{ name: 'shop', type: 'http' }])).toEqual([]);
  });
});
