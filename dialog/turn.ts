import { dialogLimits } from '../config/limits.js';
import type { Decision, DialogAction, ListenSpec, Prompt } from './action.js';
import { interpolate, isVariableName } from './interpolate.js';
import { noCounts, type Confirming, type DialogState, type Phase } from './state.js';
import type { DialogTree, PromptTemplate } from './tree.js';

type Draft = { -readonly [K in keyof DialogState]: DialogState[K] };

/** One call of `step` under way: a private copy of the state, and the actions so far. */
export class Turn {
  readonly tree: DialogTree;
  readonly #state: Draft;
  readonly #actions: DialogAction[] = [];

  constructor(tree: DialogTree, state: DialogState) {
    this.tree = tree;
    this.#state = { ...state };
  }

  get state(): DialogState {
    return this.#state;
  }

  result(): [DialogState, readonly DialogAction[]] {
    return [this.#state, this.#actions];
  }

  setPhase(phase: Phase): void {
    this.#state.phase = phase;
  }

  open(channel: DialogState['channel'], variables: Readonly<Record<string, string>>): void {
    this.#state.channel = channel;
    for (const [name, value] of Object.entries(variables)) this.setVariable(name, value);
  }

  /** Stands at a node with fresh counts. */
  arrive(nodeId: string): void {
    this.#state.nodeId = nodeId;
    this.#state.nodeCounts = noCounts;
  }

  /** Counts at the node and in the session; returns the new counts of this kind. */
  count(kind: 'noInput' | 'noMatch' | 'repeats'): { node: number; session: number } {
    const node = this.#state.nodeCounts[kind] + 1;
    const session = this.#state.sessionCounts[kind] + 1;
    this.#state.nodeCounts = { ...this.#state.nodeCounts, [kind]: node };
    this.#state.sessionCounts = { ...this.#state.sessionCounts, [kind]: session };
    return { node, session };
  }

  /** The user was understood: escalation starts anew. */
  understood(): void {
    this.#state.sessionCounts = noCounts;
  }

  /** Ignores what cannot be a variable and what is over the bounds. */
  setVariable(name: string, value: unknown): void {
    if (!isVariableName(name) || typeof value !== 'string') return;
    const { variables } = this.#state;
    if (!Object.hasOwn(variables, name) && Object.keys(variables).length >= dialogLimits.variables) return;
    this.#state.variables = { ...variables, [name]: value.slice(0, dialogLimits.textCharacters) };
  }

  hear(text: string): void {
    this.#state.heard = [...this.#state.heard, text.slice(0, dialogLimits.heardSentenceCharacters)].slice(
      -dialogLimits.heardSentences,
    );
  }

  /** The text with variables filled in; `spoken` reads digits one by one. `extra` wins over variables. */
  fill(template: string, spoken: boolean, extra: Readonly<Record<string, string>> = {}): string {
    return interpolate(template, (name) => {
      const values = Object.hasOwn(extra, name) ? extra : this.#state.variables;
      const value = Object.hasOwn(values, name) ? values[name] : undefined;
      return spoken && value !== undefined && this.tree.digitSlots.has(name) ? [...value].join(' ') : value;
    });
  }

  prompt(template: PromptTemplate, extra?: Readonly<Record<string, string>>): Prompt {
    const { voice, chat, bargeIn } = template;
    return { voice: this.fill(voice, true, extra), chat: this.fill(chat, false, extra), bargeIn };
  }

  say(prompt: Prompt): void {
    this.#actions.push({ type: 'say', prompt, nodeId: this.#state.nodeId });
  }

  /** Says something that `repeat` will say again. */
  sayRepeatably(prompt: Prompt): void {
    this.say(prompt);
    this.#state.lastPrompts = [...this.#state.lastPrompts, prompt].slice(-dialogLimits.repeatablePrompts);
  }

  forgetPrompts(): void {
    this.#state.lastPrompts = [];
  }

  listen(listen: ListenSpec): void {
    this.#actions.push({ type: 'listen', listen, nodeId: this.#state.nodeId });
  }

  /** Asks for scores; their answer has to carry the id that this sets in the phase. */
  score(text: string, branchIds: readonly string[], answer: string | null, open: Confirming | null): void {
    const scoreId = this.#state.nextScoreId++;
    this.setPhase({ name: 'scoring', scoreId, branchIds, answer, open });
    this.#actions.push({ type: 'score', scoreId, text, nodeId: this.#state.nodeId, branchIds });
  }

  decided(decision: Omit<Decision, 'nodeId'>): void {
    this.#actions.push({ type: 'decided', decision: { nodeId: this.#state.nodeId, ...decision } });
  }

  tag(tags: readonly string[]): void {
    if (tags.length > 0) this.#actions.push({ type: 'tag', tags });
  }

  handOver(queue: string, reason: string, summary: string, resumeNodeId: string): void {
    this.setPhase({ name: 'handed-over', resumeNodeId });
    const handover = { queue, reason, summary };
    this.#actions.push({ type: 'handover', handover, nodeId: this.#state.nodeId });
  }

  transfer(target: string): void {
    this.setPhase({ name: 'transferred' });
    this.#actions.push({ type: 'transfer', target, nodeId: this.#state.nodeId });
  }

  end(): void {
    this.setPhase({ name: 'ended' });
    this.#actions.push({ type: 'end', nodeId: this.#state.nodeId });
  }
}
