import type { EntityType } from './entity.js';
import type { Expression } from './expression.js';
import type { TextTemplate } from './text-template.js';

/** A button under a chat message, before its places are filled in. */
export interface QuickReplyTemplate {
  readonly title: TextTemplate;
  readonly value: TextTemplate;
}

/** A card, before its places are filled in. */
export interface CardTemplate {
  readonly title: TextTemplate;
  readonly text: TextTemplate;
  readonly image: TextTemplate | null;
  readonly url: TextTemplate | null;
  readonly buttons: readonly QuickReplyTemplate[];
}

/** What a text is in one language. */
export interface Rendition {
  readonly voice: TextTemplate;
  readonly ssml: TextTemplate | null;
  readonly chat: TextTemplate;
  readonly quickReplies: readonly QuickReplyTemplate[];
  readonly card: CardTemplate | null;
}

/** A text of the tree, before its `{…}` places are filled in. */
export interface PromptTemplate {
  readonly bargeIn: boolean;
  /** By BCP 47 tag; at least one. `renditionFor` chooses. */
  readonly renditions: ReadonlyMap<string, Rendition>;
}

/** Scores of at least `accept` decide, of at least `confirm` are asked back, lower ones are rejected. */
export interface Thresholds {
  readonly accept: number;
  readonly confirm: number;
  /** Where the numbers come from: written at the node, written at the tree, measured at load, or built in. */
  readonly source: 'node' | 'tree' | 'calibrated' | 'default';
}

/** What an understood branch does. */
export type BranchEffect =
  /** Moves on. A global that goes somewhere abandons what was interrupted. */
  | { readonly type: 'go'; readonly target: string }
  /** Digresses: the node that was interrupted is asked again after the next `return`. */
  | { readonly type: 'visit'; readonly target: string }
  /** Says the last prompts again. */
  | { readonly type: 'repeat' }
  /** Asks the question before this one again. */
  | { readonly type: 'back' }
  /** Says what can be said here. */
  | { readonly type: 'help' }
  /** Ends the digression or the sub-tree; with nothing to end, goes to the target. */
  | { readonly type: 'cancel'; readonly target: string }
  /** Goes on in another of the tree's languages. */
  | { readonly type: 'language'; readonly language: string };

