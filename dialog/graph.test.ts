import { describe, expect, it } from 'vitest';
import { layOut, nodeSize } from './graph-layout.js';
import { graphOf, type GraphModel } from './graph-model.js';
import { graphMermaid, graphPage, graphSvg } from './graph-page.js';
import { loadTree } from './load.js';

function modelOf(text: string): GraphModel {
  const { tree, problems } = loadTree(text, 't.yaml');
  if (!tree) throw new Error(JSON.stringify(problems));
  return graphOf(tree);
}

const small = modelOf(`tree: drawn
start: menu
fallback: bye
globals: [{ id: stop, go: bye, examples: [stop it, stop now, please stop] }]
nodes:
  menu:
    say: "</script><b>\\"quoted\\" & 'more'"
    listen:
      branches:
        - { id: again, label: '<i>again</i>', go: menu, examples: [again, once more, repeat it] }
        - { id: on, go: check, examples: [go on, further, next please] }
      no_match: { then: bye }
  check: { condition: [{ if: "channel == 'voice'", go: sub }, { go: bye }] }
  sub: { subtree: { name: inner }, go: bye }
  bye: { end: {} }
subtrees: { inner: { start: ask, nodes: { ask: { ask: { slot: sure, type: yes_no, prompts: [Sure?] }, go: back }, back: { return: true } } } }
`);

/** A tree of many nodes with circles. */
function large(count: number): GraphModel {
  const nodes = Array.from({ length: count }, (_, i) => ({
    id: `n${i}`,
    kind: 'say' as const,
    text: '',
    details: [],
  }));
  const edges = nodes.flatMap((_node, i) =>
    [(i * 7 + 3) % count, (i * 13 + 5) % count, (i + 1) % count].map((to) => ({
      ...{ from: `n${i}`, to: `n${to}`, label: `to ${to}` },
      kind: 'branch' as const,
    })),
  );
  return { title: 'large', start: 'n0', nodes, edges };
}

describe('layOut', () => {
  it.each([1, 2, 40, 300])('places %i nodes without an overlap, inside the drawing', (count) => {
    const { nodes, width, height } = layOut(large(count));
    const placed = [...nodes.values()];
    expect(placed).toHaveLength(count);
    for (const a of placed) {
      expect(a.x >= 0 && a.x + nodeSize.width <= width && a.y >= 0 && a.y + nodeSize.height <= height).toBe(
        true,
      );
      for (const b of placed) {
        const apart = Math.abs(a.x - b.x) >= nodeSize.width || Math.abs(a.y - b.y) >= nodeSize.height;
        expect(a === b || apart).toBe(true);
      }
    }
  });

  it('puts what follows below what leads to it', () => {
    const { nodes } = layOut(small);
    const y = (id: string): number => nodes.get(id)?.y ?? Number.NaN;
    expect(y('menu')).toBeLessThan(y('check'));
    expect(y('check')).toBeLessThan(y('sub'));
    expect(y('sub')).toBeLessThan(y('inner/ask'));
  });

  it('puts what only a failure leads to below what fails', () => {
    const { nodes } = layOut(
      modelOf(`tree: t
start: hello
nodes:
  hello: { say: Hello., go: fetch }
  fetch: { call: { http: shop, path: /, into: x, on_error: failed }, go: bye }
  failed: { say: It failed., go: bye }
  bye: { end: {} }
`),
    );
    expect(nodes.get('failed')?.y).toBeGreaterThan(nodes.get('fetch')?.y ?? Number.NaN);
  });
});

describe('graphOf', () => {
  it('has every way on, by its name', () => {
    expect(small.edges.map(({ from, to, label }) => `${from} ${label} ${to}`)).toEqual([
      ...['menu again menu', 'menu on check', 'menu not understood bye'],
      ...["check channel == 'voice' sub", 'check else bye', 'sub inner inner/ask', 'sub then bye'],
      ...['inner/ask sure inner/back', '* stop bye'],
    ]);
  });
});

describe('drawings', () => {
  const overlay = { visits: { menu: 3, bye: 0 }, problems: new Map([['menu', 2]]) };

  it('hold all nodes and ways, and nothing of a text as markup', () => {
    const page = graphPage(small, overlay, () => ({ line: 6, problems: ['<img src=x>'] }));
    const svg = graphSvg(small, overlay);
    for (const { id } of small.nodes) expect(svg).toContain(`data-id="${id}"`);
    expect(svg.match(/<g class="edge /g)).toHaveLength(small.edges.length);
    expect(svg).toContain('class="node end missed"');
    expect(svg).toContain('>3×</text>');
    for (const drawn of [page, svg]) expect(drawn).not.toMatch(/<b>|<i>|<img/);
    expect(page.match(/<\/script>/g)).toHaveLength(2);
    expect(page).not.toMatch(/https?:\/\/(?!www\.w3\.org)/);
  });

  it('come as Mermaid, too', () => {
    const mermaid = graphMermaid(small);
    expect(mermaid).toContain('flowchart TD');
    expect(mermaid).toContain('n0 -->|"on"| n1');
    expect(mermaid.match(/-->|-\.->/g)).toHaveLength(small.edges.length);
  });
});
