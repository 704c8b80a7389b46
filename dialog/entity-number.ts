import type { EntityType } from './entity.js';
import { isBare } from './entity-fillers.js';
import { numberText } from './entity-format.js';
import { toEntities, type Found } from './entity-found.js';
import { NormalText } from './entity-normal-text.js';
import { findNumerals } from './entity-numeral.js';
import type { Numeral } from './entity-numeral-reading.js';

/** Bounds on a value, both included. */
export interface RangeOptions {
  readonly min?: number;
  readonly max?: number;
}

/** Keys of a number that has no upper bound. */
const defaultKeys = 10;
const dateBefore = /(?:第|星期|周|礼拜|初|正月|点)$/;
const otherAfter =
  /^(?:点|月|日|时(?!候)|[%‰]| ?percent| per ?cent|成(?![功员本为立年长交绩果人就都])|折|:\d)/;
const yearAfter = /^年/;
const doubtAfter =
  /^(?:号|[个块元]?[到至~][\d一二两三四五六七八九十百千]| to (?:\d|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twe|thir|fif|a hundred))/;
const doubtBefore =
  /(?:大概|大约|约|差不多|将近|接近|超过|至少|最多|起码|[\d一二两三四五六七八九十百千万个块元][到至~]|(?:about|around|roughly|nearly|almost|over|under|least|most|than|approximately|(?:up|\d|one|two|three|four|five|six|seven|eight|nine|ten|teen|ty|hundred|thousand) to) )$/;
const contextReach = 14;

/** Numbers, whole or not: `{min, max}` bound the value. */
export function numberType(options: RangeOptions = {}): EntityType {
  return numeric('number', options, () => true);
}

/** Whole numbers: `{min, max}` bound the value. */
export function integerType(options: RangeOptions = {}): EntityType {
  return numeric('integer', options, Number.isInteger);
}

/** True for a value between the bounds. */
export function inRange(value: number, { min = -Infinity, max = Infinity }: RangeOptions): boolean {
  return value >= min && value <= max;
}

/** The number of pressed keys, `*` as the decimal point; null when they are none. */
export function numberFromKeys(keys: string): number | null {
  if (!/^\d+(?:\*\d+)?$/.test(keys)) return null;
  const value = Number(keys.replace('*', '.'));
  return value <= Number.MAX_SAFE_INTEGER ? value : null;
}

/** Keys that a number between the bounds may take. */
export function keysOfRange({ max }: RangeOptions): { readonly least: number; readonly most: number } {
  const most = max === undefined || max < 0 ? defaultKeys : String(Math.floor(max)).length;
  return { least: 1, most: Math.min(most, 15) };
}

/** True when a numeral stands for a number in its own right: no hour, month, ordinal or percentage. */
export function isQuantity(text: string, numeral: Numeral): boolean {
  const { value, ordinal, per, start, end } = numeral;
  if (value === null || ordinal || per !== null) return false;
  if (dateBefore.test(text.slice(Math.max(0, start - 2), start))) return false;
  const after = text.slice(end, end + contextReach);
  return !otherAfter.test(after) && !(yearAfter.test(after) && value >= 1900 && value <= 2100);
}

/** True for an end of a range and for what is only about right: 五到十, "at least five". */
export function isApproximate(text: string, start: number, end: number): boolean {
  if (doubtAfter.test(text.slice(end, end + contextReach))) return true;
  return doubtBefore.test(text.slice(Math.max(0, start - contextReach), start));
}

/** True when a numeral hardly means anything but its value. */
export function isCertainQuantity(text: string, numeral: Numeral): boolean {
  const { start, end, light, pair, digits } = numeral;
  if (isApproximate(text, start, end)) return false;
  return !(light || pair || digits !== null) || isBare(text, start, end);
}

function numeric(name: string, options: RangeOptions, allows: (value: number) => boolean): EntityType {
  const accepts = (value: number) => allows(value) && inRange(value, options);
  return {
    name,
    find(original) {
      const normal = new NormalText(original);
      const found = findNumerals(normal).flatMap((numeral): Found[] => {
        const { value, start, end } = numeral;
        if (value === null || !accepts(value) || !isQuantity(normal.text, numeral)) return [];
        return [{ value, start, end, certain: isCertainQuantity(normal.text, numeral) }];
      });
      return toEntities(normal, found);
    },
    fromKeys(keys) {
      const value = numberFromKeys(keys);
      return value !== null && accepts(value) ? value : null;
    },
    format: (value) => numberText(value),
    keyDigits: keysOfRange(options),
    spokenAsDigits: false,
  };
}
