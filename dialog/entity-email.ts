import { englishDigitWords } from './digits-en.js';
import type { EntityType } from './entity.js';
import { isBare } from './entity-fillers.js';
import { isChinese, plainText } from './entity-format.js';
import { toEntities, type Found } from './entity-found.js';
import { NormalText } from './entity-normal-text.js';
import { chineseDigits } from './entity-numeral-words.js';

/** Longest parts of an address, RFC 5321 4.5.3.1. */
const longestLocal = 64;
const longestDomain = 255;
const tokens =
  /(?<![a-z])at the rate(?: of)?(?![a-z])|小老鼠|圈a|at符号|艾特|下划线|底线|中划线|横杠|横线|减号|加号|[点杠]|[零〇一幺二两三四五六七八九]|[a-z]+|\d+|[@._+-]/g;
const symbols: ReadonlyMap<string, string> = new Map([
  ...['@', 'at', '艾特', '小老鼠', '圈a', 'at符号', 'at the rate', 'at the rate of'].map(
    (word) => [word, '@'] as const,
  ),
  ...['.', 'dot', 'period', '点'].map((word) => [word, '.'] as const),
  ...['-', 'dash', 'hyphen', '横杠', '横线', '中划线', '减号', '杠'].map((word) => [word, '-'] as const),
  ...['_', 'underscore', '下划线', '底线'].map((word) => [word, '_'] as const),
  ...['+', 'plus', '加号'].map((word) => [word, '+'] as const),
]);
/** Words before an address that are not part of it. */
const outside = new Set(
  'is are its it my your his her the a email mail e address to at on as be use send me us and or from by with s look meet visit here see'.split(
    ' ',
  ),
);
const localPart = /^[a-z\d]+(?:[._+-]+[a-z\d]+)*$/;
const domainPart = /^(?:[a-z\d]+(?:-+[a-z\d]+)*\.)+[a-z]{2,24}$/;

interface Token {
  readonly text: string;
  /** What it stands for: a symbol, digits or the word itself. */
  readonly means: string;
  readonly symbol: boolean;
  readonly spoken: boolean;
  readonly start: number;
  readonly end: number;
}

/** E-mail addresses, written or spoken ("john dot smith at example dot com", 一二三艾特qq点com), in lower case. */
export function emailType(): EntityType {
  return {
    name: 'email',
    find(original) {
      const normal = new NormalText(original);
      const read = readTokens(normal.text);
      const found = read.flatMap((token, i) =>
        token.means === '@' && token.symbol ? (readAddress(normal.text, read, i) ?? []) : [],
      );
      return toEntities(normal, found);
    },
    fromKeys: () => null,
    format: (value, form, context) => {
      const address = plainText(value);
      if (form === 'written') return address;
      return isChinese(context)
        ? address.replace('@', '艾特').replaceAll('.', '点')
        : address.replace('@', ' at ').replaceAll('.', ' dot ');
    },
    keyDigits: null,
    spokenAsDigits: false,
  };
}

function readTokens(text: string): Token[] {
  const read: Token[] = [];
  for (const match of text.matchAll(tokens)) {
    const [start, end] = [match.index, match.index + match[0].length];
    const mark = /^[@._+-]$/.test(match[0]);
    // A written mark stands against what it joins; ". " ends a sentence.
    const loose = match[0] !== '@' && (isSpace(text, start - 1) || isSpace(text, end));
    if (mark && loose) continue;
    const symbol = symbols.get(match[0]);
    const means = symbol ?? digitsOf(match[0]) ?? match[0];
    const token = { text: match[0], means, symbol: symbol !== undefined, spoken: !mark, start, end };
    const tens = read.at(-1);
    if (tens && completesTens(text, tens, token)) {
      read[read.length - 1] = { ...tens, means: tens.means.charAt(0) + token.means, end };
    } else read.push(token);
  }
  return read;
}

/** "ninety nine" is 99. */
function completesTens(text: string, tens: Token, unit: Token): boolean {
  if (englishDigitWords.get(tens.text)?.type !== 'tens' || !tens.means.endsWith('0')) return false;
  const spokenUnit = englishDigitWords.get(unit.text)?.type === 'digits' && /^[1-9]$/.test(unit.means);
  return spokenUnit && /^[ -]$/.test(text.slice(tens.end, unit.start));
}

function isSpace(text: string, at: number): boolean {
  return /^\s?$/.test(text.charAt(at));
}

function digitsOf(word: string): string | null {
  const chinese = chineseDigits.get(word);
  if (chinese !== undefined) return String(chinese);
  const english = englishDigitWords.get(word);
  if (english?.type === 'digits') return english.digits;
  return english?.type === 'tens' ? `${english.digit}0` : null;
}

/** The longest address around an at sign. */
function readAddress(text: string, read: readonly Token[], at: number): Found | null {
  const sign = read[at];
  const local = readLocal(text, read, at);
  const domain = readDomain(text, read, at);
  if (!sign || !local || !domain) return null;
  const spoken = sign.spoken || local.spoken || domain.spoken;
  // "meet me at example dot com" tells of a place.
  if (spoken && outside.has(local.text)) return null;
  const [start, end] = [local.at, domain.at];
  return {
    value: `${local.text}@${domain.text}`,
    start,
    end,
    certain: !spoken || isBare(text, start, end),
  };
}

interface Part {
  readonly text: string;
  /** Its outer end in the normal text. */
  readonly at: number;
  readonly spoken: boolean;
}

function readLocal(text: string, read: readonly Token[], at: number): Part | null {
  let joined = '';
  let best: Part | null = null;
  let spoken = false;
  for (let i = at - 1; i >= 0 && joined.length <= longestLocal; i--) {
    const token = read[i];
    const next = read[i + 1];
    if (!token || !next || token.means === '@' || !adjacent(text, token, next, i + 1 === at)) break;
    // 张三@: a name, no digit; said aloud the sign is a word.
    if (read[at]?.text === '@' && chineseDigits.has(token.text)) break;
    joined = token.means + joined;
    spoken ||= token.symbol && token.spoken;
    if (!token.symbol && joined.length <= longestLocal && localPart.test(joined)) {
      best = { text: joined, at: token.start, spoken };
    }
  }
  return best;
}

function readDomain(text: string, read: readonly Token[], at: number): Part | null {
  let joined = '';
  let best: Part | null = null;
  let spoken = false;
  for (let i = at + 1; i < read.length && joined.length <= longestDomain; i++) {
    const token = read[i];
    const before = read[i - 1];
    if (!token || !before || token.means === '@' || !adjacent(text, before, token, i - 1 === at)) break;
    joined += token.means;
    spoken ||= token.symbol && token.spoken;
    if (!token.symbol && domainPart.test(joined)) best = { text: joined, at: token.end, spoken };
  }
  return best;
}

/**
 * True when two tokens belong to one address: written together, or with only spaces between and one of them a symbol,
 * a letter that is spelled, or digits.
 */
function adjacent(text: string, left: Token, right: Token, besideSign: boolean): boolean {
  const between = text.slice(left.end, right.start);
  if (between === '') return true;
  if (!/^ {1,3}$/.test(between)) return false;
  if (left.symbol || right.symbol || besideSign) return true;
  if (outside.has(left.text) && left.text.length > 1) return false;
  const spelled = (token: Token) => token.means.length === 1 || /^\d+$/.test(token.means);
  return spelled(right) && (spelled(left) || /^\d+$/.test(right.means));
}
