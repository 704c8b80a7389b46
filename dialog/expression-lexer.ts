/** A piece of an expression. */
export type Token =
  | { readonly type: 'number'; readonly value: number; readonly offset: number }
  | { readonly type: 'text'; readonly value: string; readonly offset: number }
  | { readonly type: 'name'; readonly value: string; readonly offset: number }
  | { readonly type: 'sign'; readonly value: string; readonly offset: number }
  | { readonly type: 'end'; readonly value: ''; readonly offset: number };

/** Something wrong with an expression; `offset` counts UTF-16 units of its source. */
export class ExpressionError extends Error {
  readonly offset: number;
  readonly fix: string;

  constructor(message: string, offset: number, fix: string) {
    super(message);
    this.name = 'ExpressionError';
    this.offset = offset;
    this.fix = fix;
  }
}

const space = /\s+/uy;
const number = /\d+(?:\.\d+)?/uy;
const name = /\p{L}[\p{L}\p{N}_]*/uy;
const sign = /&&|\|\||==|!=|<=|>=|\?\?|[-+*/%<>!?:.,()[\]]/uy;
const escapes: Readonly<Record<string, string>> = { n: '\n', t: '\t', '\\': '\\', "'": "'", '"': '"' };

/** The tokens of an expression, an `end` last. Throws ExpressionError at the first character that begins none. */
export function tokenize(source: string): Token[] {
  const tokens: Token[] = [];
  let offset = 0;
  const match = (pattern: RegExp): string | null => {
    pattern.lastIndex = offset;
    return pattern.exec(source)?.[0] ?? null;
  };
  while (offset < source.length) {
    const blank = match(space);
    if (blank !== null) {
      offset += blank.length;
      continue;
    }
    const token = tokenAt(source, offset, match);
    tokens.push(token.token);
    offset += token.length;
  }
  tokens.push({ type: 'end', value: '', offset });
  return tokens;
}

function tokenAt(
  source: string,
  offset: number,
  match: (pattern: RegExp) => string | null,
): { token: Token; length: number } {
  const quote = source.charAt(offset);
  if (quote === "'" || quote === '"') return textAt(source, offset, quote);
  const digits = match(number);
  if (digits !== null)
    return { token: { type: 'number', value: Number(digits), offset }, length: digits.length };
  const word = match(name);
  if (word !== null) return { token: { type: 'name', value: word, offset }, length: word.length };
  const found = match(sign);
  if (found !== null) return { token: { type: 'sign', value: found, offset }, length: found.length };
  if (quote === '=') throw new ExpressionError('"=" does not compare', offset, 'Write "=="');
  throw new ExpressionError(`"${quote}" has no meaning here`, offset, 'Remove it, or put text into quotes');
}

function textAt(source: string, offset: number, quote: string): { token: Token; length: number } {
  let value = '';
  for (let at = offset + 1; at < source.length; at++) {
    const character = source.charAt(at);
    if (character === quote) return { token: { type: 'text', value, offset }, length: at + 1 - offset };
    if (character !== '\\') {
      value += character;
      continue;
    }
    const escaped = escapes[source.charAt(++at)];
    if (escaped === undefined)
      throw new ExpressionError('an unknown escape in a text', at - 1, 'Use \\n, \\t, \\\\, \\\' or \\"');
    value += escaped;
  }
  throw new ExpressionError('a text is not closed', offset, `Add ${quote} at its end`);
}
