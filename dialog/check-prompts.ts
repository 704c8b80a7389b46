import { isWaiting, type DialogNode, type DialogTree, type PromptTemplate } from './tree.js';
import type { TreePath } from './tree-problem.js';
import type { RawText } from './text-schema.js';
import type { RawBranch, RawNode, RawTree } from './tree-schema.js';
import { nodesOf } from './walk-tree.js';

/** A text that the author wrote, with its place. */
export interface PlacedPrompt {
  readonly prompt: PromptTemplate;
  readonly raw: RawText;
  readonly path: TreePath;
  /** The node whose own words it is; null for those that stand inside others, or anywhere. */
  readonly nodeId: string | null;
  /** True for the name of a branch, which is said inside another text. */
  readonly isLabel: boolean;
}

/** Every text of a file that was written where it stands; texts inherited from the tree come once. */
export function* placedPrompts(tree: DialogTree, raw: RawTree): Iterable<PlacedPrompt> {
  const { texts } = tree;
  yield* placed(texts.confirmBranch, raw.confirm, ['confirm']);
  yield* placed(texts.chooseBranch, raw.choose, ['choose']);
  yield* placed(texts.resume, raw.resume_prompt, ['resume_prompt']);
  yield* placed(texts.corrected, raw.corrected, ['corrected']);
  yield* placed(texts.help, raw.help, ['help']);
  yield* inheritedLadders(tree, raw);
  for (const [i, branch] of raw.globals.entries())
    yield* labels(tree.globals[i]?.label, branch, ['globals', i]);
  for (const { id, node: rawNode, path } of nodesOf(raw)) {
    const node = tree.nodes.get(id);
    if (node) yield* nodePrompts(node, rawNode, path);
  }
}

function* nodePrompts(node: DialogNode, raw: RawNode, path: TreePath): Iterable<PlacedPrompt> {
  const owner = node.id;
  const ending = typeof raw.end === 'object' ? raw.end.say : undefined;
  yield* ending
    ? placed(node.say, ending, [...path, 'end', 'say'])
    : placed(node.say, raw.say, [...path, 'say'], owner);
  if (node.kind === 'call') {
    const { filler } = raw.call ?? {};
    const written = filler && ('say' in filler ? filler.say : filler);
    yield* placed(node.filler, written, [...path, 'call', 'filler']);
  }
  if (node.kind === 'listen')
    for (const [i, branch] of (raw.listen?.branches ?? []).entries())
      yield* labels(node.branches[i]?.label, branch, [...path, 'listen', 'branches', i]);
  if (node.kind === 'ask') yield* askPrompts(node, raw, [...path, 'ask']);
  if (!isWaiting(node)) return;
  const own = raw.listen ?? raw.ask;
  const at = [...path, node.kind];
  yield* placed(node.help, own?.help, [...at, 'help'], owner);
  for (const [key, ladder] of [
    ['no_input', node.noInput],
    ['no_match', node.noMatch],
  ] as const) {
    for (const [i, text] of (own?.[key]?.prompts ?? []).entries())
      yield* placed(ladder.prompts[i], text, [...at, key, 'prompts', i], owner);
  }
}

function* askPrompts(
  node: Extract<DialogNode, { kind: 'ask' }>,
  { ask }: RawNode,
  path: TreePath,
): Iterable<PlacedPrompt> {
  for (const [i, text] of (ask?.prompts ?? []).entries())
    yield* placed(node.prompts[i], text, [...path, 'prompts', i], node.id);
  yield* placed(node.confirm, ask?.confirm, [...path, 'confirm']);
  yield* placed(node.validate?.prompt, ask?.validate?.prompt, [...path, 'validate', 'prompt'], node.id);
}

/** The tree's own ladders, which each node without prompts of its own has compiled. */
function* inheritedLadders(tree: DialogTree, raw: RawTree): Iterable<PlacedPrompt> {
  for (const key of ['no_input', 'no_match'] as const) {
    const texts = raw[key]?.prompts ?? [];
    if (texts.length === 0) continue;
    const heir = [...nodesOf(raw)].find(
      ({ node }) => (node.listen ?? node.ask) && (node.listen ?? node.ask)?.[key]?.prompts === undefined,
    );
    const node = heir && tree.nodes.get(heir.id);
    if (!isWaiting(node)) continue;
    const { prompts } = key === 'no_input' ? node.noInput : node.noMatch;
    for (const [i, text] of texts.entries()) yield* placed(prompts[i], text, [key, 'prompts', i]);
  }
}

function* labels(
  prompt: PromptTemplate | undefined,
  { label }: RawBranch,
  path: TreePath,
): Iterable<PlacedPrompt> {
  if (prompt && label) yield { prompt, raw: label, path: [...path, 'label'], nodeId: null, isLabel: true };
}

function* placed(
  prompt: PromptTemplate | null | undefined,
  raw: RawText | undefined,
  path: TreePath,
  nodeId: string | null = null,
): Iterable<PlacedPrompt> {
  if (prompt && raw) yield { prompt, raw, path, nodeId, isLabel: false };
}
