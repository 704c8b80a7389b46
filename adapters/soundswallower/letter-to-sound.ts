/**
 * English spelling to ARPABET, for names that no dictionary has.
 *
 * A short list of spelling rules, longest first; it is right often enough for a recogniser that has to tell a name
 * from the other branches of a grammar, and not meant for speaking.
 */

const vowels = 'aeiouy';

/** Spelling, sound, and where it holds: `^` at the start, `$` at the end, `soft` before e, i or y. */
type SpellingRule = readonly [letters: string, phones: string, where?: '^' | '$' | 'soft'];

/** Consonant and vowel groups, longer before shorter. */
const spellingRules: readonly SpellingRule[] = [
  ['tion', 'SH AH N'],
  ['sion', 'ZH AH N'],
  ['eigh', 'EY'],
  ['ough', 'AO'],
  ['augh', 'AO'],
  ['igh', 'AY'],
  ['tch', 'CH'],
  ['sch', 'SH'],
  ['dge', 'JH'],
  ['que', 'K', '$'],
  ['eau', 'OW'],
  ['air', 'EH R'],
  ['ear', 'IH R'],
  ['eer', 'IH R'],
  ['our', 'AO R'],
  ['oor', 'AO R'],
  ['kn', 'N', '^'],
  ['wr', 'R', '^'],
  ['ps', 'S', '^'],
  ['gn', 'N', '^'],
  ['mc', 'M AH K', '^'],
  ['ch', 'CH'],
  ['sh', 'SH'],
  ['th', 'TH'],
  ['ph', 'F'],
  ['gh', 'G', '^'],
  ['gh', ''],
  ['wh', 'W'],
  ['ck', 'K'],
  ['qu', 'K W'],
  ['ng', 'NG', '$'],
  ['sc', 'S', 'soft'],
  ['cc', 'K S', 'soft'],
  ['ee', 'IY'],
  ['ea', 'IY'],
  ['ie', 'IY'],
  ['ei', 'IY'],
  ['ey', 'IY'],
  ['ai', 'EY'],
  ['ay', 'EY'],
  ['oa', 'OW'],
  ['oe', 'OW', '$'],
  ['oo', 'UW'],
  ['ou', 'AW'],
  ['ow', 'OW', '$'],
  ['ow', 'AW'],
  ['oi', 'OY'],
  ['oy', 'OY'],
  ['au', 'AO'],
  ['aw', 'AO'],
  ['ew', 'UW'],
  ['ue', 'UW', '$'],
  ['ui', 'UW'],
  ['ar', 'AA R'],
  ['er', 'ER'],
  ['ir', 'ER'],
  ['or', 'AO R'],
  ['ur', 'ER'],
  ['le', 'AH L', '$'],
  ['c', 'S', 'soft'],
  ['g', 'JH', 'soft'],
  ['x', 'Z', '^'],
  ['y', 'Y', '^'],
  ['y', 'IY', '$'],
  ['i', 'IY', '$'],
  ['o', 'OW', '$'],
  ['a', 'AH', '$'],
];

const singleLetters: Readonly<Record<string, string>> = {
  a: 'AE',
  b: 'B',
  c: 'K',
  d: 'D',
  e: 'EH',
  f: 'F',
  g: 'G',
  h: 'HH',
  i: 'IH',
  j: 'JH',
  k: 'K',
  l: 'L',
  m: 'M',
  n: 'N',
  o: 'AA',
  p: 'P',
  q: 'K',
  r: 'R',
  s: 'S',
  t: 'T',
  u: 'AH',
  v: 'V',
  w: 'W',
  x: 'K S',
  y: 'IH',
  z: 'Z',
};

const longVowels: Readonly<Record<string, string>> = { a: 'EY', e: 'IY', i: 'AY', o: 'OW', u: 'UW', y: 'AY' };

const letterNames: Readonly<Record<string, string>> = {
  a: 'EY',
  b: 'B IY',
  c: 'S IY',
  d: 'D IY',
  e: 'IY',
  f: 'EH F',
  g: 'JH IY',
  h: 'EY CH',
  i: 'AY',
  j: 'JH EY',
  k: 'K EY',
  l: 'EH L',
  m: 'EH M',
  n: 'EH N',
  o: 'OW',
  p: 'P IY',
  q: 'K Y UW',
  r: 'AA R',
  s: 'EH S',
  t: 'T IY',
  u: 'Y UW',
  v: 'V IY',
  w: 'D AH B AH L Y UW',
  x: 'EH K S',
  y: 'W AY',
  z: 'Z IY',
};

/** The phones of a word of the letters a to z, space separated; spelled out letter by letter when it has no vowel. */
export function guessPronunciation(word: string): string {
  const letters = word.toLowerCase().replace(/[^a-z]/g, '');
  if (![...letters].some((letter) => vowels.includes(letter))) return spellOut(letters);
  const phones: string[] = [];
  for (let at = 0; at < letters.length;) {
    const [used, sound] = soundAt(letters, at);
    if (sound !== '') phones.push(sound);
    at += used;
  }
  return phones.join(' ');
}

/** `sms` as S M S. */
function spellOut(letters: string): string {
  return [...letters].map((letter) => letterNames[letter] ?? '').join(' ');
}

/** How many letters the sound at `at` takes, and the sound. */
function soundAt(letters: string, at: number): readonly [number, string] {
  const letter = letters.charAt(at);
  if (letter === letters.charAt(at + 1) && !vowels.includes(letter)) {
    return letter === 'c' && isSoft(letters, at + 2) ? [2, 'K S'] : [2, singleLetters[letter] ?? ''];
  }
  // The mute e at the end ("made"), which makes the vowel before the consonant long.
  if (letter === 'e' && at === letters.length - 1 && at > 1) return [1, ''];
  if (isMadeLong(letters, at)) return [1, longVowels[letter] ?? ''];
  for (const [spelling, phones, where] of spellingRules) {
    if (letters.startsWith(spelling, at) && holds(letters, at, spelling.length, where)) {
      return [spelling.length, phones];
    }
  }
  return [1, singleLetters[letter] ?? ''];
}

function isMadeLong(letters: string, at: number): boolean {
  const [vowel = '', consonant = '', e] = letters.slice(at, at + 3);
  return at + 3 === letters.length && vowels.includes(vowel) && !vowels.includes(consonant) && e === 'e';
}

function holds(letters: string, at: number, length: number, where: SpellingRule[2]): boolean {
  if (where === '^') return at === 0;
  if (where === '$') return at + length === letters.length && at > 0;
  return where === 'soft' ? isSoft(letters, at + length) : true;
}

function isSoft(letters: string, at: number): boolean {
  const next = letters.charAt(at);
  return next !== '' && 'eiy'.includes(next);
}
