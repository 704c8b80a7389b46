import { describe, expect, it } from 'vitest';
import { findDigits, spokenNumbers } from './slots-digits.js';

describe('spokenNumbers', () => {
  it.each<[string, string[]]>([
    ['5551234', ['5551234']],
    ['138 1234 5678', ['13812345678']],
    ['555-12.34', ['5551234']],
    ['１３８１２３４５６７８', ['13812345678']],
    ['one two three', ['123']],
    ['One, two, THREE!', ['123']],
    ['zero oh nought', ['000']],
    ['double oh seven', ['007']],
    ['triple five one two', ['55512']],
    ['treble nine', ['999']],
    ['oh one two', ['012']],
    ['oh dear', []],
    ['oh one moment', ['01']],
    ['twenty five', ['25']],
    ['twenty', ['20']],
    ['twenty five thirty', ['2530']],
    ['nineteen eighty four', ['1984']],
    ['five hundred', ['500']],
    ['eight hundred five five five', ['800555']],
    ['two thousand', ['2000']],
    ['one two um three and four', ['1234']],
    ['my number is five five five one two three four', ['5551234']],
    ['two lines at five five five', ['2', '555']],
    ['niner', ['9']],
    ['幺三八幺二三四五六七八', ['13812345678']],
    ['一二三，四五六', ['123456']],
    ['零两拐勾洞', ['02790']],
    ['三个八', ['888']],
    ['幺三九三个八两个六', ['13988866']],
    ['我的号码是一三八', ['138']],
    ['壹贰叁', ['123']],
    ['尾号 88 那个，不是 99', ['88', '99']],
    ['hello there', []],
    ['你好', []],
    ['', []],
    ['double', []],
  ])('%j holds %j', (text, numbers) => expect(spokenNumbers(text)).toEqual(numbers));
});

describe('findDigits', () => {
  it.each<[string, number, number, string | null]>([
    ['five five five one two three four', 7, 11, '5551234'],
    ['two lines, number five five five one two three four', 7, 11, '5551234'],
    ['it is 5551234, sorry, 5559876', 7, 7, '5559876'],
    ['555 hmm let me see 1234', 7, 7, '5551234'],
    ['one two', 7, 11, null],
    ['123456789012', 7, 11, null],
    ['i would like an operator', 1, 11, null],
    ['幺三八 幺二三四 五六七八', 11, 11, '13812345678'],
  ])('%j with %i to %i digits is %j', (text, min, max, digits) => {
    expect(findDigits(text, min, max)).toBe(digits);
  });

  it('stays within the bound on utterances', () => {
    expect(findDigits('1'.repeat(1_000_000), 1, 20)).toBeNull();
  });
});
