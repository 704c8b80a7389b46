import { readFileSync } from 'node:fs';
import { projectPath } from '../../../config/paths.js';
import { compileGrammarDocument } from './compile.js';
import type { GrammarCompilation, GrammarContext } from './compile.js';
import type { Grammar } from './grammar.js';
import { matchGrammar, tokenize } from './match.js';
import { dtmfKeys } from './tokenize.js';

export const context: GrammarContext = {
  language: 'en-US',
  uri: 'session:inline',
  lookup: () => null,
  strictBuiltins: false,
};
export const srgsType = 'application/srgs+xml';

export function testdata(name: string): string {
  return readFileSync(projectPath('media/speech/grammar/testdata', name), 'utf8');
}

export function compiled(result: GrammarCompilation): {
  grammars: readonly Grammar[];
  warnings: readonly string[];
} {
  if (!result.ok) throw new Error(result.reason);
  return result;
}

export function only(contentType: string, body: string, more: Partial<GrammarContext> = {}): Grammar {
  const { grammars } = compiled(compileGrammarDocument(contentType, body, { ...context, ...more }));
  const [grammar, ...others] = grammars;
  if (grammar === undefined || others.length > 0)
    throw new Error(`${grammars.length} grammars instead of one`);
  return grammar;
}

/** What a grammar makes of a text: `=meaning` for a match, `…` for partial, `-` for none; a trailing `+` says that more could follow. */
export function says(grammar: Grammar, text: string): string {
  const tokens = grammar.mode === 'dtmf' ? dtmfKeys(text) : tokenize(text, grammar.language);
  const { outcome, canExtend, interpretation } = matchGrammar(grammar, tokens);
  if (outcome === 'match') return `=${interpretation}${canExtend ? '+' : ''}`;
  return outcome === 'partial' ? '…' : '-';
}

export function rules(content: string, attributes = 'root="r"'): string {
  return `<grammar xmlns="http://www.w3.org/2001/06/grammar" version="1.0" ${attributes}>\n${content}\n</grammar>`;
}

export function rule(content: string, id = 'r'): string {
  return `<rule id="${id}">${content}</rule>`;
}
