import { addDays, civilOf, dayNumber, wallTime, weekdayOf } from './civil-date.js';
import { findDays, type DatePreference, type FoundDay } from './date-rules.js';
import { findDurations } from './duration-rules.js';
import type { Entity, EntityContext, EntityType } from './entity.js';
import { toEntities, type Found } from './entity-found.js';
import { isChinese, plainText } from './entity-format.js';
import { NormalText } from './entity-normal-text.js';
import { findTimes, type FoundTime } from './time-rules.js';
import type { Value } from './value.js';

/** `future` unless said otherwise: the third of December is the next one. */
export interface DateOptions {
  readonly prefer?: DatePreference;
}

/** Days: `YYYY-MM-DD`. Keys: `MMDD` or `YYYYMMDD`. */
export function dateType({ prefer = 'future' }: DateOptions = {}): EntityType {
  return {
    name: 'date',
    find: (original, context) =>
      found(original, (text) =>
        findDays(text, context, prefer).map(({ day, ...place }) => ({ ...place, value: isoDay(day) })),
      ),
    fromKeys: (keys, context) => {
      const [, year, month = '', day = ''] = /^(\d{4})?(\d{2})(\d{2})$/.exec(keys) ?? [];
      if (year !== undefined)
        return dayNumber(`${year}-${month}-${day}`) === null ? null : `${year}-${month}-${day}`;
      const [first] = month === '' ? [] : findDays(`${Number(month)}月${Number(day)}日`, context, prefer);
      return first ? isoDay(first.day) : null;
    },
    format: (value, form, context) => {
      const day = typeof value === 'string' ? dayNumber(value) : null;
      return day === null ? plainText(value) : dayText(day, form === 'written', context);
    },
    keyDigits: { least: 4, most: 8 },
    spokenAsDigits: false,
  };
}

/** Times of day: `HH:MM`, 24 hours. Keys: `HHMM`. */
export function timeType(): EntityType {
  return {
    name: 'time',
    find: (original) =>
      found(original, (text) =>
        findTimes(text).map(({ minutes, ...place }) => ({ ...place, value: isoTime(minutes) })),
      ),
    fromKeys: (keys) => {
      const [, hour, minute] = /^([01]\d|2[0-3])([0-5]\d)$/.exec(keys) ?? [];
      return hour === undefined || minute === undefined ? null : `${hour}:${minute}`;
    },
    format: (value, _form, context) => timeText(plainText(value), context),
    keyDigits: { least: 4, most: 4 },
    spokenAsDigits: false,
  };
}

/** A day and a time: `YYYY-MM-DDTHH:MM`, at the place of the tree. A time alone is the next such time. */
export function dateTimeType({ prefer = 'future' }: DateOptions = {}): EntityType {
  return {
    name: 'datetime',
    find: (original, context) => found(original, (text) => findMoments(text, context, prefer)),
    fromKeys: () => null,
    format: (value, form, context) => {
      const [day = '', time = ''] = plainText(value).split('T');
      const number = dayNumber(day);
      if (number === null) return plainText(value);
      const between = isChinese(context) ? '' : ' at ';
      return `${dayText(number, form === 'written', context)}${between}${timeText(time, context)}`;
    },
    keyDigits: null,
    spokenAsDigits: false,
  };
}

/** Lengths of time, in seconds. */
export function durationType(): EntityType {
  return {
    name: 'duration',
    find: (original) =>
      found(original, (text) =>
        findDurations(text).map(({ seconds, ...place }) => ({ ...place, value: seconds, certain: true })),
      ),
    fromKeys: () => null,
    format: (value, _form, context) =>
      typeof value === 'number' ? durationText(value, context) : plainText(value),
    keyDigits: null,
    spokenAsDigits: false,
  };
}

function found(original: string, find: (text: string) => readonly Found[]): readonly Entity[] {
  const normal = new NormalText(original);
  return toEntities(normal, longest(find(normal.text)));
}

/** Of those that overlap, the longest. */
function longest<T extends { readonly start: number; readonly end: number }>(all: readonly T[]): T[] {
  const kept: T[] = [];
  for (const one of [...all].sort((a, b) => b.end - b.start - (a.end - a.start) || a.start - b.start)) {
    if (kept.every((other) => one.end <= other.start || one.start >= other.end)) kept.push(one);
  }
  return kept;
}

