import { speechLimits } from '../../../config/limits.js';
import { GrammarError, compilationFailure } from './errors.js';
import type { Grammar } from './grammar.js';
import type { GrammarReferences } from './rule-set.js';

/**
 * Resolves `text/uri-list` (RFC 2483 section 5) and `text/grammar-ref-list` (RFC 6787 section 9.5.1): one URI a line, or
 * `<uri>;weight="2.0"`. Both forms are taken in both, as clients mix them; `#` starts a comment line.
 *
 * @throws GrammarError for a line that is neither, a weight that is no number, and every URI that cannot be resolved.
 */
export function resolveUriList(
  body: string,
  references: GrammarReferences,
  warn: (text: string) => void,
): Grammar[] {
  const grammars: Grammar[] = [];
  for (const [index, text] of body.split(/\r?\n/).entries()) {
    const line = text.trim();
    if (line === '' || line.startsWith('#')) continue;
    if (grammars.length >= speechLimits.grammarsPerRequest)
      throw new GrammarError('grammar-load-failure', `more than ${speechLimits.grammarsPerRequest} grammars`);
    const { uri, weight } = readReference(line, index + 1);
    for (const grammar of references.resolve(uri, references.language, warn))
      grammars.push(grammar.kind === 'rules' && weight !== null ? { ...grammar, weight } : grammar);
  }
  if (grammars.length === 0) throw new GrammarError('grammar-load-failure', 'the list of grammars is empty');
  return grammars;
}

function readReference(line: string, lineNumber: number): { uri: string; weight: number | null } {
  if (!line.startsWith('<')) return { uri: line, weight: null };
  const match = /^<([^<>\s]+)>\s*(?:;\s*weight\s*=\s*"?(\d{1,6}(?:\.\d{1,6})?)"?\s*)?$/i.exec(line);
  const [, uri, weight] = match ?? [];
  if (uri === undefined) throw compilationFailure('a reference is <uri> or <uri>;weight="1.0"', lineNumber);
  return { uri, weight: weight === undefined ? null : Number(weight) };
}
