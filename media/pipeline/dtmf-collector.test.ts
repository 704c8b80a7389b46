import { describe, expect, it } from 'vitest';
import type { Expansion } from '../speech/grammar/grammar.js';
import type { DtmfRequest } from '../worker/media-host.js';
import { DtmfCollector } from './dtmf-collector.js';
import { matchExpansions, voiceTokens, type RulesGrammar } from './grammar-matcher.js';

const token = (text: string): Expansion => ({ type: 'token', text });
const anyOf = (...items: Expansion[]): Expansion => ({
  type: 'alternatives',
  items: items.map((expansion) => ({ weight: 1, expansion })),
});
const sequence = (...items: Expansion[]): Expansion => ({ type: 'sequence', items });
const repeat = (item: Expansion, min: number, max: number): Expansion => ({ type: 'repeat', item, min, max });
const digit = anyOf(...[...'0123456789'].map(token));
const grammar = (root: Expansion, rules: Record<string, Expansion> = {}): RulesGrammar => ({
  kind: 'rules',
  uri: 'session:g',
  mode: 'dtmf',
  language: 'en',
  weight: 1,
  root: 'root',
  rules: { root, ...rules },
});

const pin = grammar(repeat(digit, 4, 4));
const account = grammar(repeat(digit, 4, 6));
const menu = grammar(anyOf(token('1'), token('2'), token('*')));
const hashFirst = grammar(sequence(token('#'), digit));

interface Case {
  readonly grammars: readonly RulesGrammar[];
  /** Digits; `~` is a second of waiting. */
  readonly keys: string;
  readonly change?: Partial<DtmfRequest>;
  readonly expected: string;
}

/** Presses keys 100 ms apart; gives the digits, the decision and the time it took, or 'open'. */
function collect({ grammars, keys, change }: Case): string {
  const request = { grammars, interdigitTimeoutMs: 3_000, termTimeoutMs: 0, termChar: '#', ...change };
  const collector = new DtmfCollector(request, matchExpansions);
  let nowMs = 0;
  for (const key of keys) {
    const decision = key === '~' ? collector.poll((nowMs += 1_000)) : collector.digit(key, (nowMs += 100));
    if (decision) return `${collector.digits} ${decision} ${nowMs}`;
  }
  return 'open';
}

describe('DtmfCollector, RFC 6787 9.4.17 to 9.4.19', () => {
  it.each<[string, Case]>([
    [
      'a full match that cannot grow ends at once',
      { grammars: [pin], keys: '1234', expected: '1234 match 400' },
    ],
    ['a menu key ends at once', { grammars: [menu], keys: '2', expected: '2 match 100' }],
    ['a key outside the menu ends at once', { grammars: [menu], keys: '7', expected: '7 no-match 100' }],
    ['more may come', { grammars: [account], keys: '1234', expected: 'open' }],
    [
      'interdigit timeout after a match',
      { grammars: [account], keys: '1234~~~', expected: '1234 match 3400' },
    ],
    ['interdigit timeout without one', { grammars: [account], keys: '12~~~', expected: '12 no-match 3200' }],
    ['every digit starts the timeout anew', { grammars: [account], keys: '1~~2~~3~~4~~', expected: 'open' }],
    [
      'the terminating character ends a match',
      { grammars: [account], keys: '1234#', expected: '1234 match 500' },
    ],
    ['and ends what is too short', { grammars: [account], keys: '12#', expected: '12 no-match 300' }],
    [
      'a lone terminating character is no match',
      { grammars: [account], keys: '#', expected: ' no-match 100' },
    ],
    ['unless the grammar begins with it', { grammars: [hashFirst], keys: '#5', expected: '#5 match 200' }],
    [
      'the term timeout waits for it after a full match',
      { grammars: [pin], keys: '1234~', change: { termTimeoutMs: 2_000 }, expected: 'open' },
    ],
    [
      'and then takes the match',
      { grammars: [pin], keys: '1234~~', change: { termTimeoutMs: 2_000 }, expected: '1234 match 2400' },
    ],
    [
      'a digit instead of it is one too many',
      { grammars: [pin], keys: '12345', change: { termTimeoutMs: 2_000 }, expected: '12345 no-match 500' },
    ],
    [
      'no terminating character, no term timeout',
      {
        grammars: [pin],
        keys: '1234',
        change: { termTimeoutMs: 2_000, termChar: '' },
        expected: '1234 match 400',
      },
    ],
    ['two grammars: the longer keeps it open', { grammars: [menu, pin], keys: '1', expected: 'open' }],
    [
      'two grammars: the shorter matches in the end',
      { grammars: [menu, pin], keys: '1~~~', expected: '1 match 3100' },
    ],
    ['no grammar matches nothing', { grammars: [], keys: '1', expected: '1 no-match 100' }],
    [
      'at most 128 digits',
      {
        grammars: [grammar(repeat(digit, 1, 500))],
        keys: '5'.repeat(200),
        expected: `${'5'.repeat(128)} match 12800`,
      },
    ],
  ])('%s', (_, testCase) => {
    expect(collect(testCase)).toBe(testCase.expected);
  });
});

