import { enNumber, readEnNumber, readZhNumber, zhNumber } from './date-numerals.js';

/** A length of time found in a normal text. */
export interface FoundDuration {
  readonly seconds: number;
  readonly start: number;
  readonly end: number;
}

const zhUnits: ReadonlyMap<string, number> = new Map([
  ['秒', 1],
  ['秒钟', 1],
  ['分', 60],
  ['分钟', 60],
  ['刻钟', 900],
  ['小时', 3_600],
  ['钟头', 3_600],
  ['天', 86_400],
  ['周', 604_800],
  ['星期', 604_800],
  ['礼拜', 604_800],
  ['月', 2_592_000],
  ['年', 31_536_000],
]);
const enUnits: ReadonlyMap<string, number> = new Map([
  ['s', 1],
  ['m', 60],
  ['h', 3_600],
  ['d', 86_400],
  ['w', 604_800],
  ['f', 1_209_600],
  ['y', 31_536_000],
]);
const monthSeconds = 2_592_000;

const zhPart = new RegExp(
  `(?<half>半)个?(?<halfUnit>小时|钟头|天|月|年|分钟)|(?<n>${zhNumber})(?<and>个半)?(?:个)?(?<unit>小时|钟头|刻钟|分钟|秒钟|星期|礼拜|天|周|月|年|分(?![钱之数])|秒)(?<more>半)?`,
  'uy',
);
const enPart = new RegExp(
  `(?:(?<half>half an?|half a) (?<halfUnit>hour|minute|day|year|month)|(?<n>${enNumber}|an?)(?<and> and a half)? ?(?<unit>seconds?|secs?|minutes?|mins?|hours?|hrs?|days?|weeks?|fortnights?|months?|years?|h|m|s)(?![a-z])(?<more> and a half)?)`,
  'uy',
);
const zhStart = new RegExp(
  `半个?(?:小时|钟头|天|月|年|分钟)|${zhNumber}(?:个半)?个?(?:小时|钟头|刻钟|分钟|秒钟|星期|礼拜|天|周|月|年|分(?![钱之数])|秒)`,
  'gu',
);
const enStart = new RegExp(
  `\\b(?:half an? |(?:${enNumber}|an?)(?: and a half)? ?(?:sec|min|h(?:ou)?rs?\\b|hours?\\b|days?\\b|weeks?\\b|fortnights?\\b|months?\\b|years?\\b|[hms]\\b|h\\d))`,
  'gu',
);

/** Every length of time in a normal text; `一小时三十分` and `1h30m` are one. */
export function findDurations(text: string): FoundDuration[] {
  const found: FoundDuration[] = [];
  let free = 0;
  for (const [start, part, join] of [
    ...[...text.matchAll(zhStart)].map((match) => [match.index, zhPart, /[零又]?/uy] as const),
    ...[...text.matchAll(enStart)].map((match) => [match.index, enPart, /(?:,? and |, | )?/uy] as const),
  ].sort((a, b) => a[0] - b[0])) {
    if (start < free) continue;
    const duration = durationAt(text, start, part, join);
    if (!duration) continue;
    found.push(duration);
    free = duration.end;
  }
  return found;
}

function durationAt(text: string, start: number, part: RegExp, join: RegExp): FoundDuration | null {
  let seconds = 0;
  let end = start;
  let smallest = Infinity;
  for (let at = start; ;) {
    part.lastIndex = at;
    const match = part.exec(text);
    const read = match && readPart(match.groups ?? {}, text, start, part === zhPart);
    if (!match || !read || read.unit >= smallest) break;
    seconds += read.seconds;
    smallest = read.unit;
    end = at + match[0].length;
    join.lastIndex = end;
    at = end + (join.exec(text)?.[0].length ?? 0);
  }
  return end > start ? { seconds: Math.round(seconds), start, end } : null;
}

function readPart(
  groups: Readonly<Record<string, string | undefined>>,
  text: string,
  start: number,
  chinese: boolean,
): { readonly seconds: number; readonly unit: number } | null {
  const { half, halfUnit = '', n = '', and, unit: name = '', more } = groups;
  const unit = unitOf(half === undefined ? name : halfUnit, chinese);
  if (half !== undefined) return { seconds: unit / 2, unit };
  const count = n === 'a' || n === 'an' ? 1 : chinese ? readZhNumber(n) : readEnNumber(n);
  if (count === null) return null;
  // 21年 and 2026年 are years, 三月 is a month of the year, 二分 alone says little.
  if (chinese && name === '年' && count > 20) return null;
  if (chinese && name === '月' && !text.slice(start).includes('个')) return null;
  return { seconds: unit * (count + (and !== undefined || more !== undefined ? 0.5 : 0)), unit };
}

function unitOf(name: string, chinese: boolean): number {
  if (chinese) return zhUnits.get(name) ?? 0;
  if (name.startsWith('month')) return monthSeconds;
  return enUnits.get(name.charAt(0)) ?? 0;
}
