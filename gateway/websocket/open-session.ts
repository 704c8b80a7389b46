import type { SubmitResult } from '../chat/chat-sessions.js';
import type { Clock } from '../../config/clock.js';
import { chatSocketLimits } from '../../config/limits.js';
import type { Logger } from '../../config/logger.js';
import type { MessageBody } from './protocol.js';
import type { ClientWriter } from './client-writer.js';
import type { ConnectionCounters } from './connection-counters.js';
import { ackFrame, historyFrame, plainFrame, pongFrame } from './frame-texts.js';
import { furthest, MarkKeeper } from './mark-keeper.js';
import { giveBack, type CloseCode, type Opened, type OpeningDeps } from './opening.js';
import { closeCodes, type ClientFrame, type ErrorCode, type HelloFrame } from './protocol.js';

export interface OpenSessionDeps extends Pick<OpeningDeps, 'sessions' | 'tokens'> {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly counters: ConnectionCounters;
  readonly bounds: { readonly unacknowledged: number; readonly messagesPer10s: number };
}

export interface OpenSessionHost {
  close(code: CloseCode, reason: string): void;
  /** A fresh token counts until then. */
  renewed(expiresMs: number): void;
}

type Frame = Exclude<ClientFrame, HelloFrame>;
type MessageFrame = Extract<Frame, { readonly type: 'message' }>;
type HistoryFrame = Extract<Frame, { readonly type: 'history' }>;

/** What a client that the log is away for should wait. */
const retryMs = 2_000;
const endText = 'The user has ended the conversation.';

const refusals: Readonly<
  Record<
    'ended' | 'full' | 'conflict' | 'unavailable',
    { readonly code: ErrorCode; readonly message: string }
  >
> = {
  ended: { code: 'ended', message: 'the session has ended; connect without a session for a new one' },
  full: { code: 'full', message: 'the session holds as many messages as it may' },
  conflict: { code: 'bad-frame', message: 'this id was used for another message of the session' },
  unavailable: { code: 'unavailable', message: 'the message could not be kept now; send it again' },
};

/**
 * What an open connection does with its session: frames in, effects and answers out.
 *
 * Messages are kept, and acknowledged, in the order in which they came: one is on its way to the log at a time, and when
 * it cannot be kept the connection ends, so that none after it is kept before it.
 */
export class OpenSession {
  /** The newest message that was sent, or that the client said it holds. */
  sentSeq: number;
  readonly #opened: Opened;
  readonly #writer: ClientWriter;
  readonly #deps: OpenSessionDeps;
  readonly #host: OpenSessionHost;
  /** Messages that wait to be durable, and the last of them. */
  #unacknowledged = 0;
  #lastMessage: Promise<void> = Promise.resolve();
  #marks: MarkKeeper | null = null;
  #closed = false;
  #typing = false;
  /** One of each at a time. */
  readonly #busy = new Set<'history' | 'refresh' | 'end'>();

  constructor(opened: Opened, writer: ClientWriter, deps: OpenSessionDeps, host: OpenSessionHost) {
    this.sentSeq = opened.attachment.since;
    this.#opened = opened;
    this.#writer = writer;
    this.#deps = deps;
    this.#host = host;
  }

  resume(): void {
    this.#opened.attachment.resume();
  }

  /** Tells how far everybody has read, once the log has said it; nobody waits for that. */
  tellMarks(): void {
    const { attachment, record } = this.#opened;
    if (attachment.head.lastSeq === 0) return;
    this.#deps.sessions.marks(record.ref).then(
      (marks) => {
        if (this.#closed) return;
        for (const [reader, reached] of furthest(marks, chatSocketLimits.readersTold))
          this.#writer.writeSignal(plainFrame({ type: 'marks', reader, marks: reached }));
      },
      (err: unknown) => {
        const { sessionId } = record.ref;
        this.#deps.logger.warn('marks of a chat could not be read', { sessionId, err });
      },
    );
  }

  handle(frame: Frame): void {
    switch (frame.type) {
      case 'message':
        this.#submit(frame);
        break;
      case 'typing':
        this.#tellTyping(frame.on);
        break;
      case 'delivered':
        this.#mark(frame.seq, 0);
        break;
      case 'read':
        this.#mark(frame.seq, frame.seq);
        break;
      case 'history':
        this.#alone('history', () => this.#readHistory(frame));
        break;
      case 'refresh':
        this.#alone('refresh', () => this.#refresh(frame.token));
        break;
      case 'end':
        this.#alone('end', () => this.#end());
        break;
      case 'ping':
        this.#writer.write(pongFrame(frame.id));
        break;
    }
  }

  /** Gives everything back; what is still on its way is told to nobody. */
  close(): void {
    if (this.#closed) return;
    this.#tellTyping(false);
    this.#closed = true;
    giveBack(this.#opened);
  }

  #submit({ id, text, value }: MessageFrame): void {
    const { bounds } = this.#deps;
    if (this.#unacknowledged >= bounds.unacknowledged) {
      const message = `at most ${bounds.unacknowledged} messages may wait for their ack`;
      this.#refuse('rate', message, { id, retryAfterMs: retryMs });
      return;
    }
    const retryAfterMs = this.#opened.place.takeMessage();
    if (retryAfterMs > 0) {
      const message = `at most ${bounds.messagesPer10s} messages in ten seconds`;
      this.#refuse('rate', message, { id, retryAfterMs: Math.ceil(retryAfterMs) });
      return;
    }
    this.#tellTyping(false);
    const body: MessageBody = { type: 'text', text, ...(value === undefined ? {} : { value }) };
    this.#unacknowledged++;
    this.#lastMessage = this.#lastMessage.then(async () => {
      const result = await this.#append(id, body);
      this.#unacknowledged--;
      if (!this.#closed) this.#answer(id, result);
    });
  }

