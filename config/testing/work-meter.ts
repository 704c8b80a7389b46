type Method = (this: unknown, ...parameters: unknown[]) => unknown;

/** What a call costs: `target` is what it is made on. */
type Cost = (target: unknown, parameters: readonly unknown[], result: unknown) => number;

const lengthOf: Cost = (target) => String(target).length;
const once: Cost = () => 1;
/** What is cut off. */
const cutOff: Cost = (target, _parameters, result) => 1 + String(target).length - String(result).length;
/** What a search for a text passes over. */
const passedOver: Cost = (target, [, from], result) => {
  const end = typeof result === 'number' && result >= 0 ? result : String(target).length;
  return 1 + Math.max(0, end - Number(from ?? 0));
};

const stringCosts: Readonly<Record<string, Cost>> = {
  charAt: once,
  charCodeAt: once,
  codePointAt: once,
  slice: once,
  startsWith: once,
  endsWith: once,
  indexOf: passedOver,
  includes: lengthOf,
  split: lengthOf,
  trim: cutOff,
  trimStart: cutOff,
  trimEnd: cutOff,
  normalize: lengthOf,
  toLowerCase: lengthOf,
};

/**
 * Counts what a synchronous piece of code does to texts and maps: one for each character that is looked at, copied or
 * passed over by a pattern, and for each entry of a map. The same code gives the same number on every machine.
 *
 * For tests of how work grows. A pattern's steps backwards are not seen, nor is `text[i]`; `npm run bench` times them.
 */
export function workOf(run: () => void): number {
  let work = 0;
  const restore: (() => void)[] = [];
  const count = (owner: object, name: string, cost: Cost): void => {
    const original = Reflect.get(owner, name) as Method;
    const counted: Method = function (...parameters) {
      // Before the call: a search moves the place that the next one starts at.
      const from = this instanceof RegExp ? this.lastIndex : 0;
      const result = original.apply(this, parameters);
      work +=
        this instanceof RegExp
          ? scanned(this, String(parameters[0]), from, result)
          : cost(this, parameters, result);
      return result;
    };
    Object.defineProperty(owner, name, { value: counted, configurable: true, writable: true });
    restore.push(() =>
      Object.defineProperty(owner, name, { value: original, configurable: true, writable: true }),
    );
  };
  for (const [name, cost] of Object.entries(stringCosts)) count(String.prototype, name, cost);
  for (const name of ['get', 'set', 'has']) count(Map.prototype, name, once);
  // Every other use of a pattern (test, replace, matchAll) goes through this one.
  count(RegExp.prototype, 'exec', once);
  try {
    run();
  } finally {
    for (const undo of restore) undo();
  }
  return work;
}

function scanned(pattern: RegExp, text: string, from: number, result: unknown): number {
  const match = result as RegExpExecArray | null;
  // Tried at one place only.
  if (pattern.sticky || pattern.source.startsWith('^')) return 1 + (match?.[0].length ?? 0);
  const start = pattern.global ? from : 0;
  return 1 + (match ? match.index + match[0].length : text.length) - start;
}
