import type { Clock, Timer } from '../../config/clock.js';
import type { mrcpLimits } from '../../config/limits.js';
import type { Logger } from '../../config/logger.js';
import type { ConnectionCloseReason, MrcpStreamError } from './errors.js';
import type { MrcpMessage, MrcpRequest } from './message.js';
import type { ChannelConnection, MrcpChannel } from './mrcp-channel.js';
import { MrcpParser } from './parser.js';
import type { ParserCounts } from './parser.js';
import { responseTo } from './reply-message.js';
import { failure } from './resource.js';
import { status } from './status.js';
import { serializeMessage } from './writer.js';

/** What a connection needs of a TCP socket; `net.Socket` fits, tests have their own. */
export interface ConnectionSocket {
  /** Octets written and not yet taken by the peer. */
  readonly writableLength: number;
  write(bytes: Uint8Array): void;
  /** Sends what is queued, then FIN. */
  end(): void;
  destroy(): void;
}

export interface ConnectionOwner {
  /** True while some channel waits for its first message, which may come on any connection. */
  isChannelAwaited(): boolean;
  /** Unfinished messages grew (or shrank) by `octets`; false when all connections together hold too much. */
  reserve(octets: number): boolean;
  onRequest(connection: ServerConnection, request: MrcpRequest): void;
  onConnectionClosed(connection: ServerConnection, reason: ConnectionCloseReason): void;
}

export interface ConnectionDeps {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly owner: ConnectionOwner;
  readonly limits: typeof mrcpLimits;
}

/** What the parser put up with, and how many requests were answered with a 4xx or 5xx. */
export interface ConnectionCounts extends ParserCounts {
  failedRequests: number;
}

/** After a stream error the answer gets this long to reach the peer before the socket is destroyed. */
const lingerMs = 1_000;

/**
 * One TCP connection, carrying the channels of any number of sessions (RFC 6787 4.2, 4.4).
 *
 *     open --stream error--> lingering (504 and FIN sent, input ignored) --peer closes or 1 s--> closed
 *      +--peer closed, slow peer, deadline passed, close()----------------------------------------^
 *
 * It closes itself when it carries no channel, none is awaited and `orphanConnectionMs` have passed, when a message stays
 * unfinished for `partialMessageMs`, and when the peer lets more than `sendQueueBytes` pile up.
 */
export class ServerConnection implements ChannelConnection {
  /** On the server's clock. */
  readonly openedAtMs: number;
  readonly #socket: ConnectionSocket;
  readonly #deps: ConnectionDeps;
  readonly #parser: MrcpParser;
  readonly #channels = new Set<MrcpChannel>();
  #state: 'open' | 'lingering' | 'closed' = 'open';
  #streamError: MrcpStreamError | null = null;
  #failedRequests = 0;
  #reservedBytes = 0;
  #orphanTimer: Timer | null = null;
  #partialTimer: Timer | null = null;
  #lingerTimer: Timer | null = null;

