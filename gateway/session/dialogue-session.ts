import type { Clock } from '../../config/clock.js';
import type { Logger } from '../../config/logger.js';
import type { Random } from '../../config/random.js';
import { vendorParameter, type PlatformChoice } from '../../config/platform-rules.js';
import type { ListenSpec } from '../../dialog/action.js';
import type { ListenOutcome, ListenRequest, RtpCodec } from '../../media/worker/media-host.js';
import type { RecogOutcome, RecogRequest } from '../mrcp/backend.js';
import type { ServiceCaller } from '../services/service-caller.js';
import type { SessionFacts } from '../trees/canary.js';
import type { TreeLibrary } from '../trees/tree-library.js';
import type { TurnSink } from '../turns/turn-log.js';
import type { CallFacts } from './call-ingress.js';
import { Conversation, type BotTurn } from './conversation.js';
import type { ConversationTable, KeptConversation, OpenedConversation } from './conversation-table.js';
import { toListenRequest } from './listen-request.js';
import { dtmfRequest, listenTimers, type RecognitionContext } from './plain-recognition.js';
import type { Warmer } from './prompt-speaker.js';
import { spokenReply, type ResponseRenderer } from './response-renderer.js';
import { restoreConversation } from './restore-conversation.js';
import type { SnapshotStore } from './snapshot-store.js';
import type { TurnMetrics } from './turn-metrics.js';
import { toDialogEvent } from './voice-bot.js';

/** Vendor parameters (RFC 6787 6.2.16) by which a platform steers a conversation held over several MRCP dialogs. */
export const vendorParameters = {
  /** Names the conversation; without it the SIP Call-ID does. */
  session: 'parley.session',
  /** `start`: answer at once with the tree's greeting instead of listening. */
  event: 'parley.event',
} as const;

export interface DialogueSessionDeps {
  readonly facts: CallFacts;
  readonly bots: Pick<TreeLibrary, 'lease' | 'leaseVersion'>;
  readonly conversations: ConversationTable;
  /** Keeps conversations over a restart; null: they end with the process. */
  readonly snapshots: SnapshotStore | null;
  readonly renderer: ResponseRenderer;
  readonly speaker: Warmer;
  readonly services: ServiceCaller;
  /** Keeps decided turns; null or left out: none are kept. */
  readonly turns?: TurnSink | null;
  readonly random: Random;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: TurnMetrics;
}

/** What a RECOGNIZE in dialogue mode does: listen, or complete at once. */
export type PreparedTurn =
  | {
      readonly type: 'listen';
      readonly language: string;
      listenRequest(context: RecognitionContext): ListenRequest;
    }
  | { readonly type: 'reply'; readonly outcome: RecogOutcome };

interface OpenTurn {
  readonly kept: KeptConversation;
  readonly choice: PlatformChoice;
  readonly request: RecogRequest;
}

/**
 * A speechrecog channel's part in a conversation: each RECOGNIZE is one turn through the dialog tree, and its
 * RECOGNITION-COMPLETE carries the bot's reply in the platform's template.
 *
 * The conversation itself lives in the table, under the platform's key, and outlives this channel. While a back-office
 * system is asked nothing is said: the platform speaks only what comes with RECOGNITION-COMPLETE.
 */
export class DialogueSession {
  readonly #deps: DialogueSessionDeps;
  #kept: KeptConversation | null = null;
  #open: OpenTurn | null = null;

  constructor(deps: DialogueSessionDeps) {
    this.#deps = deps;
  }

