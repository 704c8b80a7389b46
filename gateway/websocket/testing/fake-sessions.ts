import type {
  Attachment,
  ChatSessions,
  Signal,
  SubmitRequest,
  SubmitResult,
  Subscriber,
} from '../../chat/chat-sessions.js';
import type { UserKey } from '../../ports/router.js';
import {
  LogError,
  type LogMessage,
  type SessionHead,
  type SessionQuery,
  type SessionRecord,
  type SessionRef,
} from '../../ports/session-log.js';
import type { Author, Marks, MessageBody } from '../protocol.js';

interface Follower {
  readonly subscriber: Subscriber;
  sent: number;
  /** It said that it takes no more. */
  full: boolean;
}

interface FakeSession {
  readonly record: SessionRecord;
  state: 'open' | 'ended';
  toType: 'bot' | 'human';
  readonly messages: LogMessage[];
  /** By sender and its id. */
  readonly sent: Map<string, LogMessage>;
  readonly followers: Set<Follower>;
  readonly marks: Map<string, Marks>;
}

type Call = 'open' | 'session' | 'attach' | 'submit' | 'read' | 'mark' | 'marks' | 'end';

/** Chat sessions in memory: an ordered log, its followers, and failures and delays on command. */
export class FakeSessions implements ChatSessions {
  readonly #sessions = new Map<string, FakeSession>();
  /** The newest session of each user. */
  readonly #ofUser = new Map<string, FakeSession>();
  readonly #failing = new Map<Call, number>();
  #held: (() => void)[] | null = null;
  #nextId = 1;
  nowMs: () => number = () => 1_700_000_000_000;
  /** What `typing` was called with. */
  readonly typed: { readonly author: Author; readonly on: boolean }[] = [];
  /** Writes of marks. */
  markWrites = 0;
  /** The next results of `submit`, before anything is appended. */
  readonly results: SubmitResult['outcome'][] = [];

  /** Followers of all sessions: 0 when nothing leaked. */
  get followers(): number {
    let count = 0;
    for (const { followers } of this.#sessions.values()) count += followers.size;
    return count;
  }

  /** The next `times` calls reject as if the log were away. */
  fail(call: Call, times = 1): void {
    this.#failing.set(call, times);
  }

  /** `submit` waits until `letGo`. */
  hold(): void {
    this.#held ??= [];
  }

  /** Submits that are held. */
  get waiting(): number {
    return this.#held?.length ?? 0;
  }

  letGo(): void {
    const held = this.#held ?? [];
    this.#held = null;
    for (const resolve of held) resolve();
  }

  open(request: {
    readonly user: UserKey;
    readonly ingress: string;
    readonly tree: string | null;
  }): Promise<{ readonly record: SessionRecord; readonly created: boolean }> {
    return this.#attempt('open', () => {
      const { tenant, userId } = request.user;
      const known = this.#ofUser.get(`${tenant} ${userId}`);
      if (known?.state === 'open') return { record: this.#recordOf(known), created: false };
      const session = this.#create(request.user, request.ingress, request.tree);
      return { record: session.record, created: true };
    });
  }

