import { speechLimits } from '../../../config/limits.js';
import { GrammarError, compilationFailure } from './errors.js';
import { meaning, oneOf, optional, repeated, ruleReference, sequence } from './expansion.js';
import type { Expansion, Grammar } from './grammar.js';
import { numberRules, spokenDigit } from './number-rules.js';
import type { RulesGrammar } from './phrases.js';
import { isChinese, isEnglish, tokenize } from './tokenize.js';

interface BuiltinUri {
  readonly uri: string;
  readonly mode: 'voice' | 'dtmf';
  /** `speech` always asks for free transcription, whatever the name. */
  readonly type: 'grammar' | 'dtmf' | 'speech';
  /** Lower-cased. */
  readonly name: string;
  readonly parameters: ReadonlyMap<string, string>;
}

export interface BuiltinOptions {
  /** BCP 47. */
  readonly language: string;
  /** True: an unknown name is grammar-load-failure; false: free transcription with a warning. */
  readonly strict: boolean;
}

/**
 * The grammar behind a `builtin:` URI (VoiceXML 2.0 appendix P, and the names that MRCP clients use).
 *
 * `builtin:grammar/<name>` is voice, `builtin:dtmf/<name>` is keys, `builtin:speech/<name>` is free transcription;
 * `builtin:<name>` is voice. Parameters follow `?` or `;`. Voice boolean, digits, number and phone have rules in English
 * and Chinese; every other voice name or language is transcribed, with a warning. DTMF has boolean, digits, number,
 * phone, date, time and currency.
 *
 * @throws GrammarError for bad parameters, unknown DTMF names, and unknown voice names when `strict`.
 */
export function builtinGrammar(
  text: string,
  options: BuiltinOptions,
  warn: (warning: string) => void,
): Grammar {
  const builtin = readUri(text);
  if (builtin.mode === 'dtmf') return dtmfGrammar(builtin, options.language);
  return voiceGrammar(builtin, options, warn);
}

