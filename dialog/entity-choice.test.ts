import { describe, expect, it } from 'vitest';
import { dialogLimits } from '../config/limits.js';
import { workOf } from '../config/testing/work-meter.js';
import type { EntityContext, EntityType } from './entity.js';
import { choiceProblems, choiceType } from './entity-choice.js';

const zh: EntityContext = { nowMs: 0, timeZone: 'UTC', language: 'zh-CN' };
const en: EntityContext = { ...zh, language: 'en' };
const plans = [
  { value: 'basic', synonyms: ['基础套餐', '基础版', 'starter'] },
  { value: 'family', synonyms: ['家庭套餐', '家庭', 'family plan'] },
  { value: 'family_plus', synonyms: ['家庭增强', '家庭增强套餐', 'family plan plus'] },
  { value: 'large', synonyms: ['大', 'pro'] },
];
const type = choiceType('plan', plans);

function found(text: string, context = zh) {
  return type.find(text, context).map(({ value, raw, certain }) => [value, raw, certain]);
}

describe('a choice', () => {
  it.each<[string, [string, string, boolean][]]>([
    ['我要家庭套餐', [['family', '家庭套餐', true]]],
    ['家庭增强套餐', [['family_plus', '家庭增强套餐', true]]],
    ['the family plan plus please', [['family_plus', 'family plan plus', true]]],
    ['the Family  Plan please', [['family', 'Family  Plan', true]]],
    ['family-plan', [['family', 'family-plan', true]]],
    ['ＦＡＭＩＬＹ', [['family', 'ＦＡＭＩＬＹ', true]]],
    ['basic', [['basic', 'basic', true]]],
    ['basically nothing', []],
    ['promise', []],
    ['pro版', [['large', 'pro', true]]],
    [
      '不要基础版，要家庭的',
      [
        ['basic', '基础版', true],
        ['family', '家庭', true],
      ],
    ],
    ['大的', [['large', '大', true]]],
    ['大声一点好吗', [['large', '大', false]]],
    ['第二个', [['family', '第二个', true]]],
    ['就最后一个吧', [['large', '最后一个', true]]],
    ['倒数第二个', [['family_plus', '倒数第二个', true]]],
    ['the second one', [['family', 'second one', true]]],
    ['number three', [['family_plus', 'number three', true]]],
    ['二', [['family', '二', true]]],
    ['3', [['family_plus', '3', true]]],
    ['第九个', []],
    ['9', []],
    ['我要三个人工', []],
    [
      '第一个，基础版',
      [
        ['basic', '第一个', true],
        ['basic', '基础版', true],
      ],
    ],
    ['😀家庭😀', [['family', '家庭', true]]],
    ['', []],
  ])('in %j', (text, expected) => expect(found(text)).toEqual(expected));

  it.each<[string, string | null]>([
    ['1', 'basic'],
    ['4', 'large'],
    ['5', null],
    ['0', null],
    ['01', null],
    ['', null],
  ])('by keys %j is %j', (keys, value) => expect(type.fromKeys(keys, zh)).toBe(value));

  it('is named in the language of the conversation, or by its value', () => {
    expect(type.format('family', 'spoken', zh)).toBe('家庭套餐');
    expect(type.format('basic', 'spoken', en)).toBe('basic');
    expect(choiceType('x', [{ value: '甲', synonyms: ['first class'] }]).format('甲', 'spoken', en)).toBe(
      'first class',
    );
    expect(type.format('unknown', 'spoken', zh)).toBe('unknown');
  });

  it('takes as many keys as its length needs', () => {
    const ten = Array.from({ length: 10 }, (_, i) => ({ value: `v${i}`, synonyms: [] }));
    expect(choiceType('ten', ten).keyDigits).toEqual({ least: 1, most: 2 });
    expect(choiceType('none', []).keyDigits).toBeNull();
  });
});

describe('a pattern', () => {
  const order = {
    size: 8,
    find: (text: string) =>
      [...text.matchAll(/AB\d{4}/g)].map(({ index }) => ({ start: index, end: index + 6 })),
  };

  it('gives what it matches as the value, beside the names', () => {
    const entities = choiceType('order', plans, [order]).find('家庭套餐 AB1234', zh);
    expect(entities.map(({ value, raw }) => [value, raw])).toEqual([
      ['family', '家庭套餐'],
      ['AB1234', 'AB1234'],
    ]);
  });

  it('that is large sees no more of a long sentence than it has time for', () => {
    const size = 1_000;
    const seen: number[] = [];
    const slow = { size, find: (text: string) => (seen.push(text.length), []) };
    const long = 'a'.repeat(dialogLimits.utteranceCharacters);
    choiceType('order', plans, [slow]).find(long, zh);
    choiceType('order', plans, [slow, order]).find(long, zh);
    expect(seen).toEqual([dialogLimits.patternVisits / size, dialogLimits.patternVisits / size / 2]);
  });

  it('with places outside the text or over a name gives nothing', () => {
    const wild = { size: 1, find: () => [-1, 0, 1, 900].map((start) => ({ start, end: start + 2 })) };
    const entities = choiceType('order', plans, [wild]).find('家庭套餐', zh);
    expect(entities.map(({ raw }) => raw)).toEqual(['家庭套餐']);
  });
});

describe('choiceProblems', () => {
  it.each<[string, Parameters<typeof choiceProblems>[0], RegExp]>([
    [
      'two owners of a name',
      [
        { value: 'a', synonyms: ['X'] },
        { value: 'b', synonyms: ['ｘ'] },
      ],
      /names both "a" and "b"/,
    ],
    ['an empty name', [{ value: 'a', synonyms: [' '] }], /empty synonym/],
    ['a long name', [{ value: 'a', synonyms: ['x'.repeat(101)] }], /longer than 100/],
    [
      'too many values',
      Array.from({ length: dialogLimits.choiceValues + 1 }, (_, i) => ({ value: `v${i}`, synonyms: [] })),
      /at most 2000/,
    ],
    [
      'too many synonyms',
      [{ value: 'a', synonyms: Array.from({ length: dialogLimits.choiceSynonyms + 1 }, (_, i) => `s${i}`) }],
      /at most 50000/,
    ],
  ])('tells of %s', (_rule, values, problem) => {
    expect(choiceProblems(values).some((text) => problem.test(text))).toBe(true);
  });

  it('has nothing to say of a good list', () => expect(choiceProblems(plans)).toEqual([]));
});

describe('a large choice', () => {
  const values = Array.from({ length: 500 }, (_, i) => ({
    value: `city${i}`,
    synonyms: Array.from({ length: 20 }, (_, j) => `城市${i}的第${j}个名字`),
  }));
  const cities = choiceType('city', values);

  it('finds one name of ten thousand', () => {
    expect(cities.find('我在城市321的第7个名字附近', zh).map(({ value }) => value)).toContain('city321');
  });

  it('is work that depends on the text, not on the list', () => {
    const few = choiceType('city', values.slice(0, 5));
    const work = (type: EntityType, times: number) => workOf(() => type.find('城市4的第'.repeat(times), zh));
    expect(work(cities, 400)).toBe(work(few, 400));
    expect(work(cities, 400)).toBeLessThan(2.1 * work(cities, 200));
  });
});