  session(ref: SessionRef): Promise<SessionRecord | null> {
    return this.#attempt('session', () => {
      const session = this.#find(ref);
      return session ? this.#recordOf(session) : null;
    });
  }

  list(query: SessionQuery): Promise<readonly SessionRecord[]> {
    const records = [...this.#sessions.values()].map((session) => this.#recordOf(session));
    return Promise.resolve(records.filter(({ ref }) => ref.tenant === query.tenant).slice(0, query.limit));
  }

  attach(ref: SessionRef, since: number, subscriber: Subscriber): Promise<Attachment | null> {
    return this.#attempt('attach', () => {
      const session = this.#find(ref);
      if (!session) return null;
      const sent = since > session.messages.length ? 0 : since;
      const follower: Follower = { subscriber, sent, full: false };
      session.followers.add(follower);
      this.#deliver(session, follower);
      return {
        since: sent,
        head: this.#headOf(session),
        resume: () => {
          follower.full = false;
          this.#deliver(session, follower);
        },
        detach: () => void session.followers.delete(follower),
      };
    });
  }

  async submit(ref: SessionRef, request: SubmitRequest): Promise<SubmitResult> {
    const held = this.#held;
    if (held) await new Promise<void>((resolve) => held.push(resolve));
    return this.#attempt('submit', () => this.#submitNow(ref, request));
  }

  read(ref: SessionRef, after: number, limit: number): Promise<readonly LogMessage[]> {
    return this.#attempt('read', () => this.#find(ref)?.messages.slice(after, after + limit) ?? []);
  }

  mark(ref: SessionRef, reader: string, marks: Partial<Marks>): Promise<void> {
    return this.#attempt('mark', () => {
      this.markWrites++;
      const session = this.#find(ref);
      const old = session?.marks.get(reader) ?? { delivered: 0, read: 0 };
      const { delivered = 0, read = 0 } = marks;
      const raised = { delivered: Math.max(old.delivered, delivered), read: Math.max(old.read, read) };
      session?.marks.set(reader, raised);
    });
  }

  marks(ref: SessionRef): Promise<ReadonlyMap<string, Marks>> {
    return this.#attempt('marks', () => new Map(this.#find(ref)?.marks));
  }

  typing(
    ref: SessionRef,
    { author }: { readonly author: Author; readonly name?: string },
    on: boolean,
  ): void {
    this.typed.push({ author, on });
    this.signal(ref, { type: 'typing', author, on });
  }

  end(ref: SessionRef, by: Author, text: string): Promise<boolean> {
    return this.#attempt('end', () => {
      const session = this.#find(ref);
      if (session?.state !== 'open') return false;
      session.state = 'ended';
      this.say(ref, { type: 'event', event: 'ended', text }, by === 'user' ? 'system' : by);
      this.signal(ref, { type: 'state', ended: true, toType: session.toType });
      return true;
    });
  }

  /** Something that the bot, an agent or the system says. */
  say(ref: SessionRef, body: MessageBody | string, author: Author = 'bot', senderId = ''): LogMessage {
    const session = this.#find(ref);
    if (!session) throw new Error('there is no such session');
    const content: MessageBody = typeof body === 'string' ? { type: 'text', text: body } : body;
    return this.#append(session, { author, senderId, clientId: null, body: content });
  }

  signal(ref: SessionRef, signal: Signal): void {
    for (const { subscriber } of this.#find(ref)?.followers ?? []) subscriber.signal(signal);
  }

  /** Tells the followers that the log is away for too long. */
  failFollowers(ref: SessionRef): void {
    for (const { subscriber } of [...(this.#find(ref)?.followers ?? [])]) subscriber.failed('log away');
  }

  /** Gives a follower a message out of order, which a session never may. */
  misdeliver(ref: SessionRef, message: LogMessage): void {
    for (const { subscriber } of [...(this.#find(ref)?.followers ?? [])]) subscriber.push([message]);
  }

  #submitNow(ref: SessionRef, request: SubmitRequest): SubmitResult {
    const forced = this.results.shift();
    if (forced !== undefined && forced !== 'appended' && forced !== 'duplicate') return { outcome: forced };
    const session = this.#find(ref);
    if (!session) return { outcome: 'unknown-session' };
    const old = session.sent.get(`${request.senderId} ${request.clientId}`);
    if (old && JSON.stringify(old.body) !== JSON.stringify(request.body)) return { outcome: 'conflict' };
    if (old) return { outcome: 'duplicate', seq: old.seq, atMs: old.atMs };
    if (session.state === 'ended') return { outcome: 'ended' };
    const { atMs, seq } = this.#append(session, request);
    return { outcome: 'appended', seq, atMs };
  }

  #append(session: FakeSession, message: Omit<LogMessage, 'seq' | 'atMs'>): LogMessage {
    const { author, body, clientId, senderId } = message;
    const seq = session.messages.length + 1;
    const logged: LogMessage = { seq, author, senderId, clientId, body, atMs: this.nowMs() };
    session.messages.push(logged);
    if (clientId !== null) session.sent.set(`${senderId} ${clientId}`, logged);
    for (const follower of session.followers) this.#deliver(session, follower);
    return logged;
  }

  #deliver(session: FakeSession, follower: Follower): void {
    if (follower.full || follower.sent >= session.messages.length) return;
    if (follower.subscriber.push(session.messages.slice(follower.sent)))
      follower.sent = session.messages.length;
    else follower.full = true;
  }

  #create({ tenant, userId }: UserKey, ingress: string, tree: string | null): FakeSession {
    const ref = { tenant, sessionId: `s${this.#nextId++}` };
    const atMs = this.nowMs();
    const record: SessionRecord = {
      ref,
      state: 'open',
      toType: 'bot',
      lastSeq: 0,
      inputSeq: 0,
      processedSeq: 0,
      owner: null,
      ownerLives: false,
      userId,
      ingress,
      tree,
      createdAtMs: atMs,
      lastAtMs: atMs,
      endedAtMs: null,
    };
    const session: FakeSession = {
      record,
      state: 'open',
      toType: 'bot',
      messages: [],
      sent: new Map(),
      followers: new Set(),
      marks: new Map(),
    };
    this.#sessions.set(`${tenant} ${ref.sessionId}`, session);
    this.#ofUser.set(`${tenant} ${userId}`, session);
    return session;
  }

  #find({ sessionId, tenant }: SessionRef): FakeSession | undefined {
    return this.#sessions.get(`${tenant} ${sessionId}`);
  }

  #headOf({ messages, record, state, toType }: FakeSession): SessionHead {
    const { inputSeq, owner, ownerLives, processedSeq, ref, userId } = record;
    return {
      ref,
      userId,
      state,
      toType,
      lastSeq: messages.length,
      inputSeq,
      processedSeq,
      owner,
      ownerLives,
    };
  }

  #recordOf(session: FakeSession): SessionRecord {
    return { ...session.record, ...this.#headOf(session) };
  }

  #attempt<T>(call: Call, work: () => T): Promise<T> {
    const failures = this.#failing.get(call) ?? 0;
    this.#failing.set(call, failures - 1);
    if (failures > 0) return Promise.reject(new LogError('the log is away'));
    return Promise.resolve(work());
  }
}
