import { describe, expect, it } from 'vitest';
import { SeededRandom } from '../config/random.js';
import { dialogLimits } from '../config/limits.js';
import { wallTime } from './civil-date.js';
import type { DatePreference } from './date-rules.js';
import type { EntityContext } from './entity.js';
import { entityType } from './entity-types.js';
import type { Value } from './value.js';

const now = Date.UTC(2026, 10, 20, 2);
const chinese: EntityContext = { nowMs: now, timeZone: 'Asia/Shanghai', language: 'zh-CN' };
const english: EntityContext = { ...chinese, language: 'en-US' };

function values(type: string, text: string, context: EntityContext, prefer?: DatePreference): Value[] {
  const found = entityType({ type, ...(prefer ? { prefer } : {}) })?.find(text, context) ?? [];
  return found.map(({ value }) => value);
}

describe('dates', () => {
  it.each<[string, number, string, string, string]>([
    ['tomorrow', Date.UTC(2026, 11, 31, 12), 'UTC', 'en-US', '2027-01-01'],
    ['明天', Date.UTC(2026, 1, 28, 12), 'UTC', 'zh-CN', '2026-03-01'],
    ['明天', Date.UTC(2028, 1, 28, 12), 'UTC', 'zh-CN', '2028-02-29'],
    // It is already Saturday there.
    ['today', Date.UTC(2026, 10, 20, 17), 'Asia/Shanghai', 'en-US', '2026-11-21'],
    ['today', Date.UTC(2026, 10, 20, 3), 'America/New_York', 'en-US', '2026-11-19'],
    ['一个月后', Date.UTC(2026, 0, 31, 12), 'UTC', 'zh-CN', '2026-02-28'],
    ['下个月底', Date.UTC(2026, 0, 31, 12), 'UTC', 'zh-CN', '2026-02-28'],
    ['三十一号', Date.UTC(2026, 1, 2, 12), 'UTC', 'zh-CN', '2026-03-31'],
    ['1月2号', Date.UTC(2026, 11, 30, 12), 'UTC', 'zh-CN', '2027-01-02'],
    ['3/12', now, 'UTC', 'en-GB', '2026-12-03'],
    ['3/12', now, 'UTC', 'de-DE', '2026-12-03'],
    ['12/3', now, 'UTC', 'en-US', '2026-12-03'],
    ['today', now, 'Nowhere/Land', 'en-US', '2026-11-20'],
  ])('%s at %d in %s, %s is %s', (text, nowMs, timeZone, language, expected) => {
    expect(values('date', text, { nowMs, timeZone, language })).toEqual([expected]);
  });

  it.each<[string, DatePreference, string]>([
    ['十二月三号', 'past', '2025-12-03'],
    ['十二月三号', 'nearest', '2026-12-03'],
    ['一月三号', 'nearest', '2027-01-03'],
    ['十月三号', 'nearest', '2026-10-03'],
    ['周三', 'past', '2026-11-18'],
    ['三号', 'past', '2026-11-03'],
    ['1985年3月5日', 'past', '1985-03-05'],
  ])('%s, preferring the %s, is %s', (text, prefer, expected) => {
    expect(values('date', text, chinese, prefer)).toEqual([expected]);
  });

  it('are read out in the language, with the year where it is another', () => {
    const date = entityType({ type: 'date' });
    expect(date?.format('2026-11-22', 'spoken', chinese)).toBe('11月22日');
    expect(date?.format('2026-11-22', 'written', chinese)).toBe('2026年11月22日 星期日');
    expect(date?.format('2027-01-01', 'spoken', chinese)).toBe('2027年1月1日');
    expect(date?.format('2026-11-22', 'spoken', english)).toBe('Sunday, November 22');
    expect(date?.format('2026-11-22', 'spoken', { ...english, language: 'en-GB' })).toMatch(
      /^Sunday,? 22 November$/,
    );
    expect(date?.format('soon', 'spoken', english)).toBe('soon');
  });

  it('are taken from keys', () => {
    const date = entityType({ type: 'date' });
    expect(date?.fromKeys('1203', chinese)).toBe('2026-12-03');
    expect(date?.fromKeys('20261203', chinese)).toBe('2026-12-03');
    expect(date?.fromKeys('0230', chinese)).toBeNull();
    expect(date?.fromKeys('12', chinese)).toBeNull();
  });
});

