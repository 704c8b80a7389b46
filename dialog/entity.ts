import type { Value } from './value.js';

/** What a recogniser may know of the turn besides the text. */
export interface EntityContext {
  /** Unix milliseconds; "tomorrow" is relative to it. */
  readonly nowMs: number;
  /** IANA name, e.g. `Asia/Shanghai`. */
  readonly timeZone: string;
  /** BCP 47; recognisers understand Chinese and English whatever it says, it only breaks ties. */
  readonly language: string;
}

/** A value found in what was said or written. */
export interface Entity {
  readonly value: Value;
  /** UTF-16 offsets into the text as given; `raw` is that part of it. */
  readonly start: number;
  readonly end: number;
  readonly raw: string;
  /** False: the words may as well mean something else ("一下", "second"), so ask the scorer first. */
  readonly certain: boolean;
}

/** How a value is written in a chat or read out by a synthesiser. */
export type EntityForm = 'spoken' | 'written';

/**
 * A kind of value that an `ask` can want.
 *
 * Recognisers are pure, take linear time in the text (cut at `dialogLimits.utteranceCharacters`) and never throw. They
 * return what they found in the order of the text, without overlaps, every value valid (a card number has passed its
 * checksum, a date exists).
 */
export interface EntityType {
  readonly name: string;
  find(text: string, context: EntityContext): readonly Entity[];
  /** The value of keys pressed on a telephone (without a closing `#`), or null when they are not one. */
  fromKeys(digits: string, context: EntityContext): Value | null;
  /** The value as a person says or reads it, in the language of the context. */
  format(value: Value, form: EntityForm, context: EntityContext): string;
  /** Keys a telephone collects: least and most; null when keys cannot give this value. */
  readonly keyDigits: { readonly least: number; readonly most: number } | null;
  /** True: spoken one digit at a time, so a voice recogniser should expect digits. */
  readonly spokenAsDigits: boolean;
}
