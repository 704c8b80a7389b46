import { describe, expect, it } from 'vitest';
import { mrcpLimits } from '../../config/limits.js';
import { SeededRandom } from '../../config/random.js';
import { formatVendorParameters, parseVendorParameters } from './vendor-parameters.js';

describe('Vendor-Specific-Parameters (RFC 6787 6.2.16)', () => {
  const cases: [string, Record<string, string>][] = [
    ['', {}],
    ['a=1', { a: '1' }],
    ['confidencelevel=500;timeout=1000', { confidencelevel: '500', timeout: '1000' }],
    ['com.example.tree = billing ; mode=dialogue;', { 'com.example.tree': 'billing', mode: 'dialogue' }],
    ['a="x;y";b="say \\"hi\\" \\\\"', { a: 'x;y', b: 'say "hi" \\' }],
    ['a=1;a=2', { a: '2' }],
    ['a;b=', { a: '', b: '' }],
    ['parley-bot=客服', { 'parley-bot': '客服' }],
    ['q=a=b', { q: 'a=b' }],
  ];

  it.each(cases)('reads %j', (value, expected) => {
    const result = parseVendorParameters(value);
    expect(result.ok && Object.fromEntries(result.parameters)).toEqual(expected);
  });

  it.each(['=1', 'a="open', 'a="x"y', 'a=x"y"', 'na me=1'])('refuses %j', (value) => {
    expect(parseVendorParameters(value)).toEqual({ ok: false, problem: 'syntax' });
  });

  it('is bounded in number and octets', () => {
    const pairs = (count: number) => Array.from({ length: count }, (_, i) => `p${i}=1`).join(';');
    expect(parseVendorParameters(pairs(mrcpLimits.vendorParameters)).ok).toBe(true);
    expect(parseVendorParameters(pairs(mrcpLimits.vendorParameters + 1))).toEqual({
      ok: false,
      problem: 'too-many',
    });
    expect(parseVendorParameters(`a=${'汉'.repeat(1_400)}`)).toEqual({ ok: false, problem: 'too-long' });
  });

  it('writes what it reads, for any value', () => {
    const random = new SeededRandom(16);
    const alphabet = ['a', ';', '"', '\\', ' ', '=', '中', ','];
    for (let round = 0; round < 500; round++) {
      const value = Array.from(
        { length: random.integer(12) },
        () => alphabet[random.integer(alphabet.length)],
      ).join('');
      const parameters = new Map([
        ['first', value],
        ['second', 'x'],
      ]);
      const result = parseVendorParameters(formatVendorParameters(parameters));
      expect(result.ok && result.parameters, JSON.stringify(value)).toEqual(parameters);
    }
  });
});
