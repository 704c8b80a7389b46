import { describe, expect, it } from 'vitest';
import { dialogLimits } from '../config/limits.js';
import { compileTemplate } from './text-template.js';
import { textOf, type Value } from './value.js';

const values: Readonly<Record<string, Value>> = { phone: '138', bill: { amount: 12.345 }, name: '' };
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
  ])('refuses %s', (source, message, offset) => {
    expect(compileTemplate(source)).toMatchObject({ ok: false, message, offset });
  });

  it('cuts what becomes too long', () => {
    const source = `${'x'.repeat(dialogLimits.textCharacters - 1)}{phone}`;
    expect(filled(source)).toHaveLength(dialogLimits.textCharacters);
  });
});
