import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compileExpression, type Expression, type ExpressionScope } from './expression.js';
import { expressionFunctions } from './expression-functions.js';
import { checkExpression } from './expression-types.js';
import type { Value } from './value.js';

const values = JSON.parse(
  '{"n": 7, "s": "Abc", "yes": true, "list": [3, "a"], "map": {"a": {"b": 1}},' +
    '"hostile": {"__proto__": {"own": 1}, "constructor": {"prototype": "mine"}, "toString": "text", "length": 9}}',
) as Record<string, Value>;

const scope = scopeOf(values);

function scopeOf(variables: Readonly<Record<string, Value>>): ExpressionScope {
  return {
    lookup: (name) => (Object.hasOwn(variables, name) ? variables[name] : undefined),
    nowMs: 0,
    timeZone: 'UTC',
    language: 'en',
  };
}

function compiled(source: string): Expression {
  const result = compileExpression(source);
  if (!result.ok) throw new Error(`${source}: ${result.message}`);
  return result.expression;
}

describe('names of inherited properties', () => {
  const inherited = [
    ...['__proto__', 'constructor', 'prototype', 'toString', 'valueOf', 'hasOwnProperty', 'isPrototypeOf'],
    ...['__defineGetter__', '__lookupGetter__', 'length', 'filter', 'at', 'toFixed', 'call', 'apply', 'then'],
  ];
  const places = [
    (name: string) => name,
    (name: string) => `${name}.${name}`,
    (name: string) => `n.${name}`,
    (name: string) => `s.${name}`,
    (name: string) => `yes.${name}`,
    (name: string) => `list.${name}`,
    (name: string) => `map.${name}`,
    (name: string) => `map.a.${name}.${name}`,
    (name: string) => `map["${name}"]`,
    (name: string) => `s["${name}"]`,
    (name: string) => `list["${name}"]`,
    (name: string) => `[]["${name}"]`,
    (name: string) => `("x")["${name}"]`,
    (name: string) => `(1)["${name}"]["${name}"]`,
    (name: string) => `map["${name.slice(0, 3)}" + "${name.slice(3)}"]`,
    (name: string) => `first([map])["${name}"]`,
    (name: string) => `(yes ? map : list)["${name}"]`,
  ];

  it.each(inherited)('%s is a name that is not there, wherever it stands', (name) => {
    for (const place of places) {
      const source = place(name);
      expect([source, compiled(source).evaluate(scope)]).toEqual([source, { ok: true, value: null }]);
    }
    expect(compiled(`"${name}" in map`).evaluate(scope)).toEqual({ ok: true, value: false });
    expect(compileExpression(`${name}(1)`)).toMatchObject(
      expressionFunctions.has(name) ? { ok: true } : { ok: false, message: `there is no function "${name}"` },
    );
  });

  it.each<[string, Value]>([
    ['hostile.__proto__.own', 1],
    ['hostile["__proto__"]["own"]', 1],
    ['hostile.__proto__.__proto__', null],
    ['hostile.__proto__.polluted', null],
    ['hostile.constructor.prototype', 'mine'],
    ['hostile.constructor.constructor', null],
    ['hostile.toString', 'text'],
    ['"__proto__" in hostile', true],
    ['"valueOf" in hostile', false],
  ])('%s reads what a hostile answer holds itself, and no more', (source, value) => {
    expect(compiled(source).evaluate(scope)).toEqual({ ok: true, value });
    expect(Object.hasOwn(Object.prototype, 'own')).toBe(false);
  });
});

