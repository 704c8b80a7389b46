import type { ExpressionProblem, ExpressionUse } from './expression-check.js';
import type { Expression } from './expression.js';
import type { Value } from './value.js';

/** What an expression gives, as far as it can be told before it runs. */
export type ExpressionType = 'number' | 'text' | 'boolean' | 'list' | 'map' | 'null' | 'unknown';

export function typeOf(value: Value): ExpressionType {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'list';
  switch (typeof value) {
    case 'number':
      return 'number';
    case 'string':
      return 'text';
    case 'boolean':
      return 'boolean';
    default:
      return 'map';
  }
}

/** As `Expression.check`: what cannot be right in an expression, given the types of all names that exist. */
export function checkExpression(
  expression: Expression,
  types: ReadonlyMap<string, ExpressionType>,
  use: ExpressionUse = 'value',
): readonly ExpressionProblem[] {
  return expression.check(types, use);
}
