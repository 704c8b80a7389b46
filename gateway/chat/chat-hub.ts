import type { Clock } from '../../config/clock.js';
import { chatLimits } from '../../config/limits.js';
import type { Logger } from '../../config/logger.js';
import type { Random } from '../../config/random.js';
import type { Router, UserKey } from '../ports/router.js';
import {
  LogError,
  type Json,
  type LogMessage,
  type NewJob,
  type SessionHead,
  type SessionLog,
  type SessionOwner,
  type SessionQuery,
  type SessionRecord,
  type SessionRef,
} from '../ports/session-log.js';
import type { Author, Marks } from '../websocket/protocol.js';
import { ChatDialog, eventMessage, type ChatDialogDeps } from './chat-dialog.js';
import type { EventJobs, EventSession } from './chat-events.js';
import type {
  Attachment,
  ChatSessions,
  Signal,
  SubmitRequest,
  SubmitResult,
  Subscriber,
} from './chat-sessions.js';
import {
  newsJson,
  readNews,
  readSignal,
  readSilent,
  readWake,
  signalJson,
  silentJson,
  topics,
  wakeJson,
} from './node-messages.js';
import { SessionFeed } from './session-feed.js';
import { sessionKey } from './session-key.js';
import { SessionRunner } from './session-runner.js';

export interface ChatHubDeps {
  readonly log: SessionLog;
  readonly router: Router;
  readonly dialog: ChatDialogDeps;
  /** Null: nobody wants to be told. */
  readonly eventJobs: EventJobs | null;
  /** Other nodes may write to the log. */
  readonly shared: boolean;
  /** A session without a message for so long is ended. */
  readonly idleEndMs: number;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}

/** Kind of the job that ends a session nobody writes to; its key is the session. */
export const idleEndJob = 'idle-end';

/** Runners that did nothing for so long give their session back. */
const idleRunnerMs = 120_000;
const tidyMs = 30_000;

/** A session that somebody follows here. */
interface Followed {
  readonly ref: SessionRef;
  readonly feed: SessionFeed;
  /** Null until the first follower has been let in. */
  session: EventSession | null;
  /** Followers, those being let in included. */
  users: number;
}

/**
 * The chat sessions that this node runs or follows.
 *
 * Any node takes messages for any session: it appends them to the log, then wakes the owner, who answers. Whoever
 * follows is told directly where that works, and finds out by `look` where it does not.
 */
export class ChatHub implements ChatSessions {
  readonly #deps: ChatHubDeps;
  readonly #followed = new Map<string, Followed>();
  readonly #runners = new Map<string, SessionRunner>();
  #closed = false;

