import { closeCodes, mayReconnect } from '../../gateway/websocket/protocol.js';
import type { ChatMessage, ClientFrame, Marks, ServerFrame } from '../../gateway/websocket/protocol.js';
import { Backoff } from './backoff.js';
import { assertMove, reasonOfCode } from './chat-state.js';
import type { ChatListener, ClientState, ClosedReason } from './chat-state.js';
import { Connection } from './connection.js';
import { clientLimits } from './limits.js';
import { MarksBoard } from './marks-board.js';
import { cleanText } from './message-text.js';
import { MessageWindow } from './message-window.js';
import { OutboxSender } from './outbox-sender.js';
import { Outbox } from './outbox.js';
import type { OutboxEntry } from './outbox.js';
import { TokenRefusedError } from './ports.js';
import type { ClientClock, ClientTimer, OpenSocket, TokenNeed, TokenSource } from './ports.js';
import { ReaderSignals } from './reader-signals.js';
import type { SafeStorage } from './safe-storage.js';
import { SessionMemory } from './session-memory.js';
import { TokenKeeper } from './token-keeper.js';
import { TypingBoard } from './typing-board.js';
import type { Typist } from './typing-board.js';

export interface ChatClientOptions {
  /** `wss://host/ws`. */
  readonly url: string;
  /** Unlike that of every other tab and app of this user: 1 to 64 of `A-Za-z0-9._-`. */
  readonly device: string;
  /** Key of `dialog.trees` for a new session; null: the server's. */
  readonly tree: string | null;
}

export interface ChatClientDeps {
  readonly clock: ClientClock;
  /** In [0, 1). */
  readonly random: () => number;
  /** Ids of own messages: 1 to 64 of `A-Za-z0-9._-`, unlike all others. */
  readonly newId: () => string;
  readonly storage: SafeStorage;
  readonly openSocket: OpenSocket;
  readonly tokens: TokenSource;
}

/** `ended`: the session takes no more messages. `full`: too many wait already. */
export type SendOutcome = 'queued' | 'empty' | 'too-long' | 'ended' | 'full';

type ReadyFrame = Extract<ServerFrame, { readonly type: 'ready' }>;

/**
 * A chat with Parley: one session's messages in order, own messages until they are durable, and a connection that
 * comes back by itself.
 *
 * ```
 * idle ──start──▶ connecting ──hello sent──▶ greeting ──ready──▶ open
 *                     ▲  │ token, socket        │ lost, late      │ lost, gap, moved
 *                     │  └──────────────────────┴─────┬───────────┘
 *                     └───── back-off over, wake ── waiting
 * any ── stop, close code 4100 to 4199 ──▶ closed ──start──▶ connecting
 * ```
 *
 * Time, randomness, storage, sockets and tokens come in; nothing here needs a browser.
 */
export class ChatClient {
  readonly #options: ChatClientOptions;
  readonly #deps: ChatClientDeps;
  readonly #listener: ChatListener;
  readonly #window = new MessageWindow();
  readonly #outbox: Outbox;
  readonly #sender: OutboxSender;
  readonly #signals: ReaderSignals;
  readonly #typing: TypingBoard;
  readonly #memory: SessionMemory;
  readonly #tokens: TokenKeeper;
  readonly #backoff: Backoff;
  readonly #marks = new MarksBoard();
  #state: ClientState = 'idle';
  #closedReason: ClosedReason | null = null;
  #connection: Connection | null = null;
  #device: string;
  #user: string | null = null;
  #session: string | null = null;
  #ended = false;
  #toType: 'bot' | 'human' = 'bot';
  #textCharacters: number = clientLimits.textCharacters;
  #historyAsked = false;
  /** A rejected token was answered with another one; a second rejection closes. */
  #triedAgain = false;
  /** When the server wants us elsewhere; null: it does not. */
  #moveAtMs: number | null = null;
  #nextNeed: TokenNeed = 'connect';
  #timer: ClientTimer | null = null;
  #stableTimer: ClientTimer | null = null;

