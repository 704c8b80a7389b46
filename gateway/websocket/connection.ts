import type { Clock, Timer } from '../../config/clock.js';
import { chatLimits, chatSocketLimits, tokenLimits } from '../../config/limits.js';
import type { Logger } from '../../config/logger.js';
import type { Random } from '../../config/random.js';
import type { Signal, Subscriber } from '../chat/chat-sessions.js';
import type { LogMessage } from '../ports/session-log.js';
import { ClientWriter, type ClientSocket, type WriterDeps } from './client-writer.js';
import type { ConnectionCounters } from './connection-counters.js';
import { parseFrame, type FrameRefusal } from './frame-parser.js';
import { messageFrame, plainFrame, signalFrame } from './frame-texts.js';
import { Heartbeat } from './heartbeat.js';
import { giveBack, open, type CloseCode, type Opened, type OpeningDeps } from './opening.js';
import { closeCodes, type ClientFrame, type HelloFrame, type ProtocolLimits } from './protocol.js';
import { TokenBucket } from './rates.js';
import { OpenSession } from './open-session.js';
import type { TimerWheel } from './timer-wheel.js';

export type ConnectionState = 'awaiting-hello' | 'opening' | 'open' | 'closing' | 'closed';

/** Bounds of every connection of a server; tests shorten the times. */
export interface ConnectionBounds extends ProtocolLimits {
  readonly helloMs: number;
  readonly openMs: number;
  readonly closeMs: number;
  readonly pingMs: number;
  readonly pauseBytes: number;
  readonly queueBytes: number;
  readonly stalledMs: number;
  readonly windowBytes: number;
  readonly framesPer10s: number;
}

export interface ConnectionDeps extends OpeningDeps {
  readonly clock: Clock;
  readonly wheel: TimerWheel;
  readonly random: Random;
  readonly logger: Logger;
  readonly counters: ConnectionCounters;
  readonly bounds: ConnectionBounds;
}

export interface ConnectionEvents {
  /** The hello came: the connection counts no more among those that wait. */
  onGreeted(connection: Connection): void;
  onClosed(connection: Connection): void;
}

const versions: readonly number[] = [1];

/** What `ws` closes with (its documentation, "Error codes"); others of its errors belong to sending. */
const faultCodes: Readonly<Record<string, number>> = {
  WS_ERR_EXPECTED_FIN: 1_002,
  WS_ERR_EXPECTED_MASK: 1_002,
  WS_ERR_INVALID_CLOSE_CODE: 1_002,
  WS_ERR_INVALID_CONTROL_PAYLOAD_LENGTH: 1_002,
  WS_ERR_INVALID_OPCODE: 1_002,
  WS_ERR_INVALID_UTF8: 1_007,
  WS_ERR_TOO_MANY_BUFFERED_PARTS: 1_008,
  WS_ERR_UNEXPECTED_MASK: 1_002,
  WS_ERR_UNEXPECTED_RSV_1: 1_002,
  WS_ERR_UNEXPECTED_RSV_2_3: 1_002,
  WS_ERR_UNSUPPORTED_DATA_PAYLOAD_LENGTH: 1_009,
  WS_ERR_UNSUPPORTED_MESSAGE_LENGTH: 1_009,
};

const nextStates: Readonly<Record<ConnectionState, readonly ConnectionState[]>> = {
  'awaiting-hello': ['opening', 'closing', 'closed'],
  opening: ['open', 'closing', 'closed'],
  open: ['closing', 'closed'],
  closing: ['closed'],
  closed: [],
};

/**
 * One client on its socket.
 *
 *     awaiting-hello --hello--> opening --ready--> open
 *           |                      |                |
 *           +----------------------+-------close----+--> closing --socket gone--> closed
 *
 * A socket that goes by itself leads to `closed` from everywhere. Frames are handled in the order they come; those that
 * come before `ready` wait. Everything held is given back on the way into `closing` or `closed`.
 */