function findMoments(text: string, context: EntityContext, prefer: DatePreference): Found[] {
  const days = longest(findDays(text, context, prefer));
  const times = longest(findTimes(text));
  const moments: Found[] = [...relativeMoments(text, context)];
  const used = new Set<FoundTime>();
  for (const day of days) {
    const time = times.find((candidate) => !used.has(candidate) && isBeside(text, day, candidate));
    if (!time) continue;
    used.add(time);
    const minutes =
      day.part === 'evening' && time.minutes < 720 && !time.certain ? time.minutes + 720 : time.minutes;
    moments.push({
      value: `${isoDay(day.day)}T${isoTime(minutes)}`,
      start: Math.min(day.start, time.start),
      end: Math.max(day.end, time.end),
      certain: day.certain && (time.certain || day.part !== null),
    });
  }
  const now = wallTime(context.nowMs, context.timeZone);
  for (const time of times) {
    if (used.has(time)) continue;
    const clock = isoTime(time.minutes);
    const today = dayNumber(now) ?? 0;
    const day = clock > now.slice(11) || prefer === 'past' ? today : today + 1;
    moments.push({ value: `${isoDay(day)}T${clock}`, start: time.start, end: time.end, certain: false });
  }
  return longest(moments);
}

const between = /^(?:[ ,，的]|\bat\b|\bon\b)*$/u;

/** Nothing but "at", "on" and the like stands between a day and a time, or they share a word (今晚八点). */
function isBeside(text: string, day: FoundDay, time: FoundTime): boolean {
  if (day.start <= time.start) return day.end >= time.start || between.test(text.slice(day.end, time.start));
  return time.end >= day.start || between.test(text.slice(time.end, day.start));
}

/** 两个小时后, "in half an hour". */
function relativeMoments(text: string, context: EntityContext): Found[] {
  return findDurations(text).flatMap(({ seconds, start, end }) => {
    const [behind] = /^(?:之|以)?后|^ from now\b/u.exec(text.slice(end)) ?? [];
    const [before] = /\bin $/u.exec(text.slice(0, start)) ?? [];
    if ((behind === undefined && before === undefined) || seconds >= 86_400) return [];
    const value = wallTime(context.nowMs + seconds * 1_000, context.timeZone);
    return [{ value, start: start - (before?.length ?? 0), end: end + (behind?.length ?? 0), certain: true }];
  });
}

function isoDay(day: number): Value & string {
  return addDays(day, 0) ?? '';
}

function isoTime(minutes: number): string {
  const pad = (value: number): string => String(value).padStart(2, '0');
  return `${pad(Math.floor(minutes / 60) % 24)}:${pad(minutes % 60)}`;
}

function dayText(day: number, withYear: boolean, context: EntityContext): string {
  const { year, month, day: date } = civilOf(day);
  const thisYear = wallTime(context.nowMs, context.timeZone).startsWith(`${year}-`);
  const showYear = withYear || !thisYear;
  if (isChinese(context)) {
    const weekday = withYear ? ` 星期${'一二三四五六日'.charAt(weekdayOf(day) - 1)}` : '';
    return `${showYear ? `${year}年` : ''}${month}月${date}日${weekday}`;
  }
  const options = { timeZone: 'UTC', weekday: 'long', month: 'long', day: 'numeric' } as const;
  const locale = context.language.startsWith('en') ? context.language : 'en-US';
  return new Intl.DateTimeFormat(locale, showYear ? { ...options, year: 'numeric' } : options).format(
    day * 86_400_000,
  );
}

function timeText(time: string, context: EntityContext): string {
  const [, hours, minutes] = /^(\d{2}):(\d{2})$/.exec(time) ?? [];
  if (hours === undefined || minutes === undefined) return time;
  const hour = Number(hours);
  const twelve = hour % 12 === 0 ? 12 : hour % 12;
  if (!isChinese(context)) return `${twelve}:${minutes} ${hour < 12 ? 'AM' : 'PM'}`;
  const part = hour < 6 ? '凌晨' : hour < 12 ? '上午' : hour < 13 ? '中午' : hour < 18 ? '下午' : '晚上';
  const rest = minutes === '00' ? '' : minutes === '30' ? '半' : `${minutes}分`;
  return `${part}${hour === 0 ? 0 : twelve}点${rest}`;
}

function durationText(seconds: number, context: EntityContext): string {
  const units: [number, string, string][] = [
    [86_400, '天', 'day'],
    [3_600, '小时', 'hour'],
    [60, '分钟', 'minute'],
    [1, '秒', 'second'],
  ];
  let rest = Math.max(0, Math.round(seconds));
  const parts: string[] = [];
  for (const [size, zh, en] of units) {
    const count = Math.floor(rest / size);
    rest -= count * size;
    if (count > 0)
      parts.push(isChinese(context) ? `${count}${zh}` : `${count} ${en}${count === 1 ? '' : 's'}`);
  }
  if (parts.length === 0) return isChinese(context) ? '0秒' : '0 seconds';
  return parts.join(isChinese(context) ? '' : ' ');
}
