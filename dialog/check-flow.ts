import { automaticCycles, automaticMoves } from './automatic-moves.js';
import { isWaiting, targetsOf, type DialogTree } from './tree.js';
import type { Report } from './tree-problem.js';
import type { RawTree } from './tree-schema.js';
import { nodesOf } from './walk-tree.js';

/** The fallback is where conversations end that were not understood anywhere, so it may not ask again. */
export function checkFallback(tree: DialogTree, _raw: RawTree, report: Report): void {
  if (tree.fallback === null) return;
  const seen = new Set<string>();
  const open = [tree.fallback];
  for (let id = open.pop(); id !== undefined; id = open.pop()) {
    const node = tree.nodes.get(id);
    if (!node || seen.has(id)) continue;
    seen.add(id);
    if (isWaiting(node) || node.kind === 'return') {
      const what = isWaiting(node) ? 'asks the user again' : 'returns to what was not understood';
      const message =
        id === tree.fallback ? `"${id}" ${what}` : `"${tree.fallback}" leads to "${id}", which ${what}`;
      report('error', ['fallback'], message, 'Name a handover, transfer or end');
      return;
    }
    open.push(...automaticMoves(tree, node));
  }
}

/** Every circle of nodes waits for the user somewhere. */
export function checkCycles(tree: DialogTree, raw: RawTree, report: Report): void {
  const cycles = automaticCycles(tree);
  if (cycles.length === 0) return;
  const paths = new Map([...nodesOf(raw)].map(({ id, path }) => [id, path]));
  for (const cycle of cycles) {
    const [first] = cycle;
    if (!first) continue;
    const names = `"${[...cycle.map(({ id }) => id), first.id].join('" > "')}"`;
    const decides = cycle.some(({ kind }) => kind === 'condition' || kind === 'call');
    const path = paths.get(first.id) ?? ['nodes'];
    if (decides)
      report(
        'warning',
        path,
        `${names} can go round without waiting for the user`,
        'Count the rounds in a variable and end them by a condition, or let one of these nodes listen',
      );
    else
      report('error', path, `${names} never waits for the user`, 'Let one of these nodes listen, ask or end');
  }
}

/** Some way leads to every node. */
export function checkReachable(tree: DialogTree, raw: RawTree, report: Report): void {
  const reached = new Set<string>();
  const open = [raw.start];
  if (raw.fallback !== undefined) open.push(raw.fallback);
  for (const { effect } of tree.globals) if ('target' in effect) open.push(effect.target);
  for (let id = open.pop(); id !== undefined; id = open.pop()) {
    const node = tree.nodes.get(id);
    if (!node || reached.has(id)) continue;
    reached.add(id);
    open.push(...targetsOf(node));
    if (node.kind === 'subtree') open.push(tree.subtrees.get(node.subtree)?.start ?? '');
  }
  for (const { id, path } of nodesOf(raw)) {
    if (reached.has(id)) continue;
    report('warning', path, `no way leads to "${id}"`, 'Add a branch that goes here, or remove it');
  }
}
