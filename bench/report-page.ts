import { barChart } from './bar-chart.js';
import {
  comparison,
  formatNumber,
  verdict,
  type Distribution,
  type Figure,
  type SuiteResult,
} from './figure.js';

const style = `body{font:15px/1.5 system-ui;max-width:64rem;margin:2rem auto;padding:0 1rem}table{border-collapse:collapse}
td,th{padding:.2rem .8rem;text-align:left;border-bottom:1px solid #ddd}.over{color:#b00020}svg{display:block;margin:1rem 0}
.note{color:#7a5200}`;

/** One self-contained page: a table and quantile plots for every suite. */
export function reportPage(about: string, results: readonly SuiteResult[]): string {
  const sections = results.map((result) => {
    const rows = result.figures.map(figureRow).join('\n');
    const notes = result.notes.map((note) => `<p class="note">${escape(note)}</p>`).join('\n');
    const charts = (result.charts ?? []).map((chart) => barChart(chart, escape));
    const plots = [...charts, ...result.distributions.map(quantilePlot)].join('\n');
    return `<h2>${escape(result.suite)}</h2>\n<table><tr><th>figure<th>value<th>bar<th>baseline</tr>\n${rows}</table>\n${notes}\n${plots}`;
  });
  return `<!doctype html><html lang="en"><meta charset="utf-8"><title>Parley benchmarks</title>
<style>${style}</style><h1>Parley benchmarks</h1><p>${escape(about)}</p>\n${sections.join('\n')}\n`;
}

function figureRow(figure: Figure): string {
  const over = figure.bar !== null && figure.value > figure.bar;
  const cells = [
    figure.name,
    `${formatNumber(figure.value)} ${figure.unit}`,
    verdict(figure),
    comparison(figure),
  ];
  return `<tr${over ? ' class="over"' : ''}>${cells.map((cell) => `<td>${escape(cell)}`).join('')}</tr>`;
}

const plotWidth = 640;
const plotHeight = 160;
/** Share of the sample that the left half shows; the tail, which decides what callers hear, has the right half. */
const leftShare = 0.9;

/** A quantile plot: share of the sample to the right, value upwards. */
function quantilePlot({ name, unit, values }: Distribution): string {
  const sorted = Float64Array.from(values).sort();
  const top = sorted[sorted.length - 1] || 1;
  const half = plotWidth / 2;
  const points: string[] = [];
  for (let x = 0; x <= plotWidth; x += 4) {
    const share = x < half ? (x / half) * leftShare : leftShare + ((x - half) / half) * (1 - leftShare);
    const value = sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0;
    points.push(`${x},${(plotHeight - (value / top) * (plotHeight - 20)).toFixed(1)}`);
  }
  const label = `${name}: up to ${formatNumber(top)} ${unit}, n=${sorted.length}`;
  return `<svg viewBox="0 0 ${plotWidth + 60} ${plotHeight + 24}" width="${plotWidth + 60}" role="img" aria-label="${escape(label)}">
<text x="0" y="12" font-size="12">${escape(label)}</text>
<polyline fill="none" stroke="#2864dc" stroke-width="1.5" points="${points.join(' ')}"/>
<line x1="${half}" y1="16" x2="${half}" y2="${plotHeight}" stroke="#ccc"/>
<text x="0" y="${plotHeight + 16}" font-size="11">p0</text>
<text x="${half - 8}" y="${plotHeight + 16}" font-size="11">p${leftShare * 100}</text>
<text x="${plotWidth - 20}" y="${plotHeight + 16}" font-size="11">p100</text></svg>`;
}

function escape(text: string): string {
  return text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);
}
