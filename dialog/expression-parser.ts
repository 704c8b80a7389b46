import { dialogLimits } from '../config/limits.js';
import { ExpressionError, tokenize, type Token } from './expression-lexer.js';
import type { Value } from './value.js';

export type BinaryOperator =
  | 'or'
  | 'and'
  | '??'
  | '=='
  | '!='
  | '<'
  | '<='
  | '>'
  | '>='
  | 'in'
  | 'contains'
  | '+'
  | '-'
  | '*'
  | '/'
  | '%';

/** An expression as a tree; `offset` is where it stands in the source. */
export type Syntax =
  | { readonly type: 'value'; readonly value: Value; readonly offset: number }
  | { readonly type: 'name'; readonly name: string; readonly offset: number }
  | { readonly type: 'list'; readonly items: readonly Syntax[]; readonly offset: number }
  | { readonly type: 'member'; readonly of: Syntax; readonly name: string; readonly offset: number }
  | { readonly type: 'index'; readonly of: Syntax; readonly index: Syntax; readonly offset: number }
  | { readonly type: 'not' | 'negate'; readonly of: Syntax; readonly offset: number }
  | {
      readonly type: 'binary';
      readonly operator: BinaryOperator;
      readonly left: Syntax;
      readonly right: Syntax;
      readonly offset: number;
    }
  | {
      readonly type: 'choice';
      readonly condition: Syntax;
      readonly yes: Syntax;
      readonly no: Syntax;
      readonly offset: number;
    }
  | {
      readonly type: 'call';
      readonly name: string;
      readonly operands: readonly Syntax[];
      readonly offset: number;
    };

/** How strongly an operator binds; all are left-associative. `a ?? 0 > 3` asks whether `a ?? 0` is above 3. */
const choiceStrength = 1;
const comparisonStrength = 4;
const unaryStrength = 8;
const strengths: ReadonlyMap<string, { readonly strength: number; readonly operator: BinaryOperator }> =
  new Map([
    ...operators(2, ['or', 'or'], ['||', 'or']),
    ...operators(3, ['and', 'and'], ['&&', 'and']),
    ...operators(comparisonStrength, ['==', '=='], ['!=', '!='], ['<', '<'], ['<=', '<='], ['>', '>']),
    ...operators(comparisonStrength, ['>=', '>='], ['in', 'in'], ['contains', 'contains']),
    ...operators(5, ['??', '??']),
    ...operators(6, ['+', '+'], ['-', '-']),
    ...operators(7, ['*', '*'], ['/', '/'], ['%', '%']),
  ]);

function operators(strength: number, ...names: readonly (readonly [string, BinaryOperator])[]) {
  return names.map(([sign, operator]) => [sign, { strength, operator }] as const);
}

const constants: ReadonlyMap<string, Value> = new Map<string, Value>([
  ['true', true],
  ['false', false],
  ['null', null],
]);

/** Words of other languages for what we write otherwise. */
const mistakenWords: ReadonlyMap<string, string> = new Map([
  ['is', '=='],
  ['equals', '=='],
  ['then', '?'],
  ['else', ':'],
]);

/** `a.b.c` where the syntax is a name with members; null otherwise. */
export function pathOf(syntax: Syntax): string | null {
  const members: string[] = [];
  let of = syntax;
  for (; of.type === 'member'; of = of.of) members.unshift(of.name);
  return of.type === 'name' ? [of.name, ...members].join('.') : null;
}

export function partsOf(syntax: Syntax): readonly Syntax[] {
  switch (syntax.type) {
    case 'value':
    case 'name':
      return [];
    case 'list':
      return syntax.items;
    case 'member':
    case 'not':
    case 'negate':
      return [syntax.of];
    case 'index':
      return [syntax.of, syntax.index];
    case 'binary':
      return [syntax.left, syntax.right];
    case 'choice':
      return [syntax.condition, syntax.yes, syntax.no];
    case 'call':
      return syntax.operands;
  }
}

/**
 * Parses an expression by operator precedence (Pratt). Throws ExpressionError; what is nested deeper than
 * `dialogLimits.expressionDepth` is refused before it can use up the stack.
 */
export function parseExpression(source: string): Syntax {
  if (source.length > dialogLimits.expressionCharacters)
    throw new ExpressionError(
      `the expression is longer than ${dialogLimits.expressionCharacters} characters`,
      0,
      'Split it with "set"',
    );
  return new Parser(tokenize(source)).parse();
}

