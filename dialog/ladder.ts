import type { Decision } from './action.js';
import { dropFrames } from './frames.js';
import { handOverToAnyone } from './last-resort.js';
import { isOpenQuestion } from './state.js';
import type { PromptTemplate, WaitingNode } from './tree.js';
import type { Turn } from './turn.js';
import { askAgain, waitForUser } from './wait.js';

export type Failure = 'noInput' | 'noMatch';

/** What was measured before the failure, for the trace. */
export type FailureDetail = Pick<Decision, 'branchId' | 'score' | 'threshold' | 'zone'> &
  Partial<Pick<Decision, 'scores'>>;

const nothingScored = { branchId: null, score: null, threshold: null } as const;

/**
 * One step of the node's ladder: say its next prompt and listen again, or give up.
 *
 * Gives up when the node's count passes the ladder's `max`, or the session's its own bound: then `then`, or the
 * tree's fallback. The session's bound always leads to the fallback, so ladders that point at each other end too.
 * Returns the next node; null when the question was asked again or a human was asked for.
 */
export function fail(
  turn: Turn,
  node: WaitingNode,
  failure: Failure,
  detail?: FailureDetail,
  prompt?: PromptTemplate | null,
): string | null {
  const counts = turn.count(failure);
  const ladder = node[failure];
  const measured = detail ?? { ...nothingScored, zone: failure === 'noInput' ? 'no-input' : 'no-match' };
  const sessionOver = counts.session > turn.tree.sessionMax[failure];
  if (sessionOver || counts.node > ladder.max) {
    const { fallback } = turn.tree;
    const next = sessionOver ? fallback : (ladder.then ?? fallback);
    turn.decided({ ...measured, nextNodeId: next ?? node.id });
    if (next === null) handOverToAnyone(turn, failure === 'noInput' ? 'no-input' : 'no-match');
    else if (next === fallback) dropFrames(turn);
    return next;
  }
  turn.decided({ ...measured, nextNodeId: node.id });
  if (isOpenQuestion(turn.state.phase)) askAgain(turn, node);
  else askDifferently(turn, node, prompt ?? at(ladder.prompts, counts.node));
  return null;
}

/** The ladder's prompt; without one an ask's next prompt; without that the question as it was. */
function askDifferently(turn: Turn, node: WaitingNode, prompt: PromptTemplate | undefined): void {
  const { noInput, noMatch } = turn.state.nodeCounts;
  const again = prompt ?? (node.kind === 'ask' ? at(node.prompts, noInput + noMatch + 1) : undefined);
  if (!again) {
    askAgain(turn, node);
    return;
  }
  turn.say(turn.prompt(again));
  waitForUser(turn, node);
}

/** The n-th prompt (from 1), the last one beyond the end. */
function at(prompts: readonly PromptTemplate[], count: number): PromptTemplate | undefined {
  return prompts[Math.min(count, prompts.length) - 1];
}