  /** Never rejects. What waits behind a message that could not be kept is not kept before it: the client sends all again. */
  async #append(clientId: string, body: MessageBody): Promise<SubmitResult> {
    const { holder, record } = this.#opened;
    if (this.#closed) return { outcome: 'unavailable' };
    try {
      const request = { author: 'user', senderId: holder.user.userId, clientId, body } as const;
      return await this.#deps.sessions.submit(record.ref, request);
    } catch (err) {
      this.#deps.logger.error('a chat message could not be submitted', {
        sessionId: record.ref.sessionId,
        err,
      });
      return { outcome: 'unavailable' };
    }
  }

  #answer(id: string, result: SubmitResult): void {
    switch (result.outcome) {
      case 'appended':
      case 'duplicate':
        this.#writer.write(ackFrame(id, result.seq, result.atMs, result.outcome === 'duplicate'));
        break;
      case 'unknown-session':
        this.#host.close(closeCodes.unknownSession, 'the session is gone');
        break;
      default: {
        const { code, message } = refusals[result.outcome];
        this.#refuse(code, message, {
          id,
          ...(result.outcome === 'conflict' ? { field: 'id' } : {}),
          ...(result.outcome === 'unavailable' ? { retryAfterMs: retryMs } : {}),
        });
        if (result.outcome === 'unavailable')
          this.#host.close(closeCodes.internal, 'messages cannot be kept now');
      }
    }
  }

  #tellTyping(on: boolean): void {
    if (this.#typing === on || this.#closed) return;
    this.#typing = on;
    this.#deps.sessions.typing(this.#opened.record.ref, { author: 'user' }, on);
  }

  /** A client cannot have got what it was not sent. */
  #mark(delivered: number, read: number): void {
    const { holder, record } = this.#opened;
    this.#marks ??= new MarkKeeper({
      write: (marks) => this.#deps.sessions.mark(record.ref, holder.user.userId, marks),
      onFailed: (err) => {
        this.#deps.logger.warn('marks of a chat could not be kept', { sessionId: record.ref.sessionId, err });
        this.#refuse('unavailable', 'the mark could not be kept now', { retryAfterMs: retryMs });
      },
    });
    this.#marks.raise(Math.min(delivered, this.sentSeq), Math.min(read, this.sentSeq));
  }

  async #readHistory({ before, limit }: HistoryFrame): Promise<void> {
    if (this.#writer.paused) {
      this.#refuse('rate', 'take what was sent first', { retryAfterMs: retryMs });
      return;
    }
    const last = Math.min(before - 1, Math.max(this.sentSeq, this.#opened.attachment.head.lastSeq));
    const after = Math.max(0, last - limit);
    const { sessions } = this.#deps;
    const messages = last > after ? await sessions.read(this.#opened.record.ref, after, last - after) : [];
    if (!this.#closed) this.#writer.write(historyFrame(before, messages, chatSocketLimits.historyBytes));
  }

  async #refresh(token: string): Promise<void> {
    const verdict = await this.#deps.tokens.verify(token);
    if (this.#closed) return;
    const { user } = this.#opened.holder;
    if (!verdict.ok) {
      if (verdict.code === 'unavailable')
        this.#refuse('unavailable', verdict.reason, { retryAfterMs: retryMs });
      else this.#refuse('unauthorized', verdict.reason, { field: 'token' });
    } else if (verdict.user.tenant !== user.tenant || verdict.user.userId !== user.userId)
      this.#refuse('unauthorized', 'the token is of another user', { field: 'token' });
    else {
      this.#host.renewed(verdict.expiresMs);
      this.#writer.write(plainFrame({ type: 'refreshed', tokenExpires: verdict.expiresMs }));
    }
  }

  async #end(): Promise<void> {
    const ended = await this.#deps.sessions.end(this.#opened.record.ref, 'user', endText);
    if (!ended && !this.#closed) this.#refuse('ended', 'the session has ended already');
  }

  #alone(kind: 'history' | 'refresh' | 'end', work: () => Promise<void>): void {
    if (this.#busy.has(kind)) {
      this.#refuse('rate', `one ${kind} at a time`, { retryAfterMs: retryMs });
      return;
    }
    this.#busy.add(kind);
    work()
      .catch((err: unknown) => {
        const { sessionId } = this.#opened.record.ref;
        this.#deps.logger.warn('a chat frame could not be answered', { sessionId, kind, err });
        this.#refuse('unavailable', `${kind} is not possible now`, { retryAfterMs: retryMs });
      })
      .finally(() => this.#busy.delete(kind));
  }

  #refuse(
    code: ErrorCode,
    message: string,
    more: { readonly id?: string; readonly field?: string; readonly retryAfterMs?: number } = {},
  ): void {
    if (this.#closed) return;
    this.#deps.counters.refused.increment(code);
    this.#writer.write(plainFrame({ type: 'error', code, message, ...more }));
  }
}
