import { expect, it } from 'vitest';
import { workOf } from '../config/testing/work-meter.js';
import { ssmlProblem } from './check-ssml.js';

it.each([
  'plain',
  'a<break time="1s"/>b',
  "<prosody rate='slow'>a &amp; b &#233;</prosody>",
  '<p><s>one</s><!-- a < b --><s>two</s></p>',
  '<say-as interpret-as="digits" format="a>b">12</say-as>',
])('%s is well-formed', (text) => expect(ssmlProblem(text)).toBeNull());

it.each([
  ['a < b', '"<" is not closed'],
  ['<p>', '<p> is not closed'],
  ['</p>', '</p> closes nothing'],
  ['<p><s></p></s>', '</p> where </s> should be'],
  ['a & b', '"&" starts no entity'],
  ['<p a="&x"/>', '"&" starts no entity'],
  ['<1p/>', '"<1p" starts no element'],
  ['<break time=1s/>', '<break> has an attribute without quotes or a name'],
  ['<b a="1"c="2"/>', '<b> wants a space between attributes'],
  ['<b a="1" a="2"/>', '<b> has "a" twice'],
  ['<!-- a', 'a comment is not closed'],
])('%s is not: %s', (text, problem) => expect(ssmlProblem(text)).toBe(problem));

it.each([
  ['<', '"<" is not closed'],
  ['<a>', 'more than 64 elements inside one another'],
  ['&', '"&" starts no entity'],
  ['<a b="', '"<" is not closed'],
])('of %s, 100,000 times, is found', (piece, problem) =>
  expect(ssmlProblem(piece.repeat(100_000))).toBe(problem),
);

it.each<[string, (times: number) => string]>([
  ['open elements', (times) => '<a>'.repeat(times)],
  ['entities', (times) => '&amp;'.repeat(times)],
  ['elements', (times) => '<a b="1">c</a>'.repeat(times)],
  ['comments', (times) => '<!-- a -->'.repeat(times)],
  ['attributes', (times) => `<a ${Array.from({ length: times }, (_, i) => `b${i}="1"`).join(' ')}/>`],
  ['spaces', (times) => `<a ${' '.repeat(times)} b="1"/>`],
  ['marks in quotes', (times) => `<a b="${'>'.repeat(times)}"/>`],
])('twice as many %s are no more than twice the work', (_what, text) => {
  const work = (times: number) => workOf(() => ssmlProblem(text(times)));
  expect(work(10_000)).toBeLessThan(2.1 * work(5_000));
});