  constructor(options: ChatClientOptions, deps: ChatClientDeps, listener: ChatListener) {
    this.#options = options;
    this.#deps = deps;
    this.#listener = listener;
    this.#device = options.device;
    const { clock, storage } = deps;
    this.#outbox = new Outbox(storage, options.device, () => clock.epochMs());
    this.#sender = new OutboxSender(this.#outbox, clock, {
      send: (frame) => this.#send(frame),
      onSilent: () => this.#connection?.fail(),
      onChanged: () => listener.onOutbox(),
    });
    this.#signals = new ReaderSignals(clock, (frame) => this.#send(frame));
    this.#typing = new TypingBoard(clock, () => listener.onTyping());
    this.#memory = new SessionMemory(storage, clock);
    this.#tokens = new TokenKeeper(deps.tokens, clock);
    this.#backoff = new Backoff(deps.random);
    this.#session = this.#memory.session;
    this.#window.restart(this.#memory.since);
  }

  get state(): ClientState {
    return this.#state;
  }

  /** Null unless `closed`. */
  get closedReason(): ClosedReason | null {
    return this.#closedReason;
  }

  /** The conversation is over; `startNew` begins another. */
  get ended(): boolean {
    return this.#ended;
  }

  get toType(): 'bot' | 'human' {
    return this.#toType;
  }

  /** Known after the first `ready`. */
  get user(): string | null {
    return this.#user;
  }

  /** An unbroken run of sequence numbers; valid until the next call-back. */
  get messages(): readonly ChatMessage[] {
    return this.#window.messages;
  }

  /** Own messages that have not come back yet, in order. */
  get outbox(): readonly OutboxEntry[] {
    return this.#outbox.entries;
  }

  get typists(): readonly Typist[] {
    return this.#typing.typists;
  }

  /** Newest message that this person has seen in any of their tabs. */
  get readSeq(): number {
    return this.#signals.read;
  }

  get hasOlder(): boolean {
    return this.#window.hasOlder && !this.#window.full;
  }

  get textCharacters(): number {
    return this.#textCharacters;
  }

  /** False: own messages that wait are lost when the page closes. */
  get persistent(): boolean {
    return this.#deps.storage.persistent;
  }

  /** What the others have got and seen of this session, the furthest of each. */
  get othersMarks(): Marks {
    return this.#marks.furthestBut(this.#user);
  }

  /** Connects; also after `closed`. Without effect while it runs. */
  start(): void {
    if (this.#state !== 'idle' && this.#state !== 'closed') return;
    this.#triedAgain = false;
    this.#backoff.reset();
    this.#connect('connect');
  }

  /** Goes on here after another connection has taken this device over: as a device of its own, so that both stay. */
  takeBack(device: string): void {
    this.#device = device;
    this.start();
  }

  /** Closes the connection and all timers; the outbox stays in storage. */
  stop(): void {
    if (this.#state !== 'closed') this.#close('stopped');
  }

  /** Writes at once what is otherwise written a little later; for a page that goes away. */
  flush(): void {
    this.#memory.flush();
  }

  /** `value`: what the bot takes for it, where a button was pressed. Characters that no text may hold are left out. */
  send(written: string, value: string | null = null): SendOutcome {
    const text = cleanText(written);
    if (text.trim() === '') return 'empty';
    if (text.length > this.#textCharacters) return 'too-long';
    if (this.#ended) return 'ended';
    if (!this.#outbox.add(this.#deps.newId(), text, value)) return 'full';
    if (this.#state === 'open') this.#signals.stoppedTyping();
    this.#sender.pump();
    this.#listener.onOutbox();
    return 'queued';
  }

  /** Sends a failed message again, under its id. */
  retry(id: string): void {
    if (this.#outbox.find(id)?.state !== 'failed') return;
    this.#outbox.markQueued(id);
    this.#sender.pump();
    this.#listener.onOutbox();
  }

  /** Throws a failed message away. */
  discard(id: string): void {
    if (this.#outbox.find(id)?.state === 'failed' && this.#outbox.remove(id)) this.#listener.onOutbox();
  }

  /** The person pressed a key. */
  keyPressed(): void {
    if (this.#state === 'open') this.#signals.typing();
  }

  /** The person has seen the messages up to this one. */
  markRead(seq: number): void {
    if (this.#state === 'open') this.#signals.seen(Math.min(seq, this.#window.last));
  }

  /** Asks for messages before the first; they come with `onOlder`. */
  loadOlder(): void {
    if (this.#state !== 'open' || this.#historyAsked || !this.hasOlder) return;
    this.#historyAsked = true;
    this.#send({ type: 'history', before: this.#window.first, limit: clientLimits.historyMessages });
  }

  /** Ends the conversation. False: there is no connection to say it on. */
  end(): boolean {
    if (this.#state !== 'open') return false;
    this.#send({ type: 'end' });
    return true;
  }

  /** Leaves the conversation that is over for a new one. */
  startNew(): void {
    this.#forgetSession();
    if (this.#state === 'open' || this.#state === 'greeting' || this.#state === 'connecting') this.#wait(0);
    else if (this.#state === 'waiting') this.wake();
    else this.start();
  }

  /** The page is seen again or the network is back: look at once whether the connection lives. */
  wake(): void {
    if (this.#state === 'open') this.#connection?.check();
    else if (this.#state === 'waiting' && this.#moveAtMs === null) this.#connect(this.#nextNeed);
  }

  #move(to: ClientState): void {
    assertMove(this.#state, to);
    this.#state = to;
  }

  #connect(need: TokenNeed): void {
    this.#timer?.cancel();
    this.#move('connecting');
    this.#closedReason = null;
    this.#nextNeed = 'connect';
    this.#moveAtMs = null;
    this.#listener.onState();
    this.#tokens.ask(need, {
      onToken: (token) => this.#openConnection(token),
      onFailed: (error) => (error instanceof TokenRefusedError ? this.#close('unauthorized') : this.#retry()),
    });
  }

  #openConnection(token: string): void {
    const { clock, openSocket } = this.#deps;
    const since = this.#window.last;
    const { url, tree } = this.#options;
    this.#timer = clock.setTimer(() => this.#connection?.fail(), clientLimits.connectMs);
    this.#connection = new Connection(
      openSocket,
      url,
      {
        type: 'hello',
        versions: [1],
        token,
        device: this.#device,
        ...(this.#session === null ? {} : { session: this.#session, since }),
        ...(tree === null ? {} : { tree }),
      },
      clock,
      {
        onGreeting: () => {
          this.#move('greeting');
          this.#listener.onState();
        },
        onFrame: (frame) => this.#onFrame(frame),
        onClosed: (code) => this.#onClosed(code),
      },
    );
  }

  #send(frame: ClientFrame): void {
    if (this.#state === 'open') this.#connection?.send(frame);
  }

  #onFrame(frame: ServerFrame): void {
    if (frame.type === 'ready') {
      if (this.#state === 'greeting') this.#onReady(frame);
      else this.#connection?.fail();
    } else if (this.#state === 'open') this.#onOpenFrame(frame);
    else if (frame.type !== 'error') this.#connection?.fail();
  }

  #onOpenFrame(frame: Exclude<ServerFrame, ReadyFrame>): void {
    switch (frame.type) {
      case 'message':
        return this.#onMessage(frame);
      case 'ack':
        return this.#sender.onAck(frame, this.#window.last);
      case 'history':
        this.#historyAsked = false;
        return this.#listener.onOlder(this.#window.prepend(frame.messages));
      case 'typing':
        return this.#typing.set(frame.author, frame.name ?? null, frame.on);
      case 'marks':
        return this.#onMarks(frame.reader, frame.marks);
      case 'state':
        return this.#onSessionState(frame.ended, frame.toType);
      case 'refreshed':
        return this.#tokens.renewBefore(frame.tokenExpires, () => this.#renewToken(frame.tokenExpires));
      case 'reconnect':
        return this.#onReconnect(frame.afterMs);
      case 'pong':
        return;
      case 'error':
        if (frame.id !== undefined) this.#sender.onRefused(frame.id, frame);
        if (frame.code === 'unauthorized') this.#renewToken(this.#deps.clock.epochMs());
        return;
    }
  }

  #onReady(frame: ReadyFrame): void {
    const { clock } = this.#deps;
    this.#timer?.cancel();
    this.#move('open');
    this.#triedAgain = false;
    this.#historyAsked = false;
    this.#stableTimer = clock.setTimer(() => this.#backoff.reset(), clientLimits.stableMs);
    const reset = this.#alignTo(frame);
    this.#user = frame.user;
    this.#session = frame.session;
    this.#ended = frame.ended;
    this.#toType = frame.toType;
    this.#textCharacters = frame.limits.textCharacters;
    this.#outbox.adopt(frame.user, frame.session);
    this.#memory.remember(frame.session, this.#window.last);
    this.#tokens.renewBefore(frame.tokenExpires, () => this.#renewToken(frame.tokenExpires));
    if (reset) this.#listener.onReset();
    this.#listener.onState();
    this.#listener.onOutbox();
    if (!this.#ended) this.#sender.start(frame.limits);
    this.#signals.delivered(this.#window.last);
  }

  /** Makes the window end where the server's messages begin. True: messages were dropped. */
  #alignTo({ session, since, user }: ReadyFrame): boolean {
    const other = session !== this.#session || (this.#user !== null && this.#user !== user);
    if (other) this.#marks.clear();
    if (other || since > this.#window.last) {
      this.#window.restart(since);
      this.#signals.lower(since);
      return true;
    }
    this.#signals.lower(since);
    if (since < this.#window.last) this.#marks.clear();
    return this.#window.truncate(since);
  }

  #onMessage({ type: _, ...message }: Extract<ServerFrame, { readonly type: 'message' }>): void {
    const outcome = this.#window.append(message);
    if (outcome === 'gap') return this.#retry();
    if (message.author === 'user' && message.id !== undefined) this.#sender.onEcho(message.id);
    if (outcome === 'known') return;
    this.#outbox.removeUpTo(message.seq);
    if (message.author !== 'user') this.#typing.set(message.author, message.name ?? null, false);
    this.#listener.onMessages([message]);
    if (this.#state !== 'open') return;
    this.#signals.delivered(message.seq);
    if (this.#session !== null) this.#memory.remember(this.#session, message.seq);
  }

  #onMarks(reader: string, marks: Marks): void {
    if (reader === this.#user) this.#signals.seenElsewhere(Math.min(marks.read, this.#window.last));
    if (this.#marks.raise(reader, marks)) this.#listener.onMarks();
  }

  #onSessionState(ended: boolean, toType: 'bot' | 'human'): void {
    this.#ended = ended;
    this.#toType = toType;
    if (ended) {
      this.#sender.stop();
      this.#typing.clear();
    }
    this.#listener.onState();
  }

  #onReconnect(afterMs: number): void {
    const delayMs = Math.min(Math.max(0, afterMs), clientLimits.reconnectMs);
    this.#moveAtMs = this.#deps.clock.nowMs() + delayMs;
    this.#timer?.cancel();
    this.#timer = this.#deps.clock.setTimer(() => this.#wait(0), delayMs);
  }

  #renewToken(expiresMs: number): void {
    this.#tokens.ask('renew', {
      onToken: (token) => {
        this.#send({ type: 'refresh', token });
        this.#tokens.renewBefore(expiresMs, () => this.#renewToken(expiresMs));
      },
      onFailed: () => this.#tokens.renewBefore(expiresMs, () => this.#renewToken(expiresMs)),
    });
  }

  #onClosed(code: number): void {
    this.#connection = null;
    if (code === closeCodes.tokenExpired) return this.#again('renew');
    if (mayReconnect(code)) return this.#retry();
    if (!this.#triedAgain && code === closeCodes.unauthorized) return this.#again('rejected');
    if (code === closeCodes.unknownSession && this.#session !== null) {
      this.#forgetSession();
      return this.#again('connect');
    }
    this.#close(reasonOfCode(code));
  }

  #again(need: TokenNeed): void {
    this.#triedAgain ||= need === 'rejected';
    this.#nextNeed = need;
    this.#wait(need === 'renew' ? this.#backoff.nextDelayMs() : 0);
  }

  #retry(): void {
    const moveAtMs = this.#moveAtMs;
    if (moveAtMs === null) this.#wait(this.#backoff.nextDelayMs());
    else this.#wait(Math.max(0, moveAtMs - this.#deps.clock.nowMs()));
  }

  #wait(delayMs: number): void {
    this.#disconnect();
    this.#move('waiting');
    this.#timer = this.#deps.clock.setTimer(() => this.#connect(this.#nextNeed), delayMs);
    this.#listener.onState();
    this.#listener.onOutbox();
  }

  #close(reason: ClosedReason): void {
    this.#disconnect();
    this.#memory.flush();
    this.#move('closed');
    this.#closedReason = reason;
    this.#listener.onState();
    this.#listener.onOutbox();
  }

  #disconnect(): void {
    this.#connection?.close();
    this.#connection = null;
    this.#timer?.cancel();
    this.#stableTimer?.cancel();
    this.#tokens.stop();
    this.#sender.stop();
    this.#signals.disconnected();
    this.#typing.clear();
  }

  #forgetSession(): void {
    this.#memory.forget();
    this.#session = null;
    this.#ended = false;
    this.#marks.clear();
    this.#window.restart(0);
    this.#signals.lower(0);
    this.#listener.onReset();
  }
}
