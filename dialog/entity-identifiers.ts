import type { EntityContext, EntityType } from './entity.js';
import { plainText, spokenGroups, writtenGroups } from './entity-format.js';
import { findDigitSpans } from './entity-digits.js';
import { matchAt, toEntities, type Found } from './entity-found.js';
import { NormalText } from './entity-normal-text.js';
import { readDigitStrings, type DigitString } from './slots-digits.js';

const mobile = /^(?:00)?(?:86)?(1[3-9]\d{9})$/;
const spokenX = /[ -]?(?:x|叉|艾克斯|ex)(?![a-z\d])/y;
/** Province codes of GB/T 2260. */
const regions = new Set(
  '11 12 13 14 15 21 22 23 31 32 33 34 35 36 37 41 42 43 44 45 46 50 51 52 53 54 61 62 63 64 65 71 81 82 83'.split(
    ' ',
  ),
);
const checkWeights = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
const checkCharacters = '10X98765432';
const dayMs = 86_400_000;

/** Chinese mobile numbers, 11 digits beginning with 13 to 19; a country code is left off. */
export function mobileType(): EntityType {
  const accept = (digits: string) => mobile.exec(digits)?.[1] ?? null;
  return {
    name: 'cn_mobile',
    find: (text) => findAccepted(text, accept),
    fromKeys: accept,
    format: groupedFormat([3, 4, 4]),
    keyDigits: { least: 11, most: 11 },
    spokenAsDigits: true,
  };
}

/** Numbers of Chinese identity cards (GB 11643): region, date of birth and check character are verified. */
export function idCardType(): EntityType {
  return {
    name: 'cn_id_card',
    find(original, context) {
      const normal = new NormalText(original);
      const accept = (id: string) => (isIdCard(id, context) ? id : null);
      const strings = readDigitStrings(normal);
      const closed = strings.flatMap((string) => withX(normal.text, string) ?? []);
      const spans = [
        ...closed.filter(({ digits }) => accept(digits) !== null),
        ...findDigitSpans(strings, accept),
      ];
      return toEntities(
        normal,
        spans.map(({ digits, start, end }): Found => ({ value: digits, start, end, certain: true })),
      );
    },
    // Telephones have no X; callers press the star for it.
    fromKeys(keys, context) {
      const id = keys.replace(/\*$/, 'X');
      return isIdCard(id, context) ? id : null;
    },
    format: groupedFormat([6, 4, 4, 4]),
    keyDigits: { least: 18, most: 18 },
    spokenAsDigits: true,
  };
}

/** Numbers of bank cards: 12 to 19 digits with the Luhn check digit of ISO/IEC 7812-1; no identity card is one. */
export function bankCardType(): EntityType {
  const accept = (digits: string, context: EntityContext) =>
    /^[1-9]\d{11,18}$/.test(digits) && passesLuhn(digits) && !isIdCard(digits, context) ? digits : null;
  return {
    name: 'bank_card',
    find: (text, context) => findAccepted(text, (digits) => accept(digits, context)),
    fromKeys: accept,
    format: groupedFormat([4]),
    keyDigits: { least: 12, most: 19 },
    spokenAsDigits: true,
  };
}

function findAccepted(original: string, accept: (digits: string) => string | null) {
  const normal = new NormalText(original);
  const found = findDigitSpans(readDigitStrings(normal), accept).map(({ digits, start, end }): Found => ({
    value: digits,
    start,
    end,
    certain: true,
  }));
  return toEntities(normal, found);
}

function withX(text: string, { digits, start, end }: DigitString): DigitString | null {
  const x = digits.length === 17 ? matchAt(spokenX, text, end) : null;
  return x === null ? null : { digits: `${digits}X`, start, end: end + x.length, written: [] };
}

function isIdCard(id: string, { nowMs }: EntityContext): boolean {
  if (!/^[1-9]\d{16}[\dX]$/.test(id) || !regions.has(id.slice(0, 2))) return false;
  const born = birthMs(Number(id.slice(6, 10)), Number(id.slice(10, 12)), Number(id.slice(12, 14)));
  if (born === null || born > nowMs + dayMs) return false;
  const sum = checkWeights.reduce((total, weight, i) => total + weight * Number(id[i]), 0);
  return checkCharacters[sum % 11] === id[17];
}

/** Null for a date that does not exist or before 1900. */
function birthMs(year: number, month: number, day: number): number | null {
  const ms = Date.UTC(year, month - 1, day);
  const date = new Date(ms);
  const exists = date.getUTCMonth() === month - 1 && date.getUTCDate() === day;
  return exists && year >= 1900 ? ms : null;
}

function passesLuhn(digits: string): boolean {
  let sum = 0;
  for (let i = 0; i < digits.length; i++) {
    const digit = Number(digits[digits.length - 1 - i]);
    const doubled = digit * 2;
    sum += i % 2 === 0 ? digit : doubled > 9 ? doubled - 9 : doubled;
  }
  return sum % 10 === 0;
}

function groupedFormat(sizes: readonly number[]): EntityType['format'] {
  return (value, form, context) => {
    const text = plainText(value);
    return form === 'written' ? writtenGroups(text, sizes) : spokenGroups(text, sizes, context);
  };
}