function readUri(uri: string): BuiltinUri {
  const match = /^builtin:(?:\/*(grammar|dtmf|speech)\/)?([\w.-]+)(?:[?;](.*))?$/is.exec(uri);
  if (match === null)
    throw new GrammarError('grammar-load-failure', `"${uri}" is not builtin:grammar|dtmf|speech/<name>`);
  const type = (match[1] ?? 'grammar').toLowerCase();
  const parameters = new Map<string, string>();
  for (const pair of (match[3] ?? '').split(/[;&]/)) {
    const [name = '', value = ''] = pair.split('=', 2);
    if (name.trim() !== '') parameters.set(name.trim().toLowerCase(), value.trim());
  }
  return {
    uri,
    mode: type === 'dtmf' ? 'dtmf' : 'voice',
    type: type === 'dtmf' || type === 'speech' ? type : 'grammar',
    name: (match[2] ?? '').toLowerCase(),
    parameters,
  };
}

const transcriptionNames = new Set(['transcribe', 'transcription', 'dictation', 'general']);
const spokenNames = new Set(['boolean', 'date', 'digits', 'currency', 'number', 'phone', 'time']);

function voiceGrammar(
  builtin: BuiltinUri,
  options: BuiltinOptions,
  warn: (warning: string) => void,
): Grammar {
  const { language, strict } = options;
  const rules = builtin.type === 'speech' ? null : voiceRules(builtin, language);
  if (rules !== null) return rulesGrammar(builtin, language, rules);
  const known =
    transcriptionNames.has(builtin.name) || (builtin.type !== 'speech' && spokenNames.has(builtin.name));
  if (!known && strict)
    throw new GrammarError('grammar-load-failure', `${builtin.uri} is not a grammar known here`);
  if (!transcriptionNames.has(builtin.name))
    warn(`${builtin.uri} has no rules for ${language}; any speech is transcribed instead`);
  return { kind: 'transcribe', uri: builtin.uri, mode: 'voice', language };
}

/** Rules whose root is the builtin's name, or null where speech in that language has none. */
function voiceRules(builtin: BuiltinUri, language: string): Record<string, Expansion> | null {
  if (!isEnglish(language) && !isChinese(language)) return null;
  switch (builtin.name) {
    case 'boolean':
      return { boolean: spokenBoolean(language) };
    case 'digits':
      return { digit: spokenDigit(language), digits: digitString(builtin, ruleReference('digit')) };
    case 'number':
      return numberRules(language);
    case 'phone':
      return {
        digit: spokenDigit(language),
        phone: phone(isChinese(language) ? ['转', '分机'] : ['extension', 'ext'], language),
      };
    default:
      return null;
  }
}

const english = {
  yes: [
    'yes',
    'yes please',
    'yeah',
    'yep',
    'yup',
    'sure',
    'ok',
    'okay',
    'correct',
    'right',
    "that's right",
    'true',
    'affirmative',
  ],
  no: [
    'no',
    'no thanks',
    'no thank you',
    'nope',
    'nah',
    'not really',
    'wrong',
    'incorrect',
    "that's wrong",
    'false',
    'negative',
  ],
};
const chinese = {
  yes: [
    '是',
    '是的',
    '对',
    '对的',
    '对对',
    '好',
    '好的',
    '好啊',
    '行',
    '可以',
    '嗯',
    '嗯嗯',
    '没错',
    '正确',
    '要',
    '需要',
    '确认',
  ],
  no: [
    '不',
    '不是',
    '不对',
    '不要',
    '不用',
    '不行',
    '不可以',
    '不好',
    '没有',
    '不需要',
    '错了',
    '不正确',
    '否',
  ],
};

function spokenBoolean(language: string): Expansion {
  const { yes, no } = isChinese(language) ? chinese : english;
  const mean = (phrases: readonly string[], value: string): Expansion[] =>
    phrases.map((phrase) => meaning(tokenize(phrase, language), value));
  return oneOf(...mean(yes, 'true'), ...mean(no, 'false'));
}

function phone(extensionWords: readonly string[], language: string): Expansion {
  const digit = ruleReference('digit');
  const extension = oneOf(...extensionWords.map((word) => meaning(tokenize(word, language), 'x')));
  return sequence(repeated(digit, 3, 20), optional(sequence(extension, repeated(digit, 1, 6))));
}

/** `length`, or `minlength` and `maxlength` (VoiceXML 2.0 appendix P). */
function digitString(builtin: BuiltinUri, digit: Expansion): Expansion {
  const length = count(builtin, 'length');
  const min = length ?? count(builtin, 'minlength') ?? 1;
  const max = length ?? count(builtin, 'maxlength') ?? speechLimits.grammarRepeat;
  if (min > max) throw compilationFailure(`${builtin.uri}: minlength is larger than maxlength`);
  return repeated(digit, min, max);
}

function count(builtin: BuiltinUri, name: string): number | null {
  const text = builtin.parameters.get(name);
  if (text === undefined) return null;
  const value = /^\d{1,4}$/.test(text) ? Number(text) : 0;
  if (value < 1 || value > speechLimits.grammarRepeat)
    throw compilationFailure(`${builtin.uri}: ${name} is not between 1 and ${speechLimits.grammarRepeat}`);
  return value;
}

function dtmfGrammar(builtin: BuiltinUri, language: string): RulesGrammar {
  const digit = ruleReference('digit');
  const figures = (min: number, max: number): Expansion => repeated(digit, min, max);
  const star = (value: string): Expansion => meaning(['*'], value);
  const digits = oneOf(...[...'0123456789'].map((key) => meaning([key], key)));
  const rules = (root: Expansion): RulesGrammar =>
    rulesGrammar(builtin, language, { digit: digits, [builtin.name]: root });
  switch (builtin.name) {
    case 'boolean':
      return rulesGrammar(builtin, language, { boolean: dtmfBoolean(builtin) });
    case 'digits':
      return rules(digitString(builtin, digit));
    case 'number':
      return rules(sequence(figures(1, 20), optional(sequence(star('.'), figures(1, 20)))));
    case 'currency':
      return rules(sequence(figures(1, 12), optional(sequence(star('.'), figures(2, 2)))));
    case 'phone':
      return rules(sequence(figures(3, 20), optional(sequence(star('x'), figures(1, 6)))));
    case 'date':
      return rules(figures(8, 8));
    case 'time':
      return rules(figures(4, 4));
    default:
      throw new GrammarError('grammar-load-failure', `${builtin.uri} is not a DTMF grammar known here`);
  }
}

/** Keys `y` and `n`, 1 and 2 unless the URI says otherwise. */
function dtmfBoolean(builtin: BuiltinUri): Expansion {
  const yes = key(builtin, 'y', '1');
  const no = key(builtin, 'n', '2');
  if (yes === no) throw compilationFailure(`${builtin.uri}: y and n are the same key`);
  return oneOf(meaning([yes], 'true'), meaning([no], 'false'));
}

function key(builtin: BuiltinUri, name: string, usual: string): string {
  const value = (builtin.parameters.get(name) ?? usual).toUpperCase();
  if (!/^[0-9*#A-D]$/.test(value)) throw compilationFailure(`${builtin.uri}: ${name} is no DTMF key`);
  return value;
}

function rulesGrammar(builtin: BuiltinUri, language: string, rules: Record<string, Expansion>): RulesGrammar {
  return {
    kind: 'rules',
    uri: builtin.uri,
    mode: builtin.mode,
    language,
    weight: 1,
    root: builtin.name,
    rules,
  };
}
