import type { Prompt } from './action.js';
import type { DialogChannel } from './event.js';
import type { DialogTree } from './tree.js';
import type { Value } from './value.js';

/** Goes up when a stored state can no longer be read by `step`. */
export const dialogStateVersion = 2;

/**
 * Where a conversation stands.
 *
 *     new -> listening <-> scoring                  (text, then its scores)
 *            listening <-> confirming-*, choosing   ("did you mean …?", "is that right?", "A or B?")
 *            any -> calling -> any                  (a back-office system is asked)
 *            any -> handed-over -> listening        (resumed)
 *            any -> transferred | ended             (final)
 */
export type Phase =
  | { readonly name: 'new' }
  | { readonly name: 'listening' }
  | {
      readonly name: 'scoring';
      readonly scoreId: number;
      readonly text: string;
      readonly branchIds: readonly string[];
      /** An ask's reading of the text, taken when no global is meant. */
      readonly answer: FoundAnswer | null;
      /** The question that is still open when the text turns out to mean nothing. */
      readonly open: OpenQuestion | null;
    }
  | OpenQuestion
  | { readonly name: 'calling'; readonly callId: number }
  | { readonly name: 'handed-over'; readonly resumeNodeId: string }
  | { readonly name: 'transferred' }
  | { readonly name: 'ended' };

/** A value with the words it was taken from. */
export interface FoundAnswer {
  readonly value: Value;
  readonly raw: string;
}

/** An answer is wanted to a question about what was said: a branch, one of several, or an answer read back. */
export type OpenQuestion =
  | {
      readonly name: 'confirming-branch';
      readonly branchId: string;
      /** The sentence it is about; empty for keys. */
      readonly text: string;
      readonly question: Prompt;
    }
  | {
      readonly name: 'choosing';
      readonly branchIds: readonly string[];
      readonly text: string;
      readonly question: Prompt;
    }
  | { readonly name: 'confirming-answer'; readonly answer: FoundAnswer; readonly question: Prompt };

/** Silences, misunderstandings and repetitions. */
export interface Counts {
  readonly noInput: number;
  readonly noMatch: number;
  readonly repeats: number;
}

/** What is to be gone on with later. At most `dialogLimits.stackDepth` deep. */
export type Frame =
  | {
      readonly type: 'digression';
      /** The interrupted node, its open question, and what it had said. */
      readonly nodeId: string;
      readonly open: OpenQuestion | null;
      readonly lastPrompts: readonly Prompt[];
      readonly nodeCounts: Counts;
    }
  | {
      readonly type: 'subtree';
      /** The node that called it. */
      readonly nodeId: string;
      readonly subtree: string;
      /** The caller's variables that have a namesake in the sub-tree. */
      readonly saved: Readonly<Record<string, Value>>;
    };

/** How a slot came to its value. */
export interface Filled {
  readonly raw: string;
  /** The ask that wanted it; null where it came along with another answer. */
  readonly nodeId: string | null;
}

/** A conversation as plain JSON: it can be stored, moved to another machine and continued there. */
export interface DialogState {
  readonly stateVersion: typeof dialogStateVersion;
  readonly treeId: string;
  readonly treeVersion: number;
  readonly channel: DialogChannel;
  /** BCP 47, one of the tree's. */
  readonly language: string;
  readonly nodeId: string;
  readonly phase: Phase;
  /** Slots and variables. At most `dialogLimits.variables`, texts at most `dialogLimits.textCharacters` long. */
  readonly variables: Readonly<Record<string, Value>>;
  /** Slots that the user filled, the latest last. */
  readonly filled: Readonly<Record<string, Filled>>;
  /** Slots filled before they were asked for; their ask takes them without asking. */
  readonly ahead: readonly string[];
  readonly frames: readonly Frame[];
  /** Questions asked so far, for `back`: node and depth of the stack, the latest last. */
  readonly history: readonly { readonly nodeId: string; readonly depth: number }[];
  /** Since the node was entered. */
  readonly nodeCounts: Counts;
  /** Since something was last understood, over all nodes. */
  readonly sessionCounts: Counts;
  /** Moves from node to node since the user last had a turn. */
  readonly moves: number;
  readonly nextScoreId: number;
  readonly nextCallId: number;
  /** What `repeat` says again. */
  readonly lastPrompts: readonly Prompt[];
  /** The user's last few sentences, for a human who takes over. */
  readonly heard: readonly string[];
}

export const noCounts: Counts = { noInput: 0, noMatch: 0, repeats: 0 };

/** A conversation that has not begun; it waits for `started`. */
export function initialState(tree: DialogTree): DialogState {
  return {
    stateVersion: dialogStateVersion,
    treeId: tree.id,
    treeVersion: tree.version,
    channel: 'voice',
    language: tree.language,
    nodeId: tree.start,
    phase: { name: 'new' },
    variables: {},
    filled: {},
    ahead: [],
    frames: [],
    history: [],
    nodeCounts: noCounts,
    sessionCounts: noCounts,
    moves: 0,
    nextScoreId: 1,
    nextCallId: 1,
    lastPrompts: [],
    heard: [],
  };
}

/** True while a question about what was said is open. */
export function isOpenQuestion(phase: Phase): phase is OpenQuestion {
  return (
    phase.name === 'confirming-branch' || phase.name === 'confirming-answer' || phase.name === 'choosing'
  );
}

/** The question a new sentence or key answers: the open one, also while a sentence about it is being scored. */
export function openQuestion(phase: Phase): OpenQuestion | null {
  if (isOpenQuestion(phase)) return phase;
  return phase.name === 'scoring' ? phase.open : null;
}
