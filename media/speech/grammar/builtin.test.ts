import { describe, expect, it } from 'vitest';
import { compileGrammarDocument } from './compile.js';
import { compiled, context, only, says } from './grammar-testing.js';

describe('builtin grammars', () => {
  it.each([
    ['builtin:grammar/boolean', 'en-US', ['Yes, please', 'nope', 'maybe'], ['=true', '=false', '-']],
    [
      'builtin:grammar/boolean',
      'zh-CN',
      ['是的', '不是', '不对', '也许'],
      ['=true', '=false', '=false', '-'],
    ],
    ['builtin:dtmf/boolean?y=7;n=9', 'en-US', ['7', '9', '1'], ['=true', '=false', '-']],
    ['builtin:dtmf/boolean', 'en-US', ['1', '2'], ['=true', '=false']],
    [
      'builtin:grammar/digits;length=4',
      'en-US',
      ['one two oh', 'one two oh 4', '1 2 3 4 5'],
      ['…', '=1204', '-'],
    ],
    [
      'builtin:dtmf/digits?minlength=2;maxlength=3',
      'en-US',
      ['1', '12', '123', '1234'],
      ['…', '=12+', '=123', '-'],
    ],
    ['builtin:grammar/digits', 'zh-CN', ['幺三八零零'], ['=13800+']],
    ['builtin:grammar/phone', 'en-US', ['five five five one two extension 9'], ['=55512x9+']],
    ['builtin:dtmf/phone', 'en-US', ['555*12'], ['=555x12+']],
    ['builtin:dtmf/currency', 'en-US', ['12*5', '12*50'], ['…', '=12.50']],
    ['builtin:dtmf/date', 'en-US', ['2026112', '20261120'], ['…', '=20261120']],
    ['builtin:dtmf/time', 'en-US', ['0930'], ['=0930']],
    ['builtin:dtmf/number', 'en-US', ['3*14'], ['=3.14+']],
  ])('%s (%s)', (uri, language, texts, results) => {
    const grammar = only('text/uri-list', uri, { language });
    expect(grammar.uri).toBe(uri);
    expect(texts.map((text) => says(grammar, text))).toEqual(results);
  });

  it.each([
    ['zero', '0'],
    ['seven', '7'],
    ['fifteen', '15'],
    ['forty', '40'],
    ['twenty five', '25'],
    ['a hundred', '100'],
    ['three hundred and five', '305'],
    ['three hundred twelve', '312'],
    ['one thousand', '1000'],
    ['two thousand and six', '2006'],
    ['nineteen thousand two hundred forty one', '19241'],
    ['four million', '4000000'],
    ['four million five thousand and one', '4005001'],
    ['minus three point one four', '-3.14'],
    ['2026', '2026'],
  ])('English number: %s', (text, value) => {
    expect(says(only('text/uri-list', 'builtin:grammar/number'), text).replace('+', '')).toBe(`=${value}`);
  });

  it.each([
    ['零', '0'],
    ['十', '10'],
    ['十五', '15'],
    ['二十', '20'],
    ['三百五', '350'],
    ['三百零五', '305'],
    ['两百一十二', '212'],
    ['一千零五十', '1050'],
    ['两千零六', '2006'],
    ['一万', '10000'],
    ['十二万三千四百五十六', '123456'],
    ['三万零八十', '30080'],
    ['负三点一四', '-3.14'],
    ['二零二六', '2026'],
  ])('Chinese number: %s', (text, value) => {
    const grammar = only('text/uri-list', 'builtin:grammar/number', { language: 'zh-CN' });
    expect(says(grammar, text).replace('+', '')).toBe(`=${value}`);
  });

  it.each([
    ['builtin:speech/transcribe', 'en-US', 0],
    ['builtin:speech/MyModel', 'en-US', 1],
    ['builtin:grammar/date', 'en-US', 1],
    ['builtin:grammar/boolean', 'fr-FR', 1],
    ['builtin:whatever', 'en-US', 1],
  ])('%s (%s) is transcribed', (uri, language, warnings) => {
    const result = compiled(compileGrammarDocument('text/uri-list', uri, { ...context, language }));
    expect(result.grammars).toEqual([{ kind: 'transcribe', uri, mode: 'voice', language }]);
    expect(result.warnings).toHaveLength(warnings);
  });

  it.each([
    ['an unknown voice name when strict', 'builtin:speech/MyModel', true, 'grammar-load-failure'],
    ['an unknown DTMF name', 'builtin:dtmf/whatever', false, 'grammar-load-failure'],
    ['no name', 'builtin:', false, 'grammar-load-failure'],
    ['a length that is no number', 'builtin:dtmf/digits?length=x', false, 'grammar-compilation-failure'],
    ['a length beyond the bound', 'builtin:dtmf/digits?length=999', false, 'grammar-compilation-failure'],
    [
      'lengths the wrong way round',
      'builtin:dtmf/digits?minlength=3;maxlength=2',
      false,
      'grammar-compilation-failure',
    ],
    ['one key for yes and no', 'builtin:dtmf/boolean?y=2', false, 'grammar-compilation-failure'],
  ])('refuses %s', (_name, uri, strictBuiltins, cause) => {
    expect(compileGrammarDocument('text/uri-list', uri, { ...context, strictBuiltins })).toMatchObject({
      ok: false,
      cause,
    });
  });

  it('accepts the known names when strict', () => {
    expect(only('text/uri-list', 'builtin:speech/transcribe', { strictBuiltins: true }).kind).toBe(
      'transcribe',
    );
  });
});
