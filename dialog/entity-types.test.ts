import { describe, expect, it } from 'vitest';
import { dialogLimits } from '../config/limits.js';
import { SeededRandom } from '../config/random.js';
import { workOf } from '../config/testing/work-meter.js';
import type { EntityContext, EntityForm } from './entity.js';
import { choiceType } from './entity-choice.js';
import { entityType, entityTypeNames, entityTypeProblem } from './entity-types.js';
import type { Value } from './value.js';

const zh: EntityContext = { nowMs: Date.UTC(2026, 10, 20), timeZone: 'Asia/Shanghai', language: 'zh-CN' };
const en: EntityContext = { ...zh, language: 'en-US' };
const gb: EntityContext = { ...zh, language: 'en-GB' };
const contexts = { zh, en, gb };

describe('a spec', () => {
  it.each<[{ type: string; min?: number; max?: number }, RegExp]>([
    [{ type: 'colour' }, /^type: "colour" is not known; use one of number, /],
    [{ type: 'toString' }, /^type: /],
    [{ type: 'digits', min: 0 }, /^min: must be a whole number from 1 to 50$/],
    [{ type: 'digits', max: 51 }, /^max: /],
    [{ type: 'digits', min: 1.5 }, /^min: /],
    [{ type: 'digits', min: 6, max: 4 }, /^min: is above max/],
    [{ type: 'number', max: NaN }, /^max: must be a number$/],
    [{ type: 'cn_mobile', min: 3 }, /takes neither/],
  ])('%j is refused with what to mend', (spec, problem) => {
    expect(entityTypeProblem(spec)).toMatch(problem);
    expect(entityType(spec)).toBeNull();
  });

  it.each(entityTypeNames)('%s without bounds is a type of that name', (type) => {
    expect(entityTypeProblem({ type })).toBeNull();
    expect(entityType({ type })?.name).toBe(type);
  });
});

describe('bounds', () => {
  it.each<[string, number, number, string, Value[]]>([
    ['number', 1, 10, '三个或者二十个', [3]],
    ['number', 0, 1, '0.5', [0.5]],
    ['integer', 5, 9, 'four, five, nine, ten', [5, 9]],
    ['money', 10, 100, '五块还是五十块', [50]],
    ['percent', 0, 20, '5% or 50%', [5]],
    ['ordinal', 1, 3, '第二个，第九个', [2]],
    ['digits', 4, 6, '12 then call 4567', ['4567']],
    ['digits', 11, 11, '138 嗯那个 1234 5678', ['13812345678']],
    ['digits', 7, 7, '555 hmm let me see 1234', ['5551234']],
  ])('%s from %d to %d in %j', (type, min, max, text, values) => {
    expect(
      entityType({ type, min, max })
        ?.find(text, zh)
        .map(({ value }) => value),
    ).toEqual(values);
  });
});

describe('keys', () => {
  it.each<[string, string, Value | null]>([
    ['number', '42', 42],
    ['number', '12*5', 12.5],
    ['number', '*', null],
    ['number', '', null],
    ['number', '9'.repeat(30), null],
    ['integer', '12*5', null],
    ['money', '12*50', 12.5],
    ['money', '12*505', null],
    ['percent', '15', 15],
    ['ordinal', '2', 2],
    ['ordinal', '0', null],
    ['digits', '007', '007'],
    ['digits', '12*', null],
    ['cn_mobile', '13812345678', '13812345678'],
    ['cn_mobile', '10086', null],
    ['cn_id_card', '11010519491231002*', '11010519491231002X'],
    ['cn_id_card', '440308199901010012', '440308199901010012'],
    ['cn_id_card', '440308199901010013', null],
    ['bank_card', '4111111111111111', '4111111111111111'],
    ['bank_card', '4111111111111112', null],
    ['yes_no', '1', true],
    ['yes_no', '2', false],
    ['yes_no', '3', null],
    ['cn_plate', '12345', null],
    ['email', '1', null],
    ['text', '1', null],
  ])('%s from %j is %j', (type, keys, value) => {
    expect(entityType({ type })?.fromKeys(keys, zh)).toBe(value);
  });

  it('of a bounded number are as many as its largest value has', () => {
    expect(entityType({ type: 'number', max: 120 })?.keyDigits).toEqual({ least: 1, most: 3 });
    expect(entityType({ type: 'digits', min: 4, max: 6 })?.keyDigits).toEqual({ least: 4, most: 6 });
  });
});

