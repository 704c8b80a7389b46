import { describe, expect, test } from 'vitest';

import { configLimits } from './limits.js';
import { SeededRandom } from './random.js';
import { readYaml } from './yaml-source.js';

const text = [
  'sip:',
  '  port: 5060',
  '  allowFrom:',
  '    - 10.0.0.0/8',
  '    - ::1',
  'rtp: { from: 1, to: 2 }',
  '',
].join('\n');

describe('locate finds keys and values by line and column', () => {
  test.each([
    [['sip'], 'key', '1:1'],
    [['sip'], 'value', '2:3'],
    [['sip', 'port'], 'key', '2:3'],
    [['sip', 'port'], 'value', '2:9'],
    [['sip', 'allowFrom', 1], 'value', '5:7'],
    [['rtp', 'to'], 'value', '6:21'],
    [['rtp', 'missing'], 'value', '6:6'],
    [['nothing', 'at', 'all'], 'value', '1:1'],
  ] as const)('%j %s is at %s', (path, part, place) => {
    const { line, column } = readYaml(text, 'f.yaml').locate(path, part);
    expect(`${line}:${column}`).toBe(place);
  });

  test('a value behind an alias is found where the anchor stands', () => {
    const source = readYaml('a: &x { port: 1 }\nb: *x\n', 'f.yaml');
    expect(source.data).toEqual({ a: { port: 1 }, b: { port: 1 } });
    expect(source.locate(['b', 'port'], 'value')).toEqual({ line: 1, column: 15 });
  });
});

test('an empty file is an empty object', () => {
  for (const empty of ['', '# only a comment\n', '---\n']) expect(readYaml(empty, 'f').data).toEqual({});
});

describe('what is not one plain YAML document is a problem with its line', () => {
  test.each([
    ['a: 1\na: 2\n', 2, /unique/],
    ['a: [1, 2\nb: 3\n', 2, /./],
    ['a: 1\n---\nb: 2\n', 2, /documents/],
    ['a: *nowhere\n', 1, /alias/i],
    ['? [1, 2]\n: 3\n', 1, /key/],
    ['\ta: 1\n', 1, /tab/i],
  ])('%j', (bad, line, message) => {
    const { data, problems } = readYaml(bad, 'f.yaml');
    expect(data).toBeUndefined();
    expect(problems[0]).toMatchObject({ severity: 'error', file: 'f.yaml', line });
    expect(problems[0]?.message).toMatch(message);
  });
});

describe('bounds', () => {
  const billionLaughs = [
    'a: &a [x, x, x, x, x, x, x, x, x]',
    'b: &b [*a, *a, *a, *a, *a, *a, *a, *a, *a]',
    'c: &c [*b, *b, *b, *b, *b, *b, *b, *b, *b]',
    'd: [*c, *c, *c, *c, *c, *c, *c, *c, *c]',
  ].join('\n');

  test.each([
    ['size', `a: ${'x'.repeat(configLimits.fileBytes)}`, /larger than/],
    ['nesting in brackets', '['.repeat(100_000), /deeper/],
    ['nesting in braces', '{a: '.repeat(50) + '}'.repeat(50), /deeper/],
    ['nesting by dashes', '- '.repeat(100_000), /deeper/],
    [
      'nesting by indentation',
      Array.from({ length: 500 }, (_, i) => `${' '.repeat(i)}a:`).join('\n'),
      /deeper/,
    ],
    ['aliases', billionLaughs, /alias/i],
    ['values', `a: [${'1,'.repeat(configLimits.yamlNodes + 1)}]`, /more than/],
  ])('%s', (_, bad, message) => {
    const { data, problems } = readYaml(bad, 'f.yaml');
    expect(data).toBeUndefined();
    expect(problems).toHaveLength(1);
    expect(problems[0]?.message).toMatch(message);
  });

  test('broken text gives at most as many problems as the limit', () => {
    const { problems } = readYaml('a: [\n'.repeat(30) + '}\n'.repeat(500), 'f.yaml');
    expect(problems.length).toBeGreaterThan(0);
    expect(problems.length).toBeLessThanOrEqual(configLimits.problems);
  });
});

test('any text, cut anywhere or damaged, gives data or problems and never throws', () => {
  const random = new SeededRandom(7);
  const alphabet = ' \n:-[]{}*&!|>?%@`\'"#,ab1\t\u0000é';
  for (let round = 0; round < 400; round++) {
    const from = random.integer(text.length);
    let damaged = text.slice(0, from);
    for (let i = random.integer(12); i > 0; i--) damaged += alphabet[random.integer(alphabet.length)] ?? '';
    damaged += text.slice(from + random.integer(5));
    const source = readYaml(damaged, 'f');
    expect(source.data === undefined).toBe(source.problems.length > 0);
    const place = source.locate(['sip', 'allowFrom', 1], 'value');
    expect(place.line).toBeGreaterThanOrEqual(0);
    expect(place.line).toBeLessThanOrEqual(damaged.split('\n').length);
  }
});
