import { isDeepStrictEqual } from 'node:util';
import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { canonicalJson, synthesisKey, type CanonicalValue, type SynthesisIdentity } from './cache-key.js';
import { speechRequest } from './testing/manual-synthesizer.js';

const base: SynthesisIdentity = {
  engine: 'flite',
  revision: '1',
  engineRateHz: 16_000,
  encoding: 'PCMU',
  wireRateHz: 8_000,
  request: speechRequest(),
};

const request = (changes: Parameters<typeof speechRequest>[0]): SynthesisIdentity => ({
  ...base,
  request: speechRequest(changes),
});

describe('canonicalJson', () => {
  it.each<[CanonicalValue, string]>([
    [{ b: 1, a: 2 }, '{"a":2,"b":1}'],
    [{ a: { d: 1, c: [true, null, 'x'] } }, '{"a":{"c":[true,null,"x"],"d":1}}'],
    [-0, '0'],
    [1.0, '1'],
    [1e21, '1e+21'],
    ['"}\u2028', '"\\"}\u2028"'],
    ['\ud800', '"\\ud800"'],
    [{}, '{}'],
    [[], '[]'],
  ])('writes %j in one way', (value, text) => {
    expect(canonicalJson(value)).toBe(text);
  });

  it.each([NaN, Infinity, -Infinity])('refuses %d, which JSON would turn into null', (value) => {
    expect(() => canonicalJson({ speed: value })).toThrow(RangeError);
  });

  it('gives equal text for equal values, whatever the order of their names, and different text for different ones', () => {
    const value = fc.letrec((tie) => ({
      any: fc.oneof(
        { maxDepth: 2 },
        fc.constantFrom<CanonicalValue>('', 'a', '1', 'a":1', 0, -0, 1, 1.5, true, false, null),
        fc.string({ unit: 'binary', maxLength: 3 }),
        fc.array(tie('any'), { maxLength: 2 }),
        fc.dictionary(fc.constantFrom('a', 'b', '"', '__proto__'), tie('any'), { maxKeys: 2 }),
      ),
    })).any as fc.Arbitrary<CanonicalValue>;
    const pair = fc.oneof(
      fc.tuple(value, value),
      value.map((a) => [a, reversed(a)] as const),
    );
    fc.assert(
      fc.property(pair, ([a, b]) => {
        expect(isDeepStrictEqual(JSON.parse(canonicalJson(a)), plain(a))).toBe(true);
        expect(canonicalJson(a) === canonicalJson(b)).toBe(isDeepStrictEqual(plain(a), plain(b)));
      }),
      { numRuns: 1_000 },
    );
  });
});

/** As any JSON writer and reader would give it back. */
function plain(value: CanonicalValue): unknown {
  return JSON.parse(JSON.stringify(value));
}

/** The same value with the names of its objects set in the opposite order. */
function reversed(value: CanonicalValue): CanonicalValue {
  if (value === null || typeof value !== 'object') return value;
  if (Array.isArray(value)) return value.map((item) => reversed(item as CanonicalValue));
  return Object.fromEntries(
    Object.entries(value)
      .map(([name, member]) => [name, reversed(member)] as const)
      .reverse(),
  );
}

describe('synthesisKey', () => {
  it('is the MD5 of the canonical text in 32 hex digits', () => {
    expect(synthesisKey(base).md5).toMatch(/^[0-9a-f]{32}$/);
    expect(synthesisKey(base)).toEqual(synthesisKey(structuredClone(base)));
  });

  it('does not depend on the order in which extras were set', () => {
    expect(synthesisKey(request({ extras: { a: '1', b: '2' } }))).toEqual(
      synthesisKey(request({ extras: { b: '2', a: '1' } })),
    );
  });

  it('differs as soon as one input differs, each field in turn and separators inside texts included', () => {
    const variants: SynthesisIdentity[] = [
      base,
      { ...base, engine: 'flite2' },
      { ...base, engine: 'flite","revision":"1' },
      { ...base, revision: '2' },
      { ...base, engine: '1', revision: 'flite' },
      { ...base, engineRateHz: 8_000 },
      { ...base, wireRateHz: 16_000 },
      { ...base, engineRateHz: 8_000, wireRateHz: 16_000 },
      { ...base, encoding: 'PCMA' },
      { ...base, encoding: 'L16' },
      request({ text: 'Hello' }),
      request({ text: 'hello ' }),
      request({ text: 'hello","voice":"bob' }),
      request({ text: 'caf\u00e9' }),
      request({ text: 'cafe\u0301' }),
      request({ text: '\ud800' }),
      request({ text: '\\ud800' }),
      request({ text: '\udfff' }),
      request({ format: 'ssml' }),
      request({ language: 'en-us' }),
      request({ language: 'ann', voice: 'en-US' }),
      request({ voice: 'bob' }),
      request({ voice: '' }),
      request({ speed: 1.1 }),
      request({ pitch: 1.1 }),
      request({ volume: 1.1 }),
      request({ speed: 1.1, pitch: 1.2 }),
      request({ speed: 1.2, pitch: 1.1 }),
      request({ sampleRateHz: 16_000 }),
      request({ extras: { style: 'calm' } }),
      request({ extras: { styl: 'ecalm' } }),
      request({ extras: { calm: 'style' } }),
      request({ extras: { a: '1', b: '2' } }),
      request({ extras: { a: '1,"b":"2"' } }),
      request({ extras: { a: '2', b: '1' } }),
    ];
    const keys = new Set(variants.map((variant) => synthesisKey(variant).md5));
    expect(keys.size).toBe(variants.length);
  });

  it('never gives two different requests one key', () => {
    const word = fc.string({ unit: fc.constantFrom('a', '"', ',', ':', '{', '}', '\\', '|'), maxLength: 6 });
    const factor = fc.constantFrom(0.5, 1, 1.5);
    const requests = fc.record({
      text: word,
      format: fc.constantFrom('text' as const, 'ssml' as const),
      language: word,
      voice: word,
      speed: factor,
      pitch: factor,
      volume: factor,
      sampleRateHz: fc.constantFrom(8_000, 16_000),
      extras: fc.dictionary(word, word, { maxKeys: 2 }),
    });
    fc.assert(
      fc.property(requests, requests, (a, b) => {
        const same = sameFields(a, b);
        expect(synthesisKey({ ...base, request: a }).md5 === synthesisKey({ ...base, request: b }).md5).toBe(
          same,
        );
      }),
      { numRuns: 500 },
    );
  });
});

function sameFields(a: SynthesisIdentity['request'], b: SynthesisIdentity['request']): boolean {
  const names = ['text', 'format', 'language', 'voice', 'speed', 'pitch', 'volume', 'sampleRateHz'] as const;
  const extras = new Set([...Object.keys(a.extras), ...Object.keys(b.extras)]);
  return (
    names.every((name) => a[name] === b[name]) &&
    [...extras].every((name) => a.extras[name] === b.extras[name])
  );
}
