import { dialogLimits } from '../config/limits.js';
import { expressionFunctions } from './expression-functions.js';
import type { BinaryOperator, Syntax } from './expression-parser.js';
import {
  boundedList,
  boundedText,
  compare,
  contains,
  decimal,
  divisor,
  isList,
  joined,
  memberOf,
  number,
  OperandError,
  same,
  text,
  truth,
} from './expression-values.js';
import type { Pattern } from './pattern.js';
import type { Value } from './value.js';

/** What names mean while an expression is evaluated. */
export interface ExpressionScope {
  /** Own values only; undefined for a name that has none. */
  lookup(name: string): Value | undefined;
  readonly nowMs: number;
  /** IANA name. */
  readonly timeZone: string;
  readonly language: string;
  /** Steps that are left for all expressions that share it; counted down. */
  readonly budget?: { steps: number };
}

export type ExpressionResult =
  { readonly ok: true; readonly value: Value } | { readonly ok: false; readonly message: string };

/** Evaluates what the parser made; `patterns` has the one of each call of `matches`. */
export function evaluateSyntax(
  syntax: Syntax,
  patterns: ReadonlyMap<Syntax, Pattern>,
  scope: ExpressionScope,
): ExpressionResult {
  try {
    return { ok: true, value: new Evaluation(scope, patterns).value(syntax) };
  } catch (error) {
    if (!(error instanceof OperandError)) throw error;
    return { ok: false, message: error.message };
  }
}

/** Instructions that a pattern may visit for the price of one step, so that all steps are about 20 ms. */
const matcherVisitsPerStep = 50;

type Eager = Exclude<BinaryOperator, 'or' | 'and' | '??'>;

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
    this.#spend(1);
    switch (syntax.type) {
      case 'value':
        return syntax.value;
      case 'name':
        return this.#scope.lookup(syntax.name) ?? null;
      case 'list':
        return boundedList(syntax.items.map((item) => this.value(item)));
      case 'member':
        return memberOf(this.value(syntax.of), syntax.name);
      case 'index':
        return memberOf(this.value(syntax.of), this.value(syntax.index));
      case 'not':
        return !truth(this.value(syntax.of));
      case 'negate':
        return decimal(-number(this.value(syntax.of)));
      case 'binary':
        return this.#binary(syntax);
      case 'choice':
        return this.value(truth(this.value(syntax.condition)) ? syntax.yes : syntax.no);
      case 'call':
        return this.#call(syntax);
    }
  }

  #binary({ operator, left, right }: Extract<Syntax, { type: 'binary' }>): Value {
    switch (operator) {
      case 'or':
        return truth(this.value(left)) || truth(this.value(right));
      case 'and':
        return truth(this.value(left)) && truth(this.value(right));
      case '??':
        return this.value(left) ?? this.value(right);
      default:
        return this.#combine(operator, this.value(left), this.value(right));
    }
  }

  #combine(operator: Eager, left: Value, right: Value): Value {
    switch (operator) {
      case '==':
        return same(left, right, this.#spend);
      case '!=':
        return !same(left, right, this.#spend);
      case '<':
        return compare(left, right) < 0;
      case '<=':
        return compare(left, right) <= 0;
      case '>':
        return compare(left, right) > 0;
      case '>=':
        return compare(left, right) >= 0;
      case 'in':
        return contains(right, left, this.#spend);
      case 'contains':
        return contains(left, right, this.#spend);
      case '+':
        if (typeof left === 'string' || typeof right === 'string') return joined(left, right);
        return decimal(number(left) + number(right));
      case '-':
        return decimal(number(left) - number(right));
      case '*':
        return decimal(number(left) * number(right));
      case '/':
        return decimal(number(left) / divisor(right));
      case '%':
        return decimal(number(left) % divisor(right));
    }
  }

  #call(call: Extract<Syntax, { type: 'call' }>): Value {
    const operands = call.operands.map((operand) => this.value(operand));
    for (const operand of operands) if (isList(operand)) this.#spend(operand.length);
    const pattern = this.#patterns.get(call);
    if (pattern) return this.#matches(pattern, operands[0] ?? null);
    const { nowMs, timeZone } = this.#scope;
    const result = expressionFunctions
      .get(call.name)
      ?.apply(operands, { nowMs, timeZone, spend: this.#spend });
    return bounded(result ?? null);
  }

  /** Nothing matches no pattern. */
  #matches(pattern: Pattern, value: Value): boolean {
    if (value === null) return false;
    const searched = boundedText(text(value));
    this.#spend(Math.ceil((pattern.size * searched.length) / matcherVisitsPerStep));
    return pattern.test(searched);
  }

  readonly #spend = (steps: number): void => {
    this.#steps += steps;
    if (this.#steps > dialogLimits.expressionSteps) throw new OperandError('too many steps');
    const { budget } = this.#scope;
    if (!budget) return;
    budget.steps -= steps;
    if (budget.steps < 0) throw new OperandError('the expressions of this turn take too many steps');
  };
}

function bounded(value: Value): Value {
  if (typeof value === 'string') return boundedText(value);
  return isList(value) ? boundedList(value) : value;
}
