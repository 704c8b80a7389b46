import { Long } from '@grpc/proto-loader';

import { serviceLimits } from '../../config/limits.js';
import { ownMap, type Value } from '../../dialog/value.js';

export type AnswerValue =
  { readonly ok: true; readonly value: Value } | { readonly ok: false; readonly reason: string };

/** Thrown and caught in this file only. */
class Unusable extends Error {}

/**
 * A copy of what a service answered, as a dialog may keep it: bounded in depth and number of values, maps without a
 * prototype, finite numbers.
 *
 * 64-bit integers of protocol buffers become numbers where those are exact, else text.
 */
export function toAnswerValue(raw: unknown): AnswerValue {
  try {
    return { ok: true, value: new Copier().copy(raw, 1) };
  } catch (err) {
    if (err instanceof Unusable) return { ok: false, reason: err.message };
    throw err;
  }
}

class Copier {
  #nodes = 0;

  copy(raw: unknown, depth: number): Value {
    this.#nodes++;
    if (this.#nodes > serviceLimits.valueNodes)
      throw new Unusable(`it holds more than ${serviceLimits.valueNodes} values`);
    switch (typeof raw) {
      case 'string':
      case 'boolean':
        return raw;
      case 'number':
        if (Number.isFinite(raw)) return raw;
        throw new Unusable('it holds a number that is not finite');
      case 'object':
        return raw === null ? null : this.#copyObject(raw, depth);
      default:
        throw new Unusable(`it holds a ${typeof raw}`);
    }
  }

  #copyObject(raw: object, depth: number): Value {
    if (depth > serviceLimits.valueDepth)
      throw new Unusable(`it is nested deeper than ${serviceLimits.valueDepth} levels`);
    if (Long.isLong(raw)) {
      const number = raw.toNumber();
      return Number.isSafeInteger(number) ? number : raw.toString();
    }
    if (Array.isArray(raw)) return raw.map((item: unknown) => this.copy(item, depth + 1));
    const map = ownMap();
    for (const [name, value] of Object.entries(raw)) map[name] = this.copy(value, depth + 1);
    return map;
  }
}
