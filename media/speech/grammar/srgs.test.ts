import { describe, expect, it } from 'vitest';
import { speechLimits } from '../../../config/limits.js';
import { SeededRandom } from '../../../config/random.js';
import { compileGrammarDocument } from './compile.js';
import type { Grammar } from './grammar.js';
import { compiled, context, only, rule, rules, says, srgsType, testdata } from './grammar-testing.js';

/** `links` rules, each of which is nothing but a reference to the next: r0, r1, … */
function chain(links: number): string[] {
  const references = Array.from({ length: links }, (_, i) => rule(`<ruleref uri="#r${i + 1}"/>`, `r${i}`));
  return [...references, rule('yes', `r${links}`)];
}

describe('SRGS XML', () => {
  it('compiles what UniMRCP defines', () => {
    const grammar = only(srgsType, testdata('unimrcp-digit.xml'));
    expect(grammar).toMatchObject({
      kind: 'rules',
      uri: 'session:inline',
      mode: 'voice',
      language: 'en-US',
      root: 'digit',
    });
    expect(says(grammar, 'Two.')).toBe('=two');
    expect(says(grammar, 'four')).toBe('-');
  });

  it.each([
    ['two cokes', '=2 coke+'],
    ['I would like three large ginger ale please', '=3 large ginger'],
    ['five water', '=5+'],
    ['i would', '…'],
    ['two large', '…'],
    ['two large beers', '-'],
  ])('order.xml: %j -> %s', (text, result) => {
    const { grammars, warnings } = compiled(compileGrammarDocument(srgsType, testdata('order.xml'), context));
    expect(warnings).toEqual([]);
    expect(says(grammars[0] as Grammar, text)).toBe(result);
  });

  it('takes as many references behind references as elements inside elements', () => {
    const text = rules(chain(speechLimits.grammarDepth - 1).join(''), 'root="r0"');
    expect(says(only(srgsType, text), 'yes')).toBe('=yes');
  });

  it.each([
    ['repeat="2"', '<item repeat="2">a</item>', ['a', 'a a', 'a a a'], ['…', '=a a', '-']],
    ['repeat="1-"', '<item repeat="1-">a</item>', ['', 'a', 'a a'], ['…', '=a+', '=a a+']],
    ['repeat="0"', '<item repeat="0">a</item>b', ['b', 'a b'], ['=b', '-']],
    ['GARBAGE', '<ruleref special="GARBAGE"/>bill', ['my big bill', 'x'], ['=my big bill+', '…']],
    ['VOID', '<one-of><item><ruleref special="VOID"/></item><item>a</item></one-of>', ['a'], ['=a']],
    [
      'figures',
      'press 25',
      ['press two five', 'press twenty five', 'press 25'],
      ['=press two five', '=press twenty five', '=press two five'],
    ],
  ])('%s', (_name, content, texts, results) => {
    const grammar = only(srgsType, rules(rule(content)));
    expect(texts.map((text) => says(grammar, text))).toEqual(results);
  });

  it('compiles a DTMF grammar', () => {
    const pin = rules(
      `${rule('<item repeat="4"><ruleref uri="#d"/></item><item repeat="0-1">#</item>')}
       ${rule(`<one-of>${[...'0123456789'].map((key) => `<item>${key}</item>`).join('')}</one-of>`, 'd')}`,
      'root="r" mode="dtmf"',
    );
    const grammar = only(srgsType, pin);
    expect(['12', '1234', '1234#', '12345'].map((text) => says(grammar, text))).toEqual([
      '…',
      '=1234+',
      '=1234#',
      '-',
    ]);
  });

  it('compiles Chinese, one token a character', () => {
    const grammar = only(
      srgsType,
      rules(
        rule('<one-of><item>查话费<tag>bill</tag></item><item>转人工</item></one-of>'),
        'xml:lang="zh-CN" root="r"',
      ),
    );
    expect(says(grammar, '查话费。')).toBe('=bill');
    expect(says(grammar, '转人工')).toBe('=转人工');
    expect(says(grammar, '查话')).toBe('…');
  });

  it('starts at the first public rule where root is missing', () => {
    const text = rules(`<rule id="a">a</rule><rule id="b" scope="public">b</rule>`, '');
    expect(only(srgsType, text)).toMatchObject({ root: 'b' });
  });

  it.each([
    ['1.0-literals keep the text', 'tag-format="semantics/1.0-literals"', 'a=b;', '=a=b;', 0],
    ['double quotes', '', 'out = "New York";', '=New York', 0],
    ["Nuance's name for it", '', "SWI_meaning='x'", '=x', 0],
    ['$ of older grammars', '', "$='x'", '=x', 0],
    ['a plain word', '', 'yes', '=yes', 0],
    ['a script is left out with a warning', '', 'out = rules.latest() + 1;', '=a', 1],
  ])('tags: %s', (_name, attribute, tag, result, count) => {
    const { grammars, warnings } = compiled(
      compileGrammarDocument(srgsType, rules(rule(`a<tag>${tag}</tag>`), `root="r" ${attribute}`), context),
    );
    expect(says(grammars[0] as Grammar, 'a')).toBe(result);
    expect(warnings).toHaveLength(count);
  });

  it('takes in builtins and session grammars, and names what it leaves out', () => {
    const inner = only(srgsType, rules(rule('<ruleref uri="#c"/>') + rule('city', 'c')));
    const text = rules(rule('<ruleref uri="session:x#c"/><ruleref uri="builtin:grammar/boolean"/><foo/>'));
    const result = compiled(
      compileGrammarDocument(srgsType, text, {
        ...context,
        lookup: (uri) => (uri === 'session:x' ? [inner] : null),
      }),
    );
    expect(says(result.grammars[0] as Grammar, 'city yes')).toBe('=true+');
    expect(result.warnings).toEqual([expect.stringContaining('"foo"')]);
  });

  const deep = `${'<item>'.repeat(40)}a${'</item>'.repeat(40)}`;
  const doubling =
    Array.from({ length: 20 }, (_, i) =>
      rule(`<ruleref uri="#r${i + 1}"/><ruleref uri="#r${i + 1}"/>`, `r${i}`),
    ).join('') + rule('a', 'r20');
  it.each([
    ['no XML', 'hello', /line 1/],
    ['an undefined rule', rules(rule('\n\n<ruleref uri="#none"/>')), /line 4: rule "none" is not defined/],
    ['a rule called like a method', rules(rule('<ruleref uri="#constructor"/>')), /not defined/],
    ['an undefined root', rules(rule('a'), 'root="x"'), /rule "x" is not defined/],
    ['a rule twice', rules(rule('a') + rule('b')), /twice/],
    [
      'a rule that contains itself',
      rules(rule('a<item repeat="0-1"><ruleref uri="#r"/></item>')),
      /contains itself/,
    ],
    [
      'rules in a circle',
      rules(rule('<ruleref uri="#s"/>') + rule('<ruleref uri="#r"/>', 's')),
      /contains itself/,
    ],
    ['references behind references, from the first', rules(chain(5_000).join(''), 'root="r0"'), /deeper/],
    [
      'references behind references, from the last',
      rules(chain(5_000).toReversed().join(''), 'root="r0"'),
      /deeper/,
    ],
    ['what unfolds too far', rules(doubling, 'root="r0"'), /unfolds|deeper/],
    [
      'repeats that multiply',
      rules(rule('<item repeat="100"><item repeat="100"><item repeat="100">a</item></item></item>')),
      /unfolds/,
    ],
    ['a bad repeat', rules(rule('<item repeat="x">a</item>')), /repeat="x"/],
    ['a repeat backwards', rules(rule('<item repeat="3-2">a</item>')), /repeat="3-2"/],
    [
      'a repeat beyond the bound',
      rules(rule(`<item repeat="${speechLimits.grammarRepeat + 1}">a</item>`)),
      /repeat=/,
    ],
    ['a bad weight', rules(rule('<one-of><item weight="-1">a</item></one-of>')), /weight="-1"/],
    ['an empty one-of', rules(rule('<one-of/>')), /no item/],
    ['another root element', '<nlsml/>', /not "grammar"/],
    ['another mode', rules(rule('a'), 'root="r" mode="mind"'), /mode "mind"/],
    ['words in DTMF', rules(rule('one'), 'root="r" mode="dtmf"'), /no DTMF key/],
    [
      'a voice builtin in DTMF',
      rules(rule('<ruleref uri="builtin:grammar/boolean"/>'), 'root="r" mode="dtmf"'),
      /voice grammar/,
    ],
    ['a ruleref to nothing', rules(rule('<ruleref/>')), /needs a uri/],
    ['a rule without id', rules('<rule>a</rule>'), /needs an id/],
    ['no rule', rules('', ''), /no rule/],
  ])('refuses %s', (_name, text, reason) => {
    const result = compileGrammarDocument(srgsType, text, context);
    expect(result).toMatchObject({ ok: false, kind: 'failed', cause: 'grammar-compilation-failure' });
    expect(result.ok ? '' : result.reason).toMatch(reason);
  });

  it('flattens items that only group', () => {
    expect(says(only(srgsType, rules(rule(deep))), 'a')).toBe('=a');
  });

  it('keeps a rule called __proto__ apart from prototypes', () => {
    const grammar = only(srgsType, rules(rule('<ruleref uri="#__proto__"/>') + rule('a', '__proto__')));
    expect(says(structuredClone(grammar), 'a')).toBe('=a');
  });

  it('survives every cut and thousands of mutations', () => {
    const text = testdata('order.xml');
    const random = new SeededRandom(9);
    for (let end = 0; end < text.length - 1; end += 7)
      expect(compileGrammarDocument(srgsType, text.slice(0, end), context).ok).toBe(false);
    for (let round = 0; round < 1_000; round++) {
      const at = random.integer(text.length);
      const mutated =
        text.slice(0, at) + String.fromCharCode(32 + random.integer(95)) + text.slice(at + random.integer(3));
      const result = compileGrammarDocument(srgsType, mutated, context);
      if (!result.ok) expect(result.reason).not.toBe('');
    }
  });
});
