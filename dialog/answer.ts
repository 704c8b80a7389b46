import type { EntityContext, EntityType } from './entity.js';
import type { FoundAnswer } from './state.js';

/** What an `ask` understood. */
export interface Answer extends FoundAnswer {
  /** False: it may as well be a global command; ask the scorer first. */
  readonly certain: boolean;
}

/** The answer in what was said or written, or null. Of several, the last certain one counts ("sorry, I mean …"). */
export function answerInText(type: EntityType, text: string, context: EntityContext): Answer | null {
  const found = type.find(text, context);
  const entity = found.findLast(({ certain }) => certain) ?? found.at(-1);
  return entity ? { value: entity.value, raw: entity.raw, certain: entity.certain } : null;
}

/** The answer in pressed keys, or null. A closing `#` is not part of it. */
export function answerInKeys(type: EntityType, keys: string, context: EntityContext): FoundAnswer | null {
  const value = type.fromKeys(keys.replace(/#$/, ''), context);
  return value === null ? null : { value, raw: keys };
}

/** True for 1, false for 2, else null. */
export function yesNoKey(keys: string): boolean | null {
  return keys === '1' ? true : keys === '2' ? false : null;
}
