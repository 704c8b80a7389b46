import { speechLimits } from '../../../config/limits.js';
import type { Expansion, WeightedExpansion } from './grammar.js';

/** Matches without taking a token (SRGS 1.0 section 2.2.3). */
export const nothing: Expansion = { type: 'special', name: 'NULL' };

/** `items` one after another; a single one stands for itself and none is NULL. */
export function sequence(...items: readonly Expansion[]): Expansion {
  const [first, ...rest] = items;
  if (first === undefined) return nothing;
  return rest.length === 0 ? first : { type: 'sequence', items };
}

/** One of `items`, all with weight 1. */
export function oneOf(...items: readonly Expansion[]): Expansion {
  const [first, ...rest] = items;
  if (first !== undefined && rest.length === 0) return first;
  return weighted(items.map((expansion) => ({ weight: 1, expansion })));
}

export function weighted(items: readonly WeightedExpansion[]): Expansion {
  return items.length === 0 ? { type: 'special', name: 'VOID' } : { type: 'alternatives', items };
}

/** `min` to `max` times; an open or larger `max` is capped at `speechLimits.grammarRepeat`. */
export function repeated(item: Expansion, min: number, max: number): Expansion {
  return { type: 'repeat', item, min, max: Math.min(max, speechLimits.grammarRepeat) };
}

export function optional(item: Expansion): Expansion {
  return repeated(item, 0, 1);
}

export function ruleReference(name: string): Expansion {
  return { type: 'rule', name };
}

export function tag(value: string): Expansion {
  return { type: 'tag', value };
}

/** The tokens in their order. */
export function words(tokens: readonly string[]): Expansion {
  return sequence(...tokens.map((text): Expansion => ({ type: 'token', text })));
}

/** The tokens, meaning `value`. */
export function meaning(tokens: readonly string[], value: string): Expansion {
  return sequence(words(tokens), tag(value));
}

/** Expansions directly inside one. */
export function childrenOf(expansion: Expansion): readonly Expansion[] {
  switch (expansion.type) {
    case 'sequence':
      return expansion.items;
    case 'alternatives':
      return expansion.items.map((item) => item.expansion);
    case 'repeat':
      return [expansion.item];
    default:
      return [];
  }
}
