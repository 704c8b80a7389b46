import { isChinese, isEnglish } from '../grammar/tokenize.js';
import { dateWords, timeWords } from './dates.js';
import { cardinalWords, digitWords, ordinalWords } from './number-words.js';

/** How a `<say-as>` is spoken; `known` is false for an `interpret-as` that nothing is done about. */
export interface SayAs {
  readonly text: string;
  readonly known: boolean;
}

/**
 * Spells out a `<say-as>` in English or Chinese (SSML 1.1 3.1.9, the values of the W3C note on say-as and those of
 * VoiceXML 2.0, `vxml:date` …). What does not look like its type, and other languages, stay as written.
 */
export function sayAs(interpretAs: string, format: string, text: string, language: string): SayAs {
  // "number:digits" and "vxml:digits" are older ways to write what is now one word.
  const name = interpretAs
    .trim()
    .toLowerCase()
    .replace(/^(?:vxml|number|acronym):/, '');
  const speak = (name === 'number' ? speakers.get(format.toLowerCase()) : undefined) ?? speakers.get(name);
  const written = text.trim();
  if (speak === undefined) return { text: written, known: false };
  return { text: speak(written, format, language) ?? written, known: true };
}

type Speaker = (text: string, format: string, language: string) => string | null;

const digits: Speaker = (text, _format, language) => (/\d/.test(text) ? digitWords(text, language) : null);
const cardinal: Speaker = (text, _format, language) => cardinalWords(text, language);
const ordinal: Speaker = (text, _format, language) =>
  ordinalWords(text.replace(/(?:st|nd|rd|th)$/i, ''), language);

const speakers: ReadonlyMap<string, Speaker> = new Map([
  ['digits', digits],
  ['cardinal', cardinal],
  ['number', cardinal],
  ['ordinal', ordinal],
  ['characters', characters],
  ['spell-out', characters],
  ['letters', characters],
  ['verbatim', characters],
  ['telephone', telephone],
  ['phone', telephone],
  ['date', dateWords],
  ['time', (text: string, _format: string, language: string) => timeWords(text, language)],
  ['currency', currency],
  ['boolean', boolean],
]);

/** One character after another: letters by themselves, digits as words. */
function characters(text: string, _format: string, language: string): string {
  return Array.from(text.replace(/\s+/g, ''))
    .map((character) => (/\d/.test(character) ? digitWords(character, language) : character.toUpperCase()))
    .join(' ');
}

/** Groups as written, with a pause between them; Chinese says 幺 for 1. */
function telephone(text: string, _format: string, language: string): string | null {
  const chinese = isChinese(language);
  if (!chinese && !isEnglish(language)) return null;
  const groups = text.match(/\d+|\+|x/gi);
  if (groups === null || !/^[\d\s()+.\-x]*$/i.test(text)) return null;
  const spoken = groups.map((group) => {
    if (group === '+') return chinese ? '加' : 'plus';
    if (group.toLowerCase() === 'x') return chinese ? '转' : 'extension';
    return digitWords(group, language, '幺');
  });
  return spoken.join(chinese ? '，' : ', ');
}

interface Currency {
  readonly english: readonly [one: string, many: string, cent: string, cents: string];
  readonly chinese: string;
}

const dollar: Currency = { english: ['dollar', 'dollars', 'cent', 'cents'], chinese: '美元' };
const euro: Currency = { english: ['euro', 'euros', 'cent', 'cents'], chinese: '欧元' };
const pound: Currency = { english: ['pound', 'pounds', 'penny', 'pence'], chinese: '英镑' };
const yuan: Currency = { english: ['yuan', 'yuan', 'fen', 'fen'], chinese: '元' };

const currencies: ReadonlyMap<string, Currency> = new Map([
  ['USD', dollar],
  ['$', dollar],
  ['EUR', euro],
  ['€', euro],
  ['GBP', pound],
  ['£', pound],
  ['CNY', yuan],
  ['RMB', yuan],
  ['¥', yuan],
  ['￥', yuan],
  ['元', yuan],
  ['HKD', { english: ['Hong Kong dollar', 'Hong Kong dollars', 'cent', 'cents'], chinese: '港元' }],
  ['JPY', { english: ['yen', 'yen', 'sen', 'sen'], chinese: '日元' }],
]);

// Sign, unit, sign, whole amount, hundredths, unit.
const amountPattern = /^(-?)([A-Z]{3}|[$€£¥￥])?\s*(-?)([\d,]+)(?:\.(\d{1,2}))?\s*([A-Z]{3}|[$€£¥￥元])?$/i;

/** `$12.50`, `12.50 USD`, `100元`, VoiceXML's `USD12.50`. */
function currency(text: string, _format: string, language: string): string | null {
  const [, sign = '', before, innerSign = '', whole = '', fraction = '', after] =
    amountPattern.exec(text) ?? [];
  const unit = currencies.get((before ?? after ?? '').toUpperCase());
  if (unit === undefined) return null;
  const hundredths = Number(fraction.padEnd(2, '0'));
  const units = sign + innerSign + whole;
  if (isChinese(language)) {
    const decimals = hundredths === 0 ? '' : `.${fraction.replace(/0$/, '')}`;
    const amount = cardinalWords(units + decimals, language);
    return amount === null ? null : amount + unit.chinese;
  }
  const amount = isEnglish(language) ? cardinalWords(units, language) : null;
  return amount === null ? null : englishMoney(amount, hundredths, unit.english, language);
}

function englishMoney(amount: string, cents: number, names: Currency['english'], language: string): string {
  const [one, many, cent, centsName] = names;
  const units = `${amount} ${amount === 'one' ? one : many}`;
  if (cents === 0) return units;
  const small = `${cardinalWords(String(cents), language) ?? ''} ${cents === 1 ? cent : centsName}`;
  return amount === 'zero' ? small : `${units} and ${small}`;
}

function boolean(text: string, _format: string, language: string): string | null {
  const value = text.toLowerCase();
  if (value !== 'true' && value !== 'false') return null;
  if (isChinese(language)) return value === 'true' ? '是' : '否';
  return isEnglish(language) ? (value === 'true' ? 'yes' : 'no') : null;
}
