import { addMonths, civilOf, dayNumber, dayOf, daysInMonth, wallTime, weekdayOf } from './civil-date.js';
import { enNumber, enOrdinal, readEnNumber, readZhNumber, zhNumber } from './date-numerals.js';
import type { EntityContext } from './entity.js';

/** Which of several years or weeks is meant by a date that does not say. */
export type DatePreference = 'future' | 'past' | 'nearest';

/** A day found in a normal text. */
export interface FoundDay {
  /** Days since 1970-01-01. */
  readonly day: number;
  readonly start: number;
  readonly end: number;
  readonly certain: boolean;
  /** Said with the day: 今晚, "tonight". */
  readonly part: 'morning' | 'evening' | null;
}

interface Today {
  readonly day: number;
  readonly prefer: DatePreference;
  /** 3/12 is the third of December. */
  readonly dayFirst: boolean;
}

type Groups = Readonly<Record<string, string | undefined>>;

/** What a rule reads: null where the words are no date after all. */
interface Reading {
  readonly day: number | null;
  readonly certain?: boolean;
  readonly part?: FoundDay['part'];
}

interface Rule {
  readonly pattern: RegExp;
  read(groups: Groups, today: Today): Reading;
}

const zhRelative: ReadonlyMap<string, number> = new Map([
  ['今', 0],
  ['明', 1],
  ['后', 2],
  ['大后', 3],
  ['昨', -1],
  ['前', -2],
  ['大前', -3],
]);
const zhShift: ReadonlyMap<string, number> = new Map([
  ['上上', -2],
  ['上', -1],
  ['这', 0],
  ['本', 0],
  ['下', 1],
  ['下下', 2],
]);
const weekdayNames = ['monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday'];
const weekdayWords = `${weekdayNames.join('|')}|mon|tues?|wed|thu(?:rs?)?|fri|sat|sun`;
const monthNames = [
  ...['january', 'february', 'march', 'april', 'may', 'june', 'july'],
  ...['august', 'september', 'october', 'november', 'december'],
];
const monthWords = `${monthNames.join('|')}|jan|feb|mar|apr|jun|jul|aug|sept?|oct|nov|dec`;
const holidays: ReadonlyMap<string, readonly [number, number]> = new Map([
  ['元旦', [1, 1]],
  ['情人节', [2, 14]],
  ['劳动节', [5, 1]],
  ['五一', [5, 1]],
  ['儿童节', [6, 1]],
  ['国庆', [10, 1]],
  ['圣诞', [12, 25]],
  ['christmas eve', [12, 24]],
  ['christmas', [12, 25]],
  ['new years eve', [12, 31]],
  ['new years day', [1, 1]],
  ['halloween', [10, 31]],
  ['valentines day', [2, 14]],
]);

