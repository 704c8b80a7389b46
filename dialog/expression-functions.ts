import { dialogLimits } from '../config/limits.js';
import { addDays, dayNumber, wallTime, weekdayOf } from './civil-date.js';
import type { ExpressionType } from './expression-types.js';
import {
  boundedText,
  decimal,
  described,
  isList,
  list,
  number,
  OperandError,
  text,
  tooLong,
  writtenOut,
  type Spend,
} from './expression-values.js';
import { isMap, type Value } from './value.js';

/** What a function may know besides its operands. */
export interface FunctionContext {
  readonly nowMs: number;
  readonly timeZone: string;
  readonly spend: Spend;
}

/** A function of the expression language; `apply` throws OperandError for operands it has no answer to. */
export interface ExpressionFunction {
  /** Types of the operands; those from `least` on may be left out, the last one may come again where `most` is more. */
  readonly operands: readonly ExpressionType[];
  readonly least: number;
  readonly most: number;
  readonly result: ExpressionType;
  apply(operands: readonly Value[], context: FunctionContext): Value;
}

const many = 20;
const lastMs = 8_640_000_000_000_000;

function define(
  signature: string,
  result: ExpressionType,
  apply: ExpressionFunction['apply'],
  least?: number,
  most?: number,
): ExpressionFunction {
  const operands = signature === '' ? [] : (signature.split(' ') as ExpressionType[]);
  return { operands, least: least ?? operands.length, most: most ?? operands.length, result, apply };
}

function date(value: Value | undefined): number {
  const day = dayNumber(text(value));
  if (day === null) throw new OperandError(`expected a date like 2026-11-20, not ${described(value)}`);
  return day;
}

function localTime({ nowMs, timeZone }: FunctionContext): string {
  if (!(Math.abs(nowMs) <= lastMs)) throw new OperandError('the clock is out of range');
  return wallTime(nowMs, timeZone);
}

/** Halves are rounded away from zero, in decimal: 1.005 becomes 1.01. */
function rounded(value: number, digits: number): number {
  if (!Number.isInteger(digits) || digits < 0 || digits > 10)
    throw new OperandError('round takes 0 to 10 digits');
  const shifted = Math.round(shiftedPoint(Math.abs(value), digits));
  return decimal(Number.isFinite(shifted) ? Math.sign(value) * shiftedPoint(shifted, -digits) : value);
}

function shiftedPoint(value: number, places: number): number {
  const [digits, exponent = '0'] = String(value).split('e');
  return Number(`${digits}e${Number(exponent) + places}`);
}

function parsedNumber(value: Value | undefined): number {
  if (typeof value === 'number') return value;
  const source = text(value).trim();
  if (!/^[-+]?\d{1,15}(?:\.\d{1,15})?$/.test(source))
    throw new OperandError(`${described(value)} is not a number`);
  return decimal(Number(source));
}

function sum(values: readonly Value[]): number {
  return decimal(values.reduce<number>((total, value) => total + number(value), 0));
}

function lastOf(characters: readonly string[], wanted: number): readonly string[] {
  return wanted >= 1 ? characters.slice(-Math.floor(wanted)) : [];
}

function namesOf(value: Value | undefined): readonly string[] {
  if (isMap(value)) return Object.keys(value);
  throw new OperandError(`expected a map, not ${described(value)}`);
}

function joinedItems(items: readonly Value[], separator: string, spend: Spend): string {
  let joined = '';
  items.forEach((item, i) => {
    joined = boundedText(`${joined}${i === 0 ? '' : separator}${writtenOut(item, spend)}`);
  });
  return joined;
}

function replaced(source: string, what: string, by: string): string {
  if (what === '') return source;
  const parts = source.split(what);
  const length = source.length + (parts.length - 1) * (by.length - what.length);
  if (length > dialogLimits.textCharacters) throw tooLong();
  return parts.join(by);
}

