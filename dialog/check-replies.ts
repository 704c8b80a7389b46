import { isMeasurable } from './calibrate.js';
import { candidates } from './candidates.js';
import type { Advise } from './check-codes.js';
import { placedPrompts, type PlacedPrompt } from './check-prompts.js';
import { ngramFit, type FitMatcher } from './held-out.js';
import type { CandidateSet } from './scoring.js';
import { TreeExamples } from './tree-examples.js';
import { isWaiting, type DialogTree, type QuickReplyTemplate, type WaitingNode } from './tree.js';
import type { TreePath } from './tree-problem.js';
import type { RawTree } from './tree-schema.js';
import { judge } from './zones.js';

/** Nodes whose replies are tried; each needs a matcher of its own. */
const mostNodes = 200;
/** Nodes between a text and the question that it leads to. */
const farthest = 20;

/** A monday morning: what replies mean does not depend on the day they are checked. */
const nowMs = Date.UTC(2026, 0, 5, 9);

interface PlacedReply {
  readonly value: string;
  readonly language: string;
  readonly path: TreePath;
}

/** What a button sends is understood at the question that it stands under. */
export function checkReplies(tree: DialogTree, raw: RawTree, advise: Advise): void {
  const byNode = new Map<WaitingNode, PlacedReply[]>();
  for (const placed of placedPrompts(tree, raw)) {
    const replies = [...repliesOf(placed)];
    const node = replies.length > 0 ? questionAfter(tree, placed.nodeId) : null;
    if (!node) continue;
    const known = byNode.get(node);
    if (known) known.push(...replies);
    else byNode.set(node, replies);
  }
  if (byNode.size === 0) return;
  const sets = candidates(tree);
  if (byNode.size > mostNodes || !isMeasurable(sets)) {
    const message = 'the tree is too large to try every quick reply';
    advise('not-measured', ['nodes'], message, 'Split the bot into several trees');
    return;
  }
  const listener = new Listener(tree, sets);
  for (const [node, replies] of byNode) {
    const understands = listener.at(node);
    for (const { value, language, path } of replies) {
      if (understands(value, language)) continue;
      const message = `nothing understands "${value}" at "${node.id}"`;
      advise('unanswered-reply', path, message, 'Make it the value of one of its examples');
    }
  }
}

/** Replies whose value is known before a conversation. */
function* repliesOf({ prompt, raw, path }: PlacedPrompt): Iterable<PlacedReply> {
  for (const [language, { quickReplies, card }] of prompt.renditions) {
    const at = raw.languages ? [...path, language] : path;
    const known = ({ value }: QuickReplyTemplate): boolean => value.names.length === 0;
    for (const [i, reply] of quickReplies.entries())
      if (known(reply)) yield { value: reply.value.source, language, path: [...at, 'quick_replies', i] };
    for (const [i, button] of (card?.buttons ?? []).entries())
      if (known(button)) yield { value: button.value.source, language, path: [...at, 'card', 'buttons', i] };
  }
}

/** The question that a text belongs to, or leads to by itself. */
function questionAfter(tree: DialogTree, nodeId: string | null): WaitingNode | null {
  let id = nodeId;
  for (let steps = 0; id !== null && steps < farthest; steps++) {
    const node = tree.nodes.get(id);
    if (isWaiting(node)) return node;
    id = node?.kind === 'say' || node?.kind === 'set' ? node.go : null;
  }
  return null;
}

/** Whether a text means something at a node. */
type Understands = (text: string, language: string) => boolean;

/** Listens as the engine does with its in-box matcher. */
class Listener {
  readonly #timeZone: string;
  readonly #sets: ReadonlyMap<string, CandidateSet>;
  readonly #examples: TreeExamples;
  readonly #fit: FitMatcher;

  constructor({ timeZone }: DialogTree, sets: readonly CandidateSet[]) {
    this.#timeZone = timeZone;
    this.#sets = new Map(sets.map((set) => [set.setId, set]));
    this.#examples = new TreeExamples(sets);
    this.#fit = ngramFit(sets);
  }

  at(node: WaitingNode): Understands {
    const set = this.#sets.get(node.id);
    const match = set && this.#fit(set.candidates, this.#examples.background(set));
    return (text, language) => {
      const context = { nowMs, timeZone: this.#timeZone, language };
      if (node.dtmf.has(text)) return true;
      if (node.kind === 'ask' && node.answer.find(text, context).length > 0) return true;
      return match !== undefined && judge(match(text), node.thresholds).zone !== 'reject';
    };
  }
}
