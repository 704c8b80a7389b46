import { z } from 'zod';
import { dialogLimits } from '../config/limits.js';
import type { ListenSpec } from './action.js';
import { dialogStateVersion, isOpenQuestion, noCounts, type DialogState, type Phase } from './state.js';
import { branchesAt, isWaiting, type DialogTree } from './tree.js';
import { Turn } from './turn.js';
import { isVariableName, ownMap, type Value } from './value.js';
import { waitForReply, waitForUser } from './wait.js';

const text = z.string().max(dialogLimits.textCharacters);
const name = z.string().max(128);
const count = z.int().min(0);
const nextId = z.int().min(1);
const counts = z.strictObject({ noInput: count, noMatch: count, repeats: count });

const quickReplies = z.array(z.strictObject({ title: text, value: text })).max(dialogLimits.promptsPerLadder);

const prompt = z.strictObject({
  voice: text,
  ssml: text.exactOptional(),
  chat: text,
  quickReplies: quickReplies.exactOptional(),
  card: z
    .strictObject({
      title: text,
      text,
      image: text.nullable(),
      url: text.nullable(),
      buttons: quickReplies,
    })
    .exactOptional(),
  bargeIn: z.boolean(),
  language: name.exactOptional(),
});

/** How deep it goes is bounded before (`withinBounds`). */
const value: z.ZodType<Value> = z.lazy(() =>
  z.union([
    text,
    z.number(),
    z.boolean(),
    z.null(),
    z.array(value),
    z.record(z.string(), value).transform((map) => ownMap(Object.entries(map))),
  ]),
);

const answer = z.strictObject({ value, raw: text });
const branchIds = z.array(name).max(dialogLimits.branchesPerNode + dialogLimits.globals);

const openQuestion = z.discriminatedUnion('name', [
  z.strictObject({ name: z.literal('confirming-branch'), branchId: name, text, question: prompt }),
  z.strictObject({ name: z.literal('choosing'), branchIds, text, question: prompt }),
  z.strictObject({ name: z.literal('confirming-answer'), answer, question: prompt }),
]);

const phase = z.discriminatedUnion('name', [
  z.strictObject({ name: z.literal('new') }),
  z.strictObject({ name: z.literal('listening') }),
  z.strictObject({
    name: z.literal('scoring'),
    scoreId: nextId,
    text,
    branchIds,
    answer: answer.nullable(),
    open: openQuestion.nullable(),
  }),
  openQuestion,
  z.strictObject({ name: z.literal('calling'), callId: nextId }),
  z.strictObject({ name: z.literal('handed-over'), resumeNodeId: name }),
  z.strictObject({ name: z.literal('transferred') }),
  z.strictObject({ name: z.literal('ended') }),
]);

const lastPrompts = z.array(prompt).max(dialogLimits.repeatablePrompts);

const frame = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('digression'),
    nodeId: name,
    open: openQuestion.nullable(),
    lastPrompts,
    nodeCounts: counts,
  }),
  z.strictObject({ type: z.literal('subtree'), nodeId: name, subtree: name, saved: boundedMap(value) }),
]);

/** One line for each field of the state: a field without one does not compile. */
const fields = {
  stateVersion: z.literal(dialogStateVersion),
  treeId: name,
  treeVersion: count,
  channel: z.enum(['voice', 'chat']),
  language: name,
  nodeId: name,
  phase,
  variables: boundedMap(value),
  filled: boundedMap(z.strictObject({ raw: text, nodeId: name.nullable() })),
  ahead: z.array(name).max(dialogLimits.variables),
  frames: z.array(frame).max(dialogLimits.stackDepth),
  history: z.array(z.strictObject({ nodeId: name, depth: count })).max(dialogLimits.historyQuestions),
  nodeCounts: counts,
  sessionCounts: counts,
  moves: count,
  nextScoreId: nextId,
  nextCallId: nextId,
  lastPrompts,
  heard: z.array(z.string().max(dialogLimits.heardSentenceCharacters)).max(dialogLimits.heardSentences),
} satisfies { readonly [Field in keyof DialogState]: z.ZodType<DialogState[Field]> };

const stateSchema = z.strictObject(fields);

/** A conversation that can go on, or in one sentence why it cannot. */
export type Restored =
  | {
      readonly ok: true;
      readonly state: DialogState;
      /** True: it was with another version of the tree and enters its node anew. */
      readonly mapped: boolean;
    }
  | { readonly ok: false; readonly reason: string };

/** The state as plain JSON data that `restoreState` reads. */
export function serializeState(state: DialogState): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(state).filter(([field]) => Object.hasOwn(fields, field)));
}

/**
 * Reads what `serializeState` wrote, which may have been changed, cut or written by another version meanwhile.
 *
 * A conversation of another version of the tree goes on at its node, where that still waits for the user. What was
 * being scored is listened for again. Never throws.
 */
