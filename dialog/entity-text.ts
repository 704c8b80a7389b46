import { dialogLimits } from '../config/limits.js';
import type { EntityType } from './entity.js';
import { plainText } from './entity-format.js';

/** The whole text, trimmed and cut at `dialogLimits.textAnswerCharacters`; never certain. */
export function textType(): EntityType {
  return {
    name: 'text',
    find(original) {
      const start = original.length - original.trimStart().length;
      const raw = wholeCharacters(original.trim(), dialogLimits.textAnswerCharacters).trimEnd();
      return raw === '' ? [] : [{ value: raw, start, end: start + raw.length, raw, certain: false }];
    },
    fromKeys: () => null,
    format: (value) => plainText(value),
    keyDigits: null,
    spokenAsDigits: false,
  };
}

/** The beginning of a text that splits no surrogate pair. */
function wholeCharacters(text: string, length: number): string {
  const cut = text.slice(0, length);
  return text.length > length && /[\uD800-\uDBFF]$/.test(cut) ? cut.slice(0, -1) : cut;
}
