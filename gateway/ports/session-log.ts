import type { Author, Marks, MessageBody } from '../websocket/protocol.js';

/** Names one session of one tenant. */
export interface SessionRef {
  readonly tenant: string;
  readonly sessionId: string;
}

/** One start of one node. */
export interface NodeIdentity {
  readonly nodeId: string;
  /** Unlike that of every other start of this node. */
  readonly incarnation: string;
}

/** Who runs a session's dialog. Of two owners the one with the larger epoch is the real one. */
export interface SessionOwner extends NodeIdentity {
  readonly epoch: number;
}

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** What moves with every message; cheap to read for many sessions. */
export interface SessionHead {
  readonly ref: SessionRef;
  readonly userId: string;
  readonly state: 'open' | 'ended';
  readonly toType: 'bot' | 'human';
  /** Newest message; 0 before the first. */
  readonly lastSeq: number;
  /** Newest message that the dialog has to answer (the user's). */
  readonly inputSeq: number;
  /** Up to where the dialog has answered. */
  readonly processedSeq: number;
  readonly owner: SessionOwner | null;
  /** The owner's node beats with the same incarnation. False without an owner. */
  readonly ownerLives: boolean;
}

export interface SessionRecord extends SessionHead {
  /** `chat`, `wechat`, ...: with tenant and user it names the one open session. */
  readonly ingress: string;
  /** Key of `dialog.trees`, or null for the configured one. */
  readonly tree: string | null;
  readonly createdAtMs: number;
  readonly lastAtMs: number;
  readonly endedAtMs: number | null;
}

export interface NewMessage {
  readonly author: Author;
  /** User id, agent id, name of an API key; empty for the bot and the system. */
  readonly senderId: string;
  /** With `senderId` unique in the session; null: never a duplicate. */
  readonly clientId: string | null;
  readonly body: MessageBody;
  /** Made in the same transaction, with the message's number. */
  readonly jobs?: readonly NewJob[];
}

export interface LogMessage {
  readonly seq: number;
  readonly author: Author;
  readonly senderId: string;
  readonly clientId: string | null;
  readonly body: MessageBody;
  readonly atMs: number;
}

/** Something to be done later by one node, whichever lives then. */
export interface NewJob {
  /** `no-input`, `idle-end`, `webhook`, ... */
  readonly kind: string;
  /** With tenant and kind it names the job: put again, it is replaced. */
  readonly key: string;
  readonly delayMs: number;
  readonly ref: SessionRef;
  readonly payload: Json;
}

export interface Job {
  readonly id: number;
  readonly kind: string;
  readonly key: string;
  readonly ref: SessionRef;
  /** Of the message it was made with. */
  readonly seq: number | null;
  readonly payload: Json;
  readonly dueAtMs: number;
  readonly createdAtMs: number;
  /** Times it was claimed, this one included. */
  readonly attempts: number;
  /** Names this claim; what another claim says is ignored. */
  readonly claim: string;
}

export interface DeadJob extends Omit<Job, 'claim'> {
  readonly error: string;
  readonly diedAtMs: number;
}

export type OpenResult = { readonly record: SessionRecord; readonly created: boolean };

export type AppendResult =
  | {
      readonly outcome: 'appended' | 'duplicate';
      readonly message: LogMessage;
      /** After it. */
      readonly head: SessionHead;
    }
  | { readonly outcome: 'unknown-session' | 'ended' | 'full' }
  /** The id was used for other content. */
  | { readonly outcome: 'conflict'; readonly seq: number };

export type AcquireResult =
  | {
      readonly outcome: 'acquired';
      readonly record: SessionRecord;
      readonly epoch: number;
      /** What the last turn left; null before the first. */
      readonly snapshot: Json;
    }
  | { readonly outcome: 'held'; readonly owner: SessionOwner }
  | { readonly outcome: 'unknown-session' | 'ended' };

/** Everything one turn changes; all of it or nothing is kept. */
export interface TurnCommit {
  readonly epoch: number;
  /** Never lowers what an earlier turn said. */
  readonly processedSeq: number;
  readonly snapshot: Json;
  /**
   * With client ids the turn may be committed again when nobody knows whether it was kept: the second time changes
   * nothing and is told the same.
   */
  readonly messages: readonly NewMessage[];
  readonly toType?: 'bot' | 'human';
  /** The session is over after these messages, for which there is always room. */
  readonly end?: boolean;
  readonly jobs?: readonly NewJob[];
  /** Cancelled before `jobs` are made. */
  readonly cancelJobs?: readonly { readonly kind: string; readonly key: string }[];
}

export type CommitResult =
  | { readonly outcome: 'committed'; readonly messages: readonly LogMessage[]; readonly head: SessionHead }
  /** Another owner's epoch is larger: nothing was kept, and nothing may be shown. */
  | { readonly outcome: 'fenced'; readonly owner: SessionOwner | null }
  | { readonly outcome: 'unknown-session' | 'ended' | 'full' };

