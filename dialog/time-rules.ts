import { enNumber, readEnNumber, readZhNumber, zhNumber } from './date-numerals.js';

/** A time of day found in a normal text. */
export interface FoundTime {
  /** Since midnight. */
  readonly minutes: number;
  readonly start: number;
  readonly end: number;
  /** False where morning or afternoon was not said. */
  readonly certain: boolean;
}

type Groups = Readonly<Record<string, string | undefined>>;

interface Clock {
  readonly hour: number;
  readonly minute: number;
  /** `24` is a clock of 24 hours. */
  readonly half: 'am' | 'pm' | '24' | null;
}

interface Rule {
  readonly pattern: RegExp;
  read(groups: Groups): Clock | null;
}

const zhHalves: ReadonlyMap<string, 'am' | 'pm'> = new Map([
  ...['凌晨', '清晨', '早上', '早晨', '上午', '今早', '明早', '早'].map((word) => [word, 'am'] as const),
  ...['中午', '下午', '傍晚', '晚上', '今晚', '明晚', '夜里', '夜晚', '晚'].map(
    (word) => [word, 'pm'] as const,
  ),
]);
const zhHalf = [...zhHalves.keys(), '半夜'].sort((a, b) => b.length - a.length).join('|');
const enHour = '(?:1[0-2]|0?[1-9]|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve)';
const enHalf =
  '(?: ?(?<half>a\\.?m\\b\\.?|p\\.?m\\b\\.?| in the (?:morning|afternoon|evening)| at night| tonight)| (?<late>this (?:morning|afternoon|evening)))?';
const enMinutes =
  '(?:oh |o )?(?:five|ten|fifteen|twenty(?:[ -]five)?|thirty(?:[ -]five)?|forty(?:[ -]five)?|fifty(?:[ -]five)?)';

const rules: readonly Rule[] = [
  {
    pattern: new RegExp(
      `(?:(?<half>${zhHalf})的?)?差(?<minus>${zhNumber}分|一刻|三刻)钟?(?<hour>${zhNumber})[点时]`,
      'gu',
    ),
    read: ({ half, minus = '', hour = '' }) => zhClock(half, hour, -(zhMinutes(minus) ?? Number.NaN)),
  },
  {
    pattern: new RegExp(
      `(?:(?<half>${zhHalf})的?)?(?<![第\\d])(?<hour>${zhNumber})(?:点钟|点整|点(?![也儿都点])|时(?!候|间))(?:(?<quarter>半|一刻|三刻)|差(?<minus>${zhNumber}分|一刻)|(?<minute>零?${zhNumber})分?)?`,
      'gu',
    ),
    read: ({ half, hour = '', quarter, minus, minute }) => {
      if (minus !== undefined) return zhClock(half, hour, -(zhMinutes(minus) ?? Number.NaN));
      return zhClock(
        half,
        hour,
        quarter === undefined && minute === undefined ? 0 : zhMinutes(quarter ?? minute ?? ''),
      );
    },
  },
  {
    pattern: new RegExp(
      `(?:(?<half>${zhHalf})的?)?(?<![\\d:])(?<hour>\\d{1,2}):(?<minute>\\d{2})(?![\\d:])${enHalf.replaceAll('?<half>', '?<english>')}`,
      'gu',
    ),
    read: ({ half, hour, minute, english, late }) => {
      const written: Clock = { hour: Number(hour), minute: Number(minute), half: null };
      if (half !== undefined) return zhClock(half, hour ?? '', Number(minute));
      const said = englishHalf(english ?? late);
      return said
        ? { ...written, half: said }
        : { ...written, half: Number(hour) > 12 || hour?.startsWith('0') === true ? '24' : null };
    },
  },
  { pattern: /中午|正午/gu, read: () => ({ hour: 12, minute: 0, half: '24' }) },
  { pattern: /半夜|午夜|零点/gu, read: () => ({ hour: 0, minute: 0, half: '24' }) },
  {
    pattern: new RegExp(
      `\\b(?<quarter>half|quarter|a quarter|${enNumber}(?: minutes?)?) (?<way>past|to|after|before) (?<hour>${enHour})\\b${enHalf}`,
      'gu',
    ),
    read: ({ quarter = '', way, hour = '', half, late }) => {
      const minutes =
        quarter === 'half'
          ? 30
          : quarter.endsWith('quarter')
            ? 15
            : readEnNumber(quarter.replace(/ minutes?$/, ''));
      const back = way === 'to' || way === 'before';
      if (minutes === null || minutes > 59 || (quarter === 'half' && back)) return null;
      return {
        hour: readEnNumber(hour) ?? Number.NaN,
        minute: back ? -minutes : minutes,
        half: englishHalf(half ?? late),
      };
    },
  },
  {
    pattern: new RegExp(`\\b(?<hour>${enHour}) (?:o['’]?clock|(?<minute>${enMinutes}))${enHalf}`, 'gu'),
    read: ({ hour = '', minute, half, late }) => ({
      hour: readEnNumber(hour) ?? Number.NaN,
      minute: minute === undefined ? 0 : (readEnNumber(minute.replace(/^oh? /, '')) ?? Number.NaN),
      half: englishHalf(half ?? late),
    }),
  },
  {
    pattern: new RegExp(
      `\\b(?<hour>${enHour}) ?(?<half>a\\.?m\\b\\.?|p\\.?m\\b\\.?|in the (?:morning|afternoon|evening)|at night|tonight)`,
      'gu',
    ),
    read: ({ hour = '', half }) => ({
      hour: readEnNumber(hour) ?? Number.NaN,
      minute: 0,
      half: englishHalf(half),
    }),
  },
  {
    pattern: new RegExp(
      `\\b(?:at|around|by) (?<hour>${enHour})\\b(?! (?:o['’]?clock|minutes?|past|to|hours?|days?|weeks?|[ap]m|in the|at night|percent|dollars?))(?![:.,/]\\d)`,
      'gu',
    ),
    read: ({ hour = '' }) => ({ hour: readEnNumber(hour) ?? Number.NaN, minute: 0, half: null }),
  },
  {
    pattern: new RegExp(`\\b(?<hour>${enNumber}) hundred hours\\b`, 'gu'),
    read: ({ hour = '' }) => ({ hour: readEnNumber(hour) ?? Number.NaN, minute: 0, half: '24' }),
  },
  { pattern: /\b(?:noon|midday)\b/gu, read: () => ({ hour: 12, minute: 0, half: '24' }) },
  { pattern: /\bmidnight\b/gu, read: () => ({ hour: 0, minute: 0, half: '24' }) },
];

