import { z } from 'zod';

import { dialogLimits } from '../config/limits.js';
import { zones, type DialogAction, type Zone } from './action.js';
import type { DialogChannel, DialogEvent } from './event.js';
import { offeredBranches } from './offered.js';
import { openQuestion, type DialogState, type OpenQuestion } from './state.js';
import { branchesAt, isWaiting, type DialogTree } from './tree.js';
import { Turn } from './turn.js';
import { effectiveScore } from './zones.js';

/** Goes up when lines of a turn log can no longer be read as before. */
export const turnRecordFormat = 1;

export type TurnInput =
  /** `confidence` is the recogniser's, 0 to 1. */
  | { readonly type: 'text'; readonly text: string; readonly confidence: number }
  | { readonly type: 'dtmf'; readonly digits: string }
  | { readonly type: 'no-input' }
  | { readonly type: 'no-match' };

/** The question about an earlier sentence that was open when the person answered. */
export interface RecordedQuestion {
  readonly kind: 'confirm' | 'choose' | 'answer';
  /** The branches asked about; none for an answer that was read back. */
  readonly branches: readonly string[];
  /** The earlier sentence; empty for keys. */
  readonly text: string;
}

/** What was decided about the input, as in `Decision`. */
export interface RecordedDecision {
  readonly zone: Zone;
  readonly branch: string | null;
  /** 0 to 1; null where nothing was scored. */
  readonly score: number | null;
  readonly threshold: number | null;
  readonly runnerUp: { readonly branch: string; readonly score: number } | null;
}

/** One decided turn of a conversation, as a turn log keeps it: enough to decide it again with another tree. */
export interface TurnRecord {
  /** Unix milliseconds. */
  readonly atMs: number;
  readonly session: string;
  /** Name and version that the tree's file gives. */
  readonly tree: string;
  readonly version: number;
  readonly language: string;
  readonly channel: DialogChannel;
  /** Where the person answered. */
  readonly node: string;
  /** Branches that were not open then, because their condition did not hold. */
  readonly closed: readonly string[];
  readonly question: RecordedQuestion | null;
  readonly input: TurnInput;
  readonly decision: RecordedDecision;
  /** The person said no to `question`: its sentence meant none of its branches. */
  readonly denied: boolean;
  /** Who gave the scores; null where none were needed. */
  readonly scorer: string | null;
  /** A fallback gave them. */
  readonly degraded: boolean;
  /** The node after the turn. */
  readonly next: string;
}

/** What a conversation does not know of itself. */
export interface TurnFacts {
  readonly session: string;
  readonly scorer: string | null;
  readonly degraded: boolean;
}

/** The steps of one turn: the event that began it, the states around it and all actions. */
export interface TurnSteps {
  readonly before: DialogState;
  readonly event: DialogEvent;
  readonly actions: readonly DialogAction[];
  readonly after: DialogState;
}

/** The record of a turn; null for one in which nothing that a person did was decided. */
export function turnRecord(tree: DialogTree, steps: TurnSteps, facts: TurnFacts): TurnRecord | null {
  const { actions, after, before, event } = steps;
  const input = inputOf(event);
  const decided = actions.find((action) => action.type === 'decided');
  if (!input || !decided) return null;
  const { branchId, score, scores, threshold, zone } = decided.decision;
  const [runnerUp] = scores
    .filter((scored) => scored.branchId !== branchId)
    .sort((a, b) => effectiveScore(b) - effectiveScore(a));
  return {
    atMs: event.nowMs,
    session: facts.session,
    tree: tree.id,
    version: tree.version,
    language: before.language,
    channel: before.channel,
    node: before.nodeId,
    closed: closedBranches(tree, before, event.nowMs),
    question: recordedQuestion(openQuestion(before.phase)),
    input,
    decision: {
      zone,
      branch: branchId,
      score: score === null ? null : rounded(score),
      threshold: threshold === null ? null : rounded(threshold),
      runnerUp: runnerUp ? { branch: runnerUp.branchId, score: rounded(runnerUp.score) } : null,
    },
    denied: actions.some(({ type }) => type === 'denied'),
    scorer: facts.scorer,
    degraded: facts.degraded,
    next: after.nodeId,
  };
}