export function restoreState(json: unknown, tree: DialogTree): Restored {
  if (!withinBounds(json)) return refuse('it is larger than a conversation can be');
  const version =
    typeof json === 'object' && json !== null && 'stateVersion' in json ? json.stateVersion : null;
  if (version !== dialogStateVersion)
    return refuse(`its format is ${JSON.stringify(version)}, and ${dialogStateVersion} is read here`);
  const parsed = stateSchema.safeParse(json);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    return refuse(`${issue?.path.join('.') ?? ''} is not valid: ${issue?.message ?? ''}`);
  }
  const state = parsed.data;
  if (state.treeId !== tree.id) return refuse(`it belongs to the tree "${state.treeId}"`);
  return state.treeVersion === tree.version ? resume(state, tree) : map(state, tree);
}

/** What a conversation in this state listens for; null when it does not wait for the user. */
export function listenAgain(tree: DialogTree, state: DialogState): ListenSpec | null {
  const node = tree.nodes.get(state.nodeId);
  const { phase: open } = state;
  if (!isWaiting(node)) return null;
  // What it listens for does not depend on the time.
  const turn = new Turn(tree, state, 0);
  if (isOpenQuestion(open)) waitForReply(turn, node, open);
  else if (open.name === 'listening') waitForUser(turn, node);
  const [, actions] = turn.result();
  return actions.find((action) => action.type === 'listen')?.listen ?? null;
}

/** Goes on in the version that it was with; its names are checked all the same. */
function resume(state: DialogState, tree: DialogTree): Restored {
  const node = tree.nodes.get(state.nodeId);
  const settled = settle(state.phase);
  const lost = state.frames.find(({ nodeId }) => !tree.nodes.has(nodeId));
  if (lost) return gone(lost.nodeId);
  switch (settled.name) {
    case 'listening':
    case 'confirming-answer':
      return isWaiting(node) ? restored(state, settled) : gone(state.nodeId);
    case 'confirming-branch':
    case 'choosing': {
      if (!isWaiting(node)) return gone(state.nodeId);
      const known = branchesAt(tree, node).map(({ id }) => id);
      const wanted = settled.name === 'choosing' ? settled.branchIds : [settled.branchId];
      return wanted.every((id) => known.includes(id))
        ? restored(state, settled)
        : restored(state, { name: 'listening' });
    }
    case 'calling':
      return refuse('it was waiting for a service, whose answer is lost');
    case 'handed-over':
      return tree.nodes.has(settled.resumeNodeId) ? restored(state, settled) : gone(settled.resumeNodeId);
    default:
      return node ? restored(state, settled) : gone(state.nodeId);
  }
}

/** Enters the node of the same name in another version, with what is known of the user. */
function map(state: DialogState, tree: DialogTree): Restored {
  const settled = settle(state.phase);
  if (settled.name === 'handed-over') {
    if (!tree.nodes.has(settled.resumeNodeId)) return gone(settled.resumeNodeId);
    return { ok: true, mapped: true, state: { ...atVersion(state, tree), phase: settled } };
  }
  if (settled.name !== 'listening' && !isOpenQuestion(settled))
    return refuse(`it was with version ${state.treeVersion} and does not wait for the user`);
  if (!isWaiting(tree.nodes.get(state.nodeId))) return gone(state.nodeId);
  const phase: Phase = { name: 'listening' };
  return { ok: true, mapped: true, state: { ...atVersion(state, tree), phase, nodeCounts: noCounts } };
}

/** What was to be gone on with belonged to the other version. */
function atVersion(state: DialogState, tree: DialogTree): DialogState {
  const language = tree.languages.includes(state.language) ? state.language : tree.language;
  return { ...state, treeVersion: tree.version, language, frames: [], history: [] };
}

/** Scores that were being waited for never come: the question before them is open again. */
function settle(phase: Phase): Exclude<Phase, { name: 'scoring' }> {
  return phase.name === 'scoring' ? (phase.open ?? { name: 'listening' }) : phase;
}

function restored(state: DialogState, phase: Phase): Restored {
  return { ok: true, mapped: false, state: { ...state, phase } };
}

function gone(nodeId: string): Restored {
  return refuse(`the tree has no node "${nodeId}" that it could go on at`);
}

function refuse(reason: string): Restored {
  return { ok: false, reason };
}

function boundedMap<T extends z.ZodType>(value: T) {
  const key = z.string().refine(isVariableName, 'this cannot name a variable');
  return z
    .record(key, value)
    .refine((map) => Object.keys(map).length <= dialogLimits.variables, 'there are too many');
}

/** Before a schema that goes down recursively: neither deep nor large beyond what a conversation is. */
function withinBounds(json: unknown): boolean {
  let values = 0;
  let level: unknown[] = [json];
  for (let depth = 0; level.length > 0; depth++) {
    values += level.length;
    if (depth > dialogLimits.snapshotDepth || values > dialogLimits.snapshotValues) return false;
    level = level.flatMap(valuesIn);
  }
  return true;
}

function valuesIn(value: unknown): unknown[] {
  return typeof value === 'object' && value !== null ? Object.values(value) : [];
}
