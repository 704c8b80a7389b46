import { dialogLimits } from '../config/limits.js';
import type { Decision, DialogAction, ListenSpec, Prompt } from './action.js';
import type { EntityContext } from './entity.js';
import type { Expression, ExpressionScope } from './expression.js';
import { renderPrompt } from './render-prompt.js';
import {
  noCounts,
  type DialogState,
  type FoundAnswer,
  type Frame,
  type OpenQuestion,
  type Phase,
} from './state.js';
import type { TextTemplate } from './text-template.js';
import type { Assignment, DialogTree, PromptTemplate } from './tree.js';
import { isVariableName, textOf, type Value, type ValueMap } from './value.js';

type Draft = { -readonly [K in keyof DialogState]: DialogState[K] };

/** Values that win over variables in one text or expression. */
export type ExtraValues = ReadonlyMap<string, Value>;

const noExtra: ExtraValues = new Map();

/** One call of `step` under way: a private copy of the state, and the actions so far. */
export class Turn {
  readonly tree: DialogTree;
  readonly nowMs: number;
  readonly #state: Draft;
  readonly #actions: DialogAction[] = [];
  /** Many expressions, each within its bound, would hold up everybody else all the same. */
  readonly #budget = { steps: dialogLimits.expressionStepsPerEvent };

  constructor(tree: DialogTree, state: DialogState, nowMs: number) {
    this.tree = tree;
    this.nowMs = nowMs;
    this.#state = { ...state };
  }

  get state(): DialogState {
    return this.#state;
  }

