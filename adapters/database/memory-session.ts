import type {
  LogMessage,
  NodeIdentity,
  SessionHead,
  SessionOwner,
  SessionRecord,
  SessionRef,
} from '../../gateway/ports/session-log.js';
import type { Marks, MessageBody } from '../../gateway/websocket/protocol.js';
import { otherTurn, type PreparedMessage } from './prepared.js';

/** What an earlier message with the same sender and client id makes of a new one. */
export type Earlier = { readonly message: LogMessage; readonly same: boolean };

/** One session of a `MemorySessionLog`: its messages, owner, snapshot and marks. */
export class MemorySession {
  readonly ref: SessionRef;
  /** Rises with every session of the store. */
  readonly order: number;
  readonly userId: string;
  readonly ingress: string;
  readonly tree: string | null;
  readonly createdAtMs: number;
  readonly messages: LogMessage[] = [];
  readonly marks = new Map<string, Marks>();
  endedAtMs: number | null = null;
  toType: 'bot' | 'human' = 'bot';
  inputSeq = 0;
  processedSeq = 0;
  epoch = 0;
  owner: NodeIdentity | null = null;
  snapshot = 'null';
  readonly #byClient = new Map<string, number>();
  readonly #bodies: string[] = [];
  #lastAtMs: number;

  constructor(
    made: Pick<SessionRecord, 'ref' | 'userId' | 'ingress' | 'tree' | 'createdAtMs'> & {
      readonly order: number;
    },
  ) {
    this.ref = { tenant: made.ref.tenant, sessionId: made.ref.sessionId };
    this.order = made.order;
    this.userId = made.userId;
    this.ingress = made.ingress;
    this.tree = made.tree;
    this.createdAtMs = made.createdAtMs;
    this.#lastAtMs = made.createdAtMs;
  }

  get lastSeq(): number {
    return this.messages.length;
  }

  /** When the oldest input came that no turn has answered; null when all have been. */
  get waitingSinceMs(): number | null {
    if (this.endedAtMs !== null || this.processedSeq >= this.inputSeq) return null;
    for (let seq = this.processedSeq + 1; seq <= this.inputSeq; seq++) {
      const message = this.messages[seq - 1];
      if (message?.author === 'user') return message.atMs;
    }
    return null;
  }

  /** The message that has the client id of this one already. */
  earlier(message: PreparedMessage): Earlier | null {
    if (message.clientId === null) return null;
    const seq = this.#byClient.get(clientKey(message.senderId, message.clientId)) ?? 0;
    const kept = this.messages[seq - 1];
    if (!kept) return null;
    return { message: kept, same: this.#holds(seq - 1, message) };
  }

  /** The messages of a turn that was kept before; null when its client ids are new. Throws LogError when they are another's. */
  keptBefore(messages: readonly PreparedMessage[]): readonly LogMessage[] | null {
    const named = messages.findIndex(({ clientId }) => clientId !== null);
    const first = messages[named];
    const earlier = first && this.earlier(first);
    if (!earlier) return null;
    const from = earlier.message.seq - 1 - named;
    if (!messages.every((message, i) => this.#holds(from + i, message))) throw otherTurn();
    return this.messages.slice(from, from + messages.length);
  }

  add(message: PreparedMessage, atMs: number): LogMessage {
    const { author, senderId, clientId, body } = message;
    const seq = this.messages.length + 1;
    const kept = { seq, author, senderId, clientId, body: JSON.parse(body) as MessageBody, atMs };
    this.messages.push(kept);
    this.#bodies.push(body);
    if (clientId !== null) this.#byClient.set(clientKey(senderId, clientId), seq);
    if (author === 'user') this.inputSeq = seq;
    this.#lastAtMs = atMs;
    return kept;
  }

  #holds(index: number, { author, senderId, clientId, body }: PreparedMessage): boolean {
    const kept = this.messages[index];
    const sameSender = kept?.author === author && kept.senderId === senderId && kept.clientId === clientId;
    return sameSender && this.#bodies[index] === body;
  }

  sessionOwner(): SessionOwner | null {
    return this.owner && { ...this.owner, epoch: this.epoch };
  }

  head(ownerLives: boolean): SessionHead {
    return {
      ref: this.ref,
      userId: this.userId,
      state: this.endedAtMs === null ? 'open' : 'ended',
      toType: this.toType,
      lastSeq: this.lastSeq,
      inputSeq: this.inputSeq,
      processedSeq: this.processedSeq,
      owner: this.sessionOwner(),
      ownerLives,
    };
  }

  record(ownerLives: boolean): SessionRecord {
    return {
      ...this.head(ownerLives),
      ingress: this.ingress,
      tree: this.tree,
      createdAtMs: this.createdAtMs,
      lastAtMs: this.#lastAtMs,
      endedAtMs: this.endedAtMs,
    };
  }
}

function clientKey(senderId: string, clientId: string): string {
  return `${senderId}\0${clientId}`;
}