  constructor(deps: ChatHubDeps) {
    this.#deps = deps;
    const { router } = deps;
    router.on(topics.wake, (payload) => this.#onWake(payload));
    router.on(topics.silent, (payload) => this.#onSilent(payload));
    router.on(topics.news, (payload) => this.#onNews(payload));
    router.on(topics.signal, (payload) => this.#onSignal(payload));
    this.#tidyLater();
  }

  /** Sessions whose dialog runs here. */
  get running(): number {
    return this.#runners.size;
  }

  get following(): number {
    return this.#followed.size;
  }

  async open(request: {
    readonly user: UserKey;
    readonly ingress: string;
    readonly tree: string | null;
  }): Promise<{ readonly record: SessionRecord; readonly created: boolean }> {
    const { eventJobs, idleEndMs, log, random } = this.#deps;
    const { ingress, tree } = request;
    const { tenant, userId } = request.user;
    const ref: SessionRef = { tenant, sessionId: random.hex(12) };
    const idleEnd: NewJob = { kind: idleEndJob, key: ref.sessionId, delayMs: idleEndMs, ref, payload: null };
    const jobs = [idleEnd, ...(eventJobs?.opened({ ref, userId, ingress }) ?? [])];
    const opened = await log.open({ tenant, userId, ingress, tree, sessionId: ref.sessionId, jobs });
    if (opened.created) eventJobs?.made();
    // Also when it is an old one whose first owner died before it said anything.
    if (opened.record.lastSeq === 0) this.#runner(opened.record.ref)?.wake(0);
    return opened;
  }

  session(ref: SessionRef): Promise<SessionRecord | null> {
    return this.#deps.log.session(ref);
  }

  list(query: SessionQuery): Promise<readonly SessionRecord[]> {
    return this.#deps.log.sessions(query);
  }

  async attach(ref: SessionRef, since: number, subscriber: Subscriber): Promise<Attachment | null> {
    // Before the record is read: what is written after that is learned of.
    const followed = this.#enter(ref);
    let record: SessionRecord | null = null;
    try {
      record = await this.#deps.log.session(ref);
    } finally {
      if (!record || this.#closed) this.#leave(followed);
    }
    if (!record || this.#closed) return null;
    followed.session = record;
    const from = since > record.lastSeq ? 0 : since;
    followed.feed.learnHead(record.lastSeq);
    const follower = followed.feed.follow(subscriber, from);
    // It may have been given back between two messages.
    if (record.state === 'open' && record.inputSeq > record.processedSeq) this.#wakeOwner(record);
    return {
      since: from,
      head: record,
      resume: () => follower.resume(),
      detach: () => {
        if (follower.detach()) this.#leave(followed);
      },
    };
  }

  async submit(ref: SessionRef, request: SubmitRequest): Promise<SubmitResult> {
    const { log, logger } = this.#deps;
    try {
      const jobs = await this.#messageJobs(ref);
      const result = await log.append(ref, { ...request, jobs });
      switch (result.outcome) {
        case 'appended':
          this.#tell(result.head, [result.message]);
          if (request.author === 'user') this.#wakeOwner(result.head);
          return { outcome: 'appended', seq: result.message.seq, atMs: result.message.atMs };
        case 'duplicate':
          return { outcome: 'duplicate', seq: result.message.seq, atMs: result.message.atMs };
        case 'conflict':
        case 'ended':
        case 'full':
        case 'unknown-session':
          return { outcome: result.outcome };
      }
    } catch (err) {
      if (!(err instanceof LogError)) throw err;
      logger.warn('a message could not be kept', { err });
      return { outcome: 'unavailable' };
    }
  }

  read(ref: SessionRef, after: number, limit: number): Promise<readonly LogMessage[]> {
    return this.#deps.log.read(ref, after, limit);
  }

  async mark(ref: SessionRef, reader: string, marks: Partial<Marks>): Promise<void> {
    const merged = await this.#deps.log.mark(ref, reader, marks);
    if (merged) this.#signal(ref, null, { type: 'marks', reader, marks: merged });
  }

  marks(ref: SessionRef): Promise<ReadonlyMap<string, Marks>> {
    return this.#deps.log.marks(ref);
  }

  typing(ref: SessionRef, from: { readonly author: Author; readonly name?: string }, on: boolean): void {
    this.#signal(ref, null, { type: 'typing', ...from, on });
  }

  async end(ref: SessionRef, by: Author, text: string): Promise<boolean> {
    const record = await this.#deps.log.session(ref);
    if (!record) return false;
    const { eventJobs } = this.#deps;
    const jobs = eventJobs ? [...eventJobs.message(record), ...eventJobs.ended(record)] : [];
    const last = { ...eventMessage('ended', text), author: by === 'user' ? 'system' : by, jobs } as const;
    const result = await this.#deps.log.end(ref, last);
    if (result.outcome !== 'appended') return false;
    this.#tell(result.head, [result.message]);
    this.#signal(ref, record.userId, { type: 'state', ended: true, toType: record.toType });
    this.#over(sessionKey(ref));
    return true;
  }

  /** Looks into the log for what this node was not told: input that waits for it, and messages to follow. */
  async look(): Promise<void> {
    const { log, router, shared } = this.#deps;
    const waiting = await log.waiting(router.node, chatLimits.sweepSessions);
    for (const head of waiting) this.#runner(head.ref)?.wake(head.inputSeq);
    if (!shared) return;
    const refs = [...this.#followed.values()].map(({ ref }) => ref);
    for (let from = 0; from < refs.length; from += chatLimits.sweepSessions) {
      const heads = await log.heads(refs.slice(from, from + chatLimits.sweepSessions));
      for (const { lastSeq, ref } of heads) this.#followed.get(sessionKey(ref))?.feed.learnHead(lastSeq);
    }
  }

  /** The user has said nothing since the turn that answered up to `after`. True: the job is done with. */
  async silent(ref: SessionRef, after: number): Promise<boolean> {
    const [head] = await this.#deps.log.heads([ref]);
    if (!head || head.state === 'ended' || head.processedSeq !== after || head.inputSeq > after) return true;
    const { owner, ownerLives } = head;
    const { router } = this.#deps;
    if (!owner || !ownerLives || this.#isOwn(owner)) this.#runner(ref)?.silent(after);
    else await router.send(owner.nodeId, owner.incarnation, topics.silent, silentJson(ref, after));
    // The commit of the turn replaces the job, or takes it away.
    return false;
  }

  /** Gives every session back; what is being answered is finished first. Idempotent. */
  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all([...this.#runners.values()].map((runner) => runner.close()));
    this.#runners.clear();
    this.#followed.clear();
  }

  #enter(ref: SessionRef): Followed {
    const key = sessionKey(ref);
    let followed = this.#followed.get(key);
    if (!followed) {
      const { clock, log } = this.#deps;
      const logger = this.#deps.logger.child({ sessionId: ref.sessionId });
      const feed = new SessionFeed({ read: (after, limit) => log.read(ref, after, limit), clock, logger });
      followed = { ref, feed, session: null, users: 0 };
      this.#followed.set(key, followed);
    }
    followed.users++;
    return followed;
  }

  #leave(followed: Followed): void {
    if (--followed.users === 0) this.#followed.delete(sessionKey(followed.ref));
  }

  async #messageJobs(ref: SessionRef): Promise<readonly NewJob[]> {
    const { eventJobs, log } = this.#deps;
    if (!eventJobs) return [];
    const session = this.#followed.get(sessionKey(ref))?.session ?? (await log.session(ref));
    return session ? eventJobs.message(session) : [];
  }

  #isOwn(owner: SessionOwner): boolean {
    const { incarnation, nodeId } = this.#deps.router.node;
    return owner.nodeId === nodeId && owner.incarnation === incarnation;
  }

  #wakeOwner(head: SessionHead): void {
    const { inputSeq, owner, ownerLives, ref } = head;
    if (owner && ownerLives && !this.#isOwn(owner)) this.#wakeElsewhere(ref, inputSeq, owner);
    else this.#runner(ref)?.wake(inputSeq);
  }

  #wakeElsewhere(ref: SessionRef, inputSeq: number, owner: SessionOwner): void {
    const { logger, router } = this.#deps;
    router
      .send(owner.nodeId, owner.incarnation, topics.wake, wakeJson(ref, inputSeq))
      .then((outcome) => {
        // Nobody hears it there although its lease runs on: the log decides who is the owner.
        if (outcome === 'no-node') this.#runner(ref)?.wake(inputSeq, owner.epoch);
      })
      .catch((err: unknown) => logger.warn('an owner could not be woken, it will look by itself', { err }));
  }

  /** Tells the session's followers, here and on other nodes. */
  #tell({ ref, userId }: Pick<SessionHead, 'ref' | 'userId'>, messages: readonly LogMessage[]): void {
    this.#deps.eventJobs?.made();
    const last = messages.at(-1);
    // A turn that said nothing: nobody follows what it did.
    if (!last) return;
    this.#followed.get(sessionKey(ref))?.feed.learn(messages);
    this.#toOthers({ tenant: ref.tenant, userId }, topics.news, () => newsJson(ref, last.seq, messages));
  }

  #signal(ref: SessionRef, userId: string | null, signal: Signal): void {
    const followed = this.#followed.get(sessionKey(ref));
    followed?.feed.signal(signal);
    const user = userId ?? followed?.session?.userId ?? '';
    // Nobody asked on behalf of a follower: nobody is there to be told.
    if (user !== '')
      this.#toOthers({ tenant: ref.tenant, userId: user }, topics.signal, () => signalJson(ref, signal));
  }

  #toOthers(user: UserKey, topic: string, payload: () => Json): void {
    const { logger, router } = this.#deps;
    if (router.nodes().length < 2) return;
    router
      .sendToUser(user, topic, payload())
      .catch((err: unknown) => logger.warn('other nodes could not be told, they will look', { topic, err }));
  }

  /** Null: there is no room; what waits stays in the log, where `look` finds it again. */
  #runner(ref: SessionRef): SessionRunner | null {
    const key = sessionKey(ref);
    const existing = this.#runners.get(key);
    if (existing) return existing;
    if (this.#closed || this.#runners.size >= chatLimits.sessions) return null;
    const { clock, dialog, eventJobs, log, router } = this.#deps;
    const logger = this.#deps.logger.child({ sessionId: ref.sessionId });
    const runner = new SessionRunner(ref, {
      log,
      node: router.node,
      openDialog: (record, snapshot) => ChatDialog.open(record, snapshot, { ...dialog, logger }),
      onCommitted: (record, messages, ended) => {
        this.#tell(record, messages);
        if (ended) this.#signal(ref, record.userId, { type: 'state', ended, toType: record.toType });
      },
      onHeld: (owner, inputSeq) => this.#wakeElsewhere(ref, inputSeq, owner),
      onBusy: ({ userId }, on) => this.#signal(ref, userId, { type: 'typing', author: 'bot', on }),
      onOver: () => this.#over(key),
      eventJobs,
      clock,
      logger,
    });
    this.#runners.set(key, runner);
    return runner;
  }

  #over(key: string): void {
    const runner = this.#runners.get(key);
    this.#runners.delete(key);
    void runner?.close();
  }

  #tidyLater(): void {
    this.#deps.clock.setTimer(() => {
      if (this.#closed) return;
      for (const [key, runner] of this.#runners) if (runner.idleMs > idleRunnerMs) this.#over(key);
      this.#tidyLater();
    }, tidyMs);
  }

  #onWake(payload: Json): boolean {
    const wake = readWake(payload);
    if (wake) this.#runner(wake.ref)?.wake(wake.inputSeq);
    return wake !== null;
  }

  #onSilent(payload: Json): boolean {
    const silent = readSilent(payload);
    if (silent) this.#runner(silent.ref)?.silent(silent.after);
    return silent !== null;
  }

  #onNews(payload: Json): boolean {
    const news = readNews(payload);
    const followed = news ? this.#followed.get(sessionKey(news.ref)) : undefined;
    if (!news || !followed) return false;
    followed.feed.learn(news.messages);
    followed.feed.learnHead(news.head);
    return true;
  }

  #onSignal(payload: Json): boolean {
    const received = readSignal(payload);
    const followed = received ? this.#followed.get(sessionKey(received.ref)) : undefined;
    if (!received || !followed) return false;
    followed.feed.signal(received.signal);
    return true;
  }
}
