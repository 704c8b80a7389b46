import { dialogLimits } from '../config/limits.js';
import { checkSyntax, type ExpressionProblem } from './expression-check.js';
import { described, expressionFunctions, OperandError } from './expression-functions.js';
import { ExpressionError } from './expression-lexer.js';
import { parseExpression, type BinaryOperator, type Syntax } from './expression-parser.js';
import type { ExpressionType } from './expression-types.js';
import { compilePattern, type Pattern } from './pattern.js';
import { nearestName } from './tree-problem.js';
import { isMap, type Value } from './value.js';

/** What names mean while an expression is evaluated. */
export interface ExpressionScope {
  /** Own values only; undefined for a name that has none. */
  lookup(name: string): Value | undefined;
  readonly nowMs: number;
  /** IANA name. */
  readonly timeZone: string;
  readonly language: string;
}

export type ExpressionResult =
  { readonly ok: true; readonly value: Value } | { readonly ok: false; readonly message: string };

/** A compiled expression: immutable, evaluated as often as wanted, always in bounded time and memory. */
export interface Expression {
  readonly source: string;
  /** The dotted paths it reads, e.g. `bill.amount`. */
  readonly names: readonly string[];
  /** Never throws. */
  evaluate(scope: ExpressionScope): ExpressionResult;
  /** What cannot be right, given the types of the names that exist; a name that is not in `types` is reported. */
  check(types: ReadonlyMap<string, ExpressionType>): readonly ExpressionProblem[];
}

export type CompiledExpression =
  | { readonly ok: true; readonly expression: Expression }
  | { readonly ok: false; readonly message: string; readonly offset: number; readonly fix: string };

/**
 * Compiles an expression such as `bill.amount > 100 and phone != null`.
 *
 * Values are JSON; members are own properties of maps and items of lists, nothing inherited can be reached. A name
 * without a value is null; arithmetic with anything but numbers, and comparing a number with a text, are errors.
 * `matches` takes a constant pattern, which is compiled here.
 */
export function compileExpression(source: string): CompiledExpression {
  try {
    const syntax = parseExpression(source);
    const patterns = new Map<Syntax, Pattern>();
    const names = new Set<string>();
    prepare(syntax, patterns, names);
    return { ok: true, expression: new CompiledSyntax(source.trim(), syntax, patterns, [...names]) };
  } catch (error) {
    if (!(error instanceof ExpressionError)) throw error;
    return { ok: false, message: error.message, offset: error.offset, fix: error.fix };
  }
}

class CompiledSyntax implements Expression {
  readonly source: string;
  readonly names: readonly string[];
  readonly #syntax: Syntax;
  readonly #patterns: ReadonlyMap<Syntax, Pattern>;

  constructor(
    source: string,
    syntax: Syntax,
    patterns: ReadonlyMap<Syntax, Pattern>,
    names: readonly string[],
  ) {
    this.source = source;
    this.names = names;
    this.#syntax = syntax;
    this.#patterns = patterns;
  }