export interface SessionQuery {
  readonly tenant: string;
  readonly userId?: string;
  readonly state?: 'open' | 'ended';
  /** Sessions that were made before this one, newest first. */
  readonly before?: string;
  /** 1 to 200. */
  readonly limit: number;
}

/** A node as the log sees it; it lives while it beats. */
export interface NodeBeat extends NodeIdentity {
  readonly state: 'up' | 'draining';
  /** Where its HTTP port is reached, for operators; empty when unknown. */
  readonly address: string;
}

/**
 * The durable log of chat sessions: messages with a sequence, owners with an epoch, jobs with a due time.
 *
 * A call resolves when what it wrote survives the death of this process (of the machine: as the database is set).
 * Time is the store's own, so that nodes need not agree. Rejects with `LogError` when the store is away; every call may
 * then be made again (`append` with a client id is never doubled). Rejects with `RangeError` what is past a bound of
 * `logLimits`; that may not be made again. One conformance suite: adapters/conformance.
 */
export interface SessionLog {
  /** The user's open session of this ingress, or a new one with `sessionId`. Two nodes that ask at once get the same. */
  open(request: {
    readonly tenant: string;
    readonly userId: string;
    readonly ingress: string;
    readonly tree: string | null;
    readonly sessionId: string;
    readonly jobs?: readonly NewJob[];
  }): Promise<OpenResult>;
  session(ref: SessionRef): Promise<SessionRecord | null>;
  sessions(query: SessionQuery): Promise<readonly SessionRecord[]>;
  /** In the order of `refs`; those that are unknown are left out. */
  heads(refs: readonly SessionRef[]): Promise<readonly SessionHead[]>;

  /** Appends what did not come from the dialog; needs no ownership. */
  append(ref: SessionRef, message: NewMessage): Promise<AppendResult>;
  /** Messages after `after`, oldest first; at most `limit` (1 to 500). */
  read(ref: SessionRef, after: number, limit: number): Promise<readonly LogMessage[]>;
  /** Raises the marks of one reader, never lowers them, at most to the newest message; null for an unknown session. */
  mark(ref: SessionRef, reader: string, marks: Partial<Marks>): Promise<Marks | null>;
  marks(ref: SessionRef): Promise<ReadonlyMap<string, Marks>>;
  /**
   * Ends a session from outside with a last message, for which there is always room; the owner's next commit is told
   * `ended`. `ended` here: it was not open.
   */
  end(ref: SessionRef, last: NewMessage): Promise<AppendResult>;

  /**
   * Takes a session without a living owner, or one's own again; the epoch rises each time.
   *
   * `evenFrom` is for who has other evidence that the owner is gone: an owner of just this epoch is replaced although
   * it still beats. If it lives after all, its next commit is fenced. Null: never.
   */
  acquire(ref: SessionRef, node: NodeIdentity, evenFrom: number | null): Promise<AcquireResult>;
  /** Gives it back; ignored when somebody else has it. */
  release(ref: SessionRef, epoch: number): Promise<void>;
  commit(ref: SessionRef, turn: TurnCommit): Promise<CommitResult>;
  /** Open sessions with unanswered input whose owner is dead or missing, or which this node owns; oldest input first. */
  waiting(node: NodeIdentity, limit: number): Promise<readonly SessionHead[]>;

  /** Says that a node lives for `leaseMs` from now; resolves with all that live. */
  beat(node: NodeBeat, leaseMs: number): Promise<readonly NodeBeat[]>;
  /** The node is gone from now on; only the same incarnation is. */
  retire(node: NodeIdentity): Promise<void>;

  putJob(job: NewJob): Promise<void>;
  cancelJob(tenant: string, kind: string, key: string): Promise<void>;
  /** Due jobs of these kinds, longest due first, each given to one caller for `leaseMs`; after that to another. */
  claimJobs(
    kinds: readonly string[],
    options: { readonly limit: number; readonly leaseMs: number },
  ): Promise<readonly Job[]>;
  finishJob(job: Pick<Job, 'id' | 'claim'>): Promise<void>;
  retryJob(job: Pick<Job, 'id' | 'claim'>, delayMs: number, error: string): Promise<void>;
  buryJob(job: Pick<Job, 'id' | 'claim'>, error: string): Promise<void>;
  deadJobs(query: {
    readonly tenant: string;
    readonly kind: string;
    readonly limit: number;
  }): Promise<readonly DeadJob[]>;
  /** Makes a dead job due again, with no attempts counted; false: there is none, or a live one has its name. */
  reviveJob(tenant: string, id: number): Promise<boolean>;

  /** Sessions that ended this long ago or longer, those that ended first first, for the archive. */
  expired(olderThanMs: number, limit: number): Promise<readonly SessionRecord[]>;
  /** Removes an ended session with everything of it; an open one stays. */
  remove(ref: SessionRef): Promise<void>;

  health(): Promise<{ readonly ok: boolean; readonly detail: string }>;
  close(): Promise<void>;
}

/** The store is away or refuses; the call may be made again. */
export class LogError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'LogError';
  }
}
