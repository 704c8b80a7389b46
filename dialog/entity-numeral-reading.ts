/** What number words at a place of a text mean. Offsets are of the normal text. */
export interface NumeralReading {
  readonly end: number;
  /** Null: they have no one value (三十几, "two or three", 12:30), and no part of them has. */
  readonly value: number | null;
  readonly ordinal: boolean;
  /** 100 for 百分之, 1000 for 千分之; null for a plain number. */
  readonly per: number | null;
  /** Said digit by digit: the digits, leading zeros included. */
  readonly digits: string | null;
  /** `twelve fifty`: 1250, or 12.50 as money. */
  readonly pair: readonly [number, number] | null;
  /** 一, `one`, 半: often an article and no number. */
  readonly light: boolean;
}

/** Number words at their place. */
export interface Numeral extends NumeralReading {
  readonly start: number;
}

/** A plain number that ends at a place. */
export function cardinal(value: number, end: number): NumeralReading {
  return { end, value, ordinal: false, per: null, digits: null, pair: null, light: false };
}

/** Number words without one value. */
export function noOneValue(end: number): NumeralReading {
  return { ...cardinal(0, end), value: null };
}
