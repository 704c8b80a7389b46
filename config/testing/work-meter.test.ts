import { describe, expect, it } from 'vitest';
import { workOf } from './work-meter.js';

describe('workOf', () => {
  it.each<[string, (text: string) => void]>([
    [
      'one pass over the characters',
      (text) => void (text.charAt(0) && [...text].map((_, i) => text.charAt(i))),
    ],
    ['a pattern that finds many places', (text) => void [...text.matchAll(/a/g)]],
    ['a search', (text) => void text.indexOf('b')],
    ['a map', (text) => void new Map([...text].map((c, i) => [i + c, c])).get('x')],
  ])('grows with the text for %s', (_rule, run) => {
    const [small, large] = [500, 1_000].map((length) => workOf(() => run('a'.repeat(length))));
    expect(large).toBeGreaterThan(1.9 * (small ?? 0));
    expect(large).toBeLessThan(2.1 * (small ?? 0));
  });

  it.each<[string, (text: string) => void]>([
    ['a pattern at every place', (text) => [...text].forEach((_, i) => /b/.test(text.slice(i)))],
    ['a search from every place', (text) => [...text].forEach((_, i) => text.indexOf('b', i))],
    ['a copy at every place', (text) => [...text].forEach((_, i) => text.slice(i).toLowerCase())],
  ])('grows with the square for %s', (_rule, run) => {
    const [small, large] = [500, 1_000].map((length) => workOf(() => run('a'.repeat(length))));
    expect(large).toBeGreaterThan(3.5 * (small ?? 0));
  });

  it('is the same each time, and leaves everything as it was, also after an error', () => {
    const before = patched();
    const run = () => workOf(() => void 'some text'.replace(/t\w/g, 'x').split(' '));
    expect(run()).toBe(run());
    expect(() =>
      workOf(() => {
        throw new Error('no');
      }),
    ).toThrow('no');
    expect(patched()).toEqual(before);
  });
});

function patched(): unknown[] {
  return [
    Reflect.get(RegExp.prototype, 'exec'),
    Reflect.get(String.prototype, 'slice'),
    Reflect.get(Map.prototype, 'get'),
  ];
}