class Parser {
  readonly #tokens: readonly Token[];
  #at = 0;
  #depth = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  parse(): Syntax {
    const whole = this.#expression(0);
    const rest = this.#peek();
    if (rest.type !== 'end') throw unexpected(rest);
    return whole;
  }

  #expression(least: number): Syntax {
    if (++this.#depth > dialogLimits.expressionDepth)
      throw new ExpressionError(
        'the expression is nested too deep',
        this.#peek().offset,
        'Split it with "set"',
      );
    let left = this.#unary();
    for (let more = this.#continue(left, least); more; more = this.#continue(left, least)) left = more;
    this.#depth--;
    return left;
  }

  /** The operator after `left` with its right side, when it binds at least so strongly; else null. */
  #continue(left: Syntax, least: number): Syntax | null {
    const token = this.#peek();
    const { offset } = token;
    if (token.type === 'sign' && token.value === '?') {
      if (choiceStrength < least) return null;
      this.#at++;
      const yes = this.#expression(0);
      this.#expect(':');
      return { type: 'choice', condition: left, yes, no: this.#expression(choiceStrength), offset };
    }
    const denied = this.#isName('not') && this.#isName('in', 1);
    const found = this.#operator(denied ? 1 : 0);
    if (!found || found.strength < least) return null;
    this.#at += denied ? 2 : 1;
    const right = this.#expression(found.strength + 1);
    if (found.strength === comparisonStrength) this.#refuseChain();
    const binary: Syntax = { type: 'binary', operator: found.operator, left, right, offset };
    return denied ? { type: 'not', of: binary, offset } : binary;
  }

  /** `1 < x < 5` would ask whether true is below 5. */
  #refuseChain(): void {
    if (this.#operator(0)?.strength !== comparisonStrength) return;
    const { offset } = this.#peek();
    throw new ExpressionError('comparisons in a row', offset, 'Write "a < b and b < c", or use "( )"');
  }

  #operator(ahead: number): { readonly strength: number; readonly operator: BinaryOperator } | undefined {
    const token = this.#peek(ahead);
    return token.type === 'sign' || token.type === 'name' ? strengths.get(token.value) : undefined;
  }

  #unary(): Syntax {
    const token = this.#peek();
    const { offset, value } = token;
    const not = (token.type === 'sign' && value === '!') || (token.type === 'name' && value === 'not');
    if (not || (token.type === 'sign' && value === '-')) {
      this.#at++;
      // "not a == b" denies the comparison; "-a * b" takes the sign to a.
      const of = this.#expression(value === 'not' ? comparisonStrength : unaryStrength);
      return { type: not ? 'not' : 'negate', of, offset };
    }
    return this.#postfix(this.#primary());
  }

  #postfix(first: Syntax): Syntax {
    let of = first;
    for (let steps = 0; ; steps++) {
      const { offset } = this.#peek();
      if (steps > dialogLimits.expressionDepth)
        throw new ExpressionError('too many members in a row', offset, 'Split it with "set"');
      if (this.#take('.')) {
        const member = this.#next();
        if (member.type !== 'name') throw unexpected(member);
        of = { type: 'member', of, name: member.value, offset };
      } else if (this.#take('[')) {
        of = { type: 'index', of, index: this.#expression(0), offset };
        this.#expect(']');
      } else return of;
    }
  }

  #primary(): Syntax {
    const token = this.#next();
    const { offset } = token;
    if (token.type === 'number' || token.type === 'text')
      return { type: 'value', value: token.value, offset };
    if (token.type === 'name') {
      if (this.#take('(')) return { type: 'call', name: token.value, operands: this.#list(')'), offset };
      const constant = constants.get(token.value);
      if (constant !== undefined) return { type: 'value', value: constant, offset };
      if (!strengths.has(token.value)) return { type: 'name', name: token.value, offset };
    }
    if (token.type === 'sign' && token.value === '(') {
      const inner = this.#expression(0);
      this.#expect(')');
      return inner;
    }
    if (token.type === 'sign' && token.value === '[') return { type: 'list', items: this.#list(']'), offset };
    throw unexpected(token);
  }

  /** Items up to a closing sign, which is taken. */
  #list(close: string): Syntax[] {
    const items: Syntax[] = [];
    if (this.#take(close)) return items;
    do items.push(this.#expression(0));
    while (this.#take(','));
    this.#expect(close);
    return items;
  }

  #peek(ahead = 0): Token {
    const last = this.#tokens.length - 1;
    return this.#tokens[Math.min(this.#at + ahead, last)] ?? { type: 'end', value: '', offset: 0 };
  }

  #isName(name: string, ahead = 0): boolean {
    const token = this.#peek(ahead);
    return token.type === 'name' && token.value === name;
  }

  #next(): Token {
    const token = this.#peek();
    this.#at++;
    return token;
  }

  #take(sign: string): boolean {
    const token = this.#peek();
    if (token.type !== 'sign' || token.value !== sign) return false;
    this.#at++;
    return true;
  }

  #expect(sign: string): void {
    const token = this.#peek();
    if (this.#take(sign)) return;
    throw new ExpressionError(`"${sign}" is missing`, token.offset, `Add "${sign}"`);
  }
}

function unexpected({ type, value, offset }: Token): ExpressionError {
  if (type === 'end')
    return new ExpressionError('the expression ends too early', offset, 'Add what is missing');
  return new ExpressionError(`"${String(value)}" does not belong here`, offset, fixFor(type, value));
}

function fixFor(type: Token['type'], value: string | number): string {
  const word = String(value).toLowerCase();
  const known = word === 'not' || strengths.has(word) || constants.has(word);
  const meant = known && word !== value ? word : mistakenWords.get(word);
  return type === 'name' && meant !== undefined
    ? `Write "${meant}"`
    : 'Remove it, or add an operator before it';
}
