import type {
  CallOutcome,
  DialogAction,
  Decision,
  HandoverSpec,
  ListenSpec,
  Prompt,
} from '../../dialog/action.js';
import type { DialogEvent } from '../../dialog/event.js';
import type { SimilarityScorer } from '../../dialog/scoring.js';
import { initialState, type DialogState } from '../../dialog/state.js';
import { step } from '../../dialog/step.js';
import type { DialogTree } from '../../dialog/tree.js';
import type { Clock } from '../../config/clock.js';
import { dialogLimits, gatewayLimits, serviceLimits } from '../../config/limits.js';
import type { Logger } from '../../config/logger.js';
import { turnRecord } from '../../dialog/turn-record.js';
import type { TurnSink } from '../turns/turn-log.js';
import { askScorers, type ScoreAnswer, type ScoreQuestion, type ScorerChain } from './ask-scorers.js';
import { unlessAborted } from '../services/deadline.js';
import { unknownService, type ServiceCaller } from '../services/service-caller.js';

/** How a turn closes: keep listening, or leave the bot. */
export type TurnClosing =
  | { readonly type: 'listen'; readonly listen: ListenSpec }
  | { readonly type: 'handover'; readonly handover: HandoverSpec }
  | { readonly type: 'transfer'; readonly target: string }
  | { readonly type: 'end' }
  /** The event changed nothing (a late score, an input after the end). */
  | { readonly type: 'none' };

/** Everything the bot does in answer to one event. Times are milliseconds of our own work. */
export interface BotTurn {
  readonly prompts: readonly Prompt[];
  readonly closing: TurnClosing;
  readonly tags: readonly string[];
  readonly decisions: readonly Decision[];
  /** The node that the turn ended in. */
  readonly nodeId: string;
  readonly scoreMs: number;
  readonly stepMs: number;
  /** Spent waiting for back-office systems. */
  readonly callMs: number;
  readonly degraded: boolean;
}

/** What a caller of `handle` may want to know before the turn is done. */
export interface TurnListener {
  /** Prompts to bridge a wait that the turn is in, to be said before the turn's own. Must not throw. */
  onInterim?(prompts: readonly Prompt[]): void;
}

export interface ConversationOptions {
  readonly sessionId: string;
  readonly tree: DialogTree;
  readonly scorers: ScorerChain;
  /** Answers the tree's calls; without it they fail as calls of unknown services. */
  readonly services?: ServiceCaller;
  /** Put before idempotency keys: unlike that of any other conversation. The session id, unless it has several. */
  readonly callScope?: string;
  /** Where it goes on; without it, at the tree's start. Belongs to the same tree version. */
  readonly state?: DialogState;
  /** Takes every decided turn; without it none is kept. */
  readonly turns?: TurnSink | null;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** The mailbox of a session is full: the sender is faster than the conversation. */
export class MailboxFullError extends Error {
  constructor() {
    super(`more than ${gatewayLimits.mailbox} inputs wait for this session`);
    this.name = 'MailboxFullError';
  }
}

type CallQuestion = Extract<DialogAction, { type: 'call' }>;

/**
 * One person's way through one dialog tree: feeds events to the pure `step`, asks the scorer and back-office systems
 * when `step` asks, and hands back what the bot does.
 *
 * One event at a time: later ones wait in a bounded mailbox (design.md, invariant 1). After `close` every waiting and
 * running turn resolves to null, so that nothing computed for a session that moved on is ever played.
 */
export class Conversation {
  readonly #options: ConversationOptions;
  readonly #abort = new AbortController();
  #state: DialogState;
  #tail: Promise<unknown> = Promise.resolve();
  #waiting = 0;

  constructor(options: ConversationOptions) {
    this.#options = options;
    this.#state = options.state ?? initialState(options.tree);
  }

  /** The state as of the last finished turn; plain JSON. */
  get state(): DialogState {
    return this.#state;
  }

  get tree(): DialogTree {
    return this.#options.tree;
  }

  get closed(): boolean {
    return this.#abort.signal.aborted;
  }

