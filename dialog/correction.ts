import { answerInText } from './answer.js';
import type { EntityContext, EntityType } from './entity.js';
import { spokenNumbers } from './slots-digits.js';
import type { FoundAnswer } from './state.js';
import { considerAnswer } from './take-answer.js';
import { isWaiting, type AskNode, type WaitingNode } from './tree.js';
import type { Turn } from './turn.js';
import { textOf, type Value } from './value.js';
import { askAgain } from './wait.js';

/** "It ends in 1234": the digits that follow replace the last ones. */
const tailMarker =
  /尾号|后[一二两三四五六1-6]位|最后[一二两三四五六1-6]?位|末[尾位]|end(?:s|ing)? (?:in|with)|last (?:\w{1,8} )?(?:digits?|numbers?)/iu;

/** How people begin when they take back what they said. */
const correctionMarker =
  /^(?:啊|哦|嗯|呃|那个|等等|等一下|对不起|不好意思|抱歉|[,，。、\s])*(?:不是|不对|错了|说错|我说错|弄错|搞错|改成|改为|改一下|更正|应该是|刚才)|^(?:(?:no|oh|wait|sorry|um|uh|well|hang on|hold on|excuse me)[,.\s]{1,3}){0,4}(?:i meant?|i mean|actually|correction|i made a mistake|that was wrong|that is wrong|make (?:it|that)|change (?:it|that|the|my)|it should be|it is not|not the)\b/iu;

/** A corrected value in the reply to a read-back ("no, it is 139 …", 不是，尾号是1234), or null. */
export function correctionOf(
  type: EntityType,
  old: Value,
  text: string,
  context: EntityContext,
): FoundAnswer | null {
  const tail = tailCorrection(type, old, text, context);
  if (tail) return tail;
  const answer = answerInText(type, text, context);
  return answer?.certain ? { value: answer.value, raw: answer.raw } : null;
}

/** Only for values spoken digit by digit: other digits in the same places, and the whole still valid. */
function tailCorrection(
  type: EntityType,
  old: Value,
  text: string,
  context: EntityContext,
): FoundAnswer | null {
  const marker = type.spokenAsDigits ? tailMarker.exec(text) : null;
  if (!marker) return null;
  const digits = spokenNumbers(text.slice(marker.index + marker[0].length)).at(-1) ?? '';
  const whole = textOf(old);
  if (digits === '' || digits.length >= whole.length) return null;
  const changed = whole.slice(0, -digits.length) + digits;
  const [entity] = type.find(changed, context);
  return entity && entity.raw === changed ? { value: entity.value, raw: text.slice(marker.index) } : null;
}

/**
 * A correction of the slot that was filled last, at a later node: the dialog goes back to the ask that wanted it, with
 * the new answer. Null when the sentence is none, or answers the question that is open now.
 */
export function correctionElsewhere(
  turn: Turn,
  node: WaitingNode,
  text: string,
): { readonly next: string | null } | null {
  if (!correctionMarker.test(text)) return null;
  const { entityContext, state, tree } = turn;
  if (node.kind === 'ask' && answerInText(node.answer, text, entityContext)?.certain) return null;
  const slot = Object.keys(state.filled).at(-1);
  const filled = slot === undefined ? undefined : state.filled[slot];
  if (slot === undefined || !filled) return null;
  const asker = filled.nodeId === null ? undefined : tree.nodes.get(filled.nodeId);
  const type = asker?.kind === 'ask' ? asker.answer : tree.slotTypes.get(slot);
  const old = Object.hasOwn(state.variables, slot) ? (state.variables[slot] ?? null) : null;
  const corrected = type ? correctionOf(type, old, text, entityContext) : null;
  if (!type || !corrected) return null;
  return { next: correct(turn, node, asker?.kind === 'ask' ? asker : null, slot, corrected, type) };
}

function correct(
  turn: Turn,
  node: WaitingNode,
  asker: AskNode | null,
  slot: string,
  corrected: FoundAnswer,
  type: EntityType,
): string | null {
  const value = type.format(corrected.value, 'spoken', turn.entityContext);
  if (asker && isWaiting(asker)) {
    turn.arrive(asker.id);
    return considerAnswer(turn, asker, corrected, 'slot');
  }
  turn.fillSlot(slot, corrected, null);
  turn.decided({ branchId: null, score: null, threshold: null, zone: 'slot', nextNodeId: node.id });
  turn.say(turn.prompt(turn.tree.texts.corrected, new Map([['value', value]])));
  askAgain(turn, node);
  return null;
}
