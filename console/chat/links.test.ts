import fc from 'fast-check';
import { expect, test } from 'vitest';

import { workOf } from '../../config/testing/work-meter.js';
import { safeAddress, splitLinks } from './links.js';

test.each([
  ['no link', []],
  ['see https://example.com/a?b=1#c.', ['https://example.com/a?b=1#c']],
  ['(https://example.com)', ['https://example.com']],
  ['https://en.example.com/wiki/Bot_(chat), yes', ['https://en.example.com/wiki/Bot_(chat)']],
  ['请看https://example.com/账单，谢谢', ['https://example.com/账单']],
  ['HTTPS://EXAMPLE.COM and http://b.example', ['HTTPS://EXAMPLE.COM', 'http://b.example']],
  ['"https://example.com"', ['https://example.com']],
  ['https://bank.example@evil.example/', []],
  ['javascript:alert(1) data:text/html,x ftp://x', []],
  ['https://', []],
  ['http://[', []],
])('links of: %s', (text, links) => {
  expect(splitLinks(text).flatMap((part) => (part.kind === 'link' ? [part.text] : []))).toEqual(links);
});

test('every character comes back in order, and every link is http or https', () => {
  const pieces = fc.constantFrom(
    'https://',
    'http://a',
    '.',
    ')',
    '(',
    '，',
    ' ',
    '@',
    'x',
    '/',
    '<b>',
    '\u0000',
  );
  fc.assert(
    fc.property(fc.array(fc.oneof(pieces, fc.string()), { maxLength: 30 }), (parts) => {
      const text = parts.join('');
      const split = splitLinks(text);
      expect(split.map((part) => part.text).join('')).toBe(text);
      for (const part of split) if (part.kind === 'link') expect(part.href).toMatch(/^https?:\/\//);
    }),
  );
});

test.each<[string, (times: number) => string]>([
  ['brackets within brackets', (times) => `https://${'('.repeat(times)}${')'.repeat(times)}`],
  ['closing brackets', (times) => `https://a${')'.repeat(2 * times)}`],
  ['links', (times) => 'http://a '.repeat(times / 4)],
])('twice as many %s are no more than twice the work', (_what, text) => {
  const work = (times: number) => workOf(() => splitLinks(text(times)));
  expect(work(2_000)).toBeLessThan(2.1 * work(1_000));
});

test.each([
  ['https://a.example/x.png', 'https://a.example/x.png'],
  ['http://a.example/x.png', null],
  ['//a.example/x.png', null],
  ['javascript:alert(1)', null],
  ['https://user:pw@a.example/', null],
])('pictures come over https alone: %s', (text, href) => {
  expect(safeAddress(text, ['https:'])).toBe(href);
});