function isEmpty(value: Value | undefined): boolean {
  if (value === null || value === undefined || value === '') return true;
  if (isList(value)) return value.length === 0;
  return isMap(value) && Object.keys(value).length === 0;
}

/** All functions by name. `matches` is not here: its pattern is compiled with the expression. */
export const expressionFunctions: ReadonlyMap<string, ExpressionFunction> = new Map<
  string,
  ExpressionFunction
>([
  ['lower', define('text', 'text', ([a]) => text(a).toLowerCase())],
  ['upper', define('text', 'text', ([a]) => text(a).toUpperCase())],
  ['trim', define('text', 'text', ([a]) => text(a).trim())],
  ['length', define('unknown', 'number', ([a]) => (isList(a) ? a.length : [...text(a)].length))],
  [
    'substring',
    define(
      'text number number',
      'text',
      ([a, b, c]) => [...text(a)].slice(number(b), c === undefined ? undefined : number(c)).join(''),
      2,
    ),
  ],
  ['last', define('text number', 'text', ([a, b]) => lastOf([...text(a)], number(b)).join(''))],
  [
    'round',
    define('number number', 'number', ([a, b]) => rounded(number(a), b === undefined ? 0 : number(b)), 1),
  ],
  ['floor', define('number', 'number', ([a]) => Math.floor(number(a)))],
  ['ceil', define('number', 'number', ([a]) => Math.ceil(number(a)))],
  ['abs', define('number', 'number', ([a]) => Math.abs(number(a)))],
  ['min', define('number', 'number', (all) => Math.min(...all.map(number)), 1, many)],
  ['max', define('number', 'number', (all) => Math.max(...all.map(number)), 1, many)],
  ['number', define('unknown', 'number', ([a]) => parsedNumber(a))],
  ['text', define('unknown', 'text', ([a], { spend }) => writtenOut(a ?? null, spend))],
  [
    'join',
    define(
      'list text',
      'text',
      ([a, b], { spend }) => joinedItems(list(a), b === undefined ? ', ' : text(b), spend),
      1,
    ),
  ],
  [
    'split',
    define('text text', 'list', ([a, b]) => text(a).split(text(b), dialogLimits.expressionListItems + 1)),
  ],
  ['starts_with', define('text text', 'boolean', ([a, b]) => text(a).startsWith(text(b)))],
  ['ends_with', define('text text', 'boolean', ([a, b]) => text(a).endsWith(text(b)))],
  ['replace', define('text text text', 'text', ([a, b, c]) => replaced(text(a), text(b), text(c)))],
  ['is_empty', define('unknown', 'boolean', ([a]) => isEmpty(a))],
  ['default', define('unknown unknown', 'unknown', ([a, b]) => (isEmpty(a) ? (b ?? null) : (a ?? null)))],
  ['keys', define('map', 'list', ([a]) => namesOf(a))],
  ['first', define('list', 'unknown', ([a]) => list(a)[0] ?? null)],
  ['count', define('list', 'number', ([a]) => list(a).length)],
  ['sum', define('list', 'number', ([a]) => sum(list(a)))],
  ['today', define('', 'text', (_none, context) => localTime(context).slice(0, 10))],
  ['now', define('', 'text', (_none, context) => localTime(context))],
  ['hour', define('', 'number', (_none, context) => Number(localTime(context).slice(11, 13)))],
  // 1 is Monday, 7 Sunday (ISO 8601).
  [
    'weekday',
    define('text', 'number', ([a], context) => weekdayOf(date(a === undefined ? localTime(context) : a)), 0),
  ],
  ['days_between', define('text text', 'number', ([a, b]) => date(b) - date(a))],
  [
    'add_days',
    define('text number', 'text', ([a, b]) => {
      const moved = addDays(date(a), number(b));
      if (moved === null) throw new OperandError('the date lies outside the years 1 to 9999');
      return moved;
    }),
  ],
]);
