import { dialogLimits } from '../config/limits.js';
import { isMap, textOf, type Value } from './value.js';

/** An operator or a function refuses its operands; the message quotes them, so it may hold what somebody said. */
export class OperandError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'OperandError';
  }
}

/** Counts work that grows with the values; throws OperandError past `dialogLimits.expressionSteps`. */
export type Spend = (steps: number) => void;

export function isList(value: Value | undefined): value is readonly Value[] {
  return Array.isArray(value);
}

/** A value as an error names it, cut at 40 characters. */
export function described(value: Value | undefined): string {
  if (value === null || value === undefined) return 'nothing';
  if (isList(value)) return 'a list';
  if (isMap(value)) return 'a map';
  return JSON.stringify(typeof value === 'string' ? value.slice(0, 40) : value);
}

export function text(value: Value | undefined): string {
  if (typeof value === 'string') return value;
  throw new OperandError(`expected a text, not ${described(value)}`);
}

export function number(value: Value | undefined): number {
  if (typeof value === 'number') return value;
  throw new OperandError(`expected a number, not ${described(value)}`);
}

export function list(value: Value | undefined): readonly Value[] {
  if (isList(value)) return value;
  throw new OperandError(`expected a list, not ${described(value)}`);
}

/** Only true and false decide; nothing counts as false. */
export function truth(value: Value): boolean {
  if (typeof value === 'boolean') return value;
  if (value === null) return false;
  throw new OperandError(`expected true or false, not ${described(value)}`);
}

/** The result of arithmetic. Fractions keep 15 digits, so that 0.1 + 0.2 is 0.3; -0 is 0. */
export function decimal(value: number): number {
  if (!Number.isFinite(value)) throw new OperandError('the number is too large');
  return Number.isInteger(value) ? value + 0 : Number(value.toPrecision(15));
}

export function divisor(value: Value): number {
  const by = number(value);
  if (by === 0) throw new OperandError('division by zero');
  return by;
}

/** An own property of a map or an item of a list (from its end where negative); null for all else. */
export function memberOf(value: Value, key: Value): Value {
  if (isList(value)) return typeof key === 'number' ? (value.at(key) ?? null) : null;
  if (isMap(value) && typeof key === 'string' && Object.hasOwn(value, key)) return value[key] ?? null;
  return null;
}

/** Below zero, zero or above, as `left` comes before, with or after `right`. */
export function compare(left: Value, right: Value): number {
  if (typeof left === 'number' && typeof right === 'number') return left - right;
  if (typeof left === 'string' && typeof right === 'string') return left < right ? -1 : left > right ? 1 : 0;
  throw new OperandError(`cannot compare ${described(left)} with ${described(right)}`);
}

/** Equality of contents; values of different kinds are never the same. */
export function same(left: Value, right: Value, spend: Spend, depth = 0): boolean {
  if (left === right) return true;
  checkDepth(depth);
  spend(1);
  if (isList(left) && isList(right)) {
    if (left.length !== right.length) return false;
    return left.every((item, i) => same(item, right[i] ?? null, spend, depth + 1));
  }
  if (!isMap(left) || !isMap(right)) return false;
  const names = Object.keys(left);
  spend(names.length);
  return (
    names.length === Object.keys(right).length &&
    names.every(
      (name) =>
        Object.hasOwn(right, name) && same(memberOf(left, name), memberOf(right, name), spend, depth + 1),
    )
  );
}

/** A part of a text, an item of a list, or a name in a map; nothing contains nothing. */
export function contains(whole: Value, part: Value, spend: Spend): boolean {
  if (whole === null) return false;
  if (isList(whole)) {
    spend(whole.length);
    return whole.some((item) => same(item, part, spend));
  }
  if (typeof whole !== 'string' && !isMap(whole))
    throw new OperandError(`${described(whole)} contains nothing`);
  if (part === null) return false;
  if (typeof part !== 'string')
    throw new OperandError(`${described(whole)} contains only texts, not ${described(part)}`);
  return typeof whole === 'string' ? whole.includes(part) : Object.hasOwn(whole, part);
}

/** `left + right` where one of them is a text. */
export function joined(left: Value, right: Value): string {
  const isPlain = (value: Value): boolean => typeof value === 'string' || typeof value === 'number';
  if (!isPlain(left) || !isPlain(right))
    throw new OperandError(`cannot join ${described(left)} and ${described(right)}`);
  return boundedText(textOf(left) + textOf(right));
}

/** Any value as text, as `textOf`; refused before it is written where it would be too long. */
export function writtenOut(value: Value, spend: Spend): string {
  let characters = 0;
  const measure = (part: Value, depth: number): void => {
    checkDepth(depth);
    spend(1);
    if (typeof part === 'string') characters += part.length;
    else if (isList(part)) for (const item of part) measure(item, depth + 1);
    else if (isMap(part)) {
      for (const [name, item] of Object.entries(part)) {
        characters += name.length;
        measure(item, depth + 1);
      }
    }
    if (characters > dialogLimits.textCharacters) throw tooLong();
  };
  measure(value, 0);
  return boundedText(textOf(value));
}

/** True for a value that `textOf` writes in bounded time, memory and depth. */
export function canBeWritten(value: Value): boolean {
  if (!isList(value) && !isMap(value)) return true;
  let steps = 0;
  try {
    writtenOut(value, (more) => {
      steps += more;
      if (steps > dialogLimits.expressionSteps) throw new OperandError('too many steps');
    });
    return true;
  } catch (error) {
    if (error instanceof OperandError) return false;
    throw error;
  }
}

export function boundedText(value: string): string {
  if (value.length > dialogLimits.textCharacters) throw tooLong();
  return value;
}

export function boundedList(value: readonly Value[]): readonly Value[] {
  if (value.length <= dialogLimits.expressionListItems) return value;
  throw new OperandError(`the list is longer than ${dialogLimits.expressionListItems} items`);
}

export function tooLong(): OperandError {
  return new OperandError(`the text is longer than ${dialogLimits.textCharacters} characters`);
}

function checkDepth(depth: number): void {
  if (depth > dialogLimits.expressionDepth) throw new OperandError('the value is nested too deep');
}
