import { describe, expect, it } from 'vitest';
import { SeededRandom } from '../../../config/random.js';
import { compileGrammarDocument } from './compile.js';
import { context, only, says } from './grammar-testing.js';

describe('JSGF', () => {
  const jsgf = `#JSGF V1.0 UTF-8 en-US;
grammar shop;
// polite
<polite> = please | if you would;
/* the
   root */
public <order> = [<polite>] (buy {BUY} | /3/ sell {out="SELL"}) <thing>+ ["now then"] <NULL>;
<thing> = apples | pears {PEAR}*;
`;
  it.each([
    ['buy apples', '=BUY+'],
    ['please sell pears', '=SELL PEAR+'],
    ['if you would buy apples now then', '=BUY'],
    ['buy', '…'],
    ['steal apples', '-'],
  ])('%j -> %s', (text, result) => {
    expect(says(only('application/x-jsgf', jsgf.replace('{PEAR}*', '{PEAR}')), text)).toBe(result);
  });

  it('lets any public rule be spoken', () => {
    const grammar = only('application/x-jsgf', '#JSGF V1.0;\npublic <a> = one;\npublic <b> = two;');
    expect([says(grammar, 'one'), says(grammar, 'two'), says(grammar, 'three')]).toEqual([
      '=one',
      '=two',
      '-',
    ]);
  });

  it.each([
    ['no header', 'grammar x;', /#JSGF/],
    ['an undefined rule', '#JSGF V1.0;\npublic <a> = <b>;', /line 2: rule "b" is not defined/],
    ['an import', '#JSGF V1.0;\nimport <x.*>;', /import/],
    ['an open group', '#JSGF V1.0;\n<a> = (one;', /expected "\)"/],
    ['a missing semicolon', '#JSGF V1.0;\n<a> = one', /expected ";"/],
    ['an empty alternative', '#JSGF V1.0;\n<a> = one | ;', /nothing stands/],
    ['a rule in a circle', '#JSGF V1.0;\n<a> = x <a>;', /contains itself/],
    ['groups too deep', `#JSGF V1.0;\n<a> = ${'('.repeat(100)}x${')'.repeat(100)};`, /deeper/],
    ['no rule', '#JSGF V1.0;\ngrammar x;', /no rule/],
    ['an open tag', '#JSGF V1.0;\n<a> = x {y', /not understood/],
  ])('refuses %s', (_name, text, reason) => {
    const result = compileGrammarDocument('application/x-jsgf', text, context);
    expect(result).toMatchObject({ ok: false, cause: 'grammar-compilation-failure' });
    expect(result.ok ? '' : result.reason).toMatch(reason);
  });

  it('survives every cut and thousands of mutations', () => {
    const random = new SeededRandom(4);
    const texts = Array.from({ length: jsgf.length }, (_, end) => jsgf.slice(0, end));
    for (let round = 0; round < 2_000; round++) {
      const at = random.integer(jsgf.length);
      texts.push(
        jsgf.slice(0, at) + String.fromCharCode(random.integer(128)) + jsgf.slice(at + random.integer(3)),
      );
    }
    for (const text of texts) {
      const result = compileGrammarDocument('application/x-jsgf', text, context);
      if (!result.ok) expect(result.cause).toBe('grammar-compilation-failure');
    }
  });
});
