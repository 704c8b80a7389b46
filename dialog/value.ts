/**
 * What a variable can hold: JSON, with maps on null prototypes (`ownMap`), so that no name reaches an inherited
 * property.
 */
export type Value = string | number | boolean | null | readonly Value[] | ValueMap;

export interface ValueMap {
  readonly [name: string]: Value;
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