/** Every time of day in a normal text, in the order of the rules; overlaps are the caller's to settle. */
export function findTimes(text: string): FoundTime[] {
  const found: FoundTime[] = [];
  for (const rule of rules) {
    for (const match of text.matchAll(rule.pattern)) {
      const clock = rule.read(match.groups ?? {});
      const minutes = clock && minutesOf(clock);
      if (clock === null || minutes === null) continue;
      const end = match.index + match[0].trimEnd().length;
      found.push({ minutes, start: match.index, end, certain: clock.half !== null });
    }
  }
  return found;
}

/**
 * Minutes since midnight, or null for no time of day.
 *
 * An hour of which nothing more is said is one of office hours: 1 to 6 in the afternoon, 7 to 11 in the morning.
 */
function minutesOf({ hour, minute, half }: Clock): number | null {
  if (!(hour >= 0 && hour <= 24) || !(Math.abs(minute) <= 59) || (hour === 24 && minute > 0)) return null;
  if (half !== null && half !== '24' && hour > 12 && !(half === 'pm')) return null;
  const base = hour === 24 ? 0 : hour;
  const afternoon = half === 'pm' || (half === null && hour >= 1 && hour <= 6);
  const midnight = half === 'am' && hour === 12;
  const shifted = midnight ? 0 : afternoon && base < 12 ? base + 12 : base;
  return (shifted * 60 + minute + 1_440) % 1_440;
}

function zhClock(half: string | undefined, hour: string, minute: number | null): Clock | null {
  const read = readZhNumber(hour);
  if (read === null || minute === null || Number.isNaN(minute)) return null;
  if (half === '半夜') return { hour: read, minute, half: read >= 9 ? 'pm' : 'am' };
  if (half === '中午') return { hour: read, minute, half: read >= 10 ? '24' : 'pm' };
  // 晚上十二点 is the end of the day.
  if ((half === '晚上' || half === '夜里') && read === 12) return { hour: 0, minute, half: '24' };
  const said = half === undefined ? null : (zhHalves.get(half) ?? null);
  return { hour: read, minute, half: said ?? (read > 12 || read === 0 ? '24' : null) };
}

function zhMinutes(text: string): number | null {
  if (text === '半') return 30;
  if (text.endsWith('刻')) return text.startsWith('三') ? 45 : 15;
  const read = readZhNumber(text.replace(/分$/, '').replace(/^零(?=.)/, ''));
  return read !== null && read <= 59 ? read : null;
}

function englishHalf(text: string | undefined): 'am' | 'pm' | null {
  if (text === undefined) return null;
  return /^ ?a|morning/.test(text) && !text.includes('night') && !text.includes('afternoon') ? 'am' : 'pm';
}
