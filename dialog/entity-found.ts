import type { Entity } from './entity.js';
import type { NormalText } from './entity-normal-text.js';
import type { Value } from './value.js';

/** A value found in a normal text; offsets are of that. */
export interface Found {
  readonly value: Value;
  readonly start: number;
  readonly end: number;
  readonly certain: boolean;
}

/** What was found as entities of the original text: in order, the first of those that overlap. */
export function toEntities(normal: NormalText, found: readonly Found[]): readonly Entity[] {
  const entities: Entity[] = [];
  let free = 0;
  for (const { value, start, end, certain } of [...found].sort(
    (a, b) => a.start - b.start || b.end - a.end,
  )) {
    const span = normal.span(start, end);
    if (!span || span.start < free) continue;
    entities.push({ value, ...span, certain });
    free = span.end;
  }
  return entities;
}

/** The text a sticky pattern matches at a place, or null. */
export function matchAt(pattern: RegExp, text: string, at: number): string | null {
  pattern.lastIndex = at;
  return pattern.exec(text)?.[0] ?? null;
}
