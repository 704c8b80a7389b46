import { z } from 'zod';

import type { Clock } from '../../config/clock.js';
import type { Logger } from '../../config/logger.js';
import type { Prompt } from '../../dialog/action.js';
import type { DialogEvent } from '../../dialog/event.js';
import { restoreState, serializeState } from '../../dialog/snapshot.js';
import type { DialogState } from '../../dialog/state.js';
import type { Json, NewMessage, SessionRecord } from '../ports/session-log.js';
import type { ServiceCaller } from '../services/service-caller.js';
import { Conversation, type BotTurn } from '../session/conversation.js';
import type { TurnMetrics } from '../session/turn-metrics.js';
import type { SessionFacts } from '../trees/canary.js';
import type { TreeLibrary } from '../trees/tree-library.js';
import type { TreeLease } from '../trees/tree-shelf.js';
import type { TurnSink } from '../turns/turn-log.js';
import type { MessageBody, SessionEvent } from '../websocket/protocol.js';

export interface ChatDialogSettings {
  /** Least silence before the tree's no-input prompt: people type slower than they speak. */
  readonly noInputMs: number;
  /** Said when a human is wanted and nobody can take over, by language. */
  unavailableText(language: string): string;
}

export interface ChatDialogDeps {
  readonly trees: Pick<TreeLibrary, 'lease' | 'leaseVersion'>;
  readonly services: ServiceCaller;
  readonly settings: ChatDialogSettings;
  readonly metrics: TurnMetrics;
  /** Takes every decided turn, once more where a turn had to be run again; null: none is kept. */
  readonly turns: TurnSink | null;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** What one event came to, to be kept all at once. */
export interface ChatTurn {
  readonly messages: readonly NewMessage[];
  readonly end: boolean;
  /** Silence after which `noInput` is wanted; null: never. */
  readonly noInputMs: number | null;
  readonly snapshot: Json;
}

const snapshotFormat = 1;
const snapshotShape = z.object({
  format: z.literal(snapshotFormat),
  tree: z.string(),
  version: z.object({ version: z.number(), sha256: z.string() }),
  state: z.unknown(),
});

/**
 * The bot's side of one chat session: events in, messages out; owned by who owns the session.
 *
 * What it does is decided by the snapshot and the event alone, services apart: taken up elsewhere after a crash, the
 * same input is answered again, and back-office systems see the same idempotency keys.
 */
export class ChatDialog {
  readonly #deps: ChatDialogDeps;
  readonly #lease: TreeLease;
  readonly #conversation: Conversation;
  readonly #userId: string;

