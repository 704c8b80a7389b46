import { dialogLimits } from '../config/limits.js';
import { compileExpression, type Expression, type ExpressionScope } from './expression.js';
import { canBeWritten } from './expression-values.js';
import type { Value } from './value.js';

/**
 * How the value of a place is written; `name` is the name or dotted path, or null where the place is more than that. A
 * value that reaches it is not null and can be written out in bounded time.
 */
export type FormatPlace = (name: string | null, value: Value) => string;

/** A text with `{expression}` places, compiled. */
export interface TextTemplate {
  readonly source: string;
  /** What its places read, as in `Expression.names`. */
  readonly names: readonly string[];
  readonly expressions: readonly Expression[];
  /**
   * A place whose value is null or too large, or that fails, is left empty; what is filled in is not looked into again.
   * Cut at `dialogLimits.textCharacters`.
   */
  fill(scope: ExpressionScope, format: FormatPlace): string;
}

export type CompiledTemplate =
  | { readonly ok: true; readonly template: TextTemplate }
  | { readonly ok: false; readonly message: string; readonly offset: number; readonly fix: string };

/** Compiles a text such as `You owe {round(bill.amount, 2)} dollars`; `{{` and `}}` stand for the braces themselves. */
export function compileTemplate(source: string): CompiledTemplate {
  const parts: (string | Expression)[] = [];
  let text = '';
  for (let at = 0; at < source.length; at++) {
    const character = source.charAt(at);
    if ((character === '{' || character === '}') && source.charAt(at + 1) === character) {
      text += character;
      at++;
    } else if (character === '{') {
      const end = closingBrace(source, at + 1);
      if (end < 0)
        return {
          ok: false,
          message: '"{" is not closed',
          offset: at,
          fix: 'Add "}", or write "{{" for the brace',
        };
      const compiled = compileExpression(source.slice(at + 1, end));
      if (!compiled.ok)
        return { ...compiled, message: `in "{…}": ${compiled.message}`, offset: at + 1 + compiled.offset };
      parts.push(text, compiled.expression);
      text = '';
      at = end;
    } else text += character;
  }
  parts.push(text);
  return { ok: true, template: new CompiledText(source, parts) };
}

/** The brace that ends a place: not one inside quotes. */
function closingBrace(source: string, from: number): number {
  let quote = '';
  for (let at = from; at < source.length; at++) {
    const character = source.charAt(at);
    if (quote !== '') {
      if (character === '\\') at++;
      else if (character === quote) quote = '';
    } else if (character === '"' || character === "'") quote = character;
    else if (character === '}') return at;
  }
  return -1;
}

class CompiledText implements TextTemplate {
  readonly source: string;
  readonly names: readonly string[];
  readonly expressions: readonly Expression[];
  readonly #parts: readonly (string | Expression)[];

  constructor(source: string, parts: readonly (string | Expression)[]) {
    this.source = source;
    this.#parts = parts.filter((part) => part !== '');
    this.expressions = parts.filter((part) => typeof part !== 'string');
    this.names = [...new Set(this.expressions.flatMap(({ names }) => names))];
  }

  fill(scope: ExpressionScope, format: FormatPlace): string {
    let filled = '';
    for (const part of this.#parts) {
      filled += typeof part === 'string' ? part : place(part, scope, format);
      if (filled.length > dialogLimits.textCharacters) return cut(filled);
    }
    return filled;
  }
}

function place(expression: Expression, scope: ExpressionScope, format: FormatPlace): string {
  const result = expression.evaluate(scope);
  if (!result.ok || result.value === null || !canBeWritten(result.value)) return '';
  const [name] = expression.names;
  return format(name === expression.source ? name : null, result.value);
}

/** Not between the two halves of one character. */
function cut(text: string): string {
  const end = dialogLimits.textCharacters;
  return text.slice(0, (text.codePointAt(end - 1) ?? 0) > 0xffff ? end - 1 : end);
}