export class Connection implements Subscriber {
  readonly id: string;
  readonly #socket: ClientSocket;
  readonly #deps: ConnectionDeps;
  readonly #events: ConnectionEvents;
  readonly #writer: ClientWriter;
  readonly #frames: TokenBucket;
  readonly #heartbeat: Heartbeat;
  #state: ConnectionState = 'awaiting-hello';
  /** For the hello, for `ready`, for the end of the close handshake: one at a time. */
  #deadline: Timer | null;
  #expiry: Timer | null = null;
  /** Frames that came before `ready`. */
  #early: Buffer[] | null = null;
  #session: OpenSession | null = null;
  #overRate = 0;
  /** What signals said before `ready`. */
  #latest: Extract<Signal, { readonly type: 'state' }> | null = null;

  constructor(
    socket: ClientSocket,
    deps: ConnectionDeps,
    events: ConnectionEvents,
    cork: WriterDeps['cork'],
  ) {
    const { bounds, clock, counters, random, wheel } = deps;
    this.id = random.hex(8);
    this.#socket = socket;
    this.#deps = deps;
    this.#events = events;
    this.#writer = new ClientWriter(socket, bounds, { clock, wheel, counters, cork }, this);
    this.#frames = new TokenBucket(bounds.framesPer10s, chatSocketLimits.rateWindowMs, clock.nowMs());
    this.#heartbeat = new Heartbeat(socket, { wheel, random, pingMs: bounds.pingMs }, this);
    this.#deadline = wheel.after(bounds.helloMs, () => this.close(closeCodes.helloTimeout, 'no hello came'));
  }

  get state(): ConnectionState {
    return this.#state;
  }

