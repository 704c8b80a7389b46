import type { EntityType } from './entity.js';
import { isBare } from './entity-fillers.js';
import { isChinese, plainText } from './entity-format.js';
import { matchAt, toEntities, type Found } from './entity-found.js';
import { NormalText } from './entity-normal-text.js';
import { inRange, isQuantity, type RangeOptions } from './entity-number.js';
import { findNumerals } from './entity-numeral.js';
import type { Numeral } from './entity-numeral-reading.js';
import { chineseCounters, englishOrdinals } from './entity-numeral-words.js';

const largest = 1000;
/** Counted from the end, longest first. */
const fromEnd: readonly (readonly [RegExp, number])[] = [
  [
    /(?<![a-z])(?:second|next)[ -](?:to|from)(?:[ -]the)?[ -]last(?: (?:one|option|choice|item))?(?![a-z])/g,
    -2,
  ],
  [/(?<![a-z])(?:second[ -]last|last but one|penultimate)(?: (?:one|option|choice|item))?(?![a-z])/g, -2],
  [/(?<![a-z])third[ -](?:to|from)(?:[ -]the)?[ -]last(?: (?:one|option|choice|item))?(?![a-z])/g, -3],
  [/(?<![a-z])(?:very )?last (?:one|option|choice|item)(?![a-z])/g, -1],
  [
    /最后[面边]?(?:那)?(?:一)?[个项条种款位张]|最末(?:尾)?(?:那)?(?:一)?[个项条]|末尾(?:那)?(?:一)?[个项条]/g,
    -1,
  ],
  [/头一[个项条种款位张]|首[个项]|第一时间/g, 1],
];
const nounAfter = /[ ](?:one|option|choice|item|line|entry)(?![a-z])/y;
const labelBefore = /(?:^|[^a-z])((?:number|option|choice|item|no\.)[ ])$/;
const chineseLabelBefore = /(?:选项|选择|选)[ ]?$/;
const notOrdinal =
  /^(?: (?:thoughts?|hand|time|of all|opinion|half|class|nature|wind|guess|aid|name)(?![a-z])|[-'’])/;
const timeBefore = /(?:^|[^a-z])(?:a|one|two|three|few|ten|per|just|every|split|more|at)[ ]$/;
const lastAlone = /(?<![a-z])last(?![a-z'’])/g;
const finalWords = /最后(?!一|[面边]?那?一?[个项条种款位张])/g;

/** The place in a list, from 1; from the end it is negative: 第二个 is 2, "the last one" is -1. */
export function ordinalType(options: RangeOptions = {}): EntityType {
  return {
    name: 'ordinal',
    find(original) {
      const normal = new NormalText(original);
      const found = findOrdinals(normal).filter(
        ({ value }) => typeof value === 'number' && inRange(value, options),
      );
      return toEntities(normal, found);
    },
    fromKeys(keys) {
      const value = /^\d{1,4}$/.test(keys) ? Number(keys) : 0;
      return value > 0 && value <= largest && inRange(value, options) ? value : null;
    },
    format: (value, _form, context) =>
      typeof value !== 'number' ? plainText(value) : isChinese(context) ? chinese(value) : english(value),
    keyDigits: { least: 1, most: String(Math.min(options.max ?? 99, largest)).length },
    spokenAsDigits: false,
  };
}

/** Every place in a list that a normal text names; of those that overlap the first is meant. */
export function findOrdinals(normal: NormalText): Found[] {
  const { text } = normal;
  const fixed = fromEnd.flatMap(([pattern, value]) =>
    [...text.matchAll(pattern)]
      .filter((match) => match[0] !== '第一时间')
      .map((match): Found => ({ value, ...placeOf(match), certain: true })),
  );
  const alone = [...text.matchAll(lastAlone), ...text.matchAll(finalWords)]
    .map(placeOf)
    .filter(({ start, end }) => isBare(text, start, end))
    .map((place): Found => ({ value: -1, ...place, certain: true }));
  const counted = findNumerals(normal).flatMap((numeral) => readOrdinal(text, numeral) ?? []);
  return [...fixed, ...alone, ...counted];
}

function placeOf(match: RegExpExecArray): { readonly start: number; readonly end: number } {
  return { start: match.index, end: match.index + match[0].length };
}

function readOrdinal(text: string, numeral: Numeral): Found | null {
  const { value, start, end, per } = numeral;
  if (value === null || !Number.isInteger(value) || value < 1 || value > largest || per !== null) return null;
  if (numeral.ordinal) return readEnglishOrdinal(text, numeral, value);
  const before = text.slice(Math.max(0, start - 3), start);
  if (before.endsWith('第')) return readChineseOrdinal(text, numeral, value, before === '倒数第');
  if (before.endsWith('倒数'))
    return { value: -value, start: start - 2, end: withCounter(text, end), certain: true };
  const label = labelBefore.exec(text.slice(Math.max(0, start - 9), start))?.[1] ?? '';
  if (label !== '') return { value, start: start - label.length, end, certain: true };
  if (text.charAt(end) === '号') return { value, start, end: end + 1, certain: isBare(text, start, end) };
  const chosen = chineseLabelBefore.test(before) && !chineseCounters.has(text.charAt(end));
  if (chosen) return { value, start, end, certain: isBare(text, start, end) };
  return isBare(text, start, end) && isQuantity(text, numeral) && !chineseCounters.has(text.charAt(end))
    ? { value, start, end, certain: true }
    : null;
}

function readChineseOrdinal(
  text: string,
  { start, end }: Numeral,
  value: number,
  back: boolean,
): Found | null {
  if (text.startsWith('时间', end) || text.startsWith('方', end)) return null;
  // 第一次 tells of a time, not of a choice.
  const certain = !/^[次天年季期]/.test(text.slice(end));
  return {
    value: back ? -value : value,
    start: start - (back ? 3 : 1),
    end: withCounter(text, end),
    certain,
  };
}

function withCounter(text: string, end: number): number {
  return /^[个项条种款位张件间台行家步号]/.test(text.charAt(end)) ? end + 1 : end;
}

function readEnglishOrdinal(text: string, { start, end }: Numeral, value: number): Found | null {
  const after = text.slice(end, end + 12);
  const before = text.slice(Math.max(0, start - 8), start);
  if (notOrdinal.test(after) || (value === 2 && timeBefore.test(before))) return null;
  const noun = matchAt(nounAfter, text, end);
  const certain = noun !== null || /(?:^|[^a-z])the $/.test(before) || isBare(text, start, end);
  return { value, start, end: end + (noun?.length ?? 0), certain };
}

function chinese(value: number): string {
  if (value === -1) return '最后一个';
  return value < 0 ? `倒数第${-value}` : `第${value}`;
}

function english(value: number): string {
  if (value === -1) return 'last';
  if (value === -2) return 'second to last';
  if (value < 0) return `${english(-value)} from the end`;
  const word = [...englishOrdinals].find(([, ordinal]) => ordinal === value && value > 0 && value <= 20)?.[0];
  return word ?? `${value}${ending(value)}`;
}

function ending(value: number): string {
  const teens = value % 100 >= 11 && value % 100 <= 13;
  return teens ? 'th' : (['th', 'st', 'nd', 'rd'][value % 10] ?? 'th');
}
