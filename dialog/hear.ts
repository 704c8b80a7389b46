import { answerInKeys, answerInText, yesNoKey } from './answer.js';
import { hearChoice } from './choice.js';
import { correctionElsewhere, correctionOf } from './correction.js';
import { fail } from './ladder.js';
import { findBranch, offeredBranches } from './offered.js';
import type { ScoredBranch } from './scoring.js';
import { findYesNo } from './slots-yes-no.js';
import { openQuestion, type FoundAnswer, type OpenQuestion, type Phase } from './state.js';
import { considerAnswer, fillAlong, takeAnswer } from './take-answer.js';
import { chooseBranch, confirmBranch, takeBranch } from './take-branch.js';
import type { AskNode, Branch, WaitingNode } from './tree.js';
import type { Turn } from './turn.js';
import { judge } from './zones.js';

const byKey = { score: null, zone: 'dtmf', threshold: null } as const;
const byWord = { score: null, zone: 'accept', threshold: null } as const;

/** The user said or wrote something at a waiting node. Returns the next node; null when the user has the word again. */
export function hearText(turn: Turn, node: WaitingNode, text: string): string | null {
  turn.hear(text);
  const question = openQuestion(turn.state.phase);
  if (question) return hearReply(turn, node, question, text);
  const corrected = correctionElsewhere(turn, node, text);
  if (corrected) return corrected.next;
  return node.kind === 'ask' ? hearAnswer(turn, node, text) : askScorer(turn, node, text);
}

function hearAnswer(turn: Turn, node: AskNode, text: string): string | null {
  const answer = answerInText(node.answer, text, turn.entityContext);
  if (answer) fillAlong(turn, node.fill, text, answer.raw);
  if (answer?.certain) return considerAnswer(turn, node, answer, 'slot');
  return askScorer(turn, node, text, { answer });
}

/** A plain yes or no settles it; anything more ("no, the bill") is heard as a new sentence, without the branch denied. */
function hearReply(turn: Turn, node: WaitingNode, phase: OpenQuestion, text: string): string | null {
  if (phase.name === 'choosing') {
    const chosen = hearChoice(turn, node, phase, text);
    if (chosen) return chosen.branch ? choose(turn, node, chosen.branch, phase) : denied(turn, node, phase);
    return askScorer(turn, node, text, { open: phase });
  }
  const found = findYesNo(text);
  if (found?.yes) return confirmed(turn, node, phase, false);
  if (found?.bare) return denied(turn, node, phase);
  const corrected =
    phase.name === 'confirming-answer' && node.kind === 'ask'
      ? correctionOf(node.answer, phase.answer.value, text, turn.entityContext)
      : null;
  if (corrected && node.kind === 'ask') return hearCorrection(turn, node, corrected);
  if (!found) return askScorer(turn, node, text, { open: phase });
  tellDenied(turn, phase);
  return askScorer(turn, node, text, { except: phase.name === 'confirming-branch' ? phase.branchId : null });
}

/** "No, it is 139 …": the new answer is read back; it costs a misunderstanding, so that this ends. */
function hearCorrection(turn: Turn, node: AskNode, corrected: FoundAnswer): string | null {
  const { node: misunderstood } = turn.count('noMatch');
  if (misunderstood > node.noMatch.max) return fail(turn, node, 'noMatch');
  return considerAnswer(turn, node, corrected, 'slot');
}

/** The user pressed keys at a waiting node. */
export function hearKeys(turn: Turn, node: WaitingNode, keys: string): string | null {
  const question = openQuestion(turn.state.phase);
  turn.setPhase(question ?? { name: 'listening' });
  if (question) {
    const reply = hearReplyKey(turn, node, question, keys);
    if (reply) return reply.next;
  } else if (node.kind === 'ask') {
    const answer = answerInKeys(node.answer, keys, turn.entityContext);
    if (answer) return considerAnswer(turn, node, answer, 'dtmf');
  }
  const branch = findBranch(turn, node, node.dtmf.get(keys) ?? null);
  if (branch) return takeBranch(turn, node, { branch, found: byKey, text: '' }, question);
  return fail(turn, node, 'noMatch');
}

/** Keys 1 and 2 mean yes and no, or the first and second of several; null when the key is no reply. */
function hearReplyKey(
  turn: Turn,
  node: WaitingNode,
  phase: OpenQuestion,
  keys: string,
): { readonly next: string | null } | null {
  if (phase.name === 'choosing') {
    const branch = findBranch(turn, node, phase.branchIds[Number(keys) - 1] ?? null);
    return branch && { next: choose(turn, node, branch, phase, true) };
  }
  const yesNo = yesNoKey(keys);
  if (yesNo === null) return null;
  return { next: yesNo ? confirmed(turn, node, phase, true) : denied(turn, node, phase) };
}