  /** One frame from the socket; nothing of it is kept but what waits for `ready`. */
  receive(bytes: Buffer, isBinary: boolean): void {
    if (this.#isOver()) return;
    const { counters } = this.#deps;
    counters.framesIn++;
    counters.bytesIn += bytes.length;
    if (!this.#withinRate()) return;
    if (isBinary) this.#refuseFatally({ code: 'bad-frame', message: 'frames are text', fatal: true });
    else if (this.#state === 'opening') this.#keepEarly(bytes);
    else this.#handle(bytes);
  }

  /** A WebSocket ping or pong: they cost as much as frames. */
  receiveControl(isPong: boolean): void {
    if (this.#isOver()) return;
    if (isPong && this.#heartbeat.ponged()) return;
    this.#withinRate();
  }

  /** The socket is gone. */
  socketClosed(code: number): void {
    if (this.#state === 'closed') return;
    if (this.#state !== 'closing') this.#deps.counters.closes.increment(String(code));
    this.#leaveTo('closed');
    this.#events.onClosed(this);
  }

  /**
   * An error of `ws`, by its code: either what came is no WebSocket of ours, and `ws` says so with a code of RFC 6455
   * 7.4.1; or the network failed, and the close follows.
   */
  socketFailed(error: string): void {
    const code = faultCodes[error];
    if (code === undefined || this.#isOver()) return;
    this.#deps.counters.refused.increment(error.slice(7).toLowerCase().replaceAll('_', '-'));
    this.#startClosing(code);
  }

  /** Says why and ends; the first reason counts. Cut off when the client does not answer. */
  close(code: CloseCode, reason: string): void {
    if (this.#isOver()) return;
    this.#deps.logger.debug('chat connection closed', { connection: this.id, code, reason });
    this.#startClosing(code);
    this.#socket.close(code, reason);
  }

  /** Sent away by a node that ends. */
  sendAway(afterMs: number): void {
    if (this.#isOver()) return;
    this.#writer.write(plainFrame({ type: 'reconnect', afterMs }));
    this.close(closeCodes.draining, 'this node goes down');
  }

  /** Cuts the socket; for a server that closes at once. */
  terminate(): void {
    if (this.#state !== 'closed') this.#socket.terminate();
  }

  push(messages: readonly LogMessage[]): boolean {
    const session = this.#session;
    if (!session) return false;
    for (const message of messages) {
      if (message.seq <= session.sentSeq) continue;
      if (this.#writer.paused) return false;
      if (message.seq !== session.sentSeq + 1) {
        this.#deps.logger.error('chat messages came out of order', { connection: this.id, seq: message.seq });
        this.close(closeCodes.internal, 'messages came out of order');
        return false;
      }
      session.sentSeq = message.seq;
      this.#writer.write(messageFrame(message));
      if (this.#session === null) return false;
    }
    return true;
  }

  signal(signal: Signal): void {
    if (this.#isOver()) return;
    if (signal.type === 'state') {
      this.#latest = signal;
      if (this.#session) this.#writer.write(signalFrame(signal));
    } else if (this.#session && !(signal.type === 'typing' && signal.author === 'user'))
      this.#writer.writeSignal(signalFrame(signal));
  }

  failed(reason: string): void {
    this.#deps.logger.warn('chat messages cannot be read', { connection: this.id, reason });
    this.close(closeCodes.internal, 'messages cannot be read now');
  }

  onDrained(): void {
    this.#session?.resume();
  }

  onSlow(reason: string): void {
    this.#deps.counters.slow++;
    this.close(closeCodes.slow, reason);
  }

  onNoPong(): void {
    this.close(closeCodes.noPong, 'a ping was not answered');
  }

  /** While bytes wait the pong may wait behind them: then the writer judges. */
  isBusyWriting(): boolean {
    return this.#writer.bytes > 0;
  }

  #isOver(): boolean {
    return this.#state === 'closing' || this.#state === 'closed';
  }

  /** A first warning, some patience for what is on its way, then the end. */
  #withinRate(): boolean {
    if (this.#frames.take(this.#deps.clock.nowMs())) return true;
    const { bounds, counters } = this.#deps;
    counters.refused.increment('frame-rate');
    if (++this.#overRate > bounds.framesPer10s / 2) this.close(closeCodes.flood, 'too many frames');
    else if (this.#overRate === 1)
      this.#writer.write(
        plainFrame({
          type: 'error',
          code: 'rate',
          message: `more than ${bounds.framesPer10s} frames in ten seconds: the next ones close this connection`,
          retryAfterMs: this.#frames.waitMs,
        }),
      );
    return false;
  }

  #keepEarly(bytes: Buffer): void {
    const early = (this.#early ??= []);
    if (early.length >= chatSocketLimits.openingFrames)
      this.close(closeCodes.flood, 'too many frames before ready');
    else early.push(Buffer.from(bytes));
  }

  #handle(bytes: Buffer): void {
    const parsed = parseFrame(bytes, this.#deps.bounds);
    if (!parsed.ok) this.#refuse(parsed.refusal);
    else if (this.#session) this.#handleOpen(parsed.frame, this.#session);
    else if (parsed.frame.type === 'hello') this.#greet(parsed.frame);
    else this.#refuseFatally({ code: 'bad-frame', message: 'the first frame is hello', fatal: true });
  }

  #handleOpen(frame: ClientFrame, session: OpenSession): void {
    if (frame.type === 'hello')
      this.#refuseFatally({ code: 'bad-frame', message: 'hello comes once', fatal: true });
    else session.handle(frame);
  }

  #refuse(refusal: FrameRefusal): void {
    if (refusal.fatal || !this.#session) {
      this.#refuseFatally(refusal);
      return;
    }
    const { code, field, id, message } = refusal;
    this.#deps.counters.refused.increment(code);
    this.#writer.write(
      plainFrame({
        type: 'error',
        code,
        message,
        ...(field === undefined ? {} : { field }),
        ...(id === undefined ? {} : { id }),
      }),
    );
  }

  #refuseFatally({ code, message }: FrameRefusal): void {
    this.#deps.counters.refused.increment(code);
    this.close(closeCodes.badFrame, message);
  }

  #greet(hello: HelloFrame): void {
    const refusal = this.#judge(hello);
    if (refusal) {
      this.close(refusal[0], refusal[1]);
      return;
    }
    this.#moveTo('opening');
    this.#deadline?.cancel();
    this.#deadline = this.#deps.wheel.after(this.#deps.bounds.openMs, () =>
      this.close(closeCodes.internal, 'the session could not be opened in time'),
    );
    this.#events.onGreeted(this);
    const opener = {
      id: this.id,
      subscriber: this,
      gone: () => this.#state !== 'opening',
      onLost: () => this.close(closeCodes.takenOver, 'another connection of this device took over'),
    };
    open(hello, opener, this.#deps).then(
      (opening) => {
        if (opening.outcome === 'opened') this.#opened(opening.opened);
        else if (opening.outcome === 'refused') this.#notOpened(opening.closing);
      },
      (err: unknown) =>
        this.#notOpened({ code: closeCodes.internal, reason: 'the session could not be opened', err }),
    );
  }

  #judge({ tree, versions: offered }: HelloFrame): [CloseCode, string] | null {
    if (!versions.some((version) => offered.includes(version)))
      return [closeCodes.unsupportedVersion, `this server speaks ${versions.join(', ')}`];
    if (tree !== undefined && !this.#deps.knowsTree(tree))
      return [closeCodes.forbidden, 'there is no such tree for chats'];
    return null;
  }

  #notOpened({ code, err, reason }: { code: CloseCode; reason: string; err?: unknown }): void {
    if (err !== undefined)
      this.#deps.logger.warn('chat connection could not be opened', { connection: this.id, err });
    this.close(code, reason);
  }

  #opened(opened: Opened): void {
    if (this.#state !== 'opening') {
      giveBack(opened);
      return;
    }
    this.#moveTo('open');
    this.#deadline?.cancel();
    this.#deadline = null;
    const { attachment, holder, record } = opened;
    const { head } = attachment;
    const { ended, toType } = this.#latest ?? { ended: head.state === 'ended', toType: head.toType };
    this.#session = new OpenSession(opened, this.#writer, this.#deps, {
      close: (code, reason) => this.close(code, reason),
      renewed: (expiresMs) => this.#expireAt(expiresMs),
    });
    this.#writer.write(
      plainFrame({
        type: 'ready',
        version: 1,
        session: record.ref.sessionId,
        user: holder.user.userId,
        connection: this.id,
        seq: head.lastSeq,
        since: attachment.since,
        ended,
        toType,
        limits: this.#protocolLimits(),
        tokenExpires: holder.expiresMs,
      }),
    );
    this.#expireAt(holder.expiresMs);
    this.#heartbeat.start();
    this.#session.tellMarks();
    attachment.resume();
    this.#takeEarly();
  }

  #protocolLimits(): ProtocolLimits {
    const { frameBytes, messagesPer10s, textCharacters, unacknowledged } = this.#deps.bounds;
    return { frameBytes, textCharacters, messagesPer10s, unacknowledged };
  }

  #takeEarly(): void {
    const early = this.#early ?? [];
    this.#early = null;
    for (const bytes of early) if (this.#state === 'open') this.#handle(bytes);
  }

  /** Until then the token counts, give or take the tolerance that its check has, too. */
  #expireAt(expiresMs: number): void {
    this.#expiry?.cancel();
    const leftMs = expiresMs + tokenLimits.toleranceSeconds * 1_000 - this.#deps.clock.epochMs();
    this.#expiry = this.#deps.wheel.after(leftMs, () =>
      this.close(closeCodes.tokenExpired, 'the token has expired'),
    );
  }

  #startClosing(code: number): void {
    this.#deps.counters.closes.increment(String(code));
    this.#leaveTo('closing');
    this.#deadline = this.#deps.wheel.after(this.#deps.bounds.closeMs, () => this.#socket.terminate());
  }

  #moveTo(state: ConnectionState): void {
    if (!nextStates[this.#state].includes(state))
      throw new Error(`a connection cannot go from ${this.#state} to ${state}`);
    this.#state = state;
  }

  #leaveTo(state: 'closing' | 'closed'): void {
    this.#moveTo(state);
    this.#deadline?.cancel();
    this.#deadline = null;
    this.#expiry?.cancel();
    this.#expiry = null;
    this.#heartbeat.stop();
    this.#writer.close();
    this.#early = null;
    this.#session?.close();
    this.#session = null;
  }
}

/** Those of the protocol and of the configuration, as they are in service. */
export function standardBounds(
  rates: { readonly messagesPer10s: number; readonly framesPer10s: number },
  others: Partial<ConnectionBounds> = {},
): ConnectionBounds {
  return { ...chatLimits, ...chatSocketLimits, ...rates, ...others };
}
