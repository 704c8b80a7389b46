/** What an English word does to a spoken number. */
export type DigitWord =
  | { readonly type: 'digits'; readonly digits: string }
  /** `twenty`: takes a following one to nine into itself. */
  | { readonly type: 'tens'; readonly digit: string }
  /** `double`, `triple`: repeats the next digit. */
  | { readonly type: 'times'; readonly times: number }
  /** `hundred`, `thousand` after a digit: zeros. */
  | { readonly type: 'zeros'; readonly zeros: string }
  /** `oh`: a zero, but only beside another digit. */
  | { readonly type: 'oh' }
  /** `um`, `dash`: may stand between digits of one number. */
  | { readonly type: 'filler' };

/** The numbers from 0 to 9, then from 10 to 19, then the tens from 20. */
export const englishUnits = ['zero', 'one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight', 'nine'];
export const englishTeens = [
  'ten',
  'eleven',
  'twelve',
  'thirteen',
  'fourteen',
  'fifteen',
  'sixteen',
  'seventeen',
  'eighteen',
  'nineteen',
];
export const englishTens = ['twenty', 'thirty', 'forty', 'fifty', 'sixty', 'seventy', 'eighty', 'ninety'];
const fillers = ['um', 'uh', 'er', 'erm', 'and', 'then', 'dash', 'hyphen', 'space', 'plus', 'area', 'code'];

/** Words with a meaning inside a spoken number, American and British. */
export const englishDigitWords: ReadonlyMap<string, DigitWord> = new Map<string, DigitWord>([
  ...[...englishUnits, ...englishTeens].map((word, value): [string, DigitWord] => [
    word,
    { type: 'digits', digits: String(value) },
  ]),
  ...englishTens.map((word, i): [string, DigitWord] => [word, { type: 'tens', digit: String(i + 2) }]),
  ...fillers.map((word): [string, DigitWord] => [word, { type: 'filler' }]),
  ['nought', { type: 'digits', digits: '0' }],
  ['naught', { type: 'digits', digits: '0' }],
  ['niner', { type: 'digits', digits: '9' }],
  ['oh', { type: 'oh' }],
  ['o', { type: 'oh' }],
  ['double', { type: 'times', times: 2 }],
  ['triple', { type: 'times', times: 3 }],
  ['treble', { type: 'times', times: 3 }],
  ['hundred', { type: 'zeros', zeros: '00' }],
  ['thousand', { type: 'zeros', zeros: '000' }],
]);
