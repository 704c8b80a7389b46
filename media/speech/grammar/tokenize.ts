/** True for Chinese: `zh`, `cmn`, `yue` and their sub-tags. */
export function isChinese(language: string): boolean {
  return /^(zh|cmn|yue)\b/i.test(language);
}

/** True for `en` and its sub-tags. */
export function isEnglish(language: string): boolean {
  return /^en\b/i.test(language);
}

const englishDigits = ['zero', 'one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight', 'nine'];
const chineseDigits = ['零', '一', '二', '三', '四', '五', '六', '七', '八', '九'];

/** The word a digit 0-9 is spoken as, or the digit itself in a language whose words are not known here. */
export function digitWord(digit: number, language: string): string {
  const words = isChinese(language) ? chineseDigits : isEnglish(language) ? englishDigits : [];
  return words[digit] ?? String(digit);
}

// One Han character; or a run of ASCII digits; or a word: letters and marks, with apostrophes inside ("don't").
const tokenPattern =
  /\p{Script=Han}|[0-9]+|[^\P{L}\p{Script=Han}]\p{M}*(?:['’]?[^\P{L}\p{Script=Han}]\p{M}*)*/gu;

/**
 * Cuts text into the tokens that grammars are made of: lower-cased words, and one Han character each.
 *
 * Punctuation goes. A run of digits becomes the words of its digits one by one ("25" -> "two", "five"), so that what
 * a recogniser writes in figures meets what a grammar spells out; `phraseGrammar` accepts the cardinal reading as well.
 */
export function tokenize(text: string, language: string): string[] {
  const tokens: string[] = [];
  for (const piece of pieces(text)) {
    if (!/^[0-9]/.test(piece)) tokens.push(piece);
    else for (const digit of piece) tokens.push(digitWord(Number(digit), language));
  }
  return tokens;
}

/** As `tokenize`, with every run of digits left as it is. */
export function pieces(text: string): string[] {
  const normal = text.normalize('NFKC').toLowerCase();
  return Array.from(normal.matchAll(tokenPattern), ([piece]) => piece.replaceAll('’', "'"));
}

/** Cuts a DTMF string into its keys `0-9 * # A-D`; anything else is left out. */
export function dtmfKeys(text: string): string[] {
  return Array.from(text.toUpperCase().matchAll(/[0-9*#A-D]/g), ([key]) => key);
}
