import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { dialogLimits } from '../config/limits.js';
import { compileTemplate } from './text-template.js';
import { textOf, type Value } from './value.js';

const values: Readonly<Record<string, Value>> = {
  phone: '138',
  bill: { amount: 12.345, lines: ['a', 'b'] },
  name: '',
  braces: '{phone}',
  no: false,
  zero: 0,
  数量: 3,
  long: 'x'.repeat(dialogLimits.textCharacters),
  many: Array.from({ length: 50_000 }, () => 1),
  deep: nested(50_000),
};

function nested(depth: number): Value {
  let value: Value = 1;
  for (let i = 0; i < depth; i++) value = [value];
  return value;
}

const scope = {
  lookup: (name: string) => (Object.hasOwn(values, name) ? values[name] : undefined),
  nowMs: 0,
  timeZone: 'UTC',
  language: 'en-US',
};

function filled(source: string): string {
  const compiled = compileTemplate(source);
  if (!compiled.ok) throw new Error(compiled.message);
  return compiled.template.fill(scope, (name, value) => (name === 'phone' ? '1 3 8' : textOf(value)));
}

describe('compileTemplate', () => {
  it.each<[string, string]>([
    ['no places', 'no places'],
    ['{phone}!', '1 3 8!'],
    ['{ phone }', '1 3 8'],
    ['{phone + "0"}', '1380'],
    ['{bill.amount}', '12.345'],
    ['您的账单是{round(bill.amount, 2)}元', '您的账单是12.35元'],
    ['{missing}{bill.none}{bill.amount + name}', '12.345'],
    ['{phone / 2}', ''],
    ['{{phone}}', '{phone}'],
    ["{'}'}", '}'],
    ["{'\\'}'}", "'}"],
    ['{"{{"}', '{{'],
    ['', ''],
    ['a}b', 'a}b'],
    ['}}{{', '}{'],
    ['{{{phone}}}', '{1 3 8}'],
    ['{{}}', '{}'],
    ['{phone}{phone}', '1 3 81 3 8'],
    ['{braces}', '{phone}'],
    ['{no} {zero}', 'false 0'],
    ['{数量}个', '3个'],
    ['{0.1 + 0.2}', '0.3'],
    ['{bill.lines}', 'a, b'],
    ['{bill.lines[0]}', 'a'],
    ['{missing ?? "nobody"}', 'nobody'],
    ['{zero > 1 ? "many" : "few"}', 'few'],
    ['{__proto__}{phone.constructor}{bill.__proto__}', ''],
    ['[{many}]', '[]'],
    ['[{deep}]', '[]'],
  ])('%s gives %s', (source, expected) => {
    expect(filled(source)).toBe(expected);
  });

  it('knows the names it reads', () => {
    const compiled = compileTemplate('{phone} {bill.amount > 1 ? phone : name}');
    expect(compiled.ok && compiled.template.names).toEqual(['phone', 'bill.amount', 'name']);
  });

  it.each([
    ['{phone', '"{" is not closed', 0],
    ['a {phone !}', 'in "{…}": "!" does not belong here', 9],
    ['{}', 'in "{…}": the expression ends too early', 1],
    ['{ }', 'in "{…}": the expression ends too early', 2],
    ["{'}", '"{" is not closed', 0],
    ['ok {phone} {phone', '"{" is not closed', 11],
    ['{rond(1)}', 'in "{…}": there is no function "rond"', 1],
    ['账单{a = 1}', 'in "{…}": "=" does not compare', 5],
    ['{'.repeat(100_001), '"{" is not closed', 100_000],
    [`{${'('.repeat(3_000)}}`, 'in "{…}": the expression is longer than 2048 characters', 1],
  ])('refuses %s', (source, message, offset) => {
    expect(compileTemplate(source)).toMatchObject({ ok: false, message, offset });
  });

  it('hands a plain name to the caller, and says of anything else that it is none', () => {
    const compiled = compileTemplate('{ phone }{bill.amount}{phone + "x"}{bill.lines[0]}{[1]}{missing}');
    const places: [string | null, Value][] = [];
    if (compiled.ok) compiled.template.fill(scope, (name, value) => String(places.push([name, value])));
    expect(places).toEqual([
      ['phone', '138'],
      ['bill.amount', 12.345],
      [null, '138x'],
      [null, 'a'],
      [null, [1]],
    ]);
  });

  it('cuts what becomes too long, but no character in two', () => {
    const source = `${'x'.repeat(dialogLimits.textCharacters - 1)}{phone}`;
    expect(filled(source)).toHaveLength(dialogLimits.textCharacters);
    expect(filled('{long}{long}{long}')).toHaveLength(dialogLimits.textCharacters);
    const emoji = `${'x'.repeat(dialogLimits.textCharacters - 1)}😀`;
    expect(filled(`${emoji}{phone}`)).toBe('x'.repeat(dialogLimits.textCharacters - 1));
  });

  it('never throws for anything that can be typed', () => {
    const piece = fc.constantFrom(
      '{',
      '}',
      '{{',
      '}}',
      "'",
      '"',
      '\\',
      'phone',
      '.',
      '(',
      ')',
      '账',
      '😀',
      ' ',
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 20 }), (pieces) => {
        const compiled = compileTemplate(pieces.join(''));
        if (compiled.ok)
          expect(typeof compiled.template.fill(scope, (_name, value) => textOf(value))).toBe('string');
        else expect(compiled.fix).not.toBe('');
      }),
      { numRuns: 2_000, seed: 1 },
    );
  });
});