describe('matchExpansions', () => {
  const yes = sequence(token('yes'), repeat(token('please'), 0, 1));
  const loop = grammar({ type: 'rule', name: 'root' });
  const nested = grammar(
    { type: 'rule', name: 'a' },
    { a: sequence(token('1'), { type: 'rule', name: 'b' }), b: digit },
  );
  const garbage = grammar(sequence({ type: 'special', name: 'GARBAGE' }, token('bill')));

  it.each<[string, RulesGrammar, string, string, boolean]>([
    ['optional end missing', grammar(yes), 'yes', 'match', true],
    ['optional end there', grammar(yes), 'yes please', 'match', false],
    ['too much', grammar(yes), 'yes please please', 'no-match', false],
    ['nothing yet', grammar(yes), '', 'partial', true],
    ['rule references', nested, '1 7', 'match', false],
    ['a rule that is missing', grammar({ type: 'rule', name: 'nowhere' }), '1', 'no-match', false],
    ['a rule that refers to itself ends by depth', loop, '1', 'no-match', false],
    ['an inherited property is no rule', grammar({ type: 'rule', name: 'toString' }), '1', 'no-match', false],
    ['NULL matches nothing', grammar({ type: 'special', name: 'NULL' }), '', 'match', false],
    ['VOID never matches', grammar({ type: 'special', name: 'VOID' }), '', 'no-match', false],
    ['tags take no tokens', grammar(sequence(token('1'), { type: 'tag', value: 'x' })), '1', 'match', false],
    ['GARBAGE skips', garbage, 'i want my bill', 'match', true],
    [
      'a repeat of nothing ends',
      grammar(repeat({ type: 'special', name: 'NULL' }, 0, 128)),
      '',
      'match',
      false,
    ],
  ])('%s', (_, rules, text, outcome, canExtend) => {
    expect(matchExpansions(rules, voiceTokens(text))).toEqual({ outcome, canExtend });
  });

  it('gives up a grammar that would take for ever', () => {
    const inner = repeat(repeat(repeat(repeat(digit, 0, 128), 0, 128), 0, 128), 0, 128);
    const startedMs = performance.now();
    matchExpansions(grammar(inner), new Array<string>(128).fill('1'));
    expect(performance.now() - startedMs).toBeLessThan(2_000);
  });
});

it.each([
  ["Yes, PLEASE don't", ['yes', 'please', "don't"]],
  ['我要查账单。', ['我', '要', '查', '账', '单']],
  ['查WiFi密码', ['查', 'wifi', '密', '码']],
  ['  ', []],
])('voiceTokens of %s', (text, expected) => {
  expect(voiceTokens(text)).toEqual(expected);
});