  /** Queues one event; resolves with the bot's turn, or null when the conversation was closed meanwhile. */
  handle(event: DialogEvent, listener: TurnListener = {}): Promise<BotTurn | null> {
    if (this.#waiting >= gatewayLimits.mailbox) return Promise.reject(new MailboxFullError());
    this.#waiting++;
    const turn = this.#tail.then(() => this.#run(bounded(event), listener)).finally(() => this.#waiting--);
    this.#tail = turn.catch(() => undefined);
    return turn;
  }

  /** Ends it, with what it still asks of scorers and services; idempotent. */
  close(): void {
    this.#abort.abort();
  }

  async #run(first: DialogEvent, listener: TurnListener): Promise<BotTurn | null> {
    const collected = new TurnCollector();
    const before = this.#state;
    let event: DialogEvent | null = first;
    while (event) {
      if (this.closed) return null;
      const startedAtMs = this.#options.clock.nowMs();
      const [next, actions] = step(this.#options.tree, this.#state, event);
      this.#state = next;
      collected.stepMs += this.#options.clock.nowMs() - startedAtMs;
      const question = collected.take(actions);
      this.#tellFaults(collected);
      if (!question) event = null;
      else if (question.type === 'score') event = await this.#answerScore(question, collected);
      else event = await this.#answerCall(question, collected, listener);
    }
    if (this.closed) return null;
    this.#record(before, first, collected);
    return collected.turn();
  }

  #record(before: DialogState, event: DialogEvent, { actions, degraded, scorer }: TurnCollector): void {
    const { sessionId, tree, turns } = this.#options;
    if (!turns) return;
    const facts = { session: sessionId, scorer, degraded };
    const record = turnRecord(tree, { before, event, actions, after: this.#state }, facts);
    if (record) turns.record(record);
  }

  /** The message can hold what the user said. */
  #tellFaults({ faults }: TurnCollector): void {
    const { id, version } = this.#options.tree;
    for (const { nodeId, message } of faults.splice(0))
      this.#options.logger.warn('the tree did not work', { tree: id, version, nodeId, pii: { message } });
  }

  async #answerCall(
    { call }: CallQuestion,
    collected: TurnCollector,
    listener: TurnListener,
  ): Promise<DialogEvent> {
    const { clock } = this.#options;
    const startedAtMs = clock.nowMs();
    const filler =
      call.filler && listener.onInterim
        ? clock.setTimer(() => this.#bridge(collected, listener, call.filler), call.fillerAfterMs)
        : null;
    const outcome = await this.#call(call, ++collected.calls);
    filler?.cancel();
    collected.callMs += clock.nowMs() - startedAtMs;
    return { type: 'called', nowMs: clock.epochMs(), callId: call.callId, outcome };
  }

  /** What the turn has said so far goes out as well: it comes before the filler. */
  #bridge(collected: TurnCollector, listener: TurnListener, filler: Prompt | null): void {
    if (this.closed || !filler) return;
    listener.onInterim?.([...collected.takePrompts(), filler]);
  }

  /** Resolves at the latest when the conversation closes. */
  async #call(spec: CallQuestion['call'], callsOfTurn: number): Promise<CallOutcome> {
    const { services, sessionId, callScope = sessionId, logger } = this.#options;
    if (!services) return unknownService(spec.service);
    if (callsOfTurn > serviceLimits.callsPerTurn) {
      const message = `the tree calls services more than ${serviceLimits.callsPerTurn} times in one turn`;
      logger.error('too many service calls in one turn', { service: spec.service });
      return refusedCall(message);
    }
    const { signal } = this.#abort;
    const asked = services.call(spec, { sessionId, scope: callScope }, signal).catch((err: unknown) => {
      // A caller that breaks its promise costs this call, not the conversation.
      logger.error('service caller failed', { service: spec.service, err });
      return refusedCall(`${spec.service} could not be asked`);
    });
    return (await unlessAborted(asked, signal)) ?? refusedCall('the conversation is over');
  }