  get entityContext(): EntityContext {
    return { nowMs: this.nowMs, timeZone: this.tree.timeZone, language: this.#state.language };
  }

  result(): [DialogState, readonly DialogAction[]] {
    return [this.#state, this.#actions];
  }

  setPhase(phase: Phase): void {
    this.#state.phase = phase;
  }

  /** The caller's variables come last, so that they win over the tree's starting values. */
  open(channel: DialogState['channel'], variables: Readonly<Record<string, Value>>): void {
    this.#state.channel = channel;
    for (const [name, assignment] of this.tree.variables) this.setVariable(name, this.compute(assignment));
    for (const [name, value] of Object.entries(variables)) this.setVariable(name, value);
  }

  setLanguage(language: string): void {
    if (this.tree.languages.includes(language)) this.#state.language = language;
  }

  /** Stands at a node with fresh counts. */
  arrive(nodeId: string): void {
    this.#state.nodeId = nodeId;
    this.#state.nodeCounts = noCounts;
    this.#state.moves++;
    this.#actions.push({ type: 'entered', nodeId });
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

  /** The user has the word again: the tree may move on as far as it likes. */
  userSpoke(): void {
    this.#state.moves = 0;
  }

  setVariable(name: string, value: Value): void {
    const { variables } = this.#state;
    if (!isVariableName(name)) return;
    if (!Object.hasOwn(variables, name) && Object.keys(variables).length >= dialogLimits.variables) {
      this.fault(`more than ${dialogLimits.variables} variables: "${name}" is not kept`);
      return;
    }
    const kept = typeof value === 'string' ? value.slice(0, dialogLimits.textCharacters) : value;
    this.#state.variables = { ...variables, [name]: kept };
  }

  /** Variables as they were, for those of a sub-tree that it may not leave behind. */
  restoreVariables(names: readonly string[], saved: Readonly<Record<string, Value>>): void {
    const dropped = new Set(names);
    const kept = (record: Readonly<Record<string, Value>>) =>
      Object.entries(record).filter(([name]) => !dropped.has(name));
    this.#state.variables = { ...Object.fromEntries(kept(this.#state.variables)), ...saved };
    const { filled } = this.#state;
    this.#state.filled = Object.fromEntries(Object.entries(filled).filter(([name]) => !dropped.has(name)));
    this.#state.ahead = this.#state.ahead.filter((name) => !dropped.has(name));
  }

  /** Gives a slot its value; `nodeId` is the ask that wanted it, null for one that came along. */
  fillSlot(slot: string, answer: FoundAnswer, nodeId: string | null): void {
    this.setVariable(slot, answer.value);
    const { [slot]: _old, ...others } = this.#state.filled;
    this.#state.filled = { ...others, [slot]: { raw: answer.raw, nodeId } };
    const ahead = this.#state.ahead.filter((name) => name !== slot);
    this.#state.ahead = nodeId === null ? [...ahead, slot] : ahead;
    this.#actions.push({ type: 'filled', slot, ...answer, nodeId: this.#state.nodeId });
  }

  push(frame: Frame): void {
    this.#state.frames = [...this.#state.frames, frame];
  }

  /** The top frame, taken off; null when there is none. */
  pop(): Frame | null {
    const top = this.#state.frames.at(-1) ?? null;
    this.#state.frames = this.#state.frames.slice(0, -1);
    return top;
  }

  /** Continues what a digression interrupted. */
  reopen({ nodeId, nodeCounts, lastPrompts }: Extract<Frame, { type: 'digression' }>): void {
    this.#state.nodeId = nodeId;
    this.#state.nodeCounts = nodeCounts;
    this.#state.lastPrompts = lastPrompts;
  }

  /** Remembers a question for `back`. */
  remember(nodeId: string): void {
    const { history, frames } = this.#state;
    if (history.at(-1)?.nodeId === nodeId) return;
    this.#state.history = [...history, { nodeId, depth: frames.length }].slice(
      -dialogLimits.historyQuestions,
    );
  }

  /** The question before the last at this depth, taken out of the history with all after it. */
  previousQuestion(): string | null {
    const { history, frames, nodeId } = this.#state;
    const at = history.findLastIndex((past) => past.nodeId !== nodeId && past.depth === frames.length);
    const found = history[at];
    if (!found) return null;
    this.#state.history = history.slice(0, at);
    return found.nodeId;
  }

  hear(text: string): void {
    this.#state.heard = [...this.#state.heard, text.slice(0, dialogLimits.heardSentenceCharacters)].slice(
      -dialogLimits.heardSentences,
    );
  }

  /** What names mean in texts and expressions now. */
  scope(extra: ExtraValues = noExtra): ExpressionScope {
    const { variables, language } = this.#state;
    const lookup = (name: string): Value | undefined => {
      if (extra.has(name)) return extra.get(name);
      return Object.hasOwn(variables, name) ? variables[name] : this.#builtIn(name);
    };
    return { lookup, nowMs: this.nowMs, timeZone: this.tree.timeZone, language, budget: this.#budget };
  }

  #builtIn(name: string): Value | undefined {
    switch (name) {
      case 'channel':
        return this.#state.channel;
      case 'language':
        return this.#state.language;
      case 'raw':
        return Object.fromEntries(Object.entries(this.#state.filled).map(([slot, { raw }]) => [slot, raw]));
      default:
        return undefined;
    }
  }

  /** The value of an expression; null after a fault. */
  evaluate(expression: Expression, extra?: ExtraValues): Value {
    const result = expression.evaluate(this.scope(extra));
    if (result.ok) return result.value;
    this.fault(`${expression.source}: ${result.message}`);
    return null;
  }

  compute(assignment: Assignment, extra?: ExtraValues): Value {
    if (assignment.type === 'text') return this.fill(assignment.template, extra);
    return this.evaluate(assignment.expression, extra);
  }

  computeAll(assignments: ReadonlyMap<string, Assignment>): ValueMap {
    return Object.fromEntries([...assignments].map(([name, value]) => [name, this.compute(value)]));
  }

  /** A text with its places filled in as they are written, not spoken. */
  fill(template: TextTemplate, extra?: ExtraValues): string {
    return template.fill(this.scope(extra), (_name, value) => textOf(value));
  }

  prompt(template: PromptTemplate, extra?: ExtraValues): Prompt {
    return renderPrompt(template, {
      tree: this.tree,
      scope: this.scope(extra),
      context: this.entityContext,
    });
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
  score(
    text: string,
    branchIds: readonly string[],
    answer: FoundAnswer | null,
    open: OpenQuestion | null,
  ): void {
    const scoreId = this.#state.nextScoreId++;
    this.setPhase({ name: 'scoring', scoreId, text, branchIds, answer, open });
    this.#actions.push({ type: 'score', scoreId, text, nodeId: this.#state.nodeId, branchIds });
  }

  /** Asks a service; its answer has to carry the id that this sets in the phase. */
  call(call: Omit<Extract<DialogAction, { type: 'call' }>['call'], 'callId' | 'idempotencyKey'>): void {
    const callId = this.#state.nextCallId++;
    const { nodeId, treeId } = this.#state;
    this.setPhase({ name: 'calling', callId });
    const idempotencyKey = `${treeId}:${nodeId}:${callId}`;
    this.#actions.push({ type: 'call', call: { ...call, callId, idempotencyKey }, nodeId });
  }

  /** `decision` without scores and options where none were needed. */
  decided(decision: Omit<Decision, 'nodeId' | 'scores' | 'options'> & Partial<Decision>): void {
    const { nodeId } = this.#state;
    this.#actions.push({ type: 'decided', decision: { nodeId, scores: [], options: [], ...decision } });
  }

  /** The user does not mean these branches, of which they were asked. */
  denied(branchIds: readonly string[], text: string): void {
    this.#actions.push({ type: 'denied', branchIds, text, nodeId: this.#state.nodeId });
  }

  tag(tags: readonly string[]): void {
    if (tags.length > 0) this.#actions.push({ type: 'tag', tags });
  }

  /** Something of the tree did not work; the conversation goes on without it. */
  fault(message: string): void {
    this.#actions.push({ type: 'fault', message, nodeId: this.#state.nodeId });
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
