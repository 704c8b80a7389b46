import { NormalText } from './entity-normal-text.js';

/** A yes or a no in an utterance. `bare` says that nothing else of weight was said. */
export interface YesNo {
  readonly yes: boolean;
  readonly bare: boolean;
}

/** Where in a normal text a yes or a no was said. */
export interface YesNoSpan extends YesNo {
  readonly start: number;
  readonly end: number;
}

type Meaning = 'yes' | 'no' | 'negation' | 'unknown' | 'filler';

/** Longest first at look-up; the words of a phrase are joined by one space in English, by nothing in Chinese. */
const english = lexicon({
  yes:
    'yes, yeah, yep, yup, yah, aye, sure, ok, okay, correct, right, exactly, true, affirmative, absolutely, ' +
    'definitely, certainly, indeed, alright, fine, good, of course, no problem, why not, go ahead, not wrong, ' +
    'please do, uh huh, mm hm, sure thing, you bet, i think so, i guess so, i suppose so, i believe so',
  no:
    'no, nope, nah, wrong, incorrect, negative, false, never, no way, no thanks, no thank you, dont, i dont, ' +
    'not at all, absolutely not, of course not, certainly not, definitely not, i dont think so, dont think so, ' +
    'i think not, id rather not',
  negation: 'not, isnt, wasnt, arent, aint, doesnt, cant',
  unknown: 'not sure, dont know, i dont know, no idea, maybe, perhaps, not certain, dunno',
  filler:
    'please, thanks, thank, you, it, its, is, that, thats, this, the, a, um, uh, well, oh, i, think, so, do, am, ' +
    'im, would, my, number, very, quite, really, at, all, sir, maam, madam',
});

const chinese = lexicon({
  yes:
    '是, 是的, 对, 对的, 没错, 没有错, 正确, 好, 好的, 行, 可以, 嗯, 确认, 确定, 没问题, 不错, 要, 需要, 当然, 同意, 有, ' +
    '没有问题, 没毛病, 应该是, 应该是的, 应该对',
  no:
    '不是, 不对, 不用, 不要, 不行, 不可以, 不需要, 不好, 不, 没有, 没, 别, 否, 错, 错了, 不正确, 不同意, 不确认, ' +
    '不是的, 不用了, 不要了, 不了, 不太对, 不大对, 当然不, 当然不是, 绝对不, 好像不对, 应该不是',
  negation: '',
  unknown:
    '不知道, 不清楚, 不确定, 不一定, 不好说, 是不是, 对不对, 好不好, 可不可以, 行不行, 要不要, 不记得, 忘了, 有没有, ' +
    '可能',
  filler:
    '的, 啊, 吧, 呢, 了, 哦, 呀, 啦, 嘛, 呃, 谢谢, 我, 觉得, 这, 这个, 个, 就, 号码, 您, 你, 你好, 您好',
});

/**
 * Words that also begin or fill other sentences (对账单, "right now …"): with more said they count only before a
 * punctuation mark.
 */
const weak = new Set(
  phrases(
    'right, fine, good, true, correct, wrong, false, never, sure, ok, okay, alright, ' +
      '是, 对, 好, 行, 要, 有, 需要, 可以, 正确, 确认, 确定, 不, 没有, 没, 别, 否, 错, 不要, 不好, 错了, 不行, 不可以',
  ),
);

const words = /\p{Script=Han}|(?:(?!\p{Script=Han})[\p{L}\p{N}'’])+/gu;
const punctuation = /\p{P}/uy;
const longestPhrase = 4;
/** A negation reaches this many words ahead: "not really quite right". */
const negationReach = 3;

interface Said {
  readonly yes: boolean;
  readonly strong: boolean;
  /** Its first and last word. */
  readonly from: number;
  readonly to: number;
}

/**
 * Yes, no, or null when neither or both were said, or the user does not know.
 *
 * "not right" and 不对 are no, "no problem" and 没错 are yes, "not sure" and 是不是 are neither. What follows the first
 * word of weight is a sentence of its own and is not looked at.
 */
export function findYesNo(text: string): YesNo | null {
  const found = readYesNo(new NormalText(text));
  return found && { yes: found.yes, bare: found.bare };
}

/** `findYesNo` with the place, from the first to the last word that says it. */
export function readYesNo({ text }: NormalText): YesNoSpan | null {
  const heard = wordsOf(text);
  const sentence = readSentence(heard);
  if (!sentence) return null;
  const { said, bare } = sentence;
  const counted = said.filter(({ strong }) => bare || strong);
  const [first, last] = [counted.at(0), counted.at(-1)];
  if (!first || !last || counted.some(({ yes }) => yes !== first.yes)) return null;
  const [from, to] = [heard[first.from], heard[last.to]];
  return from && to ? { yes: first.yes, bare, start: from.start, end: to.end } : null;
}

/** Each yes and no up to the first other word of weight; null when the user does not know. */
function readSentence(heard: readonly Word[]): { said: Said[]; bare: boolean } | null {
  const said: Said[] = [];
  let bare = true;
  let negated = 0;
  let negation = 0;
  for (let i = 0; i < heard.length && bare;) {
    const { meaning, length, strong } = longestMatch(heard, i);
    const to = i + length - 1;
    if (meaning === 'unknown') return null;
    if (meaning === null) bare = false;
    else if (meaning === 'negation') [negated, negation] = [negationReach + 1, i];
    else if (meaning === 'yes' || meaning === 'no') {
      const from = negated > 0 ? negation : i;
      said.push({ yes: (meaning === 'yes') !== negated > 0, strong, from, to });
      negated = 0;
    } else if (negated > 0 && --negated === 0)
      said.push({ yes: false, strong: false, from: negation, to: negation });
    i += length;
  }
  if (negated > 0) said.push({ yes: false, strong: false, from: negation, to: negation });
  return { said, bare };
}

interface Word {
  readonly text: string;
  readonly start: number;
  readonly end: number;
  readonly beforePunctuation: boolean;
}

function wordsOf(text: string): Word[] {
  return [...text.matchAll(words)]
    .map((match) => {
      const end = match.index + match[0].length;
      punctuation.lastIndex = end;
      const beforePunctuation = punctuation.test(text);
      return { text: match[0].replace(/['’]/g, ''), start: match.index, end, beforePunctuation };
    })
    .filter((word) => word.text !== '');
}

function longestMatch(
  heard: readonly Word[],
  from: number,
): { meaning: Meaning | null; length: number; strong: boolean } {
  for (let length = Math.min(longestPhrase, heard.length - from); length > 0; length--) {
    const phrase = heard.slice(from, from + length).map((word) => word.text);
    const [spaced, joined] = [phrase.join(' '), phrase.join('')];
    const meaning = english.get(spaced) ?? chinese.get(joined);
    if (meaning === undefined) continue;
    const closed = heard[from + length - 1]?.beforePunctuation === true;
    return { meaning, length, strong: closed || !(weak.has(spaced) || weak.has(joined)) };
  }
  return { meaning: null, length: 1, strong: false };
}

function lexicon(lists: Readonly<Record<Meaning, string>>): ReadonlyMap<string, Meaning> {
  const meanings: Meaning[] = ['yes', 'no', 'negation', 'unknown', 'filler'];
  return new Map(
    meanings.flatMap((meaning) => phrases(lists[meaning]).map((phrase) => [phrase, meaning] as const)),
  );
}

function phrases(list: string): string[] {
  return list === '' ? [] : list.split(', ');
}