describe('format', () => {
  it.each<[string, Value, EntityForm, keyof typeof contexts, string]>([
    ['number', 1234.5, 'written', 'en', '1234.5'],
    ['number', 1e-7, 'spoken', 'en', '0.0000001'],
    ['number', 1e15, 'spoken', 'zh', '1000000000000000'],
    ['money', 23.5, 'written', 'zh', '23.5元'],
    ['money', 23.5, 'spoken', 'zh', '23.5元'],
    ['money', 23.5, 'written', 'en', '$23.50'],
    ['money', 23.5, 'spoken', 'en', '23 dollars 50 cents'],
    ['money', 1.01, 'spoken', 'en', '1 dollar 1 cent'],
    ['money', 0.5, 'spoken', 'en', '50 cents'],
    ['money', 0, 'spoken', 'en', '0 dollars'],
    ['money', 20.5, 'spoken', 'gb', '20 pounds 50 pence'],
    ['money', -5, 'written', 'en', '-$5.00'],
    ['percent', 15, 'spoken', 'zh', '15%'],
    ['percent', 15, 'spoken', 'en', '15 percent'],
    ['percent', 15, 'written', 'en', '15%'],
    ['ordinal', 2, 'spoken', 'zh', '第2'],
    ['ordinal', -1, 'spoken', 'zh', '最后一个'],
    ['ordinal', -2, 'spoken', 'zh', '倒数第2'],
    ['ordinal', 2, 'spoken', 'en', 'second'],
    ['ordinal', 21, 'spoken', 'en', '21st'],
    ['ordinal', 112, 'spoken', 'en', '112th'],
    ['ordinal', -1, 'spoken', 'en', 'last'],
    ['digits', '1234', 'spoken', 'zh', '1 2 3 4'],
    ['digits', '5551234', 'spoken', 'en', '5 5 5, 1 2 3 4'],
    ['digits', '1234', 'written', 'zh', '1234'],
    ['cn_mobile', '13812345678', 'spoken', 'zh', '1 3 8，1 2 3 4，5 6 7 8'],
    ['cn_mobile', '13812345678', 'spoken', 'en', '1 3 8, 1 2 3 4, 5 6 7 8'],
    ['cn_mobile', '13812345678', 'written', 'zh', '138 1234 5678'],
    ['bank_card', '4111111111111111', 'written', 'zh', '4111 1111 1111 1111'],
    ['cn_id_card', '11010519491231002X', 'written', 'zh', '110105 1949 1231 002X'],
    ['cn_plate', '京A12345', 'written', 'zh', '京A·12345'],
    ['cn_plate', '京A12345', 'spoken', 'zh', '京 A，1 2 3，4 5'],
    ['email', 'a.b@c.com', 'spoken', 'en', 'a dot b at c dot com'],
    ['email', 'a.b@c.com', 'spoken', 'zh', 'a点b艾特c点com'],
    ['email', 'a.b@c.com', 'written', 'en', 'a.b@c.com'],
    ['yes_no', true, 'spoken', 'zh', '是'],
    ['yes_no', false, 'spoken', 'en', 'no'],
    ['text', ' as it is ', 'spoken', 'en', ' as it is '],
  ])('%s %j, %s, in %s is %j', (type, value, form, language, text) => {
    expect(entityType({ type })?.format(value, form, contexts[language])).toBe(text);
  });

  it.each(entityTypeNames)('of %s takes any value without throwing', (type) => {
    for (const value of ['x', '', 3, true, null, [1], { a: 1 }] satisfies Value[]) {
      expect(typeof entityType({ type })?.format(value, 'spoken', en)).toBe('string');
    }
  });
});

const pieces = [
  ...'零一二两三四五六七八九十百千万亿半点负几多来第个块毛角分元钱成号年月日周艾特京沪港叉幺廿〇',
  ..."0123456789.,，-+@%$￥:/ \t\n'’xXaAkw½①㍘㏠👨‍👩‍👧é\u0301\ud83d\ude00İß",
  ...' one two twenty hundred thousand million and half point a dozen third second last dollars cents percent'.split(
    ' ',
  ),
  ...' or so double oh dot at yes no not sure 百分之 分之 倒数 最后一个 人民币 万一 十分 是不是 不对 13812345678'.split(
    ' ',
  ),
];

const types = [
  ...entityTypeNames.flatMap((type) => entityType({ type }) ?? []),
  choiceType('size', [
    { value: 'large', synonyms: ['大', '大杯', '大 杯', 'a large one'] },
    { value: 'small', synonyms: ['小', '半', 'two'] },
  ]),
];

function expectSound(text: string): void {
  for (const type of types) {
    let free = 0;
    for (const { start, end, raw } of type.find(text, zh)) {
      expect(raw).toBe(text.slice(start, end));
      expect(start).toBeGreaterThanOrEqual(free);
      expect(end).toBeGreaterThan(start);
      free = end;
    }
  }
}

describe('whatever is said', () => {
  it('gives spans of the text, in order, without overlaps', () => {
    const random = new SeededRandom(20261120);
    for (let round = 0; round < 400; round++) {
      let text = '';
      for (let i = random.integer(30); i >= 0; i--) text += pieces[random.integer(pieces.length)] ?? '';
      expectSound(text);
    }
  });

  it.each([
    ['one half that is one character', '½'],
    ['a lone surrogate', '\ud83d三个\ude00'],
    ['characters that grow when folded', '㍘㍙三个㈱ﬃ 3 个'],
    ['combining marks', `3${'\u0301'.repeat(50)} 三`],
    ['a pair cut at the bound', '😀'.repeat(2_000)],
  ])('%s does not break the spans', (_rule, text) => expectSound(text));

  it.each([
    ...[
      '1',
      '一',
      '幺',
      '百分之',
      '三分之',
      '十',
      '万',
      '几',
      '1 ',
      '1.',
      '1,',
      '-',
      '1-',
      '3个',
      '第',
      '块五',
      '点',
    ],
    ...[
      'one ',
      'a ',
      'twenty ',
      'half a ',
      'a hundred ',
      'point ',
      'or ',
      'one or ',
      'and ',
      'second to ',
      'double ',
    ],
    ...[
      'a@',
      'a.',
      'at ',
      'a at ',
      'a dot ',
      '京A',
      '京A1',
      '嗯',
      '嗯1',
      '是',
      'not ',
      "'",
      '零',
      '三百',
      '13812345678 ',
    ],
  ])('twice as many characters of %j are no more than twice the work for any type', (unit) => {
    for (const type of types) {
      const [half = 0, whole = 0] = [1_000, 2_000].map((length) =>
        workOf(() => type.find(unit.repeat(length).slice(0, length), zh)),
      );
      expect(whole / half, type.name).toBeLessThan(2.1);
      expect(whole, type.name).toBeLessThan(150 * dialogLimits.utteranceCharacters);
    }
  });
});
