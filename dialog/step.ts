import { dialogLimits } from '../config/limits.js';
import type { DialogAction } from './action.js';
import { enterNode, handOverToAnyone, waitingNode } from './enter-node.js';
import type { DialogEvent } from './event.js';
import { hearKeys, hearScores, hearText } from './hear.js';
import { fail } from './ladder.js';
import { isConfirming, type DialogState, type Phase } from './state.js';
import type { DialogTree } from './tree.js';
import { Turn } from './turn.js';

const ignored: readonly DialogAction[] = [];

/**
 * One event of a conversation: the next state, and what to do, in order.
 *
 * Pure and total: the same arguments give the same result, neither is changed, and no input makes it throw. An event
 * that does not fit (a late score, speech after the end) gives the same state and no action.
 */
export function step(
  tree: DialogTree,
  state: DialogState,
  event: DialogEvent,
): [DialogState, readonly DialogAction[]] {
  const turn = new Turn(tree, state);
  return handle(turn, state.phase, event) ? turn.result() : [state, ignored];
}

/** False: the event does not fit. */
function handle(turn: Turn, phase: Phase, event: DialogEvent): boolean {
  switch (event.type) {
    case 'started':
      if (phase.name !== 'new') return false;
      turn.open(event.channel, event.variables);
      enterNode(turn, turn.tree.start);
      return true;
    case 'resumed':
      if (phase.name !== 'handed-over') return false;
      turn.understood();
      enterNode(turn, phase.resumeNodeId);
      return true;
    case 'hung-up':
      if (phase.name === 'ended') return false;
      turn.setPhase({ name: 'ended' });
      return true;
    case 'scored':
      return handleScores(turn, phase, event);
    case 'text':
    case 'dtmf':
    case 'no-input':
    case 'no-match':
      return handleUser(turn, phase, event);
  }
}

function handleScores(turn: Turn, phase: Phase, event: Extract<DialogEvent, { type: 'scored' }>): boolean {
  const node = waitingNode(turn);
  if (!node || phase.name !== 'scoring' || phase.scoreId !== event.scoreId) return false;
  hearScores(turn, node, phase, event.scores);
  return true;
}

type UserEvent = Extract<DialogEvent, { type: 'text' | 'dtmf' | 'no-input' | 'no-match' }>;

/**
 * The node is missing only when the state was made with another tree; a human sorts that out.
 *
 * Something new from the user replaces what is being scored (its late answer will be dropped); silence does not, since
 * the user is waiting for us.
 */
function handleUser(turn: Turn, phase: Phase, event: UserEvent): boolean {
  const node = waitingNode(turn);
  const spoke = event.type === 'text' || event.type === 'dtmf';
  if (!isOpen(phase) || (phase.name === 'scoring' && !spoke)) return false;
  if (!node) {
    handOverToAnyone(turn, 'missing-node');
    return true;
  }
  if (event.type === 'dtmf') hearKeys(turn, node, event.digits.slice(0, dialogLimits.utteranceCharacters));
  else if (event.type === 'text' && event.text.trim() !== '')
    hearText(turn, node, event.text.slice(0, dialogLimits.utteranceCharacters));
  else fail(turn, node, event.type === 'no-match' ? 'noMatch' : 'noInput');
  return true;
}

function isOpen(phase: Phase): boolean {
  return phase.name === 'listening' || phase.name === 'scoring' || isConfirming(phase);
}
