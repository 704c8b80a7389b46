/** A text of the tree before its `{name}` places are filled in. */
export interface PromptTemplate {
  readonly voice: string;
  readonly chat: string;
  readonly bargeIn: boolean;
}

/** Scores of at least `accept` decide, of at least `confirm` are asked back, lower ones are rejected. */
export interface Thresholds {
  readonly accept: number;
  readonly confirm: number;
  /** Where the numbers come from: written at the node, written at the tree, measured at load, or built in. */
  readonly source: 'node' | 'tree' | 'calibrated' | 'default';
}

/** What an understood branch does: move to a node, or say the last prompts again. */
export type BranchEffect = { readonly type: 'go'; readonly target: string } | { readonly type: 'repeat' };

/** One way on from a node, or from everywhere (a global). */
export interface Branch {
  /** Unique among its siblings; a global's id starts with `globalPrefix`. */
  readonly id: string;
  /** How "did you mean …?" names it. */
  readonly label: string;
  readonly examples: readonly string[];
  readonly tags: readonly string[];
  readonly effect: BranchEffect;
}

/**
 * What happens on the n-th silence or misunderstanding in a row at one node (VoiceXML 2.0 section 5.3.6: counts).
 *
 * Up to `max` times the n-th prompt is said (the last one again when there are fewer; none: the question again);
 * then the conversation moves to `then`, or to the tree's fallback when it is null.
 */
export interface Ladder {
  readonly prompts: readonly PromptTemplate[];
  readonly max: number;
  readonly then: string | null;
}

/** What an `ask` takes for an answer. */
export type AnswerType =
  | { readonly type: 'digits'; readonly minDigits: number; readonly maxDigits: number }
  | { readonly type: 'yes-no' }
  | { readonly type: 'text' };

interface NodeBase {
  readonly id: string;
  /** Said on entering. */
  readonly say: PromptTemplate | null;
  readonly tags: readonly string[];
}

interface UserTurn {
  readonly noInput: Ladder;
  readonly noMatch: Ladder;
  readonly noInputMs: number;
  readonly thresholds: Thresholds;
}

/** Says (if anything) and moves on. */
export interface SayNode extends NodeBase {
  readonly kind: 'say';
  readonly go: string;
}

/** Waits for the user and takes one of its branches or a global. */
export interface ListenNode extends NodeBase, UserTurn {
  readonly kind: 'listen';
  readonly branches: readonly Branch[];
  /** Key to branch id, globals' keys included. */
  readonly dtmf: ReadonlyMap<string, string>;
}

/** Waits for the user and puts the answer into a variable. */
export interface AskNode extends NodeBase, UserTurn {
  readonly kind: 'ask';
  readonly slot: string;
  readonly answer: AnswerType;
  /** Prompt of the first, second … attempt. */
  readonly prompts: readonly PromptTemplate[];
  /** Read-back that wants a yes, or null. */
  readonly confirm: PromptTemplate | null;
  readonly go: string;
  /** Where a `no` to a yes-no question leads; equals `go` elsewhere. */
  readonly goNo: string;
  /** Key to branch id of globals; empty where keys are the answer. */
  readonly dtmf: ReadonlyMap<string, string>;
}

/** Gives variables a value and moves on. */
export interface SetNode extends NodeBase {
  readonly kind: 'set';
  readonly values: ReadonlyMap<string, string>;
  readonly go: string;
}

/** Asks for a human; the conversation goes on at `resume` when the human hands it back. */
export interface HandoverNode extends NodeBase {
  readonly kind: 'handover';
  readonly queue: string;
  readonly reason: string;
  /** Text for the agent, or null for one made from the variables and what was said. */
  readonly summary: string | null;
  readonly resume: string;
}

/** Sends the caller elsewhere; the conversation is over for us. */
export interface TransferNode extends NodeBase {
  readonly kind: 'transfer';
  readonly target: string;
}

/** Says its last words, if any, and hangs up. */
export interface EndNode extends NodeBase {
  readonly kind: 'end';
}

export type DialogNode = SayNode | ListenNode | AskNode | SetNode | HandoverNode | TransferNode | EndNode;

/** Nodes that wait for the user. */
export type WaitingNode = ListenNode | AskNode;

/**
 * A whole bot: immutable, made by `loadTree`, which has checked that every target exists, no cycle lacks a user turn
 * and every bound of `dialogLimits` is kept.
 */
export interface DialogTree {
  readonly id: string;
  readonly version: number;
  /** BCP 47. */
  readonly language: string;
  readonly start: string;
  readonly nodes: ReadonlyMap<string, DialogNode>;
  /** Branches open at every waiting node; they need `globalHandicap` more than a sibling. */
  readonly globals: readonly Branch[];
  /** A node that leads to a human or an end without a user turn; null: handover to the queue `default`. */
  readonly fallback: string | null;
  /** Silences and misunderstandings in a row, over all nodes, after which the fallback is taken. */
  readonly sessionMax: { readonly noInput: number; readonly noMatch: number };
  /** Starting values. */
  readonly variables: ReadonlyMap<string, string>;
  /** "Did you mean {label}?" */
  readonly confirmBranch: PromptTemplate;
  /** Variables read out digit by digit. */
  readonly digitSlots: ReadonlySet<string>;
}

/** Starts the id of a global in candidates, scores and decisions; no other branch id may hold a colon. */
export const globalPrefix = 'global:';

/** A global must beat a sibling, and the accept threshold, by this much: leaving a node by accident is worse. */
export const globalHandicap = 0.05;

export const defaultThresholds: Thresholds = { accept: 0.3, confirm: 0.2, source: 'default' };

export function isWaiting(node: DialogNode | undefined): node is WaitingNode {
  return node?.kind === 'listen' || node?.kind === 'ask';
}

/** Own branches, then globals: what an utterance at this node is compared with. */
export function branchesAt(tree: DialogTree, node: WaitingNode): readonly Branch[] {
  return node.kind === 'listen' ? [...node.branches, ...tree.globals] : tree.globals;
}
