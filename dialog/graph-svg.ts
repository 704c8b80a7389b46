import { layOut, nodeSize, type GraphLayout, type PlacedNode } from './graph-layout.js';
import type { GraphEdge, GraphModel, GraphNode } from './graph-model.js';

/** What a drawing shows besides the tree. */
export interface GraphOverlay {
  /** How often each node was visited; null: not known. */
  readonly visits: Readonly<Record<string, number>> | null;
  /** Problems by node. */
  readonly problems: ReadonlyMap<string, number>;
}

const shown = { id: 24, text: 52, label: 28 } as const;

/** A tree as an SVG drawing; its look comes from classes (`graphStyle`). */
export function drawGraph(model: GraphModel, overlay: GraphOverlay): string {
  const layout = layOut(model);
  const edges = model.edges.map((edge, i) => drawEdge(edge, i, layout));
  const nodes = model.nodes.map((node) => drawNode(node, model, layout, overlay));
  const box = `0 0 ${layout.width} ${layout.height}`;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" id="graph" viewBox="${box}" role="img" aria-label="${escape(model.title)}">`,
    '<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">' +
      '<path d="M0 0 8 4 0 8z" class="tip"/></marker></defs>',
    '<g id="view">',
    ...edges,
    ...nodes,
    '</g></svg>',
  ].join('\n');
}

function drawNode(node: GraphNode, model: GraphModel, layout: GraphLayout, overlay: GraphOverlay): string {
  const place = layout.nodes.get(node.id);
  if (!place) return '';
  const { x, y } = place;
  const { width, height } = nodeSize;
  const visits = overlay.visits?.[node.id];
  const classes = [
    'node',
    node.kind,
    ...(visits === 0 ? ['missed'] : []),
    ...(node.id === model.start ? ['start'] : []),
  ];
  const problems = overlay.problems.get(node.id) ?? 0;
  const [first = '', second = ''] = wrapped(node.text);
  const badge =
    problems > 0
      ? `<circle cx="${width - 10}" cy="10" r="9" class="badge"/><text x="${width - 10}" y="14" class="count">${problems}</text>`
      : '';
  const count =
    visits === undefined ? '' : `<text x="${width - 8}" y="${height - 6}" class="visits">${visits}×</text>`;
  return (
    `<g class="${classes.join(' ')}" tabindex="0" role="button" aria-label="${escape(node.id)}" data-id="${escape(node.id)}" transform="translate(${x} ${y})">` +
    `<rect width="${width}" height="${height}" rx="${node.kind === 'listen' || node.kind === 'ask' ? 18 : 5}"/>` +
    `<text x="10" y="19" class="id">${escape(cut(node.id, shown.id))}<tspan class="kind" dx="6">${node.kind}</tspan></text>` +
    `<text x="10" y="37" class="text">${escape(first)}</text><text x="10" y="52" class="text">${escape(second)}</text>` +
    `${count}${badge}</g>`
  );
}

function drawEdge(edge: GraphEdge, index: number, layout: GraphLayout): string {
  const [from, to] = [layout.nodes.get(edge.from), layout.nodes.get(edge.to)];
  if (!from || !to) return '';
  const path = pathBetween(from, to, index);
  const label =
    edge.label === ''
      ? ''
      : `<text x="${path.labelX}" y="${path.labelY}" class="label">${escape(cut(edge.label, shown.label))}</text>`;
  const data = `data-from="${escape(edge.from)}" data-to="${escape(edge.to)}"`;
  return `<g class="edge ${edge.kind}" ${data}><title>${escape(`${edge.from} → ${edge.to}: ${edge.label}`)}</title><path d="${path.d}" marker-end="url(#tip)"/>${label}</g>`;
}

/** Down from the bottom to the top; back up round the side. Edges of one node fan out, so that labels keep apart. */
function pathBetween(from: PlacedNode, to: PlacedNode, index: number) {
  const { width, height } = nodeSize;
  const fan = ((index % 7) - 3) * 16;
  const [x1, y1] = [from.x + width / 2 + fan, from.y + height];
  const [x2, y2] = [to.x + width / 2 + fan / 2, to.y];
  if (y2 > y1) {
    const bend = Math.min(60, (y2 - y1) / 2);
    const d = `M${x1} ${y1}C${x1} ${y1 + bend} ${x2} ${y2 - bend} ${x2} ${y2 - 2}`;
    const at = 0.3 + (index % 3) * 0.16;
    return { d, labelX: x1 + (x2 - x1) * at, labelY: y1 + (y2 - y1) * at };
  }
  const side = to.x >= from.x ? 1 : -1;
  const [sx, sy] = [from.x + (side > 0 ? width : 0), from.y + height / 2 + fan / 4];
  const [tx, ty] = [to.x + (side > 0 ? width : 0), to.y + height / 2 + fan / 4];
  const out = Math.max(sx * side, tx * side) * side + side * (26 + Math.abs(fan) / 2);
  const d = `M${sx} ${sy}C${out} ${sy} ${out} ${ty} ${tx + side * 2} ${ty}`;
  return { d, labelX: out - side * 6, labelY: (sy + ty) / 2 };
}

function wrapped(text: string): string[] {
  const plain = text.replace(/\s+/gu, ' ').trim();
  const half = /\p{Script=Han}/u.test(plain) ? 14 : 30;
  if (plain.length <= half) return [plain];
  const space = plain.lastIndexOf(' ', half);
  const at = space > half / 2 ? space : half;
  return [plain.slice(0, at), cut(plain.slice(at).trim(), Math.min(half, shown.text))];
}

function cut(text: string, length: number): string {
  const characters = [...text];
  return characters.length <= length ? text : `${characters.slice(0, length - 1).join('')}…`;
}

/** For text and attribute values of XML and HTML. */
export function escape(text: string): string {
  return text
    .replace(/[^\t\n\r\u{20}-\u{d7ff}\u{e000}-\u{fffd}\u{10000}-\u{10ffff}]/gu, '\u{fffd}')
    .replace(/&/g, '&amp;')
    .replace(/</g, '&lt;')
    .replace(/>/g, '&gt;')
    .replace(/"/g, '&quot;')
    .replace(/'/g, '&#39;');
}