function inputOf(event: DialogEvent): TurnInput | null {
  switch (event.type) {
    case 'text': {
      const text = event.text.slice(0, dialogLimits.utteranceCharacters);
      return { type: 'text', text, confidence: rounded(Math.min(1, Math.max(0, event.confidence))) };
    }
    case 'dtmf':
      return { type: 'dtmf', digits: event.digits.slice(0, dialogLimits.digits) };
    case 'no-input':
    case 'no-match':
      return { type: event.type };
    default:
      return null;
  }
}

function closedBranches(tree: DialogTree, state: DialogState, nowMs: number): string[] {
  const node = tree.nodes.get(state.nodeId);
  if (!isWaiting(node)) return [];
  const conditional = branchesAt(tree, node).filter(({ when }) => when !== null);
  if (conditional.length === 0) return [];
  const offered = new Set(offeredBranches(new Turn(tree, state, nowMs), node));
  return conditional.filter((branch) => !offered.has(branch)).map(({ id }) => id);
}

function recordedQuestion(question: OpenQuestion | null): RecordedQuestion | null {
  switch (question?.name) {
    case undefined:
      return null;
    case 'confirming-branch':
      return { kind: 'confirm', branches: [question.branchId], text: question.text };
    case 'choosing':
      return { kind: 'choose', branches: question.branchIds, text: question.text };
    case 'confirming-answer':
      return { kind: 'answer', branches: [], text: '' };
  }
}

function rounded(value: number): number {
  return Math.round(value * 10_000) / 10_000;
}

const name = z.string().min(1).max(256);
const share = z.number().min(0).max(1);
const sentence = z.string().max(dialogLimits.utteranceCharacters);

/** Keys that a later version of the same format adds are let through. */
const line = z.object({
  format: z.literal(turnRecordFormat, `this is not format ${turnRecordFormat}`),
  at: z.iso.datetime({ precision: 3 }),
  session: z.string().max(256),
  tree: name,
  version: z.int().min(0),
  language: name,
  channel: z.enum(['voice', 'chat']),
  node: name,
  closed: z.array(name).max(dialogLimits.branchesPerNode).default([]),
  question: z
    .object({
      kind: z.enum(['confirm', 'choose', 'answer']),
      branches: z.array(name).max(dialogLimits.choices),
      text: sentence,
    })
    .nullable(),
  input: z.discriminatedUnion('type', [
    z.object({ type: z.literal('text'), text: sentence, confidence: share }),
    z.object({ type: z.literal('dtmf'), digits: z.string().max(dialogLimits.digits) }),
    z.object({ type: z.literal('no-input') }),
    z.object({ type: z.literal('no-match') }),
  ]),
  decision: z.object({
    zone: z.enum(zones),
    branch: name.nullable(),
    score: z.number().nullable(),
    threshold: z.number().nullable(),
    runnerUp: z.object({ branch: name, score: z.number() }).nullable(),
  }),
  denied: z.boolean(),
  scorer: name.nullable(),
  degraded: z.boolean(),
  next: name,
});

/** One line of a turn log, without its line end. */
export function serializeTurn({ atMs, closed, ...record }: TurnRecord): string {
  const at = new Date(atMs).toISOString();
  return JSON.stringify({
    format: turnRecordFormat,
    at,
    ...record,
    ...(closed.length > 0 ? { closed } : {}),
  });
}

export type ParsedTurn =
  { readonly ok: true; readonly record: TurnRecord } | { readonly ok: false; readonly message: string };

/** Reads one line of a turn log; `message` names the key that is wrong. Never throws. */
export function parseTurn(text: string): ParsedTurn {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { ok: false, message: 'the line is not JSON' };
  }
  const parsed = line.safeParse(value);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const where = issue?.path.join('.') ?? '';
    return {
      ok: false,
      message: `${where === '' ? 'the line' : `"${where}"`}: ${issue?.message ?? 'not valid'}`,
    };
  }
  const { at, format: _format, ...record } = parsed.data;
  return { ok: true, record: { ...record, atMs: Date.parse(at) } };
}
