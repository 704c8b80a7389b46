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

/** How strongly an operator binds; all are left-associative. */
const strengths: ReadonlyMap<string, { readonly strength: number; readonly operator: BinaryOperator }> =
  new Map([
    ...operators(2, [
      ['or', 'or'],
      ['||', 'or'],
    ]),
    ...operators(3, [
      ['and', 'and'],
      ['&&', 'and'],
    ]),
    ...operators(4, [['??', '??']]),
    ...operators(5, [
      ['==', '=='],
      ['!=', '!='],
      ['<', '<'],
      ['<=', '<='],
      ['>', '>'],
      ['>=', '>='],
    ]),
    ...operators(5, [
      ['in', 'in'],
      ['contains', 'contains'],
    ]),
    ...operators(6, [
      ['+', '+'],
      ['-', '-'],
    ]),
    ...operators(7, [
      ['*', '*'],
      ['/', '/'],
      ['%', '%'],
    ]),
  ]);
const choiceStrength = 1;
const unaryStrength = 8;

function operators(strength: number, names: readonly (readonly [string, BinaryOperator])[]) {
  return names.map(([sign, operator]) => [sign, { strength, operator }] as const);
}

const constants: ReadonlyMap<string, Value> = new Map<string, Value>([
  ['true', true],
  ['false', false],
  ['null', null],
]);

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
    const found = token.type === 'sign' || token.type === 'name' ? strengths.get(token.value) : undefined;
    if (!found || found.strength < least) return null;
    this.#at++;
    const right = this.#expression(found.strength + 1);
    return { type: 'binary', operator: found.operator, left, right, offset };
  }

  #unary(): Syntax {
    const token = this.#peek();
    const { offset, value } = token;
    const not = (token.type === 'sign' && value === '!') || (token.type === 'name' && value === 'not');
    if (not || (token.type === 'sign' && value === '-')) {
      this.#at++;
      // "not a == b" denies the comparison; "-a * b" takes the sign to a.
      const of = this.#expression(value === 'not' ? 5 : unaryStrength);
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

  #peek(): Token {
    return this.#tokens[Math.min(this.#at, this.#tokens.length - 1)] ?? { type: 'end', value: '', offset: 0 };
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

function unexpected(token: Token): ExpressionError {
  if (token.type === 'end')
    return new ExpressionError('the expression ends too early', token.offset, 'Add what is missing');
  return new ExpressionError(`"${String(token.value)}" does not belong here`, token.offset, 'Remove it');
}
