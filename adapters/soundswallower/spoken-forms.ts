/** How a token of a grammar can be said: each form is a sequence of plain words. */
export type SpokenForms = readonly (readonly string[])[];

const units = [
  'zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen',
  'eighteen nineteen',
]
  .join(' ')
  .split(' ');
const tens = '- - twenty thirty forty fifty sixty seventy eighty ninety'.split(' ');
const symbols: Readonly<Record<string, string>> = { '&': 'and', '+': 'plus', '%': 'percent', '@': 'at' };

/** Numbers of more digits are said digit by digit only. */
const longestCardinal = 4;

/** Characters; what is longer is no word that anybody says. */
const longestToken = 64;

/**
 * The ways to say a token, most usual first; none for one without a letter of the Latin alphabet, a digit or one of
 * `& + % @`.
 *
 * "forty-two", "42" (forty two; four two), "a.m.", "b2b", "café" (its accents are dropped).
 */
export function spokenForms(token: string): SpokenForms {
  const plain = token
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .replace(/[\u2018\u2019]/g, "'")
    .toLowerCase();
  // A letter of another script would have to be left out, and the rest is then another word.
  if (/[^\P{L}a-z]/u.test(plain)) return [];
  const parts = plain.match(/[a-z]+(?:'[a-z]+)*|\d+|[&+%@]/g) ?? [];
  if (parts.length === 0 || token.length > longestToken) return [];
  const ways = parts.map((part) => (/^\d/.test(part) ? numberForms(part) : [[symbols[part] ?? part]]));
  // Two numbers in one token are said in the same manner: no need for every combination.
  const manners = Math.max(...ways.map((forms) => forms.length));
  return Array.from({ length: manners }, (_, manner) =>
    ways.flatMap((forms) => forms[Math.min(manner, forms.length - 1)] ?? []),
  );
}

/** A run of digits as a number, as digits, and in pairs, as far as these differ. */
function numberForms(digits: string): string[][] {
  const singly = [...digits].map((digit) => units[Number(digit)] ?? '');
  const forms = [singly];
  if (digits.length <= longestCardinal && !/^0./.test(digits)) forms.unshift(cardinal(Number(digits)));
  if (/^[1-9]\d[1-9]\d$/.test(digits))
    forms.push([...belowHundred(digits.slice(0, 2)), ...belowHundred(digits.slice(2))]);
  if (singly.includes('zero')) forms.push(singly.map((word) => (word === 'zero' ? 'oh' : word)));
  const seen = new Set<string>();
  return forms.filter((form) => seen.size < seen.add(form.join(' ')).size);
}

function belowHundred(digits: string): string[] {
  return cardinal(Number(digits));
}

function cardinal(value: number): string[] {
  if (value < 20) return [units[value] ?? ''];
  const [size, name] = value < 100 ? [10, ''] : value < 1_000 ? [100, 'hundred'] : [1_000, 'thousand'];
  const head =
    size === 10 ? [tens[Math.floor(value / 10)] ?? ''] : [...cardinal(Math.floor(value / size)), name];
  return value % size === 0 ? head : [...head, ...cardinal(value % size)];
}
