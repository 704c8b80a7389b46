import { closeCodes } from '../../gateway/websocket/protocol.js';
import type {
  Author,
  ChatMessage,
  ClientFrame,
  HelloFrame,
  Marks,
  MessageBody,
  ProtocolLimits,
  ServerFrame,
} from '../../gateway/websocket/protocol.js';
import { checkClientFrame } from './client-frames.js';

/** The client's end of one connection. */
export interface Peer {
  send(frame: ServerFrame): void;
  /** With this code; 1006: the connection is cut. */
  close(code: number): void;
}

interface Session {
  readonly id: string;
  readonly user: string;
  readonly messages: ChatMessage[];
  readonly sequenceById: Map<string, number>;
  readonly marks: Map<string, Marks>;
  ended: boolean;
  toType: 'bot' | 'human';
}

/** What happens to the next messages of clients, one entry a message. */
export type Fault =
  | 'drop-before-append'
  | 'drop-after-append'
  | 'swallow'
  | 'duplicate'
  | 'gap'
  | {
      readonly error: Extract<ServerFrame, { readonly type: 'error' }>['code'];
      readonly retryAfterMs?: number;
    };

export interface ScriptedChatOptions {
  epochMs(): number;
  /** What the bot answers. */
  readonly reply: (text: string, value: string | undefined) => readonly MessageBody[];
  readonly greeting?: readonly MessageBody[];
  readonly limits?: Partial<ProtocolLimits>;
  /** How long tokens are good for. */
  readonly tokenMs?: number;
}

const usualLimits: ProtocolLimits = {
  frameBytes: 65_536,
  textCharacters: 4_000,
  messagesPer10s: 20,
  unacknowledged: 32,
};

/**
 * A small, strict server of the chat protocol for tests, made from the protocol alone: a log in memory, a scripted bot,
 * and faults on command. What clients do wrong is in `violations`.
 */
export class ScriptedChat {
  readonly violations: string[] = [];
  readonly frames: ClientFrame[] = [];
  readonly faults: Fault[] = [];
  readonly limits: ProtocolLimits;
  /** Frames are taken and nothing is answered. */
  stalled = false;
  readonly #options: ScriptedChatOptions;
  readonly #sessions: Session[] = [];
  readonly #connections = new Set<ScriptedConnection>();
  readonly #tokens = new Map<string, { readonly user: string; readonly expires: number }>();
  #ids = 0;

  constructor(options: ScriptedChatOptions) {
    this.#options = options;
    this.limits = { ...usualLimits, ...options.limits };
  }

  get connections(): number {
    return this.#connections.size;
  }

  /** The user's newest session. */
  session(user: string): Session | undefined {
    return this.#sessions.findLast((session) => session.user === user);
  }

  messages(user: string): readonly ChatMessage[] {
    return this.session(user)?.messages ?? [];
  }

  /** Texts of a user's own messages as the log has them. */
  textsOf(user: string): readonly string[] {
    return this.messages(user).flatMap(({ author, body }) =>
      author === 'user' && body.type === 'text' ? [body.text] : [],
    );
  }

  giveToken(user: string): { readonly token: string; readonly user: string; readonly expires: number } {
    const token = `token-${++this.#ids}`;
    const expires = this.#options.epochMs() + (this.#options.tokenMs ?? 3_600_000);
    this.#tokens.set(token, { user, expires });
    return { token, user, expires };
  }

  /** A fresh token for the user of the old one, or for a new visitor. */
  visitor(old: string | undefined): {
    readonly token: string;
    readonly user: string;
    readonly expires: number;
  } {
    return this.giveToken(this.userOf(old ?? '') ?? `visitor-${++this.#ids}`);
  }

  userOf(token: string): string | null {
    const known = this.#tokens.get(token);
    return known !== undefined && known.expires > this.#options.epochMs() ? known.user : null;
  }

  revokeTokens(): void {
    this.#tokens.clear();
  }

  connect(peer: Peer): ScriptedConnection {
    const connection = new ScriptedConnection(this, peer);
    this.#connections.add(connection);
    return connection;
  }

  /** Appends a message of anybody and pushes it. */
  say(user: string, author: Author, body: MessageBody, name?: string): ChatMessage {
    const session = this.session(user);
    if (session === undefined) throw new Error(`${user} has no session`);
    return this.#append(session, author, body, undefined, name);
  }

