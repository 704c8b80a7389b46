import type { Zone } from './action.js';
import { isYesNo } from './entity-types.js';
import type { EntityType } from './entity.js';
import { fail } from './ladder.js';
import type { FoundAnswer } from './state.js';
import type { AskNode } from './tree.js';
import type { Turn } from './turn.js';
import type { Value } from './value.js';
import { askBack } from './wait.js';

/** How an answer came. */
export type AnswerZone = Extract<Zone, 'slot' | 'dtmf'>;

const unscored = { score: null, threshold: null } as const;

/** False for an answer that the node's own condition refuses. */
export function isValid(turn: Turn, node: AskNode, value: Value): boolean {
  return (
    node.validate === null || turn.evaluate(node.validate.expression, new Map([[node.slot, value]])) === true
  );
}

/**
 * Reads an answer back where the node wants that, or takes it. Returns the next node; null when the user has the word
 * again. What the node's condition refuses counts as not understood.
 */
export function considerAnswer(
  turn: Turn,
  node: AskNode,
  answer: FoundAnswer,
  zone: AnswerZone,
): string | null {
  if (!isValid(turn, node, answer.value)) {
    const detail = { ...unscored, branchId: null, zone };
    return fail(turn, node, 'noMatch', detail, node.validate?.prompt ?? null);
  }
  if (!node.confirm) return takeAnswer(turn, node, answer, zone);
  turn.decided({ ...unscored, branchId: null, zone, nextNodeId: node.id });
  const question = turn.prompt(node.confirm, new Map([[node.slot, answer.value]]));
  askBack(turn, node, { name: 'confirming-answer', answer, question });
  return null;
}

/** Keeps the answer; returns the next node. */
export function takeAnswer(turn: Turn, node: AskNode, answer: FoundAnswer, zone: AnswerZone): string {
  const yesNo = isYesNo(node.answer);
  const nextNodeId = yesNo && answer.value === false ? node.goNo : node.go;
  const branchId = yesNo ? (answer.value === false ? 'no' : 'yes') : null;
  turn.decided({ ...unscored, branchId, zone, nextNodeId });
  turn.fillSlot(node.slot, answer, node.id);
  turn.understood();
  return nextNodeId;
}

/** Fills the slots that a sentence holds besides what it was understood as; only what is certain. */
export function fillAlong(
  turn: Turn,
  fill: ReadonlyMap<string, EntityType>,
  text: string,
  taken: string | null = null,
): void {
  for (const [slot, type] of fill) {
    const found = type.find(text, turn.entityContext).filter(({ certain, raw }) => certain && raw !== taken);
    const last = found.at(-1);
    if (last) turn.fillSlot(slot, { value: last.value, raw: last.raw }, null);
  }
}
