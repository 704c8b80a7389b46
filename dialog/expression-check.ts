import { expressionFunctions } from './expression-functions.js';
import type { BinaryOperator, Syntax } from './expression-parser.js';
import { typeOf, type ExpressionType } from './expression-types.js';
import { nearestName } from './tree-problem.js';

/** What a checker found in an expression. */
export interface ExpressionProblem {
  readonly offset: number;
  readonly severity: 'error' | 'warning';
  readonly message: string;
  readonly fix: string;
}

/** Finds names that do not exist and types that cannot go together; `types` has every name that exists. */
export function checkSyntax(
  syntax: Syntax,
  types: ReadonlyMap<string, ExpressionType>,
): readonly ExpressionProblem[] {
  const checker = new Checker(types);
  checker.typeOf(syntax);
  return checker.problems;
}

const articles: Readonly<Record<ExpressionType, string>> = {
  number: 'a number',
  text: 'a text',
  boolean: 'true or false',
  list: 'a list',
  map: 'a map',
  null: 'nothing',
  unknown: 'anything',
};

class Checker {
  readonly problems: ExpressionProblem[] = [];
  readonly #types: ReadonlyMap<string, ExpressionType>;

  constructor(types: ReadonlyMap<string, ExpressionType>) {
    this.#types = types;
  }

  typeOf(syntax: Syntax): ExpressionType {
    switch (syntax.type) {
      case 'value':
        return typeOf(syntax.value);
      case 'name':
        return this.#name(syntax);
      case 'list':
        for (const item of syntax.items) this.typeOf(item);
        return 'list';
      case 'member':
        this.#member(syntax);
        return 'unknown';
      case 'index':
        this.typeOf(syntax.of);
        this.typeOf(syntax.index);
        return 'unknown';
      case 'not':
        this.#condition(syntax.of);
        return 'boolean';
      case 'negate':
        this.#number(syntax.of);
        return 'number';
      case 'binary':
        return this.#binary(syntax);
      case 'choice': {
        this.#condition(syntax.condition);
        const yes = this.typeOf(syntax.yes);
        return yes === this.typeOf(syntax.no) ? yes : 'unknown';
      }
      case 'call':
        return this.#call(syntax);
    }
  }

  #name({ name, offset }: Extract<Syntax, { type: 'name' }>): ExpressionType {
    const type = this.#types.get(name);
    if (type !== undefined) return type;
    const near = nearestName(name, this.#types.keys());
    const fix = near ? `Write "${near}"` : 'Set it somewhere, or add it to "variables:"';
    this.#report(offset, 'warning', `nothing in the tree sets "${name}"`, fix);
    return 'unknown';
  }

  #member({ of, name, offset }: Extract<Syntax, { type: 'member' }>): void {
    const type = this.typeOf(of);
    if (type === 'unknown' || type === 'map') return;
    this.#report(offset, 'error', `${articles[type]} has no member "${name}"`, 'Use a map, or a function');
  }

  #condition(syntax: Syntax): void {
    const type = this.typeOf(syntax);
    if (type === 'unknown' || type === 'boolean' || type === 'null') return;
    const fix = type === 'text' || type === 'list' ? 'Write "not is_empty(…)"' : 'Compare it: "… > 0"';
    this.#report(syntax.offset, 'error', `expected true or false, not ${articles[type]}`, fix);
  }

  #number(syntax: Syntax): void {
    const type = this.typeOf(syntax);
    if (type === 'unknown' || type === 'number') return;
    const fix = type === 'text' ? 'Write "number(…)" around it' : 'Use a number';
    this.#report(syntax.offset, 'error', `expected a number, not ${articles[type]}`, fix);
  }

  #binary({ operator, left, right, offset }: Extract<Syntax, { type: 'binary' }>): ExpressionType {
    switch (operator) {
      case 'and':
      case 'or':
        this.#condition(left);
        this.#condition(right);
        return 'boolean';
      case '??': {
        const type = this.typeOf(left);
        return type === this.typeOf(right) ? type : 'unknown';
      }
      case 'in':
      case 'contains':
        this.typeOf(left);
        this.typeOf(right);
        return 'boolean';
      case '+': {
        const types = [this.typeOf(left), this.typeOf(right)];
        if (types.includes('text')) return 'text';
        return types.every((type) => type === 'number') ? 'number' : this.#sum(types, offset);
      }
      case '-':
      case '*':
      case '/':
      case '%':
        this.#number(left);
        this.#number(right);
        return 'number';
      default:
        this.#comparison(operator, left, right, offset);
        return 'boolean';
    }
  }

  #sum(types: readonly ExpressionType[], offset: number): ExpressionType {
    const wrong = types.find((type) => type !== 'number' && type !== 'unknown');
    if (wrong) this.#report(offset, 'error', `cannot add ${articles[wrong]}`, 'Use numbers or texts');
    return 'unknown';
  }

  #comparison(operator: BinaryOperator, left: Syntax, right: Syntax, offset: number): void {
    const [a, b] = [this.typeOf(left), this.typeOf(right)];
    const open = a === 'unknown' || b === 'unknown';
    const equality = operator === '==' || operator === '!=';
    if (left.type === 'value' && right.type === 'value') {
      this.#report(offset, 'warning', 'this is always the same', 'Compare with a variable');
      return;
    }
    if (open || (equality && (a === 'null' || b === 'null'))) return;
    if (a !== b) {
      const fix =
        [a, b].includes('text') && [a, b].includes('number')
          ? 'Write "number(…)" around the text'
          : 'Compare like with like';
      const what = equality ? 'is always the same: it compares' : 'cannot compare';
      this.#report(offset, equality ? 'warning' : 'error', `${what} ${articles[a]} with ${articles[b]}`, fix);
    } else if (!equality && a !== 'number' && a !== 'text')
      this.#report(offset, 'error', `cannot order ${articles[a]}`, 'Use "==" or "!="');
  }

  #call({ name, operands }: Extract<Syntax, { type: 'call' }>): ExpressionType {
    const known = expressionFunctions.get(name);
    operands.forEach((operand, i) => {
      const type = this.typeOf(operand);
      const wanted = known?.operands[Math.min(i, known.operands.length - 1)] ?? 'text';
      if (type === 'unknown' || wanted === 'unknown' || type === wanted) return;
      const fix =
        wanted === 'number' && type === 'text'
          ? 'Write "number(…)" around it'
          : `Give it ${articles[wanted]}`;
      this.#report(operand.offset, 'error', `${name} takes ${articles[wanted]}, not ${articles[type]}`, fix);
    });
    return known?.result ?? 'boolean';
  }

  #report(offset: number, severity: ExpressionProblem['severity'], message: string, fix: string): void {
    this.problems.push({ offset, severity, message, fix });
  }
}
