import { describe, expect, test } from 'vitest';

import { comparison, figure, formatNumber, formatTable, verdict } from './figure.js';
import { reportPage } from './report-page.js';

test.each([
  { value: 0, text: '0' },
  { value: 0.012345, text: '0.0123' },
  { value: 9.999, text: '10.0' },
  { value: 12.34, text: '12.3' },
  { value: 1_234.5, text: '1235' },
  { value: -250.4, text: '-250' },
])('$value is written $text', ({ value, text }) => {
  expect(formatNumber(value)).toBe(text);
});

test.each([
  { value: 3, bar: 3, text: 'ok, bar 3.00' },
  { value: 3.1, bar: 3, text: 'OVER, bar 3.00' },
  { value: 0, bar: 0, text: 'ok, bar 0' },
])('$value against a bar of $bar is "$text"', ({ value, bar, text }) => {
  expect(verdict(figure('x', value, 'ms', { bar }))).toBe(text);
});

test('without a bar there is no verdict, without a baseline no comparison', () => {
  expect(verdict(figure('x', 1, 'ms'))).toBe('');
  expect(comparison(figure('x', 1, 'ms', { baseline: null }))).toBe('');
});

test('a comparison names ratio and baseline; against zero there is no ratio', () => {
  expect(comparison(figure('x', 6, 'ms', { baseline: 2 }))).toBe('3.00 x baseline 2.00 ms');
  expect(comparison(figure('x', 6, '%', { baseline: 0 }))).toBe('baseline 0 %');
});

const result = {
  suite: 'setup',
  figures: [
    figure('INVITE, p50', 2.5, 'ms', { bar: 3, baseline: 0.5 }),
    figure('failed <b>', 7, 'calls', { bar: 0 }),
  ],
  distributions: [{ name: 'INVITE', unit: 'ms', values: [3, 1, 2] }],
  notes: ['shared & noisy'],
};

test('a table aligns its columns and ends with the notes', () => {
  expect(formatTable(result)).toBe(
    [
      'setup',
      '  INVITE, p50  2.50 ms     ok, bar 3.00  5.00 x baseline 0.500 ms',
      '  failed <b>   7.00 calls  OVER, bar 0',
      '  ! shared & noisy',
    ].join('\n'),
  );
});

test('a suite without figures is its name and its notes', () => {
  expect(formatTable({ suite: 'matcher', figures: [], distributions: [], notes: ['no data'] })).toBe(
    'matcher\n  ! no data',
  );
});

describe('the page', () => {
  const page = reportPage('Node v20 on 2 x CPU', [result]);

  test('marks what is over its bar, and only that', () => {
    expect(page.match(/<tr class="over">/g)).toHaveLength(1);
    expect(page).toContain('<tr class="over"><td>failed');
  });

  test('escapes every text', () => {
    expect(page).not.toContain('<b>');
    expect(page).toContain('shared &#38; noisy');
  });

  test('plots quantiles from the lowest value to the highest', () => {
    const points = /points="([^"]+)"/.exec(page)?.[1]?.split(' ') ?? [];
    const heights = points.map((point) => Number(point.split(',')[1]));
    expect(heights[0]).toBeGreaterThan(heights.at(-1) ?? Infinity);
    expect(heights.at(-1)).toBe(20);
    expect(heights).toEqual([...heights].sort((a, b) => b - a));
  });

  test('an empty sample is drawn flat, not as NaN', () => {
    const bare = reportPage('', [{ ...result, distributions: [{ name: 'x', unit: 'ms', values: [] }] }]);
    expect(bare).not.toContain('NaN');
  });
});