  /** Brings the conversation to a point where it listens. Rejects when there is no room for another conversation. */
  async prepare(request: RecogRequest, choice: PlatformChoice): Promise<PreparedTurn> {
    const key =
      vendorParameter(request.vendorParameters, vendorParameters.session) ?? this.#deps.facts.callId;
    const wantsGreeting =
      vendorParameter(request.vendorParameters, vendorParameters.event)?.toLowerCase() === 'start';
    let kept = this.#acquire(
      key,
      choice.tree,
      request,
      wantsGreeting ? null : await this.#restored(key, request),
    );
    if (wantsGreeting || isOver(kept)) {
      this.#deps.conversations.restart(key);
      this.#kept = null;
      kept = this.#acquire(key, choice.tree, request);
    }
    const turn = await this.#untilListening(kept);
    this.#open = { kept, choice, request };
    if (wantsGreeting || turn.closing.type !== 'listen')
      return { type: 'reply', outcome: this.#render(this.#open, turn, null) };
    const { listen } = turn.closing;
    return {
      type: 'listen',
      language: request.speechLanguage ?? listen.language,
      listenRequest: (context) => dialogueListen(request, listen, context),
    };
  }

  /** What was heard goes to the tree; resolves with the rendered reply. */
  async answer(outcome: ListenOutcome, codec: RtpCodec): Promise<RecogOutcome> {
    const open = this.#open;
    if (!open) throw new Error('no turn is open');
    this.#open = null;
    const turn = await open.kept.conversation.handle(toDialogEvent(outcome, this.#deps.clock.epochMs()));
    if (!turn) return { cause: outcome.cause, reason: 'the conversation was closed' };
    open.kept.lastTurn = turn;
    this.#keep(open.kept);
    this.#report(turn, outcome);
    this.#warm(turn, open.kept, codec);
    return this.#render(open, turn, outcome);
  }

  /** The channel is gone; the conversation stays for the platform's next dialog until it has been idle for long. */
  close(): void {
    if (this.#kept) this.#deps.conversations.release(this.#kept, isOver(this.#kept));
    this.#kept = null;
    this.#open = null;
  }

  #acquire(
    key: string,
    treeId: string,
    { vendorParameters }: RecogRequest,
    restored: OpenedConversation | null = null,
  ): KeptConversation {
    // Another dialog may have restarted the conversation of this key.
    if (this.#kept?.key === key && !this.#kept.conversation.closed) return this.#kept;
    this.close();
    const { bots, clock, conversations, facts, logger, random, services, turns = null } = this.#deps;
    const kept = conversations.acquire(key, () => {
      if (restored) return restored;
      const lease = bots.lease(treeId, sessionFacts(facts, vendorParameters));
      const { tree, scorers } = lease.version;
      const { sessionId } = facts;
      // One session may hold several conversations, one after the other.
      const callScope = `${sessionId}.${random.hex(4)}`;
      return {
        conversation: new Conversation({
          sessionId,
          tree,
          scorers,
          services,
          turns,
          callScope,
          clock,
          logger,
        }),
        lease,
        lastTurn: null,
      };
    });
    // Another dialog was quicker to take it up, or there is no room for it.
    if (restored && kept?.conversation !== restored.conversation) restored.lease.release();
    if (!kept) throw new Error('too many conversations are open');
    this.#kept = kept;
    return kept;
  }

  /** Starts a new conversation, or takes one back that was with a human; the platform has it again. */
  async #untilListening(kept: KeptConversation): Promise<BotTurn> {
    const { clock, facts } = this.#deps;
    const nowMs = clock.epochMs();
    const last = kept.lastTurn;
    if (last?.closing.type === 'listen') return last;
    const event = last
      ? ({ type: 'resumed', nowMs } as const)
      : ({ type: 'started', nowMs, channel: 'voice', variables: callVariables(facts) } as const);
    const turn = await kept.conversation.handle(event);
    if (!turn) throw new Error('the conversation was closed');
    kept.lastTurn = turn;
    this.#keep(kept);
    return turn;
  }

  /** The conversation of a key from before the restart, unless it is here already. */
  async #restored(key: string, { vendorParameters }: RecogRequest): Promise<OpenedConversation | null> {
    const {
      bots,
      clock,
      conversations,
      facts,
      logger,
      random,
      services,
      snapshots,
      turns = null,
    } = this.#deps;
    if (!snapshots || conversations.has(key)) return null;
    return restoreConversation(key, sessionFacts(facts, vendorParameters), {
      trees: bots,
      snapshots,
      services,
      turns,
      random,
      clock,
      logger,
    });
  }

  /** One that is over is forgotten by the table, which tells the store. */
  #keep(kept: KeptConversation): void {
    if (isOver(kept)) return;
    const { version } = kept.lease;
    this.#deps.snapshots?.save(kept.key, { tree: version.id, version, state: kept.conversation.state });
  }