const rules: readonly Rule[] = [
  {
    pattern: /(?<rel>大后|大前|今|明|后|昨|前)(?<part>[天日晚早])(?!\d|[0-9]{2}号)/gu,
    read: ({ rel = '', part }, { day }) => ({
      day: day + (zhRelative.get(rel) ?? 0),
      part: part === '晚' ? 'evening' : part === '早' ? 'morning' : null,
      certain: !((rel === '后' || rel === '前') && part !== '天'),
    }),
  },
  {
    pattern: /(?<shift>上上|下下|上|下|这|本)?个?(?:周|星期|礼拜)(?<day>[一二三四五六日天1-7])(?![\d年期])/gu,
    read: ({ shift, day = '' }, today) => {
      const weekday = day === '天' || day === '日' ? 7 : (readZhNumber(day) ?? 1);
      return {
        day:
          shift === undefined ? nextWeekday(today, weekday) : inWeek(today, zhShift.get(shift) ?? 0, weekday),
      };
    },
  },
  {
    pattern: /(?<shift>上|下|这|本)?个?周末/gu,
    read: ({ shift = '这' }, today) => ({ day: inWeek(today, zhShift.get(shift) ?? 0, 6) }),
  },
  {
    pattern: new RegExp(
      `(?:(?<year>\\d{4}|\\d{2}|[零〇一二三四五六七八九]{4}|今|明|后|去|前)年)?(?<month>${zhNumber})月(?:份的?)?(?<day>${zhNumber})[号日]?`,
      'gu',
    ),
    read: ({ year, month = '', day = '' }, today) =>
      monthDay(zhYear(year, today), readZhNumber(month), readZhNumber(day), today),
  },
  {
    pattern: new RegExp(`(?<shift>上|下|这|本)个?月(?<day>${zhNumber})[号日]`, 'gu'),
    read: ({ shift = '', day = '' }, today) => {
      const { year, month } = civilOf(addMonths(firstOfMonth(today.day), zhShift.get(shift) ?? 0));
      return { day: dayOf(year, month, readZhNumber(day) ?? 0) };
    },
  },
  {
    pattern: /(?<shift>上|下|这|本)?个?月(?<end>底|末|初)/gu,
    read: ({ shift = '这', end }, today) => ({
      day: monthEdge(today, zhShift.get(shift) ?? 0, end !== '初'),
    }),
  },
  {
    pattern: /(?<shift>今|明|去)?年(?<end>底|末)/gu,
    read: ({ shift = '今' }, { day }) => ({
      day: dayOf(civilOf(day).year + (shift === '明' ? 1 : shift === '去' ? -1 : 0), 12, 31),
    }),
  },
  {
    pattern: new RegExp(
      `(?<n>${zhNumber}|半)(?<unit>个半月|天|周|个?星期|个?礼拜|个月|年)(?:之|以)?(?<way>后|前)(?!天)`,
      'gu',
    ),
    read: ({ n = '', unit = '', way }, { day }) => ({ day: zhOffset(day, n, unit, way === '前' ? -1 : 1) }),
  },
  {
    pattern: /(?<name>元旦|情人节|劳动节|五一|儿童节|国庆|圣诞)(?:节|日)?(?!路|街)/gu,
    read: ({ name = '' }, today) => ({ ...holiday(name, today), certain: name !== '五一' }),
  },
  {
    pattern: new RegExp(
      `(?<![\\d零〇一二两三四五六七八九十月第])(?<day>${zhNumber})[号日](?![\\d线楼机码店院门])`,
      'gu',
    ),
    read: ({ day = '' }, today) => ({ day: dayOnly(readZhNumber(day) ?? 0, today), certain: false }),
  },
  {
    pattern: /(?<![\d.])(?<year>\d{4})[-/.](?<month>\d{1,2})[-/.](?<day>\d{1,2})(?![\d.])/gu,
    read: ({ year, month, day }) => ({ day: dayOf(Number(year), Number(month), Number(day)) }),
  },
  {
    pattern: /(?<![\d/.])(?<a>\d{1,2})\/(?<b>\d{1,2})(?:\/(?<year>\d{4}))?(?![\d/])/gu,
    read: ({ a, b, year }, today) => {
      const [month, day] = today.dayFirst ? [Number(b), Number(a)] : [Number(a), Number(b)];
      return monthDay(year === undefined ? null : Number(year), month, day, today);
    },
  },
  {
    pattern: /\b(?:the )?day (?<way>after tomorrow|before yesterday)\b/gu,
    read: ({ way }, { day }) => ({ day: way === 'after tomorrow' ? day + 2 : day - 2 }),
  },
  {
    pattern: /\b(?<word>today|tonight|tomorrow|yesterday)\b/gu,
    read: ({ word }, { day }) => ({
      day: day + (word === 'tomorrow' ? 1 : word === 'yesterday' ? -1 : 0),
      part: word === 'tonight' ? 'evening' : null,
    }),
  },
  {
    pattern: new RegExp(`\\ba week from (?<day>${weekdayWords}|today|tomorrow)\\b`, 'gu'),
    read: ({ day = '' }, today) => {
      if (day === 'today' || day === 'tomorrow') return { day: today.day + (day === 'today' ? 7 : 8) };
      return { day: nextWeekday(today, weekdayNumber(day)) + 7 };
    },
  },
  {
    pattern: new RegExp(`\\b(?<shift>this|next|last|coming|on|this coming) (?<day>${weekdayWords})\\b`, 'gu'),
    read: ({ shift, day = '' }, today) => {
      const weekday = weekdayNumber(day);
      const week = shift === 'next' ? 1 : shift === 'last' ? -1 : null;
      return { day: week === null ? nextWeekday(today, weekday) : inWeek(today, week, weekday) };
    },
  },
  {
    pattern: new RegExp(`\\b(?<day>${weekdayNames.join('|')})\\b`, 'gu'),
    read: ({ day = '' }, today) => ({ day: nextWeekday(today, weekdayNumber(day)) }),
  },
  {
    pattern: /\b(?:(?<shift>this|next|last|the) )?weekend\b/gu,
    read: ({ shift }, today) => ({ day: inWeek(today, shift === 'next' ? 1 : shift === 'last' ? -1 : 0, 6) }),
  },
  {
    pattern: new RegExp(
      `\\b(?:the )?(?<day>${enOrdinal}|${enNumber})(?: of)? (?<month>${monthWords})\\b\\.?(?:,? (?<year>\\d{4}))?`,
      'gu',
    ),
    read: (groups, today) => englishDate(groups, today),
  },
  {
    pattern: new RegExp(
      `\\b(?<month>${monthWords})\\b\\.? (?:the )?(?<day>${enOrdinal}|${enNumber})\\b(?:,? (?<year>\\d{4}))?`,
      'gu',
    ),
    read: (groups, today) => englishDate(groups, today),
  },
  {
    pattern: new RegExp(`\\bin (?<n>${enNumber}|an?) (?<unit>day|week|month|year)s?\\b(?: time)?`, 'gu'),
    read: ({ n = '', unit = '' }, { day }) => ({ day: englishOffset(day, n, unit, 1) }),
  },
  {
    pattern: new RegExp(
      `\\b(?<n>${enNumber}|an?) (?<unit>day|week|month|year)s? (?<way>from now|ago)\\b`,
      'gu',
    ),
    read: ({ n = '', unit = '', way }, { day }) => ({
      day: englishOffset(day, n, unit, way === 'ago' ? -1 : 1),
    }),
  },
  {
    pattern: /\b(?:the )?(?<end>end|beginning) of (?<shift>the|this|next|last) month\b/gu,
    read: ({ end, shift }, today) => ({
      day: monthEdge(today, shift === 'next' ? 1 : shift === 'last' ? -1 : 0, end === 'end'),
    }),
  },
  {
    pattern:
      /\b(?<name>christmas eve|christmas|new year['’]?s eve|new year['’]?s day|halloween|valentine['’]?s day)(?: day)?\b/gu,
    read: ({ name = '' }, today) => holiday(name.replace(/['’]/u, ''), today),
  },
  {
    pattern: new RegExp(
      `\\b(?:on )?the (?<day>${enOrdinal})\\b(?! (?:one|time|option|option|floor|of))`,
      'gu',
    ),
    read: ({ day = '' }, today) => ({ day: dayOnly(readEnNumber(day) ?? 0, today), certain: false }),
  },
];

/** Every day in a normal text, in the order of the rules; overlaps are the caller's to settle. */
export function findDays(text: string, context: EntityContext, prefer: DatePreference): FoundDay[] {
  const day = dayNumber(wallTime(context.nowMs, context.timeZone)) ?? 0;
  const dayFirst = /^en-(?!US\b)|^(?!en|zh)/i.test(context.language);
  const found: FoundDay[] = [];
  for (const rule of rules) {
    for (const match of text.matchAll(rule.pattern)) {
      const reading = rule.read(match.groups ?? {}, { day, prefer, dayFirst });
      if (reading.day === null) continue;
      const end = match.index + match[0].length;
      const { certain = true, part = null } = reading;
      found.push({ day: reading.day, start: match.index, end, certain, part });
    }
  }
  return found;
}

function inWeek({ day }: Today, weeks: number, weekday: number): number {
  return day - (weekdayOf(day) - 1) + 7 * weeks + weekday - 1;
}

function nextWeekday({ day, prefer }: Today, weekday: number): number {
  const ahead = (weekday - weekdayOf(day) + 7) % 7;
  if (prefer === 'past') return ahead === 0 ? day : day + ahead - 7;
  return prefer === 'nearest' && ahead > 3 ? day + ahead - 7 : day + ahead;
}

function firstOfMonth(day: number): number {
  const { year, month } = civilOf(day);
  return dayOf(year, month, 1) ?? day;
}

function monthEdge({ day }: Today, months: number, last: boolean): number {
  const first = addMonths(firstOfMonth(day), months);
  const { year, month } = civilOf(first);
  return last ? first + daysInMonth(year, month) - 1 : first;
}

/** A month and a day; without a year, the one that is preferred. */
function monthDay(year: number | null, month: number | null, day: number | null, today: Today): Reading {
  if (month === null || day === null || month < 1 || month > 12) return { day: null };
  if (year !== null) return { day: dayOf(year, month, day) };
  const { year: thisYear } = civilOf(today.day);
  const years = [thisYear - 1, thisYear, thisYear + 1, thisYear + 2, thisYear + 3, thisYear + 4];
  const days = years
    .map((candidate) => dayOf(candidate, month, day))
    .filter((candidate) => candidate !== null);
  return { day: preferred(days, today) };
}

/** A day of the month alone. */
function dayOnly(day: number, today: Today): number | null {
  if (day < 1 || day > 31) return null;
  const first = firstOfMonth(today.day);
  const days = [-2, -1, 0, 1, 2].map((months) => {
    const { year, month } = civilOf(addMonths(first, months));
    return dayOf(year, month, day);
  });
  return preferred(
    days.filter((candidate) => candidate !== null),
    today,
  );
}

function preferred(days: readonly number[], { day, prefer }: Today): number | null {
  if (prefer === 'past') return days.findLast((candidate) => candidate <= day) ?? null;
  if (prefer === 'future') return days.find((candidate) => candidate >= day) ?? null;
  return [...days].sort((a, b) => Math.abs(a - day) - Math.abs(b - day))[0] ?? null;
}

function zhYear(text: string | undefined, { day }: Today): number | null {
  if (text === undefined) return null;
  const { year } = civilOf(day);
  const relative = new Map([
    ['今', year],
    ['明', year + 1],
    ['后', year + 2],
    ['去', year - 1],
    ['前', year - 2],
  ]).get(text);
  const read = relative ?? readZhNumber(text);
  return read !== null && read < 100 && relative === undefined ? 2_000 + read : read;
}

function zhOffset(day: number, n: string, unit: string, sign: number): number | null {
  if (unit === '个半月') return day + sign * ((readZhNumber(n) ?? 1) * 30 + 15);
  if (n === '半') return unit === '个月' ? day + sign * 15 : unit === '年' ? addMonths(day, 6 * sign) : null;
  const count = readZhNumber(n);
  if (count === null || count > 1_000) return null;
  if (unit === '天') return day + sign * count;
  if (unit === '个月') return addMonths(day, sign * count);
  if (unit === '年') return count > 100 ? null : addMonths(day, 12 * sign * count);
  return day + sign * 7 * count;
}

function englishOffset(day: number, n: string, unit: string, sign: number): number | null {
  const count = n === 'a' || n === 'an' ? 1 : readEnNumber(n);
  if (count === null || count > 1_000) return null;
  if (unit === 'day' || unit === 'week') return day + sign * count * (unit === 'day' ? 1 : 7);
  return addMonths(day, sign * count * (unit === 'month' ? 1 : 12));
}

function englishDate({ month = '', day = '', year }: Groups, today: Today): Reading {
  const number = monthNames.findIndex((name) => name.startsWith(month.slice(0, 3))) + 1;
  return monthDay(year === undefined ? null : Number(year), number, readEnNumber(day), today);
}

function weekdayNumber(word: string): number {
  return weekdayNames.findIndex((name) => name.startsWith(word.slice(0, 3))) + 1;
}

function holiday(name: string, today: Today): Reading {
  const [month, day] = holidays.get(name) ?? [];
  return monthDay(null, month ?? null, day ?? null, today);
}
