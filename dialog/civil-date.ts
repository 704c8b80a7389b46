const dayMs = 86_400_000;
const isoDate = /^(\d{4})-(\d{2})-(\d{2})(?:T|$)/;
const formatters = new Map<string, Intl.DateTimeFormat>();
const maxFormatters = 100;

/** Days since 1970-01-01 of `YYYY-MM-DD` (a time after `T` is left out), or null where there is no such day. */
export function dayNumber(text: string): number | null {
  const [, year, month, day] = isoDate.exec(text) ?? [];
  if (year === undefined || month === undefined || day === undefined) return null;
  const ms = Date.UTC(Number(year), Number(month) - 1, Number(day));
  const back = new Date(ms);
  const same = back.getUTCMonth() + 1 === Number(month) && back.getUTCDate() === Number(day);
  return same ? ms / dayMs : null;
}

/** `YYYY-MM-DD` of a day number moved by whole days, or null outside the years 1 to 9999. */
export function addDays(day: number, days: number): string | null {
  const moved = (day + Math.trunc(days)) * dayMs;
  const date = new Date(moved);
  if (Number.isNaN(date.getTime())) return null;
  const year = date.getUTCFullYear();
  return year < 1 || year > 9_999 ? null : date.toISOString().slice(0, 10);
}

/** Year, month from 1, and day of a day number. */
export function civilOf(day: number): {
  readonly year: number;
  readonly month: number;
  readonly day: number;
} {
  const date = new Date(day * dayMs);
  return { year: date.getUTCFullYear(), month: date.getUTCMonth() + 1, day: date.getUTCDate() };
}

/** The day number of a date, or null where there is no such day in the years 1 to 9999. */
export function dayOf(year: number, month: number, day: number): number | null {
  const pad = (value: number, width: number): string => String(value).padStart(width, '0');
  return year < 1 ? null : dayNumber(`${pad(year, 4)}-${pad(month, 2)}-${pad(day, 2)}`);
}

/** The same day some months on; the last of the month where there is no such day. */
export function addMonths(from: number, months: number): number {
  const { year, month, day } = civilOf(from);
  const index = year * 12 + month - 1 + months;
  const [toYear, toMonth] = [Math.floor(index / 12), (index % 12) + 1];
  return dayOf(toYear, toMonth, Math.min(day, daysInMonth(toYear, toMonth))) ?? from;
}

export function daysInMonth(year: number, month: number): number {
  return new Date(Date.UTC(year, month, 0)).getUTCDate();
}

/** 1 is Monday, 7 Sunday (ISO 8601). */
export function weekdayOf(day: number): number {
  return ((((day + 3) % 7) + 7) % 7) + 1;
}

/** `YYYY-MM-DDTHH:MM` at a place; an unknown time zone is UTC. */
export function wallTime(nowMs: number, timeZone: string): string {
  const parts = formatterFor(timeZone).formatToParts(new Date(nowMs));
  const part = (type: string): string => parts.find((found) => found.type === type)?.value ?? '00';
  const year = part('year').padStart(4, '0');
  return `${year}-${part('month')}-${part('day')}T${part('hour')}:${part('minute')}`;
}

/** Making one costs a hundred times what using it does. */
function formatterFor(timeZone: string): Intl.DateTimeFormat {
  const known = formatters.get(timeZone);
  if (known) return known;
  const made = new Intl.DateTimeFormat('en-CA', {
    timeZone: isTimeZone(timeZone) ? timeZone : 'UTC',
    hourCycle: 'h23',
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
  });
  if (formatters.size >= maxFormatters) formatters.clear();
  formatters.set(timeZone, made);
  return made;
}

/** True for an IANA time zone that the runtime knows. */
export function isTimeZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone !== '';
  } catch {
    return false;
  }
}
