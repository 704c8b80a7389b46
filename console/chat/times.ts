import type { Texts } from './texts.js';

/** Writes times and days for people, in their language, region and time zone. */
export class Times {
  readonly #texts: Texts;
  readonly #epochMs: () => number;
  readonly #time: Intl.DateTimeFormat;
  readonly #full: Intl.DateTimeFormat;
  readonly #day: Intl.DateTimeFormat;
  readonly #dayWithYear: Intl.DateTimeFormat;

  /** `timeZone` undefined: that of the machine. */
  constructor(texts: Texts, locale: string, epochMs: () => number, timeZone?: string) {
    const zone = timeZone === undefined ? {} : { timeZone };
    const format = (options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat =>
      new Intl.DateTimeFormat(locale, { ...options, ...zone });
    this.#texts = texts;
    this.#epochMs = epochMs;
    this.#time = format({ hour: '2-digit', minute: '2-digit' });
    this.#full = format({ dateStyle: 'full', timeStyle: 'medium' });
    this.#day = format({ weekday: 'long', day: 'numeric', month: 'long' });
    this.#dayWithYear = format({ day: 'numeric', month: 'long', year: 'numeric' });
  }

  time(atMs: number): string {
    return this.#time.format(atMs);
  }

  full(atMs: number): string {
    return this.#full.format(atMs);
  }

  /** The same for two times of the same day. */
  dayKey(atMs: number): string {
    return this.#dayWithYear.format(atMs);
  }

  dayLabel(atMs: number): string {
    const nowMs = this.#epochMs();
    const key = this.dayKey(atMs);
    if (key === this.dayKey(nowMs)) return this.#texts.today;
    if (key === this.dayKey(nowMs - 86_400_000)) return this.#texts.yesterday;
    return nowMs - atMs < 180 * 86_400_000 && nowMs > atMs ? this.#day.format(atMs) : key;
  }
}