  evaluate(scope: ExpressionScope): ExpressionResult {
    try {
      return { ok: true, value: new Evaluation(scope, this.#patterns).value(this.#syntax) };
    } catch (error) {
      if (!(error instanceof OperandError)) throw error;
      return { ok: false, message: error.message };
    }
  }

  check(types: ReadonlyMap<string, ExpressionType>): readonly ExpressionProblem[] {
    return checkSyntax(this.#syntax, types);
  }
}

/** Finds the names, checks the functions, and compiles the patterns. */
function prepare(syntax: Syntax, patterns: Map<Syntax, Pattern>, names: Set<string>): void {
  const path = pathOf(syntax);
  if (path !== null) {
    names.add(path);
    return;
  }
  if (syntax.type === 'call') checkCall(syntax, patterns);
  for (const part of partsOf(syntax)) prepare(part, patterns, names);
}

/** `a.b.c` where the syntax is a name with members; null otherwise. */
function pathOf(syntax: Syntax): string | null {
  const members: string[] = [];
  let of = syntax;
  for (; of.type === 'member'; of = of.of) members.unshift(of.name);
  return of.type === 'name' ? [of.name, ...members].join('.') : null;
}

function partsOf(syntax: Syntax): readonly Syntax[] {
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

function checkCall(call: Extract<Syntax, { type: 'call' }>, patterns: Map<Syntax, Pattern>): void {
  const { name, operands, offset } = call;
  if (name === 'matches') {
    patterns.set(call, patternOf(call));
    return;
  }
  const known = expressionFunctions.get(name);
  if (!known) {
    const near = nearestName(name, [...expressionFunctions.keys(), 'matches']);
    const fix = near
      ? `Write "${near}"`
      : `Use one of ${[...expressionFunctions.keys(), 'matches'].join(', ')}`;
    throw new ExpressionError(`there is no function "${name}"`, offset, fix);
  }
  if (operands.length >= known.least && operands.length <= known.most) return;
  const wanted = known.least === known.most ? String(known.least) : `${known.least} to ${known.most}`;
  throw new ExpressionError(
    `${name} takes ${wanted} operand${wanted === '1' ? '' : 's'}, not ${operands.length}`,
    offset,
    operands.length < known.least ? 'Add what is missing' : 'Remove what is too much',
  );
}

function patternOf({ operands, offset }: Extract<Syntax, { type: 'call' }>): Pattern {
  const [, pattern] = operands;
  if (operands.length !== 2 || pattern?.type !== 'value' || typeof pattern.value !== 'string')
    throw new ExpressionError(
      'matches takes a text and a pattern in quotes',
      offset,
      "Write matches(name, '…')",
    );
  const compiled = compilePattern(pattern.value);
  if (compiled.ok) return compiled.pattern;
  throw new ExpressionError(compiled.message, pattern.offset, compiled.fix);
}

/** One evaluation: counts its steps. */
class Evaluation {
  readonly #scope: ExpressionScope;
  readonly #patterns: ReadonlyMap<Syntax, Pattern>;
  #steps = 0;

  constructor(scope: ExpressionScope, patterns: ReadonlyMap<Syntax, Pattern>) {
    this.#scope = scope;
    this.#patterns = patterns;
  }

  value(syntax: Syntax): Value {
    if (++this.#steps > dialogLimits.expressionSteps) throw new OperandError('too many steps');
    switch (syntax.type) {
      case 'value':
        return syntax.value;
      case 'name':
        return this.#scope.lookup(syntax.name) ?? null;
      case 'list':
        return syntax.items.map((item) => this.value(item));
      case 'member':
        return memberOf(this.value(syntax.of), syntax.name);
      case 'index':
        return memberOf(this.value(syntax.of), this.value(syntax.index));
      case 'not':
        return !this.#truth(syntax.of);
      case 'negate':
        return -numberOf(this.value(syntax.of));
      case 'binary':
        return this.#binary(syntax);
      case 'choice':
        return this.value(this.#truth(syntax.condition) ? syntax.yes : syntax.no);
      case 'call':
        return this.#call(syntax);
    }
  }

  /** Only true and false decide; nothing (null) counts as false. */
  #truth(syntax: Syntax): boolean {
    const value = this.value(syntax);
    if (typeof value === 'boolean') return value;
    if (value === null) return false;
    throw new OperandError(`expected true or false, not ${described(value)}`);
  }

  #binary({ operator, left, right }: Extract<Syntax, { type: 'binary' }>): Value {
    switch (operator) {
      case 'or':
        return this.#truth(left) || this.#truth(right);
      case 'and':
        return this.#truth(left) && this.#truth(right);
      case '??':
        return this.value(left) ?? this.value(right);
      default:
        return combine(operator, this.value(left), this.value(right));
    }
  }

  #call(call: Extract<Syntax, { type: 'call' }>): Value {
    const operands = call.operands.map((operand) => this.value(operand));
    const pattern = this.#patterns.get(call);
    if (pattern) {
      const [text] = operands;
      return typeof text === 'string' && pattern.test(text.slice(0, dialogLimits.utteranceCharacters));
    }
    const result = expressionFunctions.get(call.name)?.apply(operands, this.#scope) ?? null;
    return bounded(result);
  }
}

function combine(operator: Exclude<BinaryOperator, 'or' | 'and' | '??'>, left: Value, right: Value): Value {
  switch (operator) {
    case '==':
      return same(left, right);
    case '!=':
      return !same(left, right);
    case '<':
      return compare(left, right) < 0;
    case '<=':
      return compare(left, right) <= 0;
    case '>':
      return compare(left, right) > 0;
    case '>=':
      return compare(left, right) >= 0;
    case 'in':
      return contains(right, left);
    case 'contains':
      return contains(left, right);
    case '+':
      if (typeof left === 'string' || typeof right === 'string') return joined(left, right);
      return finite(numberOf(left) + numberOf(right));
    case '-':
      return finite(numberOf(left) - numberOf(right));
    case '*':
      return finite(numberOf(left) * numberOf(right));
    case '/':
      return finite(numberOf(left) / divisor(right));
    case '%':
      return finite(numberOf(left) % divisor(right));
  }
}

function memberOf(value: Value, key: Value): Value {
  if (Array.isArray(value) && typeof key === 'number') {
    const items = value as readonly Value[];
    return items.at(key) ?? null;
  }
  if (isMap(value) && typeof key === 'string' && Object.hasOwn(value, key)) return value[key] ?? null;
  return null;
}

function numberOf(value: Value): number {
  if (typeof value === 'number') return value;
  throw new OperandError(`expected a number, not ${described(value)}`);
}

function divisor(value: Value): number {
  const number = numberOf(value);
  if (number === 0) throw new OperandError('division by zero');
  return number;
}

function finite(value: number): number {
  if (Number.isFinite(value)) return value;
  throw new OperandError('the number is too large');
}

function joined(left: Value, right: Value): string {
  const isPlain = (value: Value): value is string | number =>
    typeof value === 'string' || typeof value === 'number';
  if (!isPlain(left) || !isPlain(right))
    throw new OperandError(`cannot join ${described(left)} and ${described(right)}`);
  return bounded(String(left) + String(right)) as string;
}

function compare(left: Value, right: Value): number {
  if (typeof left === 'number' && typeof right === 'number') return left - right;
  if (typeof left === 'string' && typeof right === 'string') return left < right ? -1 : left > right ? 1 : 0;
  throw new OperandError(`cannot compare ${described(left)} with ${described(right)}`);
}

/** Deep equality is not offered: lists and maps are never the same. */
function same(left: Value, right: Value): boolean {
  return left === right;
}

function contains(whole: Value, part: Value): boolean {
  if (typeof whole === 'string' && typeof part === 'string') return whole.includes(part);
  if (isMap(whole)) return typeof part === 'string' && Object.hasOwn(whole, part);
  if (Array.isArray(whole)) return whole.includes(part);
  if (whole === null) return false;
  throw new OperandError(`${described(whole)} contains nothing`);
}

function bounded(value: Value): Value {
  if (typeof value === 'string' && value.length > dialogLimits.textCharacters)
    throw new OperandError(`the text is longer than ${dialogLimits.textCharacters} characters`);
  if (typeof value === 'number') return finite(value);
  return value;
}
