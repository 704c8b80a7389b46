import type { Advise } from './check-codes.js';
import { subtreeOf } from './check-graph.js';
import { isWaiting, type DialogTree, type WaitingNode } from './tree.js';
import type { TreePath } from './tree-problem.js';
import type { RawTree } from './tree-schema.js';
import { branchesOf, nodesOf } from './walk-tree.js';

/** What the user can say, press and hear back at each question is what its author meant. */
export function checkAnswers(tree: DialogTree, raw: RawTree, advise: Advise): void {
  checkLabels(raw, advise);
  checkSlotTypes(tree, raw, advise);
  const keys = raw.globals.filter(({ dtmf }) => /^\d$/.test(dtmf ?? ''));
  for (const { id, path } of nodesOf(raw)) {
    const node = tree.nodes.get(id);
    if (!isWaiting(node)) continue;
    checkNoMatch(node, [...path, node.kind], tree.language, advise);
    if (node.kind === 'ask' && (node.answer.keyDigits?.most ?? 0) > 1 && keys.length > 0)
      adviseOnKeys(keys, [...path, 'ask', 'type'], advise);
  }
}

function adviseOnKeys(keys: RawTree['globals'], path: TreePath, advise: Advise): void {
  const [first] = keys;
  const one = keys.length === 1;
  const pressed = keys.map(({ dtmf }) => dtmf ?? '').join(' and ');
  const meant = keys.map(({ id }) => `"${id}"`).join(' and ');
  const message = one
    ? `key ${pressed} is part of the answer here and does not mean ${meant}`
    : `keys ${pressed} are part of the answer here and do not mean ${meant}`;
  advise(
    'ambiguous-key',
    path,
    message,
    `Do not offer them here, or give "${first?.id ?? ''}" the key * or #`,
  );
}

/** "Did you mean …?" wants a name, not an example. */
function checkLabels(raw: RawTree, advise: Advise): void {
  for (const { branch, path } of branchesOf(raw)) {
    const [example] = branch.examples;
    if (branch.label !== undefined || example === undefined) continue;
    const message = `"did you mean" would read out the example "${example}"`;
    advise('missing-label', path, message, 'Add "label:", how the bot names this branch');
  }
}

/** Who is not understood hears that, and not only the same question again. */
function checkNoMatch(node: WaitingNode, path: TreePath, language: string, advise: Advise): void {
  if (node.noMatch.prompts.length > 0 || node.noMatch.max === 0) return;
  if (node.kind === 'ask' && node.prompts.length > 1) return;
  const message = 'who is not understood hears the same question again, and not why';
  const sorry = /^zh/i.test(language) ? '抱歉，我没听懂。' : 'Sorry, I did not understand.';
  advise('silent-no-match', path, message, `Add "no_match: { prompts: [${sorry}] }"`);
}

/** A slot holds one kind of value, wherever it is filled. */
function checkSlotTypes(tree: DialogTree, raw: RawTree, advise: Advise): void {
  const first = new Map<string, { readonly type: string; readonly nodeId: string }>();
  const check = (slot: string, type: string, nodeId: string, path: TreePath): void => {
    const key = JSON.stringify([subtreeOf(nodeId), slot]);
    const known = first.get(key);
    if (!known) first.set(key, { type, nodeId });
    else if (known.type !== type) {
      const message = `"${slot}" is a ${type} here and a ${known.type} at "${known.nodeId}"`;
      advise('slot-types', path, message, 'Use the same type, or another slot');
    }
  };
  for (const { id, path } of nodesOf(raw)) {
    const node = tree.nodes.get(id);
    if (node?.kind === 'ask') {
      check(node.slot, node.answer.name, id, [...path, 'ask', 'type']);
      for (const [slot, { name }] of node.fill) check(slot, name, id, [...path, 'ask', 'fill', slot]);
    }
    if (node?.kind === 'listen')
      for (const [i, { fill }] of node.branches.entries())
        for (const [slot, { name }] of fill)
          check(slot, name, id, [...path, 'listen', 'branches', i, 'fill', slot]);
  }
}