describe('sources that are too much', () => {
  it.each<[string, string, string]>([
    ['a megabyte', 'x'.repeat(1_048_576), 'the expression is longer than 2048 characters'],
    ['20,000 brackets', '('.repeat(20_000), 'the expression is longer than 2048 characters'],
    ['20,000 denials', `${'!'.repeat(20_000)}a`, 'the expression is longer than 2048 characters'],
    ['10,000 members', `a${'.b'.repeat(10_000)}`, 'the expression is longer than 2048 characters'],
    ['1,000 open brackets', '('.repeat(1_000), 'the expression is nested too deep'],
    ['1,000 brackets', `${'('.repeat(1_000)}1${')'.repeat(1_000)}`, 'the expression is nested too deep'],
    ['1,000 lists', `${'['.repeat(1_000)}${']'.repeat(1_000)}`, 'the expression is nested too deep'],
    ['2,000 denials', `${'!'.repeat(2_000)}a`, 'the expression is nested too deep'],
    ['500 times not', `${'not '.repeat(500)}a`, 'the expression is nested too deep'],
    ['2,000 minus signs', `${'-'.repeat(2_000)}1`, 'the expression is nested too deep'],
    ['400 choices', `${'a?1:'.repeat(400)}2`, 'the expression is nested too deep'],
    ['400 choices inside', `${'a?'.repeat(400)}1${':2'.repeat(400)}`, 'the expression is nested too deep'],
    ['300 calls', `${'abs('.repeat(300)}1${')'.repeat(300)}`, 'the expression is nested too deep'],
    ['900 members', `a${'.b'.repeat(900)}`, 'too many members in a row'],
    ['600 indexes', `a${'[0]'.repeat(600)}`, 'too many members in a row'],
    ['indexes in indexes', `${'a['.repeat(600)}0${']'.repeat(600)}`, 'the expression is nested too deep'],
  ])('%s: %s', (_what, source, message) => {
    expect(compileExpression(source.slice(0, 1_048_576))).toMatchObject({ ok: false, message });
  });

  it.each<[string, Value]>([
    [`1${'+1'.repeat(1_000)}`, 1_001],
    [`yes${' and yes'.repeat(250)}`, true],
    [`missing${' ?? missing'.repeat(150)} ?? 1`, 1],
    [`length([${'1,'.repeat(990)}1])`, 991],
    [`length('${'x'.repeat(2_000)}')`, 2_000],
    [`${'('.repeat(60)}1${')'.repeat(60)}`, 1],
    [`${'-'.repeat(60)}1`, 1],
  ])('long but flat is fine: %s', (source, value) => {
    expect(compiled(source).evaluate(scope)).toEqual({ ok: true, value });
    expect(Array.isArray(checkExpression(compiled(source), new Map()))).toBe(true);
  });

  it('never throws for a value that is nested without end', () => {
    let deep: Value = 1;
    for (let i = 0; i < 100_000; i++) deep = i % 2 === 0 ? [deep] : { a: deep };
    const deepScope = scopeOf({ deep });
    const failed = { ok: false, message: 'the value is nested too deep' };
    expect(compiled('text(deep)').evaluate(deepScope)).toEqual(failed);
    expect(compiled('join([deep])').evaluate(deepScope)).toEqual(failed);
    expect(compiled('deep == [[deep]]').evaluate(deepScope)).toMatchObject({ ok: true });
    expect(compiled('[1] in [deep]').evaluate(deepScope)).toEqual({ ok: true, value: false });
    expect(compiled('is_empty(deep)').evaluate(deepScope)).toEqual({ ok: true, value: false });
  });

  it('bounds the work of comparing what is large and shared', () => {
    let [left, right]: [Value, Value] = [1, 1];
    for (let i = 0; i < 40; i++)
      [left, right] = [
        [left, left],
        [right, right],
      ];
    expect(compiled('left == right').evaluate(scopeOf({ left, right }))).toEqual({
      ok: false,
      message: 'too many steps',
    });
    expect(compiled('text(left)').evaluate(scopeOf({ left }))).toEqual({
      ok: false,
      message: 'too many steps',
    });
  });
});

describe('random sources', () => {
  const word = fc.constantFrom(
    ...['n', 's', 'list', 'map', 'hostile', 'missing', '__proto__', 'constructor', '账户', 'true', 'null'],
    ...['and', 'or', 'not', 'in', 'contains', '.', '[', ']', '(', ')', ',', '?', ':', '??', '==', '!=', '<'],
    ...['+', '-', '*', '/', '%', '!', '1', '0', '2.5', '"x"', "'", '"', '\\', '😀', '\ud83d', '＝', '=', '{'],
    ...[...expressionFunctions.keys(), 'matches'].map((name) => `${name}(`),
  );

  it('never throw, whether they compile or not', () => {
    const source = fc.oneof(
      fc.array(word, { maxLength: 16 }).map((words) => words.join(' ')),
      fc.array(word, { maxLength: 16 }).map((words) => words.join('')),
      fc.string({ unit: 'binary', maxLength: 60 }),
    );
    fc.assert(
      fc.property(source, (text) => {
        const result = compileExpression(text);
        if (result.ok) {
          expect(typeof result.expression.evaluate(scope).ok).toBe('boolean');
          expect(Array.isArray(checkExpression(result.expression, new Map(), 'condition'))).toBe(true);
        } else {
          expect(result.message).not.toBe('');
          expect(result.fix).not.toBe('');
          expect(result.offset).toBeGreaterThanOrEqual(0);
          expect(result.offset).toBeLessThanOrEqual(text.length);
        }
      }),
      { numRuns: 4_000, seed: 1 },
    );
  });

  it('never throw when any function is given any values', () => {
    const value = fc.oneof(
      fc.constantFrom<Value>(
        null,
        true,
        false,
        0,
        -1,
        2.5,
        1e308,
        NaN,
        Infinity,
        '',
        'a',
        '2026-11-20',
        '12',
      ),
      fc.string({ unit: 'binary', maxLength: 8 }),
      fc.array(fc.constantFrom<Value>(1, 'a', null, [2], { b: 1 }), { maxLength: 4 }),
      fc.dictionary(fc.string({ maxLength: 4 }), fc.constantFrom<Value>(1, 'a', null), { maxKeys: 3 }),
    );
    const name = fc.constantFrom(...expressionFunctions.keys());
    fc.assert(
      fc.property(name, fc.array(value, { minLength: 3, maxLength: 3 }), (called, [a, b, c]) => {
        const { least = 0, most = 0 } = expressionFunctions.get(called) ?? {};
        for (let count = least; count <= Math.min(most, 3); count++) {
          const source = `${called}(${['a', 'b', 'c'].slice(0, count).join(', ')})`;
          const result = compiled(source).evaluate(scopeOf({ a: a ?? null, b: b ?? null, c: c ?? null }));
          expect(typeof (result.ok ? result.value : result.message)).not.toBe('undefined');
        }
      }),
      { numRuns: 2_000, seed: 2 },
    );
  });
});