/** The scores of what was said at a waiting node. Scores of branches that were not asked about are ignored. */
export function hearScores(
  turn: Turn,
  node: WaitingNode,
  phase: Extract<Phase, { readonly name: 'scoring' }>,
  scores: readonly ScoredBranch[],
): string | null {
  const { open, text, answer } = phase;
  turn.setPhase(open ?? { name: 'listening' });
  const known = scores.filter(({ branchId }) => phase.branchIds.includes(branchId));
  const verdict = judge(known, node.thresholds, (id, otherId) => sameEffect(turn, node, id, otherId));
  const found = { score: verdict.score, zone: verdict.zone, threshold: verdict.threshold, scores: known };
  const branch = findBranch(turn, node, verdict.branchId);
  if (branch && verdict.zone === 'accept') return takeBranch(turn, node, { branch, found, text }, open);
  // Who has been asked "A or B?" has said which two it can be: a hint decides.
  if (branch && verdict.zone === 'confirm' && open?.name === 'choosing' && open.branchIds.includes(branch.id))
    return choose(turn, node, branch, open);
  if (node.kind === 'ask' && answer !== null) return considerAnswer(turn, node, answer, 'slot');
  if (branch && verdict.zone === 'choose') {
    chooseBranch(turn, node, verdict.options, found, text);
    return null;
  }
  if (branch && verdict.zone === 'confirm') {
    confirmBranch(turn, node, { branch, found, text });
    return null;
  }
  return fail(turn, node, 'noMatch', { ...found, branchId: verdict.branchId, zone: 'reject' });
}

function sameEffect(turn: Turn, node: WaitingNode, id: string, otherId: string): boolean {
  const effect = findBranch(turn, node, id)?.effect;
  const other = findBranch(turn, node, otherId)?.effect;
  return effect?.type === 'go' && other?.type === 'go' && effect.target === other.target;
}

interface Question {
  /** An ask's reading of the text, for when no global is meant. */
  readonly answer?: FoundAnswer | null;
  /** Stays open when the text means nothing. */
  readonly open?: OpenQuestion | null;
  /** A branch the user has just denied. */
  readonly except?: string | null;
}

function askScorer(turn: Turn, node: WaitingNode, text: string, question: Question = {}): string | null {
  const { answer = null, open = null, except = null } = question;
  const branchIds = offeredBranches(turn, node)
    .filter(({ id, examples }) => examples.length > 0 && id !== except)
    .map(({ id }) => id);
  if (branchIds.length > 0) {
    turn.score(text, branchIds, answer, open);
    return null;
  }
  if (node.kind === 'ask' && answer !== null) return considerAnswer(turn, node, answer, 'slot');
  turn.setPhase(open ?? { name: 'listening' });
  return fail(turn, node, 'noMatch');
}

function confirmed(
  turn: Turn,
  node: WaitingNode,
  phase: Exclude<OpenQuestion, { name: 'choosing' }>,
  viaKeys: boolean,
): string | null {
  turn.setPhase({ name: 'listening' });
  if (phase.name === 'confirming-answer')
    return node.kind === 'ask'
      ? takeAnswer(turn, node, phase.answer, viaKeys ? 'dtmf' : 'slot')
      : fail(turn, node, 'noMatch');
  const branch = findBranch(turn, node, phase.branchId);
  if (!branch) return fail(turn, node, 'noMatch');
  return takeBranch(turn, node, { branch, found: viaKeys ? byKey : byWord, text: phase.text });
}

function choose(
  turn: Turn,
  node: WaitingNode,
  branch: Branch,
  phase: Extract<OpenQuestion, { name: 'choosing' }>,
  viaKeys = false,
): string | null {
  turn.setPhase({ name: 'listening' });
  return takeBranch(turn, node, { branch, found: viaKeys ? byKey : byWord, text: phase.text });
}

/** What was understood was wrong: as good as not understood. */
function denied(turn: Turn, node: WaitingNode, phase: OpenQuestion): string | null {
  tellDenied(turn, phase);
  turn.setPhase({ name: 'listening' });
  return fail(turn, node, 'noMatch');
}

/** For those who improve the tree: what a sentence did not mean. Keys meant nothing else. */
function tellDenied(turn: Turn, phase: OpenQuestion): void {
  if (phase.name === 'confirming-answer' || phase.text === '') return;
  turn.denied(phase.name === 'choosing' ? phase.branchIds : [phase.branchId], phase.text);
}
