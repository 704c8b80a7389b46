import { describe, expect, it } from 'vitest';
import { findYesNo } from './slots-yes-no.js';

const yes = { yes: true, bare: true };
const no = { yes: false, bare: true };

describe('findYesNo', () => {
  it.each([
    ...[
      'yes',
      'Yes.',
      'yeah',
      'yep',
      'yes please',
      'OK',
      'okay',
      "that's right",
      'that is correct',
      'of course',
    ],
    ...[
      'no problem',
      'why not',
      'sure',
      'exactly',
      'go ahead',
      'not wrong',
      'uh huh',
      'yes yes yes',
      'i think so yes',
    ],
    ...[
      '是',
      '是的',
      '对',
      '对的',
      '对啊',
      '嗯',
      '好的',
      '没错',
      '没问题',
      '可以',
      '行',
      '不错',
      '是的，没错',
      '有的',
    ],
  ])('%j is yes', (text) => expect(findYesNo(text)).toEqual(yes));

  it.each([
    ...[
      'no',
      'No!',
      'nope',
      'no thanks',
      'no thank you',
      'not right',
      "that's not right",
      "it isn't",
      "I don't",
    ],
    ...[
      'not really quite right',
      'wrong',
      'that is wrong',
      'no no no',
      'no, that is not correct',
      'never',
      'not at all',
    ],
    ...[
      '不',
      '不是',
      '不对',
      '不是的',
      '不用了',
      '没有',
      '不行',
      '不可以',
      '错了',
      '不对不对',
      '不用，谢谢',
      '不好',
    ],
  ])('%j is no', (text) => expect(findYesNo(text)).toEqual(no));

  it.each([
    ...['', 'hello', 'not sure', "I don't know", 'maybe', 'yes no', 'no yes', 'perhaps yes'],
    ...['不知道', '是不是', '对不对', '我不清楚', '可能吧', '你好', '是，不是'],
  ])('%j is neither', (text) => expect(findYesNo(text)).toBeNull());

  it.each<[string, boolean]>([
    ['no i want the bill', false],
    ['yes my internet is down', true],
    ['不是，是尾号八八', false],
    ['对，就是那个账单', true],
    ['不用了我要查账单', false],
    ['right, the internet one', true],
  ])('%j is an answer and something more', (text, yes) => {
    expect(findYesNo(text)).toEqual({ yes, bare: false });
  });

  it.each([
    ...['我要查账单', '对账单有问题', '有一个问题', '好慢的网', '行李丢了', '是账单不对', '不能上网'],
    ...[
      'right now it is slow',
      'not working',
      'my answer is yes',
      'good morning',
      'fine print',
      'wrong bill amount',
    ],
  ])('%j is a sentence, not an answer', (text) => expect(findYesNo(text)).toBeNull());

  it('stays within the bound on utterances', () => {
    expect(findYesNo('yes '.repeat(100_000))).toEqual(yes);
  });
});