/** One way on from a node, or from everywhere (a global). */
export interface Branch {
  /** Unique among its siblings; a global's id starts with `globalPrefix`. */
  readonly id: string;
  /** How "did you mean …?" names it; by language. */
  readonly label: PromptTemplate;
  /** Sentences of all languages; compact notation is expanded. */
  readonly examples: readonly string[];
  readonly tags: readonly string[];
  readonly effect: BranchEffect;
  /** The branch exists only while this holds; null: always. */
  readonly when: Expression | null;
  /** Slots that the sentence which chose the branch may fill at once, by what they take. */
  readonly fill: ReadonlyMap<string, EntityType>;
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

/** A value to be computed: text with places, or an expression (`= amount * 2`). */
export type Assignment =
  | { readonly type: 'text'; readonly template: TextTemplate }
  | { readonly type: 'expression'; readonly expression: Expression };

interface NodeBase {
  /** `sub/node` for a node of the sub-tree `sub`. */
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
  /** False: globals that digress are not offered here. */
  readonly interruptible: boolean;
  /** What `help` says here; null: the tree's. */
  readonly help: PromptTemplate | null;
  /** Key to branch id, globals' keys included; empty where keys are the answer. */
  readonly dtmf: ReadonlyMap<string, string>;
}

/** Says (if anything) and moves on; with tags only, it counts. */
export interface SayNode extends NodeBase {
  readonly kind: 'say';
  readonly go: string;
}

/** Waits for the user and takes one of its branches or a global. */
export interface ListenNode extends NodeBase, UserTurn {
  readonly kind: 'listen';
  readonly branches: readonly Branch[];
}

/** Waits for the user and puts the answer into a variable. */
export interface AskNode extends NodeBase, UserTurn {
  readonly kind: 'ask';
  readonly slot: string;
  readonly answer: EntityType;
  /** Prompt of the first, second … attempt. */
  readonly prompts: readonly PromptTemplate[];
  /** Read-back that wants a yes, or null. */
  readonly confirm: PromptTemplate | null;
  /** An answer for which this is false counts as not understood; the slot has its value while it is computed. */
  readonly validate: { readonly expression: Expression; readonly prompt: PromptTemplate | null } | null;
  /** Other slots that the answer may fill at once. */
  readonly fill: ReadonlyMap<string, EntityType>;
  /** True: not asked when the slot has a value already. */
  readonly skipFilled: boolean;
  readonly go: string;
  /** Where a `no` to a yes-no question leads; equals `go` elsewhere. */
  readonly goNo: string;
}

/** Gives variables a value and moves on. */
export interface SetNode extends NodeBase {
  readonly kind: 'set';
  readonly values: ReadonlyMap<string, Assignment>;
  readonly go: string;
}

/** Takes the first arm whose condition holds; the last one has none. */
export interface ConditionNode extends NodeBase {
  readonly kind: 'condition';
  readonly arms: readonly { readonly when: Expression | null; readonly target: string }[];
}

/** Asks a back-office system and moves on with its answer. */
export interface CallNode extends NodeBase {
  readonly kind: 'call';
  readonly service: string;
  readonly operation: CallOperationTemplate;
  readonly input: ReadonlyMap<string, Assignment>;
  /** Variable that takes the whole answer, or null. */
  readonly into: string | null;
  /** Variables computed from the answer, which is `result` there. */
  readonly output: ReadonlyMap<string, Expression>;
  readonly timeoutMs: number;
  readonly retries: number;
  readonly filler: PromptTemplate | null;
  readonly fillerAfterMs: number;
  /** Variable `error` then says why: `{failure, message, status}`. Null: the tree's fallback. */
  readonly onError: string | null;
  readonly go: string;
}

export type CallOperationTemplate =
  | {
      readonly type: 'http';
      readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
      readonly path: TextTemplate;
    }
  | { readonly type: 'grpc'; readonly method: string };

/** Runs a sub-tree, whose parameters and slots are its own, and moves on with its results. */
export interface SubtreeNode extends NodeBase {
  readonly kind: 'subtree';
  readonly subtree: string;
  readonly parameters: ReadonlyMap<string, Assignment>;
  /** Own variable to the name of a result. */
  readonly into: ReadonlyMap<string, string>;
  readonly go: string;
}

/** Goes back to the interrupted question or to the caller of the sub-tree; with neither, to `otherwise`. */
export interface ReturnNode extends NodeBase {
  readonly kind: 'return';
  readonly results: ReadonlyMap<string, Assignment>;
  readonly otherwise: string;
}

/** Asks for a human; the conversation goes on at `resume` when the human hands it back. */
export interface HandoverNode extends NodeBase {
  readonly kind: 'handover';
  readonly queue: string;
  readonly reason: string;
  /** Text for the agent, or null for one made from the variables and what was said. */
  readonly summary: TextTemplate | null;
  readonly resume: string;
}

/** Sends the caller elsewhere; the conversation is over for us. */
export interface TransferNode extends NodeBase {
  readonly kind: 'transfer';
  readonly target: TextTemplate;
}

/** Says its last words, if any, and hangs up. */
export interface EndNode extends NodeBase {
  readonly kind: 'end';
}

export type DialogNode =
  | SayNode
  | ListenNode
  | AskNode
  | SetNode
  | ConditionNode
  | CallNode
  | SubtreeNode
  | ReturnNode
  | HandoverNode
  | TransferNode
  | EndNode;

/** Nodes that wait for the user. */
export type WaitingNode = ListenNode | AskNode;

/** What is said of a sub-tree besides its nodes. */
export interface Subtree {
  readonly name: string;
  readonly start: string;
  readonly parameters: readonly string[];
  /** Every variable that its nodes set, parameters included: the caller's of the same name come back at the end. */
  readonly locals: readonly string[];
}

/**
 * A whole bot: immutable, made by `loadTree`, which has checked that every target exists, no cycle lacks a user turn
 * and every bound of `dialogLimits` is kept.
 */
export interface DialogTree {
  readonly id: string;
  readonly version: number;
  /** BCP 47; the first of `languages`. */
  readonly language: string;
  readonly languages: readonly string[];
  /** IANA name. */
  readonly timeZone: string;
  readonly start: string;
  /** Those of sub-trees included. */
  readonly nodes: ReadonlyMap<string, DialogNode>;
  readonly subtrees: ReadonlyMap<string, Subtree>;
  /** Branches open at every waiting node; they need `globalHandicap` more than a sibling. */
  readonly globals: readonly Branch[];
  /** A node that leads to a human or an end without a user turn; null: handover to the queue `default`. */
  readonly fallback: string | null;
  /** Silences and misunderstandings in a row, over all nodes, after which the fallback is taken. */
  readonly sessionMax: { readonly noInput: number; readonly noMatch: number };
  /** Starting values. */
  readonly variables: ReadonlyMap<string, Assignment>;
  readonly texts: TreeTexts;
  /** What each slot takes: how it is read out. */
  readonly slotTypes: ReadonlyMap<string, EntityType>;
}

/** Texts that belong to no node; each has a default in the tree's languages. */
export interface TreeTexts {
  /** "Did you mean {label}?" */
  readonly confirmBranch: PromptTemplate;
  /** "Did you mean {options}?" */
  readonly chooseBranch: PromptTemplate;
  /** Before the interrupted question is asked again. */
  readonly resume: PromptTemplate;
  /** After a correction: "I have changed that to {value}." */
  readonly corrected: PromptTemplate;
  /** What `help` says where a node has no help of its own; null: the node's first no-match prompt. */
  readonly help: PromptTemplate | null;
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

/** The nodes that a node may lead to by itself or through its own branches and ladders; globals are not counted. */
export function targetsOf(node: DialogNode): string[] {
  const targets: (string | null)[] = [];
  switch (node.kind) {
    case 'say':
    case 'set':
      targets.push(node.go);
      break;
    case 'condition':
      targets.push(...node.arms.map(({ target }) => target));
      break;
    case 'call':
      targets.push(node.go, node.onError);
      break;
    case 'subtree':
      targets.push(node.go);
      break;
    case 'return':
      targets.push(node.otherwise);
      break;
    case 'handover':
      targets.push(node.resume);
      break;
    case 'listen':
      targets.push(...node.branches.map(({ effect }) => ('target' in effect ? effect.target : null)));
      break;
    case 'ask':
      targets.push(node.go, node.goNo);
      break;
    case 'transfer':
    case 'end':
      break;
  }
  if (isWaiting(node)) targets.push(node.noInput.then, node.noMatch.then);
  return targets.filter((target) => target !== null);
}

/** The variables that a node may set. */
export function variablesOf(node: DialogNode): string[] {
  switch (node.kind) {
    case 'ask':
      return [node.slot, ...node.fill.keys()];
    case 'listen':
      return node.branches.flatMap(({ fill }) => [...fill.keys()]);
    case 'set':
      return [...node.values.keys()];
    case 'call':
      return [...(node.into === null ? [] : [node.into]), ...node.output.keys()];
    case 'subtree':
      return [...node.into.keys()];
    default:
      return [];
  }
}

/** The rendition for a language: the same tag, else the same primary language, else the first. */
export function renditionFor({ renditions }: PromptTemplate, language: string): Rendition | null {
  const exact = renditions.get(language);
  if (exact) return exact;
  const primary = primaryLanguage(language);
  let first: Rendition | null = null;
  for (const [tag, rendition] of renditions) {
    if (primaryLanguage(tag) === primary) return rendition;
    first ??= rendition;
  }
  return first;
}

/** `zh` of `zh-CN`. */
export function primaryLanguage(tag: string): string {
  return (tag.split('-')[0] ?? tag).toLowerCase();
}
