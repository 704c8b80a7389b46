import { dialogLimits } from '../config/limits.js';
import { findDigits } from './slots-digits.js';
import { findYesNo } from './slots-yes-no.js';
import type { AnswerType } from './tree.js';

/** What an `ask` understood. */
export interface Answer {
  /** The variable's value: digits, `yes` or `no`, or the text itself. */
  readonly value: string;
  /** False: it may as well be a global command; ask the scorer first. */
  readonly certain: boolean;
}

/** The answer in what was said or written, or null. */
export function answerInText(type: AnswerType, text: string): Answer | null {
  switch (type.type) {
    case 'digits': {
      const value = findDigits(text, type.minDigits, type.maxDigits);
      return value === null ? null : { value, certain: true };
    }
    case 'yes-no': {
      const found = findYesNo(text);
      return found && { value: found.yes ? 'yes' : 'no', certain: found.bare };
    }
    case 'text':
      return { value: text.trim().slice(0, dialogLimits.textAnswerCharacters), certain: false };
  }
}

/** The answer in pressed keys, or null. A closing `#` is not part of a number; 1 is yes and 2 is no. */
export function answerInKeys(type: AnswerType, keys: string): string | null {
  switch (type.type) {
    case 'digits': {
      const digits = keys.replace(/#$/, '');
      const fits = digits.length >= type.minDigits && digits.length <= type.maxDigits;
      return fits && /^\d+$/.test(digits) ? digits : null;
    }
    case 'yes-no':
      return yesNoKey(keys);
    case 'text':
      return null;
  }
}

/** `yes` for 1, `no` for 2, else null. */
export function yesNoKey(keys: string): 'yes' | 'no' | null {
  return keys === '1' ? 'yes' : keys === '2' ? 'no' : null;
}
