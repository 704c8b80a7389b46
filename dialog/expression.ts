import { checkSyntax, type ExpressionProblem, type ExpressionUse } from './expression-check.js';
import { evaluateSyntax, type ExpressionResult, type ExpressionScope } from './expression-evaluation.js';
import { expressionFunctions } from './expression-functions.js';
import { ExpressionError } from './expression-lexer.js';
import { parseExpression, partsOf, pathOf, type Syntax } from './expression-parser.js';
import type { ExpressionType } from './expression-types.js';
import { compilePattern, type Pattern } from './pattern.js';
import { nearestName } from './tree-problem.js';

export type { ExpressionResult, ExpressionScope };

/** A compiled expression: immutable, evaluated as often as wanted, always in bounded time and memory. */
export interface Expression {
  /** Without spaces around it; the offsets of problems count in it. */
  readonly source: string;
  /** The dotted paths it reads, e.g. `bill.amount`. */
  readonly names: readonly string[];
  /** Never throws, unless `lookup` does. */
  evaluate(scope: ExpressionScope): ExpressionResult;
  /**
   * What cannot be right, given the types of all names that exist (a dotted path where the type of a member is known);
   * a name that is not in `types` is reported. Used as a `condition`, it should give true or false, and not always the
   * same.
   */
  check(types: ReadonlyMap<string, ExpressionType>, use?: ExpressionUse): readonly ExpressionProblem[];
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
  const trimmed = source.trim();
  try {
    const syntax = parseExpression(trimmed);
    const patterns = new Map<Syntax, Pattern>();
    const names = new Set<string>();
    prepare(syntax, patterns, names);
    return { ok: true, expression: new CompiledSyntax(trimmed, syntax, patterns, [...names]) };
  } catch (error) {
    if (!(error instanceof ExpressionError)) throw error;
    const offset = error.offset + source.length - source.trimStart().length;
    return { ok: false, message: error.message, offset, fix: error.fix };
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
    return evaluateSyntax(this.#syntax, this.#patterns, scope);
  }

  check(
    types: ReadonlyMap<string, ExpressionType>,
    use: ExpressionUse = 'value',
  ): readonly ExpressionProblem[] {
    const constantValue = (part: Syntax): ExpressionResult =>
      evaluateSyntax(part, this.#patterns, nothingKnown);
    return checkSyntax(this.#syntax, { types, use, constantValue });
  }
}

const nothingKnown: ExpressionScope = { lookup: () => undefined, nowMs: 0, timeZone: 'UTC', language: 'en' };

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

function checkCall(call: Extract<Syntax, { type: 'call' }>, patterns: Map<Syntax, Pattern>): void {
  const { name, operands, offset } = call;
  if (name === 'matches') {
    patterns.set(call, patternOf(call));
    return;
  }
  const known = expressionFunctions.get(name);
  if (!known) throw unknownFunction(name, offset);
  if (operands.length >= known.least && operands.length <= known.most) return;
  const wanted = known.least === known.most ? String(known.least) : `${known.least} to ${known.most}`;
  throw new ExpressionError(
    `${name} takes ${wanted} operand${wanted === '1' ? '' : 's'}, not ${operands.length}`,
    offset,
    operands.length < known.least ? 'Add what is missing' : 'Remove what is too much',
  );
}

function unknownFunction(name: string, offset: number): ExpressionError {
  const all = [...expressionFunctions.keys(), 'matches'];
  const near = nearestName(name, all);
  const fix = near ? `Write "${near}"` : `Use one of ${all.join(', ')}`;
  return new ExpressionError(`there is no function "${name}"`, offset, fix);
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
