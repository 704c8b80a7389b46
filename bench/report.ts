import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';

import { projectPath } from '../config/paths.js';
import { loadAverage } from './process-usage.js';

/** One figure of a report: what was measured, against which bar, and how it compares to a baseline of the same run. */
export interface Figure {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  /** The budget of design.md section 8, in the same unit; null where there is none. */
  readonly bar: number | null;
  /** The same thing done the simplest way in the same run, in the same unit; null where nothing compares. */
  readonly baseline: number | null;
}

/** A series for the plots: a line of values over evenly spaced shares (a quantile plot). */
export interface Distribution {
  readonly name: string;
  readonly unit: string;
  readonly values: readonly number[];
}

export interface SuiteResult {
  readonly suite: string;
  readonly figures: readonly Figure[];
  readonly distributions: readonly Distribution[];
}

/** Prints a suite as a table on standard output. */
export function printSuite(result: SuiteResult): void {
  const rows = result.figures.map((figure) => [
    figure.name,
    `${format(figure.value)} ${figure.unit}`,
    figure.bar === null ? '' : `${figure.value <= figure.bar ? 'ok' : 'OVER'} (bar ${format(figure.bar)})`,
    figure.baseline === null || figure.baseline === 0
      ? ''
      : `${format(figure.value / figure.baseline)} x baseline`,
  ]);
  const widths = [0, 1, 2, 3].map((column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  console.log(`\n${result.suite}`);
  for (const row of rows)
    console.log(`  ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ')}`);
}

/** Writes `bench/results/latest.json` and a page with plots, `latest.html`; returns the folder. */
export function writeReport(results: readonly SuiteResult[]): string {
  const directory = projectPath('bench', 'results');
  mkdirSync(directory, { recursive: true });
  const machine = {
    node: process.version,
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: cpus().length,
    loadAverage: loadAverage(),
    finishedAt: new Date().toISOString(),
  };
  const summaries = results.map(({ suite, figures }) => ({ suite, figures }));
  writeFileSync(
    join(directory, 'latest.json'),
    `${JSON.stringify({ machine, results: summaries }, null, 2)}\n`,
  );
  const about = `Node ${machine.node} on ${machine.cores} x ${machine.cpu}, load ${machine.loadAverage}, ${machine.finishedAt}`;
  writeFileSync(join(directory, 'latest.html'), page(about, results));
  return directory;
}

function page(about: string, results: readonly SuiteResult[]): string {
  const sections = results.map((result) => {
    const rows = result.figures.map(figureRow).join('');
    const plots = result.distributions.map(plot).join('');
    return `<h2>${escape(result.suite)}</h2><table><tr><th>figure<th>value<th>bar<th>x baseline</tr>${rows}</table>${plots}`;
  });
  return `<!doctype html><meta charset="utf-8"><title>Parley benchmarks</title>
<style>body{font:15px/1.5 system-ui;max-width:60rem;margin:2rem auto;padding:0 1rem}table{border-collapse:collapse}
td,th{padding:.2rem .8rem;text-align:left;border-bottom:1px solid #ddd}.over{color:#b00020}svg{display:block;margin:1rem 0}
</style><h1>Parley benchmarks</h1><p>${escape(about)}</p>${sections.join('')}\n`;
}

function figureRow(figure: Figure): string {
  const over = figure.bar !== null && figure.value > figure.bar;
  const ratio = figure.baseline ? format(figure.value / figure.baseline) : '';
  return `<tr${over ? ' class="over"' : ''}><td>${escape(figure.name)}<td>${format(figure.value)} ${figure.unit}<td>${
    figure.bar === null ? '' : format(figure.bar)
  }<td>${ratio}</tr>`;
}

/** A quantile plot: share of the sample to the right, value upwards, the last 10 % stretched over half the width. */
function plot(distribution: Distribution): string {
  const width = 640;
  const height = 160;
  const sorted = [...distribution.values].sort((a, b) => a - b);
  const top = sorted[sorted.length - 1] || 1;
  const points: string[] = [];
  for (let x = 0; x <= width; x += 4) {
    const share = x < width / 2 ? (x / (width / 2)) * 0.9 : 0.9 + ((x - width / 2) / (width / 2)) * 0.1;
    const value = sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0;
    points.push(`${x},${(height - (value / top) * (height - 20)).toFixed(1)}`);
  }
  return `<svg viewBox="0 0 ${width + 60} ${height + 24}" width="${width + 60}" role="img">
<text x="0" y="12" font-size="12">${escape(distribution.name)}: up to ${format(top)} ${distribution.unit}, n=${sorted.length}</text>
<polyline fill="none" stroke="#2864dc" stroke-width="1.5" points="${points.join(' ')}"/>
<line x1="${width / 2}" y1="16" x2="${width / 2}" y2="${height}" stroke="#ccc"/>
<text x="0" y="${height + 16}" font-size="11">p0</text><text x="${width / 2 - 8}" y="${height + 16}" font-size="11">p90</text>
<text x="${width - 20}" y="${height + 16}" font-size="11">p100</text></svg>`;
}

function format(value: number): string {
  if (value === 0) return '0';
  if (Math.abs(value) >= 100) return value.toFixed(0);
  return value.toPrecision(3);
}

function escape(text: string): string {
  return text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);
}