describe('times', () => {
  it('are read out in the language', () => {
    const time = entityType({ type: 'time' });
    expect(
      ['00:00', '07:05', '12:30', '15:30', '20:00'].map((at) => time?.format(at, 'spoken', chinese)),
    ).toEqual([...['凌晨0点', '上午7点05分', '中午12点半', '下午3点半', '晚上8点']]);
    expect(['00:00', '12:30', '15:05'].map((at) => time?.format(at, 'spoken', english))).toEqual([
      ...['12:00 AM', '12:30 PM', '3:05 PM'],
    ]);
  });

  it('are taken from keys', () => {
    const time = entityType({ type: 'time' });
    expect(['1530', '0000', '2400', '1260', '930'].map((keys) => time?.fromKeys(keys, chinese))).toEqual([
      ...['15:30', '00:00', null, null, null],
    ]);
  });
});

describe('moments', () => {
  it('cross the change of clocks with the wall', () => {
    // Clocks go from 2:00 to 3:00 there an hour later.
    const newYork = { nowMs: Date.UTC(2026, 2, 8, 6), timeZone: 'America/New_York', language: 'en-US' };
    expect(wallTime(newYork.nowMs, newYork.timeZone)).toBe('2026-03-08T01:00');
    expect(values('datetime', 'in two hours', newYork)).toEqual(['2026-03-08T04:00']);
    const berlin = { nowMs: Date.UTC(2026, 9, 25, 0), timeZone: 'Europe/Berlin', language: 'en-GB' };
    expect(values('datetime', 'in two hours', berlin)).toEqual(['2026-10-25T03:00']);
  });

  it('are read out in the language', () => {
    const moment = entityType({ type: 'datetime' });
    expect(moment?.format('2026-11-22T15:30', 'spoken', chinese)).toBe('11月22日下午3点半');
    expect(moment?.format('2026-11-22T15:30', 'spoken', english)).toBe('Sunday, November 22 at 3:30 PM');
  });
});

describe('durations', () => {
  it.each<[number, string, string]>([
    [5_400, '1小时30分钟', '1 hour 30 minutes'],
    [90, '1分钟30秒', '1 minute 30 seconds'],
    [0, '0秒', '0 seconds'],
    [172_800, '2天', '2 days'],
  ])('%d is read out', (seconds, zh, en) => {
    const duration = entityType({ type: 'duration' });
    expect(duration?.format(seconds, 'spoken', chinese)).toBe(zh);
    expect(duration?.format(seconds, 'spoken', english)).toBe(en);
  });
});

describe('anything people may say', () => {
  const pieces = [
    ...[
      '明天',
      '三',
      '点',
      '半',
      '下',
      '周',
      '号',
      '月',
      '年',
      '十',
      '2',
      '3:',
      '/',
      '-',
      '小时',
      '后',
      '差',
      '刻',
      '个',
    ],
    ...[
      'next ',
      'friday ',
      'half ',
      'past ',
      'three ',
      'at ',
      'pm ',
      'in ',
      'hour ',
      'and a ',
      'the ',
      'third ',
      'of ',
    ],
    ...['may ', '😀', '٣', '½', ' ', ',', '，', '\u0000', 'é'],
  ];

  it('gives spans of the text, in order, without overlaps', () => {
    const random = new SeededRandom(7);
    for (let round = 0; round < 400; round++) {
      const text = Array.from(
        { length: 12 },
        () => pieces[Math.floor(random.next() * pieces.length)] ?? '',
      ).join('');
      for (const type of ['date', 'time', 'datetime', 'duration']) {
        let free = 0;
        for (const { start, end, raw } of entityType({ type })?.find(text, english) ?? []) {
          expect(raw).toBe(text.slice(start, end));
          expect(start).toBeGreaterThanOrEqual(free);
          free = end;
        }
      }
    }
  });

  it.each(pieces)('takes no longer for a row of %j than for words', (piece) => {
    const text = piece.repeat(dialogLimits.utteranceCharacters);
    for (const type of ['date', 'time', 'datetime', 'duration'])
      expect(
        entityType({ type })
          ?.find(text, chinese)
          .every(({ raw }) => text.includes(raw)),
      ).toBe(true);
  });
});