  constructor(socket: ConnectionSocket, deps: ConnectionDeps) {
    this.#socket = socket;
    this.#deps = deps;
    this.openedAtMs = deps.clock.nowMs();
    this.#parser = new MrcpParser(
      {
        onMessage: (message) => this.#onMessage(message),
        onError: (error, requestId) => this.#onStreamError(error, requestId),
      },
      deps.limits,
    );
    this.#watchOrphan();
  }

  get channelCount(): number {
    return this.#channels.size;
  }

  get counts(): Readonly<ConnectionCounts> {
    return { ...this.#parser.counts, failedRequests: this.#failedRequests };
  }

  /** Octets from the peer; the chunk may be reused after the call. */
  receive(chunk: Uint8Array): void {
    if (this.#state !== 'open') return;
    const messagesBefore = this.#parser.counts.messages;
    this.#parser.write(chunk);
    if (this.#reserve()) this.#watchPartial(this.#parser.counts.messages > messagesBefore);
    else this.close('too-much-buffered');
  }

  send(message: MrcpMessage): void {
    if (this.#state !== 'open') return;
    if (message.kind === 'response' && message.statusCode >= 400) this.#failedRequests++;
    const bytes = serializeMessage(message);
    if (this.#socket.writableLength + bytes.length > this.#deps.limits.sendQueueBytes)
      this.close('slow-peer');
    else this.#socket.write(bytes);
  }

  /** Takes a channel on; false when `channelsPerConnection` is reached or the connection is closing. */
  attach(channel: MrcpChannel): boolean {
    if (this.#channels.has(channel)) return true;
    if (this.#state !== 'open' || this.#channels.size >= this.#deps.limits.channelsPerConnection)
      return false;
    this.#channels.add(channel);
    channel.attachTo(this);
    this.#orphanTimer?.cancel();
    this.#orphanTimer = null;
    return true;
  }

  /** A channel has ended; the last one starts the orphan deadline, so that a next session can reuse the connection. */
  detach(channel: MrcpChannel): void {
    if (this.#channels.delete(channel) && this.#channels.size === 0) this.#watchOrphan();
  }

  /** The socket is closed or failed; idempotent. */
  close(reason: ConnectionCloseReason): void {
    if (this.#state === 'closed') return;
    this.#state = 'closed';
    this.#cancelTimers();
    this.#parser.close();
    this.#reserve();
    this.#socket.destroy();
    this.#releaseChannels();
    this.#deps.owner.onConnectionClosed(this, this.#streamError?.code ?? reason);
  }

  #onMessage(message: MrcpMessage): void {
    // Responses and events flow from server to client only (RFC 6787 5); from a client they mean nothing.
    if (message.kind === 'request' && this.#state === 'open') this.#deps.owner.onRequest(this, message);
  }

  /** The stream has no frame any more: 504 where a request had begun (RFC 6787 5.4), then the end. */
  #onStreamError(error: MrcpStreamError, requestId: number | null): void {
    this.#deps.logger.warn('MRCP stream refused', { code: error.code, reason: error.message });
    if (requestId !== null) this.send(responseTo({ requestId }, failure(status.messageTooLarge), null));
    if (this.#state !== 'open') return;
    this.#state = 'lingering';
    this.#streamError = error;
    this.#cancelTimers();
    this.#socket.end();
    this.#lingerTimer = this.#deps.clock.setTimer(() => this.close(error.code), lingerMs);
    this.#releaseChannels();
  }

  #reserve(): boolean {
    const octets = this.#parser.bufferedBytes - this.#reservedBytes;
    this.#reservedBytes += octets;
    return octets === 0 || this.#deps.owner.reserve(octets);
  }

  #releaseChannels(): void {
    const channels = [...this.#channels];
    this.#channels.clear();
    for (const channel of channels) channel.onConnectionLost();
  }

  #watchOrphan(): void {
    if (this.#state !== 'open') return;
    this.#orphanTimer = this.#deps.clock.setTimer(() => {
      // Clients connect when the call begins and may speak much later: until then nothing tells whose connection it is.
      if (this.#deps.owner.isChannelAwaited()) this.#watchOrphan();
      else this.close('no-channel');
    }, this.#deps.limits.orphanConnectionMs);
  }

  /** The deadline runs from a message's first octet, so that a dripping peer cannot extend it. */
  #watchPartial(messageEnded: boolean): void {
    if (this.#partialTimer && (messageEnded || !this.#parser.partial)) {
      this.#partialTimer.cancel();
      this.#partialTimer = null;
    }
    if (this.#partialTimer || !this.#parser.partial || this.#state !== 'open') return;
    const close = () => this.close('partial-message-timeout');
    this.#partialTimer = this.#deps.clock.setTimer(close, this.#deps.limits.partialMessageMs);
  }

  #cancelTimers(): void {
    for (const timer of [this.#orphanTimer, this.#partialTimer, this.#lingerTimer]) timer?.cancel();
    this.#orphanTimer = null;
    this.#partialTimer = null;
    this.#lingerTimer = null;
  }
}
