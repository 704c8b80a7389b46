import type { BarChart } from './bar-chart.js';

/** One figure of a report: what was measured, against which bar, and how it compares to a baseline of the same run. */
export interface Figure {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  /** The most that it may be, in the same unit (design.md section 8); null where nothing was promised. */
  readonly bar: number | null;
  /** The same thing done the simplest way in the same minute, in the same unit; null where nothing compares. */
  readonly baseline: number | null;
}

/** A sample for the plots, in any order. */
export interface Distribution {
  readonly name: string;
  readonly unit: string;
  readonly values: readonly number[];
}

export interface SuiteResult {
  readonly suite: string;
  readonly figures: readonly Figure[];
  readonly distributions: readonly Distribution[];
  readonly charts?: readonly BarChart[];
  /** What the reader has to know about these figures: what was left out, what failed. */
  readonly notes: readonly string[];
}

/** A figure; a bar or a baseline only where there is one. */
export function figure(
  name: string,
  value: number,
  unit: string,
  against: { readonly bar?: number; readonly baseline?: number | null } = {},
): Figure {
  return { name, value, unit, bar: against.bar ?? null, baseline: against.baseline ?? null };
}

/** `ok` or `OVER` with the bar; empty where there is none. */
export function verdict({ value, bar }: Figure): string {
  if (bar === null) return '';
  return `${value <= bar ? 'ok' : 'OVER'}, bar ${formatNumber(bar)}`;
}

/** How the value compares to the baseline; no ratio against a baseline of zero. */
export function comparison({ value, baseline, unit }: Figure): string {
  if (baseline === null) return '';
  const base = `baseline ${formatNumber(baseline)} ${unit}`;
  return baseline > 0 ? `${formatNumber(value / baseline)} x ${base}` : base;
}

/** Three significant digits, and whole numbers from 100 on. */
export function formatNumber(value: number): string {
  if (value === 0) return '0';
  if (Math.abs(value) >= 100) return value.toFixed(0);
  return value.toPrecision(3);
}

/** A suite as a table of aligned columns, with its notes below. */
export function formatTable(result: SuiteResult): string {
  const rows = result.figures.map((entry) => [
    entry.name,
    `${formatNumber(entry.value)} ${entry.unit}`,
    verdict(entry),
    comparison(entry),
  ]);
  const widths = [0, 1, 2, 3].map((column) => Math.max(0, ...rows.map((row) => row[column]?.length ?? 0)));
  const lines = rows.map((row) => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  '));
  const notes = result.notes.map((note) => `! ${note}`);
  return [result.suite, ...[...lines, ...notes].map((line) => `  ${line}`.trimEnd())].join('\n');
}
