import { dialogLimits } from '../config/limits.js';
import type { EntityType } from './entity.js';
import { isBare } from './entity-fillers.js';
import { plainText, spokenGroups } from './entity-format.js';
import { toEntities, type Found } from './entity-found.js';
import { NormalText } from './entity-normal-text.js';
import { readDigitStrings, type DigitSpan, type DigitString } from './slots-digits.js';

/** How many digits: both bounds included, 1 to `dialogLimits.digits`. */
export interface DigitsOptions {
  readonly min?: number;
  readonly max?: number;
}

/** Strings of digits, said one by one or written: `double oh seven`, 幺三八, 三个八, `138 1234 5678`. */
export function digitsType({ min = 1, max = dialogLimits.digits }: DigitsOptions = {}): EntityType {
  const fits = (digits: string) => digits.length >= min && digits.length <= max;
  return {
    name: 'digits',
    find(original) {
      const normal = new NormalText(original);
      const found = findDigitSpans(readDigitStrings(normal), (digits) => (fits(digits) ? digits : null));
      return toEntities(
        normal,
        found.map(({ digits, start, end }): Found => {
          const light = digits === '1' && end - start > 0 && /^[一o]/.test(normal.text.slice(start));
          return { value: digits, start, end, certain: !light || isBare(normal.text, start, end) };
        }),
      );
    },
    fromKeys: (keys) => (/^\d+$/.test(keys) && fits(keys) ? keys : null),
    format: (value, form, context) => {
      const digits = plainText(value);
      return form === 'written' ? digits : spokenGroups(digits, digits.length <= 6 ? [6] : [3, 4], context);
    },
    keyDigits: { least: min, most: max },
    spokenAsDigits: true,
  };
}

/**
 * The digit strings that mean something to `accept`, which returns their digits in the proper form or null.
 *
 * Where a number as a whole does not, it may be several spoken after another, or hold one that was written without a
 * space. When nothing fits alone, all the digits of the text together may.
 */
export function findDigitSpans(
  strings: readonly DigitString[],
  accept: (digits: string) => string | null,
): readonly DigitSpan[] {
  const found = strings.flatMap((string) => {
    const digits = accept(string.digits);
    if (digits !== null) return [{ ...string, digits }];
    return string.written.flatMap((part) => {
      const partDigits = accept(part.digits);
      return partDigits === null ? [] : [{ ...part, digits: partDigits }];
    });
  });
  const [first, last] = [strings.at(0), strings.at(-1)];
  if (found.length > 0 || !first || !last) return found;
  const whole = accept(strings.map(({ digits }) => digits).join(''));
  return whole === null ? [] : [{ digits: whole, start: first.start, end: last.end }];
}
