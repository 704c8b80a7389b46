import type { Decision } from './action.js';
import { enterNode, handOverToAnyone } from './enter-node.js';
import { isConfirming } from './state.js';
import type { PromptTemplate, WaitingNode } from './tree.js';
import type { Turn } from './turn.js';
import { waitForUser, waitForYesNo } from './wait.js';

export type Failure = 'noInput' | 'noMatch';

/** What was measured before the failure, for the trace. */
export type FailureDetail = Pick<Decision, 'branchId' | 'score' | 'threshold' | 'zone'>;

const nothingScored = { branchId: null, score: null, threshold: null } as const;

/**
 * One step of the node's ladder: say its next prompt and listen again, or give up.
 *
 * Gives up when the node's count passes the ladder's `max`, or the session's its own bound: then `then`, or the
 * tree's fallback. The session's bound always leads to the fallback, so ladders that point at each other end too.
 */
export function fail(turn: Turn, node: WaitingNode, failure: Failure, detail?: FailureDetail): void {
  const counts = turn.count(failure);
  const ladder = node[failure];
  const measured = detail ?? { ...nothingScored, zone: failure === 'noInput' ? 'no-input' : 'no-match' };
  const sessionOver = counts.session > turn.tree.sessionMax[failure];
  if (sessionOver || counts.node > ladder.max) {
    const next = sessionOver ? turn.tree.fallback : (ladder.then ?? turn.tree.fallback);
    turn.decided({ ...measured, nextNodeId: next ?? node.id });
    if (next !== null) enterNode(turn, next);
    else handOverToAnyone(turn, failure === 'noInput' ? 'no-input' : 'no-match');
    return;
  }
  turn.decided({ ...measured, nextNodeId: node.id });
  if (!repeatQuestion(turn, node)) askAgain(turn, node, at(ladder.prompts, counts.node));
}

/** Says what the user is expected to answer once more and waits again. */
export function repeatPrompts(turn: Turn, node: WaitingNode): void {
  if (repeatQuestion(turn, node)) return;
  replay(turn);
  waitForUser(turn, node);
}

/** Asks an open "did you mean" or "is that right" again; false when there is none. */
function repeatQuestion(turn: Turn, node: WaitingNode): boolean {
  const { phase } = turn.state;
  if (!isConfirming(phase)) return false;
  turn.say(phase.question);
  waitForYesNo(turn, node);
  return true;
}

/** The ladder's prompt; without one an ask's next prompt; without that the question as it was. */
function askAgain(turn: Turn, node: WaitingNode, prompt: PromptTemplate | undefined): void {
  const { noInput, noMatch } = turn.state.nodeCounts;
  const again = prompt ?? (node.kind === 'ask' ? at(node.prompts, noInput + noMatch + 1) : undefined);
  if (again) turn.say(turn.prompt(again));
  else replay(turn);
  waitForUser(turn, node);
}

function replay(turn: Turn): void {
  for (const prompt of turn.state.lastPrompts) turn.say(prompt);
}

/** The n-th prompt (from 1), the last one beyond the end. */
function at(prompts: readonly PromptTemplate[], count: number): PromptTemplate | undefined {
  return prompts[Math.min(count, prompts.length) - 1];
}
