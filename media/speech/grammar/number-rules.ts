import {
  meaning,
  nothing,
  oneOf,
  optional,
  repeated,
  ruleReference,
  sequence,
  tag,
  words,
} from './expansion.js';
import type { Expansion } from './grammar.js';
import { digitWord, isChinese } from './tokenize.js';

type Rules = Record<string, Expansion>;

/** One spoken figure, 0 to 9, meaning itself; with the short forms of telephone numbers. */
export function spokenDigit(language: string): Expansion {
  const figures = Array.from({ length: 10 }, (_, digit) =>
    meaning([digitWord(digit, language)], String(digit)),
  );
  const others = isChinese(language)
    ? [meaning(['〇'], '0'), meaning(['幺'], '1'), meaning(['两'], '2')]
    : [meaning(['oh'], '0'), meaning(['o'], '0')];
  return oneOf(...figures, ...others);
}

/**
 * Rules for a spoken number, root `number`: up to 999,999,999 in English and 99,999,999 in Chinese, with a sign and
 * decimals, or figure by figure.
 *
 * The meaning needs no arithmetic: every part yields its decimal figures, padded with zeros where the next larger part
 * stands before it ("three hundred five" is 3, then 05), and the matcher joins figures.
 */
export function numberRules(language: string): Rules {
  const words = isChinese(language) ? chineseIntegers(language) : englishIntegers(language);
  const figures = repeated(ruleReference('digit'), 1, 20);
  const [minus, point] = isChinese(language)
    ? ([['负'], ['点']] as const)
    : ([['minus'], ['point']] as const);
  return {
    ...words,
    digit: spokenDigit(language),
    number: sequence(
      optional(meaning(minus, '-')),
      oneOf(ruleReference('integer'), figures),
      optional(sequence(meaning(point, '.'), figures)),
    ),
  };
}

/** `count` zeros. */
function zeros(count: number): Expansion {
  return sequence(...Array.from({ length: count }, () => tag('0')));
}

/** A head and a unit word, then the padded rest or as many zeros as it has figures. */
function scaled(
  head: Expansion,
  unit: string,
  rest: Expansion,
  figures: number,
  link: Expansion = nothing,
): Expansion {
  return sequence(head, words([unit]), oneOf(sequence(link, rest), zeros(figures)));
}

function nonZero(language: string): Expansion {
  return oneOf(...Array.from({ length: 9 }, (_, i) => meaning([digitWord(i + 1, language)], String(i + 1))));
}

const teens = 'ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen'.split(' ');
const tens = 'twenty thirty forty fifty sixty seventy eighty ninety'.split(' ');

function englishIntegers(language: string): Rules {
  const unit = ruleReference('unit');
  const and = optional(words(['and']));
  const head = ruleReference('below1000');
  const hundreds = scaled(oneOf(unit, meaning(['a'], '1')), 'hundred', ruleReference('two'), 2, and);
  return {
    unit: nonZero(language),
    teen: oneOf(...teens.map((word, i) => sequence(meaning([word], '1'), tag(String(i))))),
    ten: sequence(oneOf(...tens.map((word, i) => meaning([word], String(i + 2)))), oneOf(unit, tag('0'))),
    two: oneOf(sequence(tag('0'), unit), ruleReference('teen'), ruleReference('ten')),
    three: oneOf(sequence(tag('0'), ruleReference('two')), hundreds),
    below1000: oneOf(unit, ruleReference('teen'), ruleReference('ten'), hundreds),
    six: oneOf(
      sequence(zeros(3), ruleReference('three')),
      scaled(ruleReference('three'), 'thousand', ruleReference('three'), 3, and),
    ),
    integer: oneOf(
      meaning(['zero'], '0'),
      head,
      scaled(head, 'thousand', ruleReference('three'), 3, and),
      scaled(head, 'million', ruleReference('six'), 6, and),
    ),
  };
}

function chineseIntegers(language: string): Rules {
  const unit = ruleReference('unit');
  const gap = words(['零']);
  const afterTen = oneOf(unit, tag('0'));
  const tensOf = sequence(unit, words(['十']), afterTen);
  // A unit right behind a larger one counts the next place: 三百五 is 350.
  const short = (figures: number): Expansion => sequence(unit, zeros(figures));
  return {
    unit: oneOf(nonZero(language), meaning(['两'], '2')),
    two: oneOf(sequence(gap, tag('0'), unit), tensOf, short(1)),
    hundreds: scaled(unit, '百', ruleReference('two'), 2),
    three: oneOf(
      sequence(gap, zeros(2), unit),
      sequence(gap, tag('0'), tensOf),
      ruleReference('hundreds'),
      short(2),
    ),
    thousands: scaled(unit, '千', ruleReference('three'), 3),
    four: oneOf(
      sequence(gap, zeros(3), unit),
      sequence(gap, zeros(2), tensOf),
      sequence(gap, tag('0'), ruleReference('hundreds')),
      ruleReference('thousands'),
      short(3),
    ),
    below10000: oneOf(
      unit,
      sequence(meaning(['十'], '1'), afterTen),
      tensOf,
      ruleReference('hundreds'),
      ruleReference('thousands'),
    ),
    integer: oneOf(
      meaning(['零'], '0'),
      ruleReference('below10000'),
      scaled(ruleReference('below10000'), '万', ruleReference('four'), 4),
    ),
  };
}
