import type { GraphEdge, GraphModel } from './graph-model.js';

export interface PlacedNode {
  readonly id: string;
  /** Left upper corner. */
  readonly x: number;
  readonly y: number;
}

export interface GraphLayout {
  readonly nodes: ReadonlyMap<string, PlacedNode>;
  readonly width: number;
  readonly height: number;
}

export const nodeSize = { width: 200, height: 64 } as const;
const gap = { x: 36, y: 84 } as const;
const sweeps = 8;

/**
 * Places the nodes in layers from the start downwards (Sugiyama's method): each below those that lead to it, circles
 * cut where they come back, the order in a layer chosen by the middle of the neighbours.
 */
export function layOut(model: GraphModel): GraphLayout {
  const edges = model.edges.filter(({ from, to }) => from !== to);
  const layers = layersOf(model, edges);
  for (let sweep = 0; sweep < sweeps; sweep++) order(layers, edges, sweep % 2 === 0);
  const widest = Math.max(1, ...layers.map(({ length }) => length));
  const width = widest * (nodeSize.width + gap.x) + gap.x;
  const nodes = new Map<string, PlacedNode>();
  layers.forEach((layer, depth) => {
    const left = (width - layer.length * (nodeSize.width + gap.x) + gap.x) / 2;
    layer.forEach((id, i) => {
      const x = Math.round(left + i * (nodeSize.width + gap.x));
      nodes.set(id, { id, x, y: gap.y / 2 + depth * (nodeSize.height + gap.y) });
    });
  });
  return { nodes, width, height: layers.length * (nodeSize.height + gap.y) + gap.y / 2 };
}

/** Longest way from the start to each node, over edges that do not come back. */
function layersOf(model: GraphModel, edges: readonly GraphEdge[]): string[][] {
  const outgoing = new Map<string, string[]>(model.nodes.map(({ id }) => [id, []]));
  const main = edges.filter(({ kind }) => kind !== 'ladder');
  // Where only a failure leads to a node, it stands below what fails.
  const led = new Set([model.start, ...main.map(({ to }) => to)]);
  for (const { from, to } of [...main, ...edges.filter(({ to }) => !led.has(to))])
    outgoing.get(from)?.push(to);
  const depth = new Map<string, number>();
  for (const id of topological(model, outgoing)) {
    const at = depth.get(id) ?? 0;
    depth.set(id, at);
    for (const to of outgoing.get(id) ?? []) depth.set(to, Math.max(depth.get(to) ?? 0, at + 1));
  }
  const layers: string[][] = [];
  for (const { id } of model.nodes) {
    const at = depth.get(id) ?? 0;
    (layers[at] ??= []).push(id);
  }
  return Array.from(layers, (layer) => layer ?? []).filter(({ length }) => length > 0);
}

/** Every node after those that lead to it; edges that close a circle are taken out of `outgoing`. */
function topological(model: GraphModel, outgoing: Map<string, string[]>): string[] {
  const sorted: string[] = [];
  const state = new Map<string, 'open' | 'done'>();
  const roots = [model.start, ...model.nodes.map(({ id }) => id)];
  for (const root of roots) {
    if (state.has(root) || !outgoing.has(root)) continue;
    const visits = [{ id: root, next: 0 }];
    state.set(root, 'open');
    for (let visit = visits.at(-1); visit; visit = visits.at(-1)) {
      const targets = outgoing.get(visit.id) ?? [];
      const to = targets[visit.next];
      if (to === undefined) {
        state.set(visit.id, 'done');
        sorted.push(visit.id);
        visits.pop();
      } else if (state.get(to) === 'open') targets.splice(visit.next, 1);
      else {
        visit.next++;
        if (state.has(to)) continue;
        state.set(to, 'open');
        visits.push({ id: to, next: 0 });
      }
    }
  }
  return sorted.reverse();
}

/** One sweep: sorts each layer by the mean place of its neighbours in the layer before (or behind). */
function order(layers: string[][], edges: readonly GraphEdge[], down: boolean): void {
  const place = new Map<string, number>();
  const remember = (layer: readonly string[]): void =>
    layer.forEach((id, i) => void place.set(id, i - (layer.length - 1) / 2));
  layers.forEach(remember);
  const neighbours = new Map<string, string[]>();
  for (const { from, to } of edges) {
    const [own, other] = down ? [to, from] : [from, to];
    const known = neighbours.get(own);
    if (known) known.push(other);
    else neighbours.set(own, [other]);
  }
  for (const layer of down ? layers : [...layers].reverse()) {
    const wanted = new Map(
      layer.map((id) => {
        const places = (neighbours.get(id) ?? []).map((other) => place.get(other) ?? 0);
        const mean = places.reduce((sum, at) => sum + at, 0) / Math.max(1, places.length);
        return [id, places.length > 0 ? mean : (place.get(id) ?? 0)];
      }),
    );
    layer.sort((a, b) => (wanted.get(a) ?? 0) - (wanted.get(b) ?? 0));
    remember(layer);
  }
}
