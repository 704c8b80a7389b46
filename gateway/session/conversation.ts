import type { DialogAction, Decision, HandoverSpec, ListenSpec, Prompt } from '../../dialog/action.js';
import type { DialogEvent } from '../../dialog/event.js';
import type { ScoredBranch, SimilarityScorer } from '../../dialog/scoring.js';
import { initialState, type DialogState } from '../../dialog/state.js';
import { step } from '../../dialog/step.js';
import type { DialogTree } from '../../dialog/tree.js';
import type { Clock } from '../../config/clock.js';
import { dialogLimits, gatewayLimits } from '../../config/limits.js';
import type { Logger } from '../../config/logger.js';

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
  readonly degraded: boolean;
}

/** Scorers with one tree's candidate sets prepared; the fallback serves when the first fails or is late. */
export interface ScorerChain {
  readonly primary: SimilarityScorer;
  readonly fallback: SimilarityScorer | null;
  readonly timeoutMs: number;
}

export interface ConversationOptions {
  readonly sessionId: string;
  readonly tree: DialogTree;
  readonly scorers: ScorerChain;
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

interface ScoreAnswer {
  readonly scores: readonly ScoredBranch[];
  readonly degraded: boolean;
}

/**
 * One person's way through one dialog tree: feeds events to the pure `step`, asks the scorer when `step` asks, and
 * hands back what the bot does.
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
    this.#state = initialState(options.tree);
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
  handle(event: DialogEvent): Promise<BotTurn | null> {
    if (this.#waiting >= gatewayLimits.mailbox) return Promise.reject(new MailboxFullError());
    this.#waiting++;
    const turn = this.#tail.then(() => this.#run(bounded(event))).finally(() => this.#waiting--);
    this.#tail = turn.catch(() => undefined);
    return turn;
  }

  /** Ends it; idempotent. */
  close(): void {
    this.#abort.abort();
  }

  async #run(first: DialogEvent): Promise<BotTurn | null> {
    const collected = new TurnCollector();
    let event: DialogEvent | null = first;
    while (event) {
      if (this.closed) return null;
      const startedAtMs = this.#options.clock.nowMs();
      const [next, actions] = step(this.#options.tree, this.#state, event);
      this.#state = next;
      collected.stepMs += this.#options.clock.nowMs() - startedAtMs;
      const question = collected.take(actions);
      event = question ? await this.#answer(question, collected) : null;
    }
    return this.closed ? null : collected.turn();
  }

  async #answer(
    question: Extract<DialogAction, { type: 'score' }>,
    collected: TurnCollector,
  ): Promise<DialogEvent> {
    const startedAtMs = this.#options.clock.nowMs();
    const { scores, degraded } = await this.#score(question);
    collected.scoreMs += this.#options.clock.nowMs() - startedAtMs;
    collected.degraded ||= degraded;
    const nowMs = this.#options.clock.epochMs();
    return { type: 'scored', nowMs, scoreId: question.scoreId, scores, degraded };
  }

  async #score(question: Extract<DialogAction, { type: 'score' }>): Promise<ScoreAnswer> {
    const { primary, fallback, timeoutMs } = this.#options.scorers;
    try {
      return { scores: await this.#askScorer(primary, question, timeoutMs), degraded: false };
    } catch (err) {
      if (this.closed) return { scores: [], degraded: true };
      this.#options.logger.warn('similarity scorer failed, the turn is decided by the fallback', {
        scorer: primary.name,
        fallback: fallback?.name ?? 'none',
        err,
      });
    }
    if (!fallback) return { scores: [], degraded: true };
    try {
      return { scores: await this.#askScorer(fallback, question, timeoutMs), degraded: true };
    } catch (err) {
      if (this.closed) return { scores: [], degraded: true };
      // No scores at all is a no-match in the tree, whose ladder leads to a human.
      this.#options.logger.error('fallback scorer failed, the turn counts as no-match', {
        scorer: fallback.name,
        err,
      });
      return { scores: [], degraded: true };
    }
  }

  async #askScorer(
    scorer: SimilarityScorer,
    question: Extract<DialogAction, { type: 'score' }>,
    timeoutMs: number,
  ): Promise<readonly ScoredBranch[]> {
    const late = new AbortController();
    const timer = this.#options.clock.setTimer(
      () => late.abort(new Error(`no score within ${timeoutMs} ms`)),
      timeoutMs,
    );
    const signal = AbortSignal.any([late.signal, this.#abort.signal]);
    let onAbort = (): void => undefined;
    const aborted = new Promise<never>((_resolve, reject) => {
      onAbort = () => reject(signal.reason as Error);
      signal.addEventListener('abort', onAbort);
    });
    try {
      return await Promise.race([
        scorer.score(question.nodeId, question.text, question.branchIds, signal),
        aborted,
      ]);
    } finally {
      timer.cancel();
      // A combined signal that is listened to lives as long as its sources: here, one more a turn.
      signal.removeEventListener('abort', onAbort);
    }
  }
}

/** Gathers the actions of the steps of one turn in order. */
class TurnCollector {
  scoreMs = 0;
  stepMs = 0;
  degraded = false;
  readonly #prompts: Prompt[] = [];
  readonly #tags: string[] = [];
  readonly #decisions: Decision[] = [];
  #closing: TurnClosing = { type: 'none' };
  #nodeId = '';

  /** Keeps the actions; returns the score question that the turn now waits for, if any. */
  take(actions: readonly DialogAction[]): Extract<DialogAction, { type: 'score' }> | null {
    let question: Extract<DialogAction, { type: 'score' }> | null = null;
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
          question = action;
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
      degraded: this.degraded,
    };
  }
}

function bounded(event: DialogEvent): DialogEvent {
  if (event.type !== 'text' || event.text.length <= dialogLimits.utteranceCharacters) return event;
  return { ...event, text: event.text.slice(0, dialogLimits.utteranceCharacters) };
}