  private constructor(
    deps: ChatDialogDeps,
    record: SessionRecord,
    lease: TreeLease,
    state: DialogState | null,
  ) {
    const { clock, logger, services, turns } = deps;
    const { sessionId } = record.ref;
    this.#deps = deps;
    this.#lease = lease;
    this.#userId = record.userId;
    this.#conversation = new Conversation({
      sessionId,
      callScope: `${record.ref.tenant}.${sessionId}`,
      tree: lease.version.tree,
      scorers: lease.version.scorers,
      services,
      turns,
      clock,
      logger,
      ...(state ? { state } : {}),
    });
  }

  /** Takes up a session from what its last turn left, or begins one. */
  static async open(record: SessionRecord, snapshot: Json, deps: ChatDialogDeps): Promise<ChatDialog> {
    const facts = factsOf(record);
    const stored = snapshot === null ? null : snapshotShape.safeParse(snapshot);
    if (!stored?.success) {
      if (stored)
        deps.logger.error('what a session left cannot be read, it starts again', { err: stored.error });
      return new ChatDialog(deps, record, deps.trees.lease(record.tree, facts), null);
    }
    const { state, tree, version } = stored.data;
    const lease = (await deps.trees.leaseVersion(tree, version)) ?? deps.trees.lease(tree, facts);
    const restored = restoreState(state, lease.version.tree);
    if (restored.ok) return new ChatDialog(deps, record, lease, restored.state);
    const { reason } = restored;
    deps.logger.warn('a session cannot go on, it starts again', { tree, version: version.version, reason });
    return new ChatDialog(deps, record, lease, null);
  }

  /** True before `start`. */
  get isNew(): boolean {
    return this.#conversation.state.phase.name === 'new';
  }

  /** The bot's first words; null when it was closed meanwhile, like everything below. */
  start(): Promise<ChatTurn | null> {
    const variables = { caller: this.#userId, called: '' };
    return this.#run({ type: 'started', nowMs: this.#nowMs, channel: 'chat', variables });
  }

  hear(body: MessageBody): Promise<ChatTurn | null> {
    const text = body.type === 'text' ? (body.value ?? body.text) : '';
    return this.#run({ type: 'text', nowMs: this.#nowMs, text, confidence: 1 });
  }

  noInput(): Promise<ChatTurn | null> {
    return this.#run({ type: 'no-input', nowMs: this.#nowMs });
  }

  /** Gives the tree's version back; idempotent. */
  close(): void {
    this.#conversation.close();
    this.#lease.release();
  }

  get #nowMs(): number {
    return this.#deps.clock.epochMs();
  }

  async #run(event: DialogEvent): Promise<ChatTurn | null> {
    const messages: NewMessage[] = [];
    let turn = await this.#conversation.handle(event);
    let resumed = false;
    while (turn) {
      messages.push(...turn.prompts.map(fromPrompt).filter((message) => message !== null));
      this.#report(turn);
      const { closing } = turn;
      if (closing.type === 'listen') {
        const noInputMs = Math.max(closing.listen.noInputMs, this.#deps.settings.noInputMs);
        return this.#turn(messages, false, noInputMs);
      }
      if (closing.type === 'none') return this.#turn(messages, false, null);
      const nobodyThere = event.type === 'no-input' || resumed;
      if (closing.type === 'end' || nobodyThere) {
        messages.push(eventMessage('ended', ''));
        return this.#turn(messages, true, null);
      }
      if (closing.type === 'transfer') messages.push(eventMessage('transfer', closing.target));
      else messages.push(eventMessage('handover-failed', this.#unavailable));
      resumed = true;
      turn = await this.#conversation.handle({ type: 'resumed', nowMs: this.#nowMs });
    }
    return null;
  }

  get #unavailable(): string {
    return this.#deps.settings.unavailableText(this.#conversation.state.language);
  }

  #turn(messages: readonly NewMessage[], end: boolean, noInputMs: number | null): ChatTurn {
    const { id, sha256, version } = this.#lease.version;
    const state = serializeState(this.#conversation.state) as Json;
    const snapshot: Json = { format: snapshotFormat, tree: id, version: { version, sha256 }, state };
    return { messages, end, noInputMs, snapshot };
  }

  #report(turn: BotTurn): void {
    const { logger, metrics } = this.#deps;
    metrics.observe('score', turn.scoreMs);
    metrics.observe('step', turn.stepMs);
    for (const decision of turn.decisions) {
      metrics.turnDecided(decision.zone);
      logger.debug('decided', { ...decision });
    }
    if (turn.tags.length > 0) logger.info('tagged', { tags: turn.tags });
  }
}

/** A message about the session itself. */
export function eventMessage(event: SessionEvent, text: string): NewMessage {
  return { author: 'system', senderId: '', clientId: null, body: { type: 'event', event, text } };
}

function fromPrompt(prompt: Prompt): NewMessage | null {
  const { card, chat, quickReplies } = prompt;
  if (chat === '' && !card) return null;
  const body: MessageBody = {
    type: 'text',
    text: chat,
    ...(quickReplies && quickReplies.length > 0 ? { quickReplies } : {}),
    ...(card ? { card } : {}),
  };
  return { author: 'bot', senderId: '', clientId: null, body };
}

/** What canary rules see of a chat: nothing of SIP or MRCP. */
function factsOf({ ref, userId }: SessionRecord): SessionFacts {
  return {
    sessionId: ref.sessionId,
    source: '',
    fromUser: userId,
    toUser: '',
    callHeader: () => undefined,
    vendorParameters: new Map(),
  };
}
