import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import type { Clock, Timer } from '../../config/clock.js';
import type { CallOutcome, CallSpec, DialogAction } from '../../dialog/action.js';
import type { DialogEvent } from '../../dialog/event.js';
import type { ScoredBranch, SimilarityScorer } from '../../dialog/scoring.js';
import { initialState, type DialogState } from '../../dialog/state.js';
import { step } from '../../dialog/step.js';
import { chatText } from '../../dialog/render-prompt.js';
import { traceDecision, traceTurn } from '../../dialog/trace.js';
import type { DialogTree } from '../../dialog/tree.js';
import { textOf } from '../../dialog/value.js';
import { turnRecord, type TurnSteps } from '../../dialog/turn-record.js';
import type { TurnSink } from '../turns/turn-log.js';
import {
  askScorers,
  type ScoreAnswer,
  type ScoreQuestion,
  type ScorerChain,
} from '../session/ask-scorers.js';
import { releaseScorers, type CreateScorers } from '../trees/tree-scorers.js';
import { unknownService, type CallContext, type ServiceCaller } from '../services/service-caller.js';

/** What `runChat` needs; the streams stay the caller's, and are not closed. */
export interface ChatOptions {
  readonly tree: DialogTree;
  /** Makes the scorers of the tree; they are released at the end. */
  readonly scorers: CreateScorers;
  readonly input: Readable;
  readonly output: Writable;
  readonly clock: Clock;
  /** Writes one JSON object for each turn (`TurnTrace` and the state) instead of text. */
  readonly json?: boolean;
  /** Keeps decided turns under this session; without it none is kept. */
  readonly turns?: { readonly sink: TurnSink; readonly session: string };
  /** Asks the real services; without it every call fails as one of an unknown service. */
  readonly services?: { readonly caller: ServiceCaller; readonly context: CallContext };
}

/** A terminal shows text only. */
const plainTerminal = { quickReplies: false, cards: false } as const;

const help = 'type a sentence; #1 presses key 1; an empty line is silence; /resume hands back; /quit leaves';

/**
 * Talks to a tree in the terminal, showing after each turn where it went and why (`parley chat`).
 *
 * Ends with the tree, with `/quit` or with the input. Resolves to the exit code: 0, or 1 when the scorer cannot be
 * prepared. A failing score counts as no score at all, as in a call.
 */
export async function runChat(options: ChatOptions): Promise<number> {
  const { tree, input, output } = options;
  let scorers: ScorerChain;
  try {
    scorers = await options.scorers(tree);
  } catch (error) {
    output.write(`cannot prepare the scorer: ${messageOf(error)}\n`);
    return 1;
  }
  try {
    if (!options.json) {
      output.write(`[${tree.id} version ${tree.version}, ${tree.language}; ${help}]\n`);
      output.write(`[scored by ${scorersName(scorers)}]\n`);
    }
    await converse(new TerminalChat(options, scorers), input);
    return 0;
  } finally {
    releaseScorers(scorers, tree);
  }
}

async function converse(chat: TerminalChat, input: Readable): Promise<void> {
  await chat.start();
  if (chat.over) return;
  // Created only now: an interface drops the lines that come before it is iterated.
  const lines = createInterface({ input, crlfDelay: Infinity });
  try {
    for await (const line of lines) {
      if (line.trim() === '/quit') return;
      await chat.handle(chat.eventOf(line));
      if (chat.over) return;
    }
  } finally {
    lines.close();
  }
}

class TerminalChat {
  readonly #options: ChatOptions;
  /** Piped input is shown too, so that the output reads as a conversation. */
  readonly #echo: boolean;
  readonly #scorers: ScorerChain;
  #state: DialogState;

  constructor(options: ChatOptions, scorers: ScorerChain) {
    this.#options = options;
    this.#scorers = scorers;
    this.#echo = !('isTTY' in options.input && options.input.isTTY === true);
    this.#state = initialState(options.tree);
  }

  get over(): boolean {
    const { name } = this.#state.phase;
    return name === 'ended' || name === 'transferred';
  }

  start(): Promise<void> {
    const nowMs = this.#options.clock.epochMs();
    return this.handle({ type: 'started', nowMs, channel: 'chat', variables: {} });
  }

