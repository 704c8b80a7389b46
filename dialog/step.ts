import { dialogLimits } from '../config/limits.js';
import type { CallOutcome, DialogAction } from './action.js';
import { enterNode, waitingNode } from './enter-node.js';
import type { DialogEvent } from './event.js';
import { hearKeys, hearScores, hearText } from './hear.js';
import { fail } from './ladder.js';
import { handOverToAnyone } from './last-resort.js';
import { isOpenQuestion, type DialogState, type Phase } from './state.js';
import type { CallNode, DialogTree } from './tree.js';
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
  const turn = new Turn(tree, state, event.nowMs);
  const handled = handle(turn, state.phase, event);
  if (!handled) return [state, ignored];
  if (handled.next !== null) enterNode(turn, handled.next);
  return turn.result();
}

/** Where an event leads; `next` null: the turn is closed already. */
type Handled = { readonly next: string | null };

/** Null: the event does not fit. */
function handle(turn: Turn, phase: Phase, event: DialogEvent): Handled | null {
  switch (event.type) {
    case 'started':
      if (phase.name !== 'new') return null;
      turn.open(event.channel, event.variables);
      return { next: turn.tree.start };
    case 'resumed':
      if (phase.name !== 'handed-over') return null;
      turn.userSpoke();
      turn.understood();
      return { next: phase.resumeNodeId };
    case 'hung-up':
      if (phase.name === 'ended') return null;
      turn.setPhase({ name: 'ended' });
      return { next: null };
    case 'scored':
      return handleScores(turn, phase, event);
    case 'called':
      if (phase.name !== 'calling' || phase.callId !== event.callId) return null;
      return { next: hearAnswer(turn, event.outcome) };
    case 'text':
    case 'dtmf':
    case 'no-input':
    case 'no-match':
      return handleUser(turn, phase, event);
  }
}

function handleScores(
  turn: Turn,
  phase: Phase,
  event: Extract<DialogEvent, { type: 'scored' }>,
): Handled | null {
  const node = waitingNode(turn);
  if (!node || phase.name !== 'scoring' || phase.scoreId !== event.scoreId) return null;
  return { next: hearScores(turn, node, phase, event.scores) };
}

/** A service has answered, or has not. */
function hearAnswer(turn: Turn, outcome: CallOutcome): string | null {
  const node = turn.tree.nodes.get(turn.state.nodeId);
  if (node?.kind !== 'call') {
    handOverToAnyone(turn, 'missing-node');
    return null;
  }
  const next = outcome.ok ? node.go : (node.onError ?? turn.tree.fallback);
  turn.decided({
    branchId: outcome.ok ? 'ok' : 'error',
    score: null,
    threshold: null,
    zone: 'called',
    nextNodeId: next ?? node.id,
  });
  if (outcome.ok) keepAnswer(turn, node, outcome);
  else {
    const { failure, message, status = null } = outcome;
    turn.fault(`call of "${node.service}" failed: ${failure}: ${message}`);
    turn.setVariable('error', {
      failure,
      message: message.slice(0, dialogLimits.heardSentenceCharacters),
      status,
    });
    if (next === null) handOverToAnyone(turn, 'call-failed');
  }
  return next;
}

function keepAnswer(turn: Turn, node: CallNode, { value }: Extract<CallOutcome, { ok: true }>): void {
  const extra = new Map([['result', value]]);
  const computed = [...node.output].map(
    ([name, expression]) => [name, turn.evaluate(expression, extra)] as const,
  );
  if (node.into !== null) turn.setVariable(node.into, value);
  for (const [name, result] of computed) turn.setVariable(name, result);
}

type UserEvent = Extract<DialogEvent, { type: 'text' | 'dtmf' | 'no-input' | 'no-match' }>;

/**
 * The node is missing only when the state was made with another tree; a human sorts that out.
 *
 * Something new from the user replaces what is being scored (its late answer will be dropped); silence does not, since
 * the user is waiting for us.
 */
function handleUser(turn: Turn, phase: Phase, event: UserEvent): Handled | null {
  const node = waitingNode(turn);
  const spoke = event.type === 'text' || event.type === 'dtmf';
  if (!isOpen(phase) || (phase.name === 'scoring' && !spoke)) return null;
  if (!node) {
    handOverToAnyone(turn, 'missing-node');
    return { next: null };
  }
  turn.userSpoke();
  if (event.type === 'dtmf')
    return { next: hearKeys(turn, node, event.digits.slice(0, dialogLimits.utteranceCharacters)) };
  if (event.type === 'text' && event.text.trim() !== '')
    return { next: hearText(turn, node, event.text.slice(0, dialogLimits.utteranceCharacters)) };
  return { next: fail(turn, node, event.type === 'no-match' ? 'noMatch' : 'noInput') };
}

function isOpen(phase: Phase): boolean {
  return phase.name === 'listening' || phase.name === 'scoring' || isOpenQuestion(phase);
}