/** An expression as the test builds it: with the strength of its operator, and how it is written. */
interface Built {
  readonly strength: number;
  /** With brackets around every part. */
  readonly full: string;
  /** With no bracket that the precedence of the operators makes needless. */
  readonly least: string;
}

const atomStrength = 9;
const binaryStrengths: readonly (readonly [string, number])[] = [
  ...(['or', '||'] as const).map((sign) => [sign, 2] as const),
  ...(['and', '&&'] as const).map((sign) => [sign, 3] as const),
  ...(['==', '!=', '<', '<=', '>', '>=', 'in', 'not in', 'contains'] as const).map(
    (sign) => [sign, 4] as const,
  ),
  ['??', 5],
  ...(['+', '-'] as const).map((sign) => [sign, 6] as const),
  ...(['*', '/', '%'] as const).map((sign) => [sign, 7] as const),
];

function atom(source: string): Built {
  return { strength: atomStrength, full: source, least: source };
}

/** Brackets unless the part binds at least so strongly. */
function part(built: Built, strength: number): string {
  return built.strength >= strength ? built.least : `(${built.least})`;
}

function binary([sign, strength]: readonly [string, number], left: Built, right: Built): Built {
  // Comparisons do not chain, so both sides need brackets; the others associate to the left.
  const leftStrength = strength === 4 ? strength + 1 : strength;
  return {
    strength,
    full: `(${left.full}) ${sign} (${right.full})`,
    least: `${part(left, leftStrength)} ${sign} ${part(right, strength + 1)}`,
  };
}

const { built } = fc.letrec<{ built: Built }>((tie) => ({
  built: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    fc
      .constantFrom(
        'n',
        's',
        'yes',
        'list',
        'map.a.b',
        'missing',
        '1',
        '2',
        '0.5',
        '"a"',
        "'账'",
        'true',
        'false',
        'null',
      )
      .map(atom),
    fc
      .tuple(fc.constantFrom(...binaryStrengths), tie('built'), tie('built'))
      .map(([a, b, c]) => binary(a, b, c)),
    tie('built').map((of) => ({ strength: 8, full: `-(${of.full})`, least: `-${part(of, 8)}` })),
    tie('built').map((of) => ({ strength: 8, full: `!(${of.full})`, least: `!${part(of, 8)}` })),
    fc.tuple(tie('built'), tie('built'), tie('built')).map(([a, b, c]) => ({
      strength: 1,
      full: `(${a.full}) ? (${b.full}) : (${c.full})`,
      least: `${part(a, 2)} ? ${b.least} : ${part(c, 1)}`,
    })),
    fc
      .tuple(fc.constantFrom('default', 'text', 'is_empty', 'length'), tie('built'), tie('built'))
      .map(([name, a, b]) => {
        const operands = (of: 'full' | 'least'): string =>
          name === 'default' ? `${a[of]}, ${b[of]}` : a[of];
        return { ...atom(`${name}(${operands('least')})`), full: `${name}(${operands('full')})` };
      }),
    fc.tuple(tie('built'), tie('built')).map(([a, b]) => ({
      ...atom(`[${a.least}, ${b.least}]`),
      full: `[(${a.full}), (${b.full})]`,
    })),
  ),
}));

describe('precedence', () => {
  it('makes brackets needless exactly where the table of operators says so', () => {
    let evaluated = 0;
    fc.assert(
      fc.property(built, ({ full, least }) => {
        const [withAll, withLeast] = [compileExpression(full), compileExpression(least)];
        fc.pre(withAll.ok && withLeast.ok);
        if (!withAll.ok || !withLeast.ok) return;
        const result = withAll.expression.evaluate(scope);
        expect([least, withLeast.expression.evaluate(scope)]).toEqual([least, result]);
        if (result.ok) evaluated++;
      }),
      { numRuns: 3_000, seed: 3 },
    );
    expect(evaluated).toBeGreaterThan(500);
  });
});
