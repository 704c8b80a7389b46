import { isChinese, isEnglish } from '../grammar/tokenize.js';

/** Largest number that is read as a number; longer ones are read digit by digit. */
const largestDigits = 15;

/**
 * A decimal number ("-12", "1,234.50") as it is spoken, or null where the text is no number or the language has no
 * words here (only English and Chinese do).
 */
export function cardinalWords(text: string, language: string): string | null {
  const match = /^([+-]?)(\d{1,3}(?:,\d{3})+|\d+)(?:\.(\d+))?$/.exec(text.trim());
  if (match === null) return null;
  const [, sign = '', grouped = '', fraction = ''] = match;
  const whole = grouped.replaceAll(',', '').replace(/^0+(?=\d)/, '');
  if (whole.length > largestDigits) return null;
  if (isChinese(language)) {
    const tail = fraction === '' ? '' : `点${digitWords(fraction, language)}`;
    return (sign === '-' ? '负' : '') + chineseCardinal(whole) + tail;
  }
  if (!isEnglish(language)) return null;
  const tail = fraction === '' ? '' : ` point ${digitWords(fraction, language)}`;
  return (sign === '-' ? 'minus ' : '') + englishCardinal(Number(whole)) + tail;
}

/** Digits one by one, other characters dropped; `spokenOne` is how Chinese says 1 (幺 in telephone numbers). */
export function digitWords(text: string, language: string, spokenOne = '一'): string {
  const digits = Array.from(text.matchAll(/\d/g), ([digit]) => Number(digit));
  if (isChinese(language))
    return digits.map((digit) => (digit === 1 ? spokenOne : chineseFigures[digit])).join('');
  if (isEnglish(language)) return digits.map((digit) => englishSmall[digit]).join(' ');
  return digits.join(' ');
}

/** "3" -> "third", "第三"; null as for `cardinalWords`. */
export function ordinalWords(text: string, language: string): string | null {
  if (!/^\d{1,15}$/.test(text)) return null;
  const cardinal = cardinalWords(text, language);
  if (cardinal === null) return null;
  if (isChinese(language)) return `第${cardinal}`;
  const at = Math.max(cardinal.lastIndexOf(' '), cardinal.lastIndexOf('-')) + 1;
  return cardinal.slice(0, at) + englishOrdinal(cardinal.slice(at));
}

/** A year as English says it: 1999 "nineteen ninety-nine", 2005 "two thousand five", 1905 "nineteen oh five". */
export function englishYear(year: number): string {
  const century = Math.floor(year / 100);
  const rest = year % 100;
  if (year < 1_000 || year > 9_999 || (century % 10 === 0 && rest < 10)) return englishCardinal(year);
  if (rest === 0) return `${englishCardinal(century)} hundred`;
  return `${englishCardinal(century)} ${rest < 10 ? `oh ${englishCardinal(rest)}` : englishCardinal(rest)}`;
}

const englishSmall = (
  'zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen ' +
  'seventeen eighteen nineteen'
).split(' ');
const englishTens = '- - twenty thirty forty fifty sixty seventy eighty ninety'.split(' ');
const englishScales = [
  [1e12, 'trillion'],
  [1e9, 'billion'],
  [1e6, 'million'],
  [1e3, 'thousand'],
  [100, 'hundred'],
] as const;

function englishCardinal(value: number): string {
  for (const [scale, name] of englishScales) {
    if (value < scale) continue;
    const rest = value % scale;
    const head = `${englishCardinal(Math.floor(value / scale))} ${name}`;
    return rest === 0 ? head : `${head} ${englishCardinal(rest)}`;
  }
  if (value < 20) return englishSmall[value] ?? '';
  const unit = value % 10;
  const tens = englishTens[Math.floor(value / 10)] ?? '';
  return unit === 0 ? tens : `${tens}-${englishSmall[unit] ?? ''}`;
}

const irregularOrdinals: Readonly<Record<string, string>> = {
  one: 'first',
  two: 'second',
  three: 'third',
  five: 'fifth',
  eight: 'eighth',
  nine: 'ninth',
  twelve: 'twelfth',
};

function englishOrdinal(word: string): string {
  return irregularOrdinals[word] ?? (word.endsWith('y') ? `${word.slice(0, -1)}ieth` : `${word}th`);
}

const chineseFigures = [...'零一二三四五六七八九'];
const chineseUnits = ['', '十', '百', '千'];
const chineseGroups = ['', '万', '亿', '万亿'];

/** Groups of four figures, each with its 万/亿; zeros inside collapse to one 零. */
function chineseCardinal(whole: string): string {
  if (whole === '0') return '零';
  let text = '';
  let gap = false;
  for (let group = Math.ceil(whole.length / 4) - 1; group >= 0; group--) {
    const figures = whole.slice(Math.max(0, whole.length - 4 * (group + 1)), whole.length - 4 * group);
    const { spoken, leadingZero } = chineseGroup(figures);
    if (spoken === '') {
      gap = text !== '';
      continue;
    }
    if (text !== '' && (gap || leadingZero)) text += '零';
    text += spoken + (chineseGroups[group] ?? '');
    gap = false;
  }
  // 一十五 is said 十五 at the start of a number.
  return text.startsWith('一十') ? text.slice(1) : text;
}

function chineseGroup(figures: string): { spoken: string; leadingZero: boolean } {
  let spoken = '';
  let zero = false;
  for (const [index, figure] of [...figures].entries()) {
    if (figure === '0') {
      zero = true;
      continue;
    }
    if (zero && spoken !== '') spoken += '零';
    zero = false;
    spoken += (chineseFigures[Number(figure)] ?? '') + (chineseUnits[figures.length - 1 - index] ?? '');
  }
  return { spoken, leadingZero: figures.startsWith('0') };
}
