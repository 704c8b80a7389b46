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
const date = /\d{4}-\d{2}-\d{2}/uy;
const name = /[\p{L}_][\p{L}\p{N}_]*/uy;
const sign = /&&|\|\||==|!=|<=|>=|\?\?|[-+*/%<>!?:.,()[\]]/uy;
const escapes: ReadonlyMap<string, string> = new Map([
  ['n', '\n'],
  ['t', '\t'],
  ['\\', '\\'],
  ["'", "'"],
  ['"', '"'],
]);

/** Signs that other languages, or a Chinese keyboard, have in place of ours; longest first. */
const mistakenSigns: readonly (readonly [string, string])[] = [
  ['===', '=='],
  ['!==', '!='],
  ['=>', '>='],
  ['=<', '<='],
  ['<>', '!='],
  ['=', '=='],
  ['&', 'and'],
  ['|', 'or'],
  ['≥', '>='],
  ['≤', '<='],
  ['≠', '!='],
  ['×', '*'],
  ['÷', '/'],
  ['“', '"'],
  ['”', '"'],
  ['‘', "'"],
  ['’', "'"],
  ['。', '.'],
  ['、', ','],
];

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
  if (digits !== null) {
    const value = numberOf(digits, match(date), offset);
    return { token: { type: 'number', value, offset }, length: digits.length };
  }
  const word = match(name);
  if (word !== null) return { token: { type: 'name', value: word, offset }, length: word.length };
  const mistaken = mistakenSigns.find(([written]) => source.startsWith(written, offset));
  const found = match(sign);
  if (found !== null && (mistaken === undefined || mistaken[0].length <= found.length))
    return { token: { type: 'sign', value: found, offset }, length: found.length };
  throw unknownSign(String.fromCodePoint(source.codePointAt(offset) ?? 0), mistaken, offset);
}

function unknownSign(
  character: string,
  mistaken: readonly [string, string] | undefined,
  offset: number,
): ExpressionError {
  if (mistaken) {
    const [written, meant] = mistaken;
    const message = written === '=' ? '"=" does not compare' : `"${written}" has no meaning here`;
    return new ExpressionError(message, offset, `Write ${meant === '"' ? "'…'" : `"${meant}"`}`);
  }
  const narrow = character.normalize('NFKC');
  const fix = narrow === character ? 'Remove it, or put text into quotes' : `Write "${narrow}"`;
  return new ExpressionError(`"${character}" has no meaning here`, offset, fix);
}

/** What looks like a number and is none is a text that lost its quotes: 2026-11-20 would be 1995. */
function numberOf(digits: string, asDate: string | null, offset: number): number {
  if (asDate !== null)
    throw new ExpressionError(`the date ${asDate} is not in quotes`, offset, `Write "${asDate}" in quotes`);
  if (digits.length > 1 && digits.startsWith('0') && !digits.startsWith('0.'))
    throw new ExpressionError('a number begins with 0', offset, 'Put it in quotes, or leave the 0 out');
  const value = Number(digits);
  if (value <= Number.MAX_SAFE_INTEGER) return value;
  throw new ExpressionError('the number has too many digits', offset, 'Put it in quotes');
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
    const escaped = escapes.get(source.charAt(++at));
    if (escaped === undefined)
      throw new ExpressionError(
        'an unknown escape in a text',
        at - 1,
        'Write "\\\\" for a backslash, or use \\n \\t \\\' \\"',
      );
    value += escaped;
  }
  throw new ExpressionError('a text is not closed', offset, `Add ${quote} at its end`);
}