  async #answerScore(question: ScoreQuestion, collected: TurnCollector): Promise<DialogEvent> {
    const startedAtMs = this.#options.clock.nowMs();
    const { scores, degraded, scorer } = await this.#score(question);
    collected.scoreMs += this.#options.clock.nowMs() - startedAtMs;
    collected.degraded ||= degraded;
    collected.scorer = scorer;
    const nowMs = this.#options.clock.epochMs();
    return { type: 'scored', nowMs, scoreId: question.scoreId, scores, degraded };
  }

  #score(question: ScoreQuestion): Promise<ScoreAnswer> {
    const { clock, logger, scorers } = this.#options;
    const { fallback, primary } = scorers;
    const onFailure = (scorer: SimilarityScorer, err: unknown): void => {
      if (scorer === primary)
        logger.warn('similarity scorer failed, the turn is decided by the fallback', {
          scorer: primary.name,
          fallback: fallback?.name ?? 'none',
          err,
        });
      // No scores at all is a no-match in the tree, whose ladder leads to a human.
      else logger.error('fallback scorer failed, the turn counts as no-match', { scorer: scorer.name, err });
    };
    return askScorers(scorers, question, { clock, signal: this.#abort.signal, onFailure });
  }
}

function refusedCall(message: string): CallOutcome {
  return { ok: false, failure: 'refused', message };
}

/** Gathers the actions of the steps of one turn in order. */
class TurnCollector {
  scoreMs = 0;
  stepMs = 0;
  callMs = 0;
  /** Calls of services so far. */
  calls = 0;
  degraded = false;
  /** Who gave the last scores. */
  scorer: string | null = null;
  readonly actions: DialogAction[] = [];
  /** What did not work in the tree, not told yet. */
  readonly faults: Extract<DialogAction, { type: 'fault' }>[] = [];
  #prompts: Prompt[] = [];
  readonly #tags: string[] = [];
  readonly #decisions: Decision[] = [];
  #closing: TurnClosing = { type: 'none' };
  #nodeId = '';

  /** The prompts so far; they are no longer the turn's. */
  takePrompts(): readonly Prompt[] {
    const prompts = this.#prompts;
    this.#prompts = [];
    return prompts;
  }

  /** Keeps the actions; returns the question that the turn now waits for, if any. */
  take(actions: readonly DialogAction[]): ScoreQuestion | CallQuestion | null {
    let question: ScoreQuestion | CallQuestion | null = null;
    this.actions.push(...actions);
    for (const action of actions) {
      if ('nodeId' in action) this.#nodeId = action.nodeId;
      switch (action.type) {
        case 'say':
          this.#prompts.push(action.prompt);
          break;
        case 'tag':
          this.#tags.push(...action.tags);
          break;
        case 'decided':
          this.#decisions.push(action.decision);
          break;
        case 'score':
        case 'call':
          question = action;
          break;
        case 'fault':
          this.faults.push(action);
          break;
        case 'filled':
        case 'entered':
        case 'denied':
          // Slots and the node are in the state, where whoever shows them looks.
          break;
        case 'listen':
          this.#closing = { type: 'listen', listen: action.listen };
          break;
        case 'handover':
          this.#closing = { type: 'handover', handover: action.handover };
          break;
        case 'transfer':
          this.#closing = { type: 'transfer', target: action.target };
          break;
        case 'end':
          this.#closing = { type: 'end' };
          break;
      }
    }
    return question;
  }

  turn(): BotTurn {
    return {
      prompts: this.#prompts,
      closing: this.#closing,
      tags: this.#tags,
      decisions: this.#decisions,
      nodeId: this.#nodeId,
      scoreMs: this.scoreMs,
      stepMs: this.stepMs,
      callMs: this.callMs,
      degraded: this.degraded,
    };
  }
}

function bounded(event: DialogEvent): DialogEvent {
  if (event.type !== 'text' || event.text.length <= dialogLimits.utteranceCharacters) return event;
  return { ...event, text: event.text.slice(0, dialogLimits.utteranceCharacters) };
}
