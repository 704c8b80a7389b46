import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { speechLimits } from '../../config/limits.js';
import { SpeechError } from '../../media/speech/errors.js';
import type { Expansion, Grammar } from '../../media/speech/grammar/grammar.js';
import { phraseGrammar } from '../../media/speech/grammar/phrases.js';
import { compileJsgf, tokenOfName, vocabulary } from './jsgf.js';

const token = (text: string): Expansion => ({ type: 'token', text });
const sequence = (...items: Expansion[]): Expansion => ({ type: 'sequence', items });
const oneOf = (...items: Expansion[]): Expansion => ({
  type: 'alternatives',
  items: items.map((expansion) => ({ weight: 1, expansion })),
});
const repeat = (item: Expansion, min: number, max: number): Expansion => ({ type: 'repeat', item, min, max });
const rule = (name: string): Expansion => ({ type: 'rule', name });
const special = (name: 'NULL' | 'VOID' | 'GARBAGE'): Expansion => ({ type: 'special', name });

function grammar(main: Expansion, rules: Record<string, Expansion> = {}, weight = 1): Grammar {
  return {
    kind: 'rules',
    uri: 'g',
    mode: 'voice',
    language: 'en',
    weight,
    root: 'main',
    rules: { main, ...rules },
  };
}

/** The right side of the public rule. */
function jsgf(...grammars: Grammar[]): string {
  const compiled = compileJsgf(grammars);
  if (compiled instanceof SpeechError) return compiled.code;
  return /<root> = (.*);/.exec(compiled.text)?.[1] ?? '';
}

describe('compileJsgf writes', () => {
  it.each<[string, Expansion, string]>([
    ['a word', token('yes'), 'yes'],
    ['a sequence', sequence(token('pay'), token('bill')), '(pay bill)'],
    ['alternatives', oneOf(token('yes'), token('no')), '(yes | no)'],
    ['an option', repeat(token('please'), 0, 1), '([please ])'],
    ['a short repeat, unrolled', repeat(token('go'), 1, 3), '(go [go [go ]])'],
    ['a fixed repeat', repeat(token('go'), 2, 2), '(go go)'],
    ['an open repeat', repeat(token('go'), 1, 128), '(go (go)*)'],
    ['an open repeat from none', repeat(token('go'), 0, 128), '((go)*)'],
    ['a repeat of nothing', repeat(token('go'), 0, 0), '<NULL>'],
    ['tags as nothing', sequence(token('yes'), { type: 'tag', value: 'out=1;' }), 'yes'],
    ['an empty sequence', sequence(), '<NULL>'],
    ['NULL', special('NULL'), '<NULL>'],
    ['GARBAGE as nothing', sequence(special('GARBAGE'), token('yes'), special('GARBAGE')), 'yes'],
    ['rules in place', sequence(rule('a'), rule('a')), '(yes yes)'],
    ['alternatives without VOID', oneOf(token('no'), sequence(token('x'), special('VOID'))), '(no)'],
    ['words of JSGF under another name', token('public'), 'x7075626c6963x'],
    ['signs of JSGF under another name', token('a|<b>;'), 'x617c3c623e3bx'],
    ['a word that looks like such a name under another', token('xaax'), 'x78616178x'],
  ])('%s', (_, main, text) => {
    expect(jsgf(grammar(main, { a: token('yes') }))).toBe(text);
  });

  it('weights of alternatives and of grammars, as decimals and never 0, when they differ', () => {
    const weighted: Expansion = {
      type: 'alternatives',
      items: [
        { weight: 2.5, expansion: token('yes') },
        { weight: 0, expansion: token('no') },
      ],
    };
    expect(jsgf(grammar(weighted))).toBe('(/2.5000/ yes | /0.0001/ no)');
    expect(jsgf(grammar(token('a'), {}, 3), grammar(token('b')))).toBe('/3.0000/ a | /1.0000/ b');
  });

  it('voice rules only', () => {
    const dtmf: Grammar = {
      kind: 'rules',
      uri: 'd',
      mode: 'dtmf',
      language: 'en',
      weight: 1,
      root: 'm',
      rules: { m: token('1') },
    };
    const free: Grammar = { kind: 'transcribe', uri: 't', mode: 'voice', language: 'en' };
    expect(jsgf(dtmf, free, grammar(token('yes')))).toBe('yes');
    expect(jsgf(dtmf, free)).toBe('unsupported');
  });
});

describe('compileJsgf refuses', () => {
  const deep = Object.fromEntries(
    Array.from({ length: speechLimits.grammarDepth + 1 }, (_, i) => [`r${i}`, rule(`r${i + 1}`)]),
  );
  it.each<[string, Expansion, Record<string, Expansion>, string]>([
    ['recursion', rule('a'), { a: sequence(token('go'), rule('main')) }, 'unsupported'],
    ['rules nested too deeply', rule('r0'), deep, 'unsupported'],
    ['a rule that is not there', rule('toString'), {}, 'bad-input'],
    ['a grammar that can never match', special('VOID'), {}, 'unsupported'],
    ['no alternatives', oneOf(), {}, 'unsupported'],
    [
      'what expands to too many words',
      rule('a'),
      { a: sequence(rule('b'), rule('b')), b: repeat(repeat(repeat(token('go'), 50, 50), 50, 50), 50, 50) },
      'bad-input',
    ],
  ])('%s', (_, main, rules, code) => {
    expect(jsgf(grammar(main, rules))).toBe(code);
  });
});

describe('words', () => {
  it('that cannot be said cost their phrase, and the operator is told', () => {
    const compiled = compileJsgf([grammar(oneOf(sequence(token('我要'), token('pay')), token('yes')))]);
    expect(compiled).toMatchObject({ dropped: [{ word: '我要', phrase: '我要 pay' }] });
    expect(vocabulary([grammar(oneOf(token('yes'), token('42')))])).toEqual(new Set(['yes', 'x3432x']));
  });

  it('that cannot be said are left out where they are optional', () => {
    expect(jsgf(grammar(sequence(token('yes'), repeat(token('好'), 0, 1))))).toBe('yes');
    expect(jsgf(grammar(sequence(token('yes'), repeat(token('好'), 1, 2))))).toBe('unsupported');
  });

  it('come back from a result as the tokens they stand for', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom('a', '4', 'x', '|', 'é', '好', ' '), minLength: 1 }),
        (text) => {
          const compiled = compileJsgf([grammar(oneOf(token(text), token('other')))]);
          const names = compiled instanceof SpeechError ? [] : [...compiled.words.keys()];
          for (const name of names) expect(name).toMatch(/^[a-z0-9']+$/);
          if (!names.every((name) => name === 'other')) expect(names.map(tokenOfName)).toContain(text);
        },
      ),
    );
  });
});

it('compileJsgf makes an alternative of each phrase of a phrase grammar, in lower case and without punctuation', () => {
  expect(jsgf(phraseGrammar('hints:', ['Pay my bill!', '  ', "It's NOT working.", 'Option 4'], 'en'))).toBe(
    "((pay my bill) | (it's not working) | (option four))",
  );
  expect(jsgf(phraseGrammar('hints:', ['...'], 'en'))).toBe('unsupported');
});
