import type { Prompt } from './action.js';
import type { DialogChannel } from './event.js';
import type { DialogTree } from './tree.js';

/** Goes up when a stored state can no longer be read by `step`. */
const dialogStateVersion = 1;

/**
 * Where a conversation stands.
 *
 *     new -> listening <-> scoring          (text, then its scores)
 *            listening <-> confirming-*     ("did you mean …?", "is that right?")
 *            any -> handed-over -> listening (resumed)
 *            any -> transferred | ended     (final)
 */
export type Phase =
  | { readonly name: 'new' }
  | { readonly name: 'listening' }
  | {
      readonly name: 'scoring';
      readonly scoreId: number;
      readonly branchIds: readonly string[];
      /** An ask's reading of the text, taken when no global is meant. */
      readonly answer: string | null;
      /** The question that is still open when the text turns out to mean nothing. */
      readonly open: Confirming | null;
    }
  | Confirming
  | { readonly name: 'handed-over'; readonly resumeNodeId: string }
  | { readonly name: 'transferred' }
  | { readonly name: 'ended' };

/** A yes or no is wanted: to a branch ("did you mean …?") or to an answer read back. */
export type Confirming =
  | { readonly name: 'confirming-branch'; readonly branchId: string; readonly question: Prompt }
  | { readonly name: 'confirming-answer'; readonly answer: string; readonly question: Prompt };

/** Silences, misunderstandings and repetitions. */
export interface Counts {
  readonly noInput: number;
  readonly noMatch: number;
  readonly repeats: number;
}

/** A conversation as plain JSON: it can be stored, moved to another machine and continued there. */
export interface DialogState {
  readonly stateVersion: typeof dialogStateVersion;
  readonly treeId: string;
  readonly treeVersion: number;
  readonly channel: DialogChannel;
  readonly nodeId: string;
  readonly phase: Phase;
  /** Slots and variables. At most `dialogLimits.variables`, each at most `dialogLimits.textCharacters` long. */
  readonly variables: Readonly<Record<string, string>>;
  /** Since the node was entered. */
  readonly nodeCounts: Counts;
  /** Since something was last understood, over all nodes. */
  readonly sessionCounts: Counts;
  readonly nextScoreId: number;
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
    nodeId: tree.start,
    phase: { name: 'new' },
    variables: Object.fromEntries(tree.variables),
    nodeCounts: noCounts,
    sessionCounts: noCounts,
    nextScoreId: 1,
    lastPrompts: [],
    heard: [],
  };
}

/** True while a yes or no is wanted. */
export function isConfirming(phase: Phase): phase is Confirming {
  return phase.name === 'confirming-branch' || phase.name === 'confirming-answer';
}

/** The yes-no question a new sentence or key answers: the open one, also while a sentence about it is being scored. */
export function openQuestion(phase: Phase): Confirming | null {
  if (isConfirming(phase)) return phase;
  return phase.name === 'scoring' ? phase.open : null;
}
