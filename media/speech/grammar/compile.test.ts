import { describe, expect, it } from 'vitest';
import { speechLimits } from '../../../config/limits.js';
import { SeededRandom } from '../../../config/random.js';
import { compileGrammarDocument } from './compile.js';
import type { GrammarContext } from './compile.js';
import { compiled, context, only, rule, rules, says, srgsType, testdata } from './grammar-testing.js';

describe('lists of grammars', () => {
  const yes = only(srgsType, rules(rule('yes')));
  const lookup: GrammarContext['lookup'] = (uri) =>
    uri === 'session:a@x' ? [yes] : uri === 'session:both' ? [yes, yes] : null;

  it('reads text/uri-list with comments, and weights of text/grammar-ref-list (RFC 6787 9.5.1)', () => {
    const body =
      '# these\r\nsession:a@x\r\n\r\n<session:a@x>;weight="2.00"\r\nbuiltin:dtmf/digits\r\nsession:both\r\n';
    for (const type of ['text/uri-list', 'text/grammar-ref-list']) {
      const { grammars } = compiled(compileGrammarDocument(type, body, { ...context, lookup }));
      expect(grammars.map((grammar) => (grammar.kind === 'rules' ? grammar.weight : 0))).toEqual([
        1, 2, 1, 1, 1,
      ]);
    }
  });

  it('selects a rule by fragment', () => {
    const two = only(srgsType, rules(rule('a') + rule('b', 's')));
    const grammar = only('text/uri-list', 'session:two#s', {
      lookup: (uri) => (uri === 'session:two' ? [two] : null),
    });
    expect(says(grammar, 'b')).toBe('=b');
  });

  it.each([
    ['an undefined session grammar', 'session:none', 'grammar-load-failure'],
    ['http', 'http://example.com/a.grxml', 'uri-failure'],
    ['file', 'file:///etc/passwd', 'uri-failure'],
    ['words', 'one two', 'uri-failure'],
    ['an empty list', '\n', 'grammar-load-failure'],
    ['a bad weight', '<session:a@x>;weight="heavy"', 'grammar-compilation-failure'],
    ['too many', 'session:a@x\n'.repeat(speechLimits.grammarsPerRequest + 1), 'grammar-load-failure'],
  ])('refuses %s', (_name, body, cause) => {
    expect(compileGrammarDocument('text/uri-list', body, { ...context, lookup })).toMatchObject({
      ok: false,
      kind: 'failed',
      cause,
    });
  });

  const mixed = [
    '--break',
    'Content-Type: text/uri-list',
    'Content-Length: 20',
    '',
    'builtin:dtmf/digits',
    'session:inner@form',
    '--break',
    'content-type: application/srgs+xml',
    'Content-Id: <inner@form>',
    '',
    testdata('unimrcp-digit.xml'),
    '--break--',
    '',
  ].join('\r\n');

  it.each([
    'multipart/mixed; boundary="break"',
    'multipart/mixed;boundary=break',
    'multipart/mixed;boundary=BREAK',
    'multipart/mixed',
  ])('reads %s with a list that names its own parts', (type) => {
    const { grammars } = compiled(compileGrammarDocument(type, mixed, context));
    expect(grammars.map((grammar) => grammar.uri)).toEqual([
      'builtin:dtmf/digits',
      'session:inner@form',
      'session:inner@form',
    ]);
  });

  it.each([
    ['no boundary', 'hello', /no boundary/],
    ['no end', mixed.replace('--break--', ''), /closing boundary/],
    ['a part that is no grammar', mixed.replace('text/uri-list', 'image/png'), /image\/png/],
    ['a multipart part', mixed.replace('text/uri-list', 'multipart/mixed'), /inside another/],
  ])('refuses %s', (_name, body, reason) => {
    const result = compileGrammarDocument('multipart/mixed', body, context);
    expect(result.ok ? 'accepted' : result.reason).toMatch(reason);
  });
});

describe('compileGrammarDocument', () => {
  it('survives mutations of lists and multipart bodies', () => {
    const body = '--b\nContent-Type: text/uri-list\n\n<builtin:dtmf/digits?length=4>;weight="2"\n--b--\n';
    const random = new SeededRandom(12);
    for (let round = 0; round < 2_000; round++) {
      const at = random.integer(body.length);
      const mutated =
        body.slice(0, at) + String.fromCharCode(random.integer(128)) + body.slice(at + random.integer(4));
      for (const type of ['multipart/mixed; boundary=b', 'text/uri-list']) {
        const result = compileGrammarDocument(type, mutated, context);
        if (!result.ok) expect(result.reason).not.toBe('');
      }
    }
  });

  it.each(['application/x-nuance-gsl', 'text/plain', ''])('does not know %j', (type) => {
    expect(compileGrammarDocument(type, 'x', context)).toMatchObject({ ok: false, kind: 'unsupported-type' });
  });

  it('takes application/srgs in XML and refuses ABNF with a reason', () => {
    expect(only('Application/SRGS; charset=utf-8', testdata('unimrcp-digit.xml')).kind).toBe('rules');
    const abnf = compileGrammarDocument('application/srgs', '#ABNF 1.0;\nroot $r;\n$r = a;', context);
    expect(abnf.ok ? '' : abnf.reason).toMatch(/ABNF/);
    expect(abnf).toMatchObject({ ok: false, cause: 'grammar-compilation-failure' });
  });

  it('bounds the size', () => {
    expect(
      compileGrammarDocument('text/uri-list', 'x'.repeat(speechLimits.grammarBytes + 1), context),
    ).toMatchObject({ ok: false });
  });
});
