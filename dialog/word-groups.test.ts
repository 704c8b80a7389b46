import { expect, it } from 'vitest';
import { normalizeUtterance } from './text-features.js';
import { forEachHanGroup, groupOf, isFunctionCharacter, isFunctionWord, wordGroups } from './word-groups.js';

const words = wordGroups().flat();

it('has no word in two groups and no group of one', () => {
  expect(words.filter((word, i) => words.indexOf(word) !== i)).toEqual([]);
  expect(wordGroups().filter((group) => group.length < 2)).toEqual([]);
});

it('has its words in the form in which utterances are compared', () => {
  expect(words.filter((word) => normalizeUtterance(word) !== word)).toEqual([]);
});

it('finds every word of the table alone', () => {
  for (const word of words) expect(groupOf(word), word).not.toBeNull();
});

it('takes the longest word of a run, and does not read its parts again', () => {
  const groups: string[] = [];
  forEachHanGroup('我信用卡丢了', (group) => groups.push(group));
  expect(groups).toEqual([groupOf('信用卡'), groupOf('丢了')]);
});

it('knows words of grammar in both languages', () => {
  expect([isFunctionWord('the'), isFunctionWord('parcel')]).toEqual([true, false]);
  expect([isFunctionCharacter('的'), isFunctionCharacter('账')]).toEqual([true, false]);
});
