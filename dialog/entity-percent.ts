import type { EntityType } from './entity.js';
import { isBare } from './entity-fillers.js';
import { isChinese, numberText } from './entity-format.js';
import { matchAt, toEntities, type Found } from './entity-found.js';
import { NormalText } from './entity-normal-text.js';
import {
  inRange,
  isApproximate,
  isQuantity,
  keysOfRange,
  numberFromKeys,
  type RangeOptions,
} from './entity-number.js';
import { findNumerals } from './entity-numeral.js';
import type { Numeral } from './entity-numeral-reading.js';

const sign =
  / ?%|(?: an?)? (?:percent|per cent|pct)(?:age points?)?(?![a-z])|percent(?![a-z])|个百分点|个点(?!子)/y;
const ofThings = /[块元毛角钱个位张份件条人天号]/;
const perMille = / ?‰/y;
const tenth = /成(?![功员本为立年长交绩果人就都多])/y;

/** Parts of a hundred: 百分之十五, `15%`, 一成半 and "fifteen percent". `{min, max}` bound the value. */
export function percentType(options: RangeOptions = {}): EntityType {
  return {
    name: 'percent',
    find(original) {
      const normal = new NormalText(original);
      const numerals = findNumerals(normal);
      const found = numerals.flatMap(
        (numeral, i) => readPercent(normal.text, numeral, numerals[i + 1]) ?? [],
      );
      return toEntities(
        normal,
        found.filter(({ value }) => typeof value === 'number' && inRange(value, options)),
      );
    },
    fromKeys(keys) {
      const value = numberFromKeys(keys);
      return value !== null && inRange(value, options) ? value : null;
    },
    format: (value, form, context) =>
      numberText(value) + (form === 'written' || isChinese(context) ? '%' : ' percent'),
    keyDigits: keysOfRange({ max: options.max ?? 100 }),
    spokenAsDigits: false,
  };
}

function readPercent(text: string, numeral: Numeral, next: Numeral | undefined): Found | null {
  const { value, per, start, end } = numeral;
  if (value === null || numeral.ordinal) return null;
  if (per !== null)
    return { value: exact((value * 100) / per), start, end, certain: !isApproximate(text, start, end) };
  const percent = matchAt(sign, text, end);
  if (percent !== null) {
    const percentEnd = end + percent.length;
    return { value, start, end: percentEnd, certain: !isApproximate(text, start, percentEnd) };
  }
  const mille = matchAt(perMille, text, end);
  if (mille !== null) return { value: exact(value / 10), start, end: end + mille.length, certain: true };
  if (matchAt(tenth, text, end) !== null && value > 0 && value <= 10) return readTenths(numeral, value, next);
  if (!isBare(text, start, end) || !isQuantity(text, numeral) || ofThings.test(text.charAt(end))) return null;
  // 一半 and "half" answer "what percentage", a bare number too.
  return { value: value === 0.5 ? 50 : value, start, end, certain: value !== 0.5 };
}

/** 三成, 三成五, 三成半. */
function readTenths(numeral: Numeral, value: number, next: Numeral | undefined): Found {
  const { start } = numeral;
  const end = numeral.end + 1;
  const tail = next?.start === end && next.per === null ? next.value : null;
  if (next && tail === 0.5) return { value: exact(value * 10 + 5), start, end: next.end, certain: true };
  if (next && tail !== null && tail >= 1 && tail <= 9 && Number.isInteger(tail)) {
    return { value: exact(value * 10 + tail), start, end: next.end, certain: true };
  }
  return { value: exact(value * 10), start, end, certain: true };
}

function exact(value: number): number {
  return Number(value.toPrecision(12));
}
