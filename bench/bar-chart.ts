/** Bars side by side: for each group one of each series, in the same unit, 0 at the bottom. */
export interface BarChart {
  readonly name: string;
  readonly unit: string;
  readonly series: readonly string[];
  readonly groups: readonly {
    readonly name: string;
    /** One for each series; null where it was not measured. */
    readonly values: readonly (number | null)[];
  }[];
}

const colours = ['#2864dc', '#c98a1b', '#4b8f5a'];
const height = 160;
const barWidth = 22;
const gap = 26;

/** An SVG picture of a chart. `escape` makes text safe for HTML. */
export function barChart({ name, unit, series, groups }: BarChart, escape: (text: string) => string): string {
  const top = Math.max(1e-9, ...groups.flatMap(({ values }) => values.map((value) => value ?? 0)));
  const groupWidth = Math.max(110, series.length * barWidth + gap);
  const parts = groups.map((group, at) => {
    const left = at * groupWidth;
    const bars = group.values.map((value, i) => {
      if (value === null) return '';
      const tall = (value / top) * (height - 34);
      const x = left + i * (barWidth + 8);
      return `<rect x="${x}" y="${(height - tall).toFixed(1)}" width="${barWidth}" height="${tall.toFixed(1)}" fill="${colours[i % colours.length]}"/>
<text x="${x}" y="${(height - tall - 3).toFixed(1)}" font-size="10">${value.toFixed(value < 10 ? 1 : 0)}</text>`;
    });
    return `${bars.join('\n')}<text x="${left}" y="${height + 14}" font-size="11">${escape(group.name)}</text>`;
  });
  const legend = series.map(
    (label, i) =>
      `<text x="${i * 130}" y="${height + 34}" font-size="11" fill="${colours[i % colours.length]}">${escape(label)}</text>`,
  );
  const width = Math.max(300, groups.length * groupWidth);
  const label = escape(`${name}, ${unit}`);
  return `<svg viewBox="0 0 ${width} ${height + 40}" width="${width}" role="img" aria-label="${label}">
<text x="0" y="12" font-size="12">${label}</text>\n${[...parts, ...legend].join('\n')}</svg>`;
}
