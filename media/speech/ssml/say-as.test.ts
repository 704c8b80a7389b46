import { describe, expect, it } from 'vitest';
import { cardinalWords, ordinalWords } from './number-words.js';
import { sayAs } from './say-as.js';

describe('cardinalWords', () => {
  it.each([
    ['0', 'zero', '零'],
    ['7', 'seven', '七'],
    ['10', 'ten', '十'],
    ['15', 'fifteen', '十五'],
    ['20', 'twenty', '二十'],
    ['99', 'ninety-nine', '九十九'],
    ['100', 'one hundred', '一百'],
    ['105', 'one hundred five', '一百零五'],
    ['110', 'one hundred ten', '一百一十'],
    ['1000', 'one thousand', '一千'],
    ['1,050', 'one thousand fifty', '一千零五十'],
    ['10000', 'ten thousand', '一万'],
    ['100001', 'one hundred thousand one', '十万零一'],
    ['1000000', 'one million', '一百万'],
    ['20030004', 'twenty million thirty thousand four', '二千零三万零四'],
    ['100000000', 'one hundred million', '一亿'],
    ['100000001', 'one hundred million one', '一亿零一'],
    ['-3.05', 'minus three point zero five', '负三点零五'],
    ['007', 'seven', '七'],
  ])('%s', (text, english, chinese) => {
    expect(cardinalWords(text, 'en-US')).toBe(english);
    expect(cardinalWords(text, 'zh-CN')).toBe(chinese);
  });

  it.each(['', 'x', '1,00', '1.', '1234567890123456', '--1'])('leaves %j alone', (text) => {
    expect(cardinalWords(text, 'en-US')).toBeNull();
  });

  it('knows no other language', () => {
    expect(cardinalWords('1', 'fr-FR')).toBeNull();
  });

  it.each([
    ['1', 'first', '第一'],
    ['2', 'second', '第二'],
    ['12', 'twelfth', '第十二'],
    ['20', 'twentieth', '第二十'],
    ['21', 'twenty-first', '第二十一'],
    ['103', 'one hundred third', '第一百零三'],
  ])('ordinal %s', (text, english, chinese) => {
    expect(ordinalWords(text, 'en')).toBe(english);
    expect(ordinalWords(text, 'zh')).toBe(chinese);
  });
});

describe('sayAs', () => {
  it.each([
    ['digits', '', '120', 'one two zero', '一二零'],
    ['vxml:digits', '', '12', 'one two', '一二'],
    ['number:digits', '', '12', 'one two', '一二'],
    ['number', 'digits', '12', 'one two', '一二'],
    ['number', 'ordinal', '12', 'twelfth', '第十二'],
    ['number', '', '12', 'twelve', '十二'],
    ['cardinal', '', '1,234', 'one thousand two hundred thirty-four', '一千二百三十四'],
    ['ordinal', '', '3rd', 'third', '第三'],
    ['characters', '', 'a1 b', 'A one B', 'A 一 B'],
    ['spell-out', '', 'usa', 'U S A', 'U S A'],
    ['telephone', '', '138 0013', 'one three eight, zero zero one three', '幺三八，零零幺三'],
    ['telephone', '', '+1-5x2', 'plus, one, five, extension, two', '加，幺，五，转，二'],
    ['date', 'mdy', '3/5/2026', 'March fifth, twenty twenty-six', '二零二六年三月五日'],
    ['date', 'ymd', '2005-12-01', 'December first, two thousand five', '二零零五年十二月一日'],
    ['date', 'md', '12-31', 'December thirty-first', '十二月三十一日'],
    ['date', 'y', '1905', 'nineteen oh five', '一九零五年'],
    ['date', '', '2026-11-20', 'November twentieth, twenty twenty-six', '二零二六年十一月二十日'],
    ['vxml:date', '', '????0704', 'July fourth', '七月四日'],
    ['date', 'my', '1/1900', 'January nineteen hundred', '一九零零年一月'],
    ['time', '', '14:30', 'two thirty p m', '十四点三十分'],
    ['time', 'hms12', '2:05:30pm', 'two oh five and thirty seconds p m', '下午两点零五分三十秒'],
    ['time', '', '9:00', "nine o'clock", '九点整'],
    ['vxml:time', '', '0030h', 'twelve thirty a m', '零点三十分'],
    ['currency', '', '$12.50', 'twelve dollars and fifty cents', '十二点五美元'],
    ['vxml:currency', '', 'USD1.01', 'one dollar and one cent', '一点零一美元'],
    ['currency', '', '¥1,200', 'one thousand two hundred yuan', '一千二百元'],
    ['currency', '', '100元', 'one hundred yuan', '一百元'],
    ['currency', '', '0.75 EUR', 'seventy-five cents', '零点七五欧元'],
    ['currency', '', '-£3', 'minus three pounds', '负三英镑'],
    ['vxml:boolean', '', 'true', 'yes', '是'],
  ])('%s %j: %s', (interpretAs, format, text, english, chinese) => {
    expect(sayAs(interpretAs, format, text, 'en-US')).toEqual({ text: english, known: true });
    expect(sayAs(interpretAs, format, text, 'zh-CN')).toEqual({ text: chinese, known: true });
  });

  it.each([
    ['digits', 'none'],
    ['date', '2026-13-01'],
    ['date', 'tomorrow'],
    ['time', '25:00'],
    ['time', 'noon'],
    ['currency', '12 apples'],
    ['currency', 'XXX5'],
    ['telephone', 'call me'],
    ['ordinal', 'last'],
    ['boolean', 'maybe'],
  ])('%s leaves %j as it is written', (interpretAs, text) => {
    expect(sayAs(interpretAs, '', text, 'en-US')).toEqual({ text, known: true });
    expect(sayAs(interpretAs, '', text, 'zh-CN')).toEqual({ text, known: true });
  });

  it('says what it does not know, names of Object included', () => {
    expect(sayAs('constructor', '', ' x ', 'en')).toEqual({ text: 'x', known: false });
    expect(sayAs('number', 'constructor', '5', 'en')).toEqual({ text: 'five', known: true });
  });

  it('leaves other languages as they are, digit strings with gaps', () => {
    expect(sayAs('cardinal', '', '12', 'fr-FR').text).toBe('12');
    expect(sayAs('digits', '', '12', 'fr-FR').text).toBe('1 2');
    expect(sayAs('date', '', '2026-11-20', 'fr-FR').text).toBe('2026-11-20');
  });
});
