import type { ExpressionResult } from './expression-evaluation.js';
import { expressionFunctions } from './expression-functions.js';
import { partsOf, pathOf, type BinaryOperator, type Syntax } from './expression-parser.js';
import { typeOf, type ExpressionType } from './expression-types.js';
import { nearestName } from './tree-problem.js';

/** What a checker found in an expression. */
export interface ExpressionProblem {
  readonly offset: number;
  readonly severity: 'error' | 'warning';
  readonly message: string;
  readonly fix: string;
}

/** A condition decides between ways; a value is kept or said. */
export type ExpressionUse = 'condition' | 'value';

export interface CheckContext {
  /** Every name that exists, and dotted paths where more is known. */
  readonly types: ReadonlyMap<string, ExpressionType>;
  readonly use: ExpressionUse;
  /** The value of a part that reads no name. */
  constantValue(syntax: Syntax): ExpressionResult;
}

/** Finds names that do not exist, types that cannot go together, and questions with only one answer. */
export function checkSyntax(syntax: Syntax, context: CheckContext): readonly ExpressionProblem[] {
  const checker = new Checker(context);
  if (context.use === 'condition') checker.condition(syntax);
  else checker.typeOf(syntax);
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

/** What is different each time without reading a name. */
const clockFunctions: ReadonlySet<string> = new Set(['today', 'now', 'hour', 'weekday']);

type Binary = Extract<Syntax, { type: 'binary' }>;

class Checker {
  readonly problems: ExpressionProblem[] = [];
  readonly #context: CheckContext;

  constructor(context: CheckContext) {
    this.#context = context;
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
        return this.#member(syntax);
      case 'index':
        this.#index(syntax);
        return 'unknown';
      case 'not':
        this.condition(syntax.of);
        return 'boolean';
      case 'negate':
        this.#number(syntax.of);
        return 'number';
      case 'binary':
        return this.#binary(syntax);
      case 'choice': {
        this.condition(syntax.condition);
        const yes = this.typeOf(syntax.yes);
        return yes === this.typeOf(syntax.no) ? yes : 'unknown';
      }
      case 'call':
        return this.#call(syntax);
    }
  }

  /** Something that decides: true or false, and not always the same. */
  condition(syntax: Syntax): void {
    const type = this.#typeUnlessConstant(syntax);
    if (type === null || type === 'unknown' || type === 'boolean') return;
    const fix = type === 'text' || type === 'list' ? 'Write "not is_empty(…)"' : 'Compare it: "… > 0"';
    this.#report(syntax.offset, 'error', `expected true or false, not ${articles[type]}`, fix);
  }

  /** The type; null, after a report, where the value is always the same true or false. */
  #typeUnlessConstant(syntax: Syntax): ExpressionType | null {
    if (!isConstant(syntax)) return this.typeOf(syntax);
    const result = this.#context.constantValue(syntax);
    if (!result.ok) {
      this.#report(syntax.offset, 'error', `this always fails: ${result.message}`, 'Correct it');
      return null;
    }
    const { value } = result;
    if (typeof value !== 'boolean' && value !== null) return typeOf(value);
    this.#report(
      syntax.offset,
      'warning',
      `this is always ${value === true}`,
      'Ask for a variable, or remove it',
    );
    return null;
  }

  #name({ name, offset }: Extract<Syntax, { type: 'name' }>): ExpressionType {
    const { types } = this.#context;
    const type = types.get(name);
    if (type !== undefined) return type;
    const near = expressionFunctions.has(name) ? `${name}(…)` : nearestName(name, types.keys());
    const fix = near ? `Write "${near}"` : 'Set it somewhere, or add it to "variables:"';
    this.#report(offset, 'warning', `nothing in the tree sets "${name}"`, fix);
    return 'unknown';
  }

  #member(syntax: Extract<Syntax, { type: 'member' }>): ExpressionType {
    const { of, name, offset } = syntax;
    const path = pathOf(syntax);
    const known = path === null ? undefined : this.#context.types.get(path);
    if (known !== undefined) return known;
    const type = this.typeOf(of);
    if (type === 'unknown' || type === 'map') return 'unknown';
    const fix = expressionFunctions.has(name) ? `Write "${name}(…)"` : 'Use a map, or a function';
    this.#report(offset, 'error', `${articles[type]} has no member "${name}"`, fix);
    return 'unknown';
  }

  #index({ of, index, offset }: Extract<Syntax, { type: 'index' }>): void {
    const [type, by] = [this.typeOf(of), this.typeOf(index)];
    if (type !== 'unknown' && type !== 'list' && type !== 'map') {
      const fix = type === 'text' ? 'Write "substring(…)"' : 'Use a list or a map';
      this.#report(offset, 'error', `${articles[type]} has no items`, fix);
      return;
    }
    const wanted = type === 'list' ? 'number' : type === 'map' ? 'text' : null;
    if (wanted === null || by === 'unknown' || by === wanted) return;
    const fix = `Put ${articles[wanted]} between "[" and "]"`;
    this.#report(index.offset, 'error', `${articles[type]} has no item at ${articles[by]}`, fix);
  }

  #number(syntax: Syntax): void {
    const type = this.typeOf(syntax);
    if (type === 'unknown' || type === 'number') return;
    const fix = type === 'text' ? 'Write "number(…)" around it' : 'Use a number';
    this.#report(syntax.offset, 'error', `expected a number, not ${articles[type]}`, fix);
  }

  #binary(syntax: Binary): ExpressionType {
    const { operator, left, right } = syntax;
    switch (operator) {
      case 'and':
      case 'or':
        this.condition(left);
        this.condition(right);
        return 'boolean';
      case '??': {
        const type = this.typeOf(left);
        return type === this.typeOf(right) ? type : 'unknown';
      }
      case '+':
        return this.#sum(syntax);
      case '-':
      case '*':
      case '/':
      case '%':
        this.#number(left);
        this.#number(right);
        return 'number';
      default:
        this.#question(operator, syntax);
        return 'boolean';
    }
  }

  #sum(syntax: Binary): ExpressionType {
    const { left, right, offset } = syntax;
    const types = [this.typeOf(left), this.typeOf(right)];
    const isText = types.includes('text');
    const wrong = types.find((type) => type !== 'number' && type !== 'text' && type !== 'unknown');
    if (wrong) {
      const fix = isText ? 'Write "text(…)" around it' : 'Use numbers or texts';
      this.#report(offset, 'error', `cannot ${isText ? 'join' : 'add'} ${articles[wrong]}`, fix);
    } else if (isText && types.includes('number') && !joinsText(syntax)) {
      const fix = 'Write "number(…)" around the text to add it, "text(…)" around the number to join it';
      this.#report(offset, 'warning', '"+" joins a text and a number, it does not add them', fix);
    }
    if (isText) return 'text';
    return types.every((type) => type === 'number') ? 'number' : 'unknown';
  }

  #question(operator: BinaryOperator, syntax: Binary): void {
    const { left, right, offset } = syntax;
    if (isConstant(syntax)) {
      this.#typeUnlessConstant(syntax);
      return;
    }
    const [a, b] = [this.typeOf(left), this.typeOf(right)];
    const path = pathOf(left);
    if (path !== null && path === pathOf(right))
      this.#report(offset, 'warning', `"${path}" is compared with itself`, 'Compare it with something else');
    else if (operator === 'contains') this.#membership(a, b, offset);
    else if (operator === 'in') this.#membership(b, a, offset);
    else if (operator === '==' || operator === '!=') this.#equality(a, b, offset);
    else this.#order(a, b, offset);
  }

  #membership(whole: ExpressionType, part: ExpressionType, offset: number): void {
    if (whole === 'number' || whole === 'boolean')
      this.#report(offset, 'error', `${articles[whole]} contains nothing`, 'Use a text, a list or a map');
    const ofTexts = whole === 'text' || whole === 'map';
    if (ofTexts && part !== 'text' && part !== 'unknown' && part !== 'null')
      this.#report(
        offset,
        'error',
        `${articles[whole]} contains only texts, not ${articles[part]}`,
        'Write "text(…)" around it',
      );
  }

  #equality(a: ExpressionType, b: ExpressionType, offset: number): void {
    if (a === b || [a, b].some((type) => type === 'unknown' || type === 'null')) return;
    const message = `this is always the same: it compares ${articles[a]} with ${articles[b]}`;
    this.#report(offset, 'warning', message, likeWithLike(a, b));
  }

  #order(a: ExpressionType, b: ExpressionType, offset: number): void {
    if (a === 'unknown' || b === 'unknown') return;
    if (a !== b)
      this.#report(offset, 'error', `cannot compare ${articles[a]} with ${articles[b]}`, likeWithLike(a, b));
    else if (a !== 'number' && a !== 'text')
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

/** True when the value is the same each time. */
function isConstant(syntax: Syntax): boolean {
  if (syntax.type === 'name' || (syntax.type === 'call' && clockFunctions.has(syntax.name))) return false;
  return partsOf(syntax).every(isConstant);
}

/** True for `'no. ' + a + b`: where a text is written out, joining is meant. */
function joinsText(syntax: Syntax): boolean {
  if (syntax.type === 'value') return typeof syntax.value === 'string';
  if (syntax.type === 'call') return syntax.name === 'text';
  return (
    syntax.type === 'binary' && syntax.operator === '+' && (joinsText(syntax.left) || joinsText(syntax.right))
  );
}

function likeWithLike(a: ExpressionType, b: ExpressionType): string {
  const types = [a, b];
  return types.includes('text') && types.includes('number')
    ? 'Write "number(…)" around the text'
    : 'Compare like with like';
}
