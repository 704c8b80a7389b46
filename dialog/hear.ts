import { answerInKeys, answerInText, yesNoKey } from './answer.js';
import { fail } from './ladder.js';
import type { ScoredBranch } from './scoring.js';
import { findYesNo } from './slots-yes-no.js';
import { openQuestion, type Confirming, type Phase } from './state.js';
import { confirmBranch, considerAnswer, findBranch, takeAnswer, takeBranch } from './take-branch.js';
import { branchesAt, type AskNode, type WaitingNode } from './tree.js';
import type { Turn } from './turn.js';
import { judge } from './zones.js';

const byKey = { score: null, zone: 'dtmf', threshold: null } as const;

/** The user said or wrote something at a waiting node. */
export function hearText(turn: Turn, node: WaitingNode, text: string): void {
  turn.hear(text);
  const question = openQuestion(turn.state.phase);
  if (question) hearConfirmation(turn, node, question, text);
  else if (node.kind === 'ask') hearAnswer(turn, node, text);
  else askScorer(turn, node, text);
}

function hearAnswer(turn: Turn, node: AskNode, text: string): void {
  const answer = answerInText(node.answer, text);
  if (answer?.certain) considerAnswer(turn, node, answer.value, false);
  else askScorer(turn, node, text, { answer: answer?.value ?? null });
}

/** A plain yes or no settles it; anything more ("no, the bill") is heard as a new sentence, without the branch denied. */
function hearConfirmation(turn: Turn, node: WaitingNode, phase: Confirming, text: string): void {
  const found = findYesNo(text);
  if (found?.yes) confirmed(turn, node, phase, false);
  else if (found?.bare) denied(turn, node);
  else if (node.kind === 'ask' && corrects(node, text)) hearCorrection(turn, node, text);
  else if (!found) askScorer(turn, node, text, { open: phase });
  else askScorer(turn, node, text, { except: phase.name === 'confirming-branch' ? phase.branchId : null });
}

function corrects(node: AskNode, text: string): boolean {
  return node.answer.type === 'digits' && answerInText(node.answer, text) !== null;
}

/** "No, it is 139 …": the new answer is read back; it costs a misunderstanding, so that this ends. */
function hearCorrection(turn: Turn, node: AskNode, text: string): void {
  const corrected = answerInText(node.answer, text);
  const { node: misunderstood } = turn.count('noMatch');
  if (!corrected || misunderstood > node.noMatch.max) fail(turn, node, 'noMatch');
  else considerAnswer(turn, node, corrected.value, false);
}

/** The user pressed keys at a waiting node. */
export function hearKeys(turn: Turn, node: WaitingNode, keys: string): void {
  const question = openQuestion(turn.state.phase);
  const yesNo = question && yesNoKey(keys);
  const answer = node.kind === 'ask' && !question ? answerInKeys(node.answer, keys) : null;
  const branch = findBranch(turn, node, node.dtmf.get(keys) ?? null);
  turn.setPhase(question ?? { name: 'listening' });
  if (question && yesNo === 'yes') confirmed(turn, node, question, true);
  else if (yesNo === 'no') denied(turn, node);
  else if (node.kind === 'ask' && answer !== null) considerAnswer(turn, node, answer, true);
  else if (branch) takeBranch(turn, node, branch, byKey);
  else fail(turn, node, 'noMatch');
}

/** The scores of what was said at a waiting node. Scores of branches that were not asked about are ignored. */
export function hearScores(
  turn: Turn,
  node: WaitingNode,
  phase: Extract<Phase, { readonly name: 'scoring' }>,
  scores: readonly ScoredBranch[],
): void {
  turn.setPhase(phase.open ?? { name: 'listening' });
  const known = scores.filter(({ branchId }) => phase.branchIds.includes(branchId));
  const verdict = judge(known, node.thresholds, (id, otherId) => sameEffect(turn, node, id, otherId));
  const branch = findBranch(turn, node, verdict.branchId);
  if (branch && verdict.zone === 'accept') takeBranch(turn, node, branch, verdict);
  else if (node.kind === 'ask' && phase.answer !== null) considerAnswer(turn, node, phase.answer, false);
  else if (branch && verdict.zone === 'confirm') confirmBranch(turn, node, branch, verdict);
  else fail(turn, node, 'noMatch', { ...verdict, zone: 'reject' });
}

function sameEffect(turn: Turn, node: WaitingNode, id: string, otherId: string): boolean {
  const effect = findBranch(turn, node, id)?.effect;
  const other = findBranch(turn, node, otherId)?.effect;
  return effect?.type === 'go' && other?.type === 'go' && effect.target === other.target;
}

interface Question {
  /** An ask's reading of the text, for when no global is meant. */
  readonly answer?: string | null;
  /** Stays open when the text means nothing. */
  readonly open?: Confirming | null;
  /** A branch the user has just denied. */
  readonly except?: string | null;
}

function askScorer(turn: Turn, node: WaitingNode, text: string, question: Question = {}): void {
  const { answer = null, open = null, except = null } = question;
  const branchIds = branchesAt(turn.tree, node)
    .filter(({ id, examples }) => examples.length > 0 && id !== except)
    .map(({ id }) => id);
  if (branchIds.length > 0) turn.score(text, branchIds, answer, open);
  else if (node.kind === 'ask' && answer !== null) considerAnswer(turn, node, answer, false);
  else {
    turn.setPhase(open ?? { name: 'listening' });
    fail(turn, node, 'noMatch');
  }
}

function confirmed(turn: Turn, node: WaitingNode, phase: Confirming, viaKeys: boolean): void {
  if (phase.name === 'confirming-answer') {
    if (node.kind === 'ask') takeAnswer(turn, node, phase.answer, viaKeys);
    return;
  }
  turn.setPhase({ name: 'listening' });
  const branch = findBranch(turn, node, phase.branchId);
  if (branch)
    takeBranch(turn, node, branch, { score: null, zone: viaKeys ? 'dtmf' : 'accept', threshold: null });
  else fail(turn, node, 'noMatch');
}

/** What was understood was wrong: as good as not understood. */
function denied(turn: Turn, node: WaitingNode): void {
  turn.setPhase({ name: 'listening' });
  fail(turn, node, 'noMatch');
}