  eventOf(line: string): DialogEvent {
    const nowMs = this.#options.clock.epochMs();
    const text = line.trim();
    if (this.#echo) this.#print(`you: ${text === '' ? '(silence)' : text}`);
    if (text === '') return { type: 'no-input', nowMs };
    if (text === '/resume') return { type: 'resumed', nowMs };
    if (/^#[0-9*#A-D]+$/.test(text)) return { type: 'dtmf', nowMs, digits: text.slice(1) };
    return { type: 'text', nowMs, text, confidence: 1 };
  }

  /** One event and the scores and service answers that follow from it, until the tree waits. */
  async handle(event: DialogEvent): Promise<void> {
    let scores: readonly ScoredBranch[] = [];
    const turn: DialogAction[] = [];
    const before = this.#state;
    let facts: Scored = { scorer: null, degraded: false };
    for (let next: DialogEvent | null = event; next;) {
      if (next.type === 'scored') scores = next.scores;
      const [state, actions] = step(this.#options.tree, this.#state, next);
      if (state === this.#state) this.#print('[nothing happens; /resume hands the conversation back]');
      this.#state = state;
      const question = actions.find((action) => action.type === 'score' || action.type === 'call');
      for (const action of actions) this.#show(action, scores);
      this.#showPath(actions);
      turn.push(...actions);
      if (!question) next = null;
      else if (question.type === 'call') next = await this.#call(question.call);
      else {
        const { scores: found, ...scored } = await this.#score(question);
        const nowMs = this.#options.clock.epochMs();
        const { scoreId } = question;
        next = { type: 'scored', nowMs, scoreId, scores: found, degraded: scored.degraded };
        facts = scored;
      }
    }
    this.#record({ before, event, actions: turn, after: this.#state }, facts);
    if (this.#options.json) this.#writeTrace(event, turn, facts);
  }

  #record(steps: TurnSteps, facts: Scored): void {
    const { tree, turns } = this.#options;
    const record = turns && turnRecord(tree, steps, { session: turns.session, ...facts });
    if (record) turns?.sink.record(record);
  }

  #writeTrace(event: DialogEvent, turn: readonly DialogAction[], facts: Scored): void {
    const { nodeId, language, variables } = this.#state;
    const trace = traceTurn(this.#options.tree, turn);
    this.#options.output.write(
      `${JSON.stringify({ event, nodeId, language, variables, ...facts, ...trace })}\n`,
    );
  }

  async #call(call: CallSpec): Promise<DialogEvent> {
    const { services, clock } = this.#options;
    const startedAtMs = clock.nowMs();
    const { filler } = call;
    let timer: Timer | null = null;
    if (filler) timer = clock.setTimer(() => this.#print(`bot: ${filler.chat}`), call.fillerAfterMs);
    const asked = services?.caller.call(call, services.context, new AbortController().signal);
    const outcome = (await asked) ?? unknownService(call.service);
    timer?.cancel();
    this.#print(`  | ${tellCall(call, outcome)} (${Math.round(clock.nowMs() - startedAtMs)} ms)`);
    return { type: 'called', nowMs: clock.epochMs(), callId: call.callId, outcome };
  }

  /** Says so when another scorer than the first served. */
  #score(question: ScoreQuestion): Promise<ScoreAnswer> {
    const onFailure = (scorer: SimilarityScorer, error: unknown): void =>
      this.#print(`[the ${scorer.name} scorer failed: ${messageOf(error)}]`);
    const { signal } = new AbortController();
    return askScorers(this.#scorers, question, { clock: this.#options.clock, signal, onFailure });
  }

  #show(action: DialogAction, scores: readonly ScoredBranch[]): void {
    switch (action.type) {
      case 'say':
        this.#print(`bot: ${chatText(action.prompt, plainTerminal)}`);
        break;
      case 'decided':
        for (const line of traceDecision(this.#options.tree, action.decision, scores))
          this.#print(`  | ${line}`);
        break;
      case 'tag':
        this.#print(`  | tags: ${action.tags.join(', ')}`);
        break;
      case 'handover':
        this.#print(`[handed over to queue "${action.handover.queue}": ${action.handover.reason}]`);
        for (const line of action.handover.summary.split('\n')) if (line !== '') this.#print(`  ${line}`);
        break;
      case 'transfer':
        this.#print(`[transferred to ${action.target}]`);
        break;
      case 'end':
        this.#print('[the conversation is over]');
        break;
      case 'filled':
        this.#print(`  | ${action.slot} = ${textOf(action.value)} ("${action.raw}")`);
        break;
      case 'fault':
        this.#print(`  | fault at ${action.nodeId}: ${action.message}`);
        break;
      case 'entered':
      case 'denied':
      case 'listen':
      case 'score':
      case 'call':
        break;
    }
  }

  /** The nodes a turn went through, where they are more than its decision tells. */
  #showPath(actions: readonly DialogAction[]): void {
    const { path } = traceTurn(this.#options.tree, actions);
    if (path.length > 1) this.#print(`  | path: ${path.join(' > ')}`);
  }

  #print(line: string): void {
    if (!this.#options.json) this.#options.output.write(line + '\n');
  }
}

/** Who gave the scores of a turn. */
type Scored = Omit<ScoreAnswer, 'scores'>;

function scorersName({ fallback, primary }: ScorerChain): string {
  return fallback ? `${primary.name}, by ${fallback.name} when it does not answer` : primary.name;
}

function tellCall({ service, operation }: CallSpec, outcome: CallOutcome): string {
  const what = operation.type === 'http' ? `${operation.method} ${operation.path}` : operation.method;
  const result = outcome.ok ? 'ok' : `${outcome.failure}: ${outcome.message}`;
  return `${service} ${what}: ${result}`;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
