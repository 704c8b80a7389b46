import { isWaiting, type DialogNode, type DialogTree } from './tree.js';
import type { Report } from './tree-problem.js';
import type { RawTree } from './tree-schema.js';

/** The fallback is where conversations end that were not understood anywhere, so it may not ask again. */
export function checkFallback(tree: DialogTree, _raw: RawTree, report: Report): void {
  if (tree.fallback === null) return;
  const seen = new Set<string>();
  let node = tree.nodes.get(tree.fallback);
  while (node && 'go' in node && !isWaiting(node) && !seen.has(node.id)) {
    seen.add(node.id);
    node = tree.nodes.get(node.go);
  }
  if (isWaiting(node))
    report(
      'error',
      ['fallback'],
      `"${tree.fallback}" asks the user again`,
      'Name a handover, transfer or end',
    );
}

/** Every circle of nodes waits for the user somewhere. */
export function checkCycles(tree: DialogTree, _raw: RawTree, report: Report): void {
  const done = new Set<string>();
  for (const first of tree.nodes.keys()) {
    const path = new Set<string>();
    let node = tree.nodes.get(first);
    while (node && 'go' in node && !isWaiting(node) && !done.has(node.id) && !path.has(node.id)) {
      path.add(node.id);
      node = tree.nodes.get(node.go);
    }
    if (node && path.has(node.id)) {
      const cycle = [...path].slice([...path].indexOf(node.id));
      const message = `"${[...cycle, node.id].join('" > "')}" never waits for the user`;
      report('error', ['nodes', node.id, 'go'], message, 'Let one of these nodes listen, ask or end');
    }
    for (const id of path) done.add(id);
  }
}

/** Some way leads to every node. */
export function checkReachable(tree: DialogTree, raw: RawTree, report: Report): void {
  const reached = new Set<string>();
  const open = [raw.start];
  if (raw.fallback !== undefined) open.push(raw.fallback);
  for (const { effect } of tree.globals) if (effect.type === 'go') open.push(effect.target);
  for (let id = open.pop(); id !== undefined; id = open.pop()) {
    const node = tree.nodes.get(id);
    if (!node || reached.has(id)) continue;
    reached.add(id);
    open.push(...nextNodes(node));
  }
  for (const id of tree.nodes.keys()) {
    if (!reached.has(id))
      report(
        'warning',
        ['nodes', id],
        `no way leads to "${id}"`,
        'Add a branch that goes here, or remove it',
      );
  }
}

function nextNodes(node: DialogNode): string[] {
  const next: string[] = [];
  if ('go' in node) next.push(node.go);
  if (node.kind === 'handover') next.push(node.resume);
  if (node.kind === 'ask') next.push(node.goNo);
  if (node.kind === 'listen') {
    for (const { effect } of node.branches) if (effect.type === 'go') next.push(effect.target);
  }
  if (isWaiting(node)) {
    for (const { then } of [node.noInput, node.noMatch]) if (then !== null) next.push(then);
  }
  return next;
}