  #render(open: OpenTurn, turn: BotTurn, outcome: ListenOutcome | null): RecogOutcome {
    const { contentType, body } = this.#deps.renderer.render(open.choice.template, {
      turn,
      outcome,
      tree: open.kept.conversation.tree,
      state: open.kept.conversation.state,
      sessionId: this.#deps.facts.sessionId,
      channelId: `${this.#deps.facts.sessionId}@speechrecog`,
      grammarUri: open.request.grammars[0]?.uri ?? 'builtin:speech/transcribe',
    });
    const reason = outcome?.error ? { reason: outcome.error.message } : {};
    return { cause: outcome?.cause ?? 'success', ...reason, contentType, body };
  }

  #report(turn: BotTurn, outcome: ListenOutcome): void {
    const { logger, metrics } = this.#deps;
    if (outcome.endpointAtMs !== null)
      metrics.observe('recognize', outcome.resultAtMs - outcome.endpointAtMs);
    metrics.observe('score', turn.scoreMs);
    metrics.observe('step', turn.stepMs);
    for (const decision of turn.decisions) {
      metrics.turnDecided(decision.zone);
      logger.info('decided', { ...decision });
    }
  }

  /** The platform will SPEAK the reply in a moment: have its audio ready. */
  #warm(turn: BotTurn, kept: KeptConversation, codec: RtpCodec): void {
    const { logger, speaker } = this.#deps;
    const text = spokenReply(turn);
    if (text === '') return;
    const format = { encoding: codec.encoding, sampleRateHz: codec.clockRateHz };
    speaker
      .warm({ text, language: kept.conversation.tree.language }, format)
      .catch((err: unknown) => logger.warn('reply could not be synthesised ahead', { err }));
  }
}

/** What the tree knows of the caller. */
export function callVariables(facts: CallFacts): Readonly<Record<string, string>> {
  return { caller: facts.fromUser, called: facts.toUser };
}

/** What rules and canaries are decided by. */
export function sessionFacts(
  facts: CallFacts,
  vendorParameters: ReadonlyMap<string, string> = new Map(),
): SessionFacts {
  const { sessionId, sourceAddress, fromUser, toUser } = facts;
  const callHeader = (name: string): string | undefined => facts.header(name) ?? undefined;
  return { sessionId, source: sourceAddress, fromUser, toUser, callHeader, vendorParameters };
}

function isOver(kept: KeptConversation): boolean {
  const closing = kept.lastTurn?.closing.type;
  return closing === 'end' || closing === 'transfer' || closing === 'none';
}

function dialogueListen(
  request: RecogRequest,
  listen: ListenSpec,
  context: RecognitionContext,
): ListenRequest {
  const timing = {
    recognitionTimeoutMs: request.recognitionTimeoutMs,
    speechCompleteTimeoutMs: request.speechCompleteTimeoutMs,
    speechIncompleteTimeoutMs: request.speechIncompleteTimeoutMs,
    interdigitTimeoutMs: request.dtmfInterdigitTimeoutMs,
    termTimeoutMs: request.dtmfTermTimeoutMs,
    bargeInMinSpeechMs: 0,
    confidenceThreshold: request.confidenceThreshold,
  };
  const tree = toListenRequest(listen, {
    ...context,
    timing,
    bargeIn: 'none',
    startInputTimers: request.startInputTimers,
  });
  return { ...tree, ...listenTimers(request), dtmf: dtmfRequest(request, tree.dtmf?.grammars ?? []) };
}
