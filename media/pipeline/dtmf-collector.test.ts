import { describe, expect, it } from 'vitest';
import type { Expansion } from '../speech/grammar/grammar.js';
import type { DtmfRequest } from '../worker/media-host.js';
import { DtmfCollector } from './dtmf-collector.js';
import type { RulesGrammar } from '../speech/grammar/phrases.js';

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
  const collector = new DtmfCollector(request);
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
