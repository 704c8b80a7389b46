import type { Advise } from './check-codes.js';
import { allWays, reachable, reversed, subtreeOf, targetsOfGlobals, understoodWays } from './check-graph.js';
import { isWaiting, targetsOf, type DialogNode, type DialogTree } from './tree.js';
import type { TreePath } from './tree-problem.js';
import type { RawTree } from './tree-schema.js';
import { nodesOf } from './walk-tree.js';

/** So many names stand for all. */
const mostNames = 3;

/** Conversations can end, come back from where they were sent, and have somewhere to go when nothing is understood. */
export function checkWays(tree: DialogTree, raw: RawTree, advise: Advise): void {
  checkFallbacks(tree, raw, advise);
  checkReturns(tree, raw, advise);
  checkSubtreesReturn(tree, advise);
  checkWayOut(tree, raw, advise);
}

function checkFallbacks(tree: DialogTree, raw: RawTree, advise: Advise): void {
  const unmet: string[] = [];
  for (const { id, node: written, path } of nodesOf(raw)) {
    const node = tree.nodes.get(id);
    if (node?.kind === 'handover' && written.resume === undefined)
      advise(
        'handover-without-resume',
        [...path, 'handover'],
        'when the human hands back, everything starts anew',
        'Add "resume: NODE"',
      );
    if (tree.fallback !== null) continue;
    if (node?.kind === 'call' && node.onError === null)
      advise(
        'call-without-error-way',
        [...path, 'call'],
        'when the service fails, the conversation goes to the queue "default"',
        'Add "on_error: NODE", or "fallback: NODE" to the tree',
      );
    if (isWaiting(node) && (node.noInput.then === null || node.noMatch.then === null)) unmet.push(id);
  }
  if (unmet.length === 0) return;
  const message = `who is not understood at ${named(unmet)} goes to the queue "default"`;
  advise('no-fallback', ['start'], message, 'Add "fallback: NODE" beside "start:"');
}

/** A `return` of the tree itself needs a digression, or a sub-tree that leads out of itself, to come back from. */
function checkReturns(tree: DialogTree, raw: RawTree, advise: Advise): void {
  const visited = targetsOfEffect(tree);
  const starts = [...tree.subtrees.values()].map(({ start }) => start);
  const inside = reachable(forwardWays(tree), [...visited, ...starts]);
  for (const { id, path } of nodesOf(raw)) {
    if (tree.nodes.get(id)?.kind !== 'return' || subtreeOf(id) !== null || inside.has(id)) continue;
    const message = 'nothing is interrupted on the way here, so there is nothing to return to';
    advise('return-to-nowhere', [...path, 'return'], message, 'Lead here by "visit:", or write "go:"');
  }
}

function targetsOfEffect(tree: DialogTree): string[] {
  const branches = [...tree.nodes.values()].flatMap((node) => (node.kind === 'listen' ? node.branches : []));
  return [...branches, ...tree.globals].flatMap(({ effect }) =>
    effect.type === 'visit' ? [effect.target] : [],
  );
}

/** The nodes' own ways: no globals, no way back. */
function forwardWays(tree: DialogTree): Map<string, readonly string[]> {
  return new Map([...tree.nodes.values()].map((node) => [node.id, targetsOf(node)]));
}

function checkSubtreesReturn(tree: DialogTree, advise: Advise): void {
  const callers = new Map<string, string>();
  for (const node of tree.nodes.values()) if (node.kind === 'subtree') callers.set(node.subtree, node.id);
  const ways = forwardWays(tree);
  for (const { name, start } of tree.subtrees.values()) {
    const caller = callers.get(name);
    if (caller === undefined) continue;
    const returns = [...reachable(ways, [start])].some((id) => tree.nodes.get(id)?.kind === 'return');
    if (returns) continue;
    const message = `the sub-tree never returns, so "${caller}" never goes on`;
    advise('never-returns', ['subtrees', name], message, 'Add a node with "return: true" that it leads to');
  }
}

/** A user who is understood can bring the conversation to an end. */
function checkWayOut(tree: DialogTree, raw: RawTree, advise: Advise): void {
  const ends = [...tree.nodes.values()].filter(isEnding).map(({ id }) => id);
  const leadsOut = reachable(reversed(understoodWays(tree)), ends);
  const met = reachable(allWays(tree), [tree.start]);
  let place: TreePath | null = null;
  const caught: string[] = [];
  for (const { id, path } of nodesOf(raw)) {
    if (!isWaiting(tree.nodes.get(id)) || !met.has(id) || leadsOut.has(id)) continue;
    place ??= path;
    caught.push(id);
  }
  if (!place) return;
  const message = `no answer at ${named(caught)} leads to an end: only silence and misunderstandings do`;
  const fix = 'Add a branch to an end, or a global such as "goodbye"';
  advise('no-way-out', place, message, targetsOfGlobals(tree).length > 0 ? 'Add a branch to an end' : fix);
}

function isEnding({ kind }: DialogNode): boolean {
  return kind === 'end' || kind === 'transfer' || kind === 'handover';
}

function named(ids: readonly string[]): string {
  const first = ids.slice(0, mostNames).map((id) => `"${id}"`);
  return ids.length > mostNames ? `${first.join(', ')} and ${ids.length - mostNames} more` : first.join(', ');
}