  signal(user: string, frame: ServerFrame): void {
    for (const connection of this.#following(this.session(user))) connection.send(frame);
  }

  setState(user: string, toType: 'bot' | 'human'): void {
    const session = this.session(user);
    if (session === undefined) return;
    session.toType = toType;
    this.signal(user, { type: 'state', ended: session.ended, toType });
  }

  closeAll(code: number): void {
    for (const connection of [...this.#connections]) connection.close(code);
  }

  /** As after a restart without the log's last messages: sessions stay, messages after `keep` are gone. */
  loseMessages(keep: number): void {
    this.closeAll(1006);
    for (const session of this.#sessions) {
      session.messages.length = Math.min(session.messages.length, keep);
      for (const [id, seq] of session.sequenceById) if (seq > keep) session.sequenceById.delete(id);
    }
  }

  /** As after a restart with an empty log. */
  forgetSessions(): void {
    this.closeAll(1006);
    this.#sessions.length = 0;
  }

  /** Called by connections. */
  gone(connection: ScriptedConnection): void {
    this.#connections.delete(connection);
  }

  greet(connection: ScriptedConnection, hello: HelloFrame): void {
    const user = this.userOf(hello.token);
    if (user === null) return connection.close(closeCodes.unauthorized);
    for (const other of [...this.#connections])
      if (other !== connection && other.user === user && other.device === hello.device)
        other.close(closeCodes.takenOver);
    const session = this.#find(user, hello);
    if (session === undefined) return connection.close(closeCodes.unknownSession);
    const wanted = hello.since ?? 0;
    const since = wanted > session.messages.length ? 0 : wanted;
    connection.user = user;
    connection.device = hello.device;
    connection.session = session;
    connection.send({
      type: 'ready',
      version: 1,
      session: session.id,
      user,
      connection: `connection-${++this.#ids}`,
      seq: session.messages.length,
      since,
      ended: session.ended,
      toType: session.toType,
      limits: this.limits,
      tokenExpires: this.#tokens.get(hello.token)?.expires ?? 0,
    });
    for (const message of session.messages.slice(since)) connection.send({ type: 'message', ...message });
    for (const [reader, marks] of session.marks) connection.send({ type: 'marks', reader, marks });
  }

  receive(connection: ScriptedConnection, session: Session, frame: ClientFrame): void {
    switch (frame.type) {
      case 'message':
        return this.#onMessage(connection, session, frame);
      case 'typing':
        for (const other of this.#following(session))
          if (other !== connection) other.send({ type: 'typing', author: 'user', on: frame.on });
        return;
      case 'delivered':
      case 'read':
        return this.#mark(session, connection.user ?? '', { [frame.type]: frame.seq });
      case 'history': {
        const messages = session.messages.slice(
          Math.max(0, frame.before - 1 - frame.limit),
          frame.before - 1,
        );
        return connection.send({ type: 'history', before: frame.before, messages });
      }
      case 'refresh': {
        if (this.userOf(frame.token) !== connection.user) return connection.close(closeCodes.unauthorized);
        const tokenExpires = this.#tokens.get(frame.token)?.expires ?? 0;
        return connection.send({ type: 'refreshed', tokenExpires });
      }
      case 'end':
        session.ended = true;
        this.#append(session, 'system', { type: 'event', event: 'ended', text: '' });
        return this.signal(session.user, { type: 'state', ended: true, toType: session.toType });
      case 'ping':
        return connection.send({ type: 'pong', id: frame.id });
      case 'hello':
        this.violations.push('hello twice');
    }
  }

  #onMessage(
    connection: ScriptedConnection,
    session: Session,
    { id, text, value }: Extract<ClientFrame, { readonly type: 'message' }>,
  ): void {
    const fault = this.faults.shift();
    if (fault === 'swallow') return;
    if (fault === 'drop-before-append') return connection.close(1006);
    if (typeof fault === 'object')
      return connection.send({
        type: 'error',
        code: fault.error,
        message: 'refused by the test',
        id,
        ...(fault.retryAfterMs === undefined ? {} : { retryAfterMs: fault.retryAfterMs }),
      });
    const known = session.sequenceById.get(id);
    const atMs = this.#options.epochMs();
    if (known !== undefined)
      return connection.send({ type: 'ack', id, seq: known, at: atMs, duplicate: true });
    if (session.ended) return connection.send({ type: 'error', code: 'ended', message: 'it has ended', id });
    const body: MessageBody = { type: 'text', text, ...(value === undefined ? {} : { value }) };
    if (fault === 'gap') this.#log(session, 'system', { type: 'text', text: 'not pushed' });
    if (fault === 'drop-after-append') this.#log(session, 'user', body, id);
    else this.#append(session, 'user', body, id);
    const seq = session.messages.length;
    if (fault === 'drop-after-append') connection.close(1006);
    else connection.send({ type: 'ack', id, seq, at: atMs });
    if (fault === 'duplicate')
      for (const again of session.messages) connection.send({ type: 'message', ...again });
    this.#mark(session, 'bot', { delivered: seq, read: seq });
    for (const answer of this.#options.reply(text, value)) this.#append(session, 'bot', answer);
  }

  #find(user: string, hello: HelloFrame): Session | undefined {
    if (hello.session !== undefined)
      return this.#sessions.find(({ id, user: owner }) => id === hello.session && owner === user);
    const open = this.#sessions.find((session) => session.user === user && !session.ended);
    if (open !== undefined) return open;
    const session: Session = {
      id: `session-${++this.#ids}`,
      user,
      messages: [],
      sequenceById: new Map(),
      marks: new Map(),
      ended: false,
      toType: 'bot',
    };
    this.#sessions.push(session);
    for (const body of this.#options.greeting ?? []) this.#log(session, 'bot', body);
    return session;
  }

  #log(session: Session, author: Author, body: MessageBody, id?: string, name?: string): ChatMessage {
    const message: ChatMessage = {
      seq: session.messages.length + 1,
      author,
      at: this.#options.epochMs(),
      body,
      ...(id === undefined ? {} : { id }),
      ...(name === undefined ? {} : { name }),
    };
    session.messages.push(message);
    if (id !== undefined) session.sequenceById.set(id, message.seq);
    return message;
  }

  #append(session: Session, author: Author, body: MessageBody, id?: string, name?: string): ChatMessage {
    const message = this.#log(session, author, body, id, name);
    for (const connection of this.#following(session)) connection.send({ type: 'message', ...message });
    return message;
  }

  #mark(session: Session, reader: string, marks: Partial<Marks>): void {
    const old = session.marks.get(reader) ?? { delivered: 0, read: 0 };
    const next = {
      delivered: Math.max(old.delivered, marks.delivered ?? 0),
      read: Math.max(old.read, marks.read ?? 0),
    };
    if (next.delivered > session.messages.length || next.read > session.messages.length)
      this.violations.push(`${reader} marks ${JSON.stringify(next)} of ${session.messages.length} messages`);
    session.marks.set(reader, next);
    for (const connection of this.#following(session))
      connection.send({ type: 'marks', reader, marks: next });
  }

  #following(session: Session | undefined): readonly ScriptedConnection[] {
    return [...this.#connections].filter(
      (connection) => connection.session === session && session !== undefined,
    );
  }
}

/** One client's connection; whoever carries it calls `onText` and `onClosed`. */
export class ScriptedConnection {
  readonly #chat: ScriptedChat;
  readonly #peer: Peer;
  user: string | null = null;
  device = '';
  session: Session | null = null;
  #closed = false;

  constructor(chat: ScriptedChat, peer: Peer) {
    this.#chat = chat;
    this.#peer = peer;
  }

  send(frame: ServerFrame): void {
    if (!this.#chat.stalled) this.#peer.send(frame);
  }

  close(code: number): void {
    this.onClosed();
    this.#peer.close(code);
  }

  onText(text: string): void {
    if (this.#chat.stalled || this.#closed) return;
    const frame = checkClientFrame(text, this.#chat.limits);
    if (typeof frame === 'string') {
      this.#chat.violations.push(frame);
      return this.close(closeCodes.badFrame);
    }
    this.#chat.frames.push(frame);
    if (this.session !== null) return this.#chat.receive(this, this.session, frame);
    if (frame.type === 'hello') return this.#chat.greet(this, frame);
    this.#chat.violations.push(`${frame.type} before hello`);
    this.close(closeCodes.badFrame);
  }

  onClosed(): void {
    this.#closed = true;
    this.session = null;
    this.#chat.gone(this);
  }
}
