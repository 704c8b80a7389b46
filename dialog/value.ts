/**
 * What a variable can hold: JSON, with maps on null prototypes (`ownMap`), so that no name reaches an inherited
 * property.
 */
export type Value = string | number | boolean | null | readonly Value[] | ValueMap;

export interface ValueMap {
  readonly [name: string]: Value;
}

const variableName = /^\p{L}[\p{L}\p{N}_]{0,63}$/u;

/** True for a name that texts and expressions can refer to: a letter, then up to 63 letters, digits and `_`. */
export function isVariableName(name: string): boolean {
  return name.length <= 128 && variableName.test(name);
}

/** True for a map, not for a list or null. */
export function isMap(value: Value | undefined): value is ValueMap {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A map without a prototype that holds the given entries. */
export function ownMap(entries: Iterable<readonly [string, Value]> = []): Record<string, Value> {
  const map = Object.create(null) as Record<string, Value>;
  for (const [name, value] of entries) map[name] = value;
  return map;
}

/** A value as a person would write it: nothing for null, lists with commas, maps as JSON. */
export function textOf(value: Value | undefined): string {
  if (value === null || value === undefined) return '';
  if (typeof value === 'string') return value;
  if (typeof value !== 'object') return String(value);
  if (isMap(value)) return JSON.stringify(value);
  return value.map(textOf).join(', ');
}
