import type { Socket } from 'node:net';
import type { Clock, Timer } from '../../config/clock.js';
import { SipError } from './errors.js';
import type { SipLimits, SipParseResult } from './head-parser.js';
import { StreamParser } from './parser.js';
import type { SipRemote } from './user-agent-api.js';

export interface TcpConnectionListener {
  onResult(result: SipParseResult, connection: TcpConnection): void;
  onClosed(connection: TcpConnection): void;
}

/**
 * One TCP connection of the SIP port, accepted or opened by us.
 *
 * It closes itself when idle, when a message stays incomplete, when the peer reads too slowly, and after bytes that
 * break the framing.
 */
export class TcpConnection {
  readonly remote: SipRemote;
  readonly #socket: Socket;
  readonly #clock: Clock;
  readonly #limits: SipLimits;
  readonly #listener: TcpConnectionListener;
  readonly #parser: StreamParser;
  readonly #waiting = new Set<(error: SipError) => void>();
  #idleTimer: Timer;
  #partialTimer: Timer | null = null;
  #closed = false;
  /** A whole message has come, or we opened it: until then a connection is kept for the time of one message only. */
  #proven: boolean;

  /** Takes over a socket that is connected or connecting. */
  constructor(
    socket: Socket,
    remote: SipRemote,
    clock: Clock,
    limits: SipLimits,
    listener: TcpConnectionListener,
  ) {
    this.remote = remote;
    this.#socket = socket;
    this.#clock = clock;
    this.#limits = limits;
    this.#listener = listener;
    this.#parser = new StreamParser(limits, {
      onResult: (result) => {
        if (result.ok) this.#proven = true;
        if (!this.#closed) listener.onResult(result, this);
      },
      onKeepAlive: () => this.#write(Buffer.from('\r\n'), () => undefined),
    });
    this.#proven = socket.connecting;
    const firstMs = socket.connecting ? limits.tcpConnectMs : limits.tcpPartialMessageMs;
    this.#idleTimer = clock.setTimer(() => this.#fail('Connection timed out'), firstMs);
    socket.setNoDelay(true);
    socket.on('connect', () => this.#touch());
    socket.on('data', (chunk) => this.#receive(chunk));
    socket.on('error', (cause) => this.#fail('Connection failed', cause));
    socket.on('close', () => this.#fail('Connection closed'));
  }

  /** Writes, or queues while the peer is slow; over `tcpSendQueueBytes` the connection is closed. */
  send(bytes: Buffer, onError: (error: SipError) => void): void {
    if (this.#socket.writableLength + bytes.length > this.#limits.tcpSendQueueBytes) {
      this.#waiting.add(onError);
      // Not from within send: the caller is in the middle of a state change.
      queueMicrotask(() => this.#fail('Peer reads too slowly'));
      return;
    }
    this.#write(bytes, onError);
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#idleTimer.cancel();
    this.#partialTimer?.cancel();
    this.#waiting.clear();
    this.#socket.destroy();
    this.#listener.onClosed(this);
  }

  /** Closes once everything written has left, at the latest after the time of one message. */
  closeAfterWriting(): void {
    this.#proven = false;
    this.#touch();
    this.#socket.end(() => this.close());
  }

  #write(bytes: Buffer, onError: (error: SipError) => void): void {
    if (this.#closed) return;
    this.#waiting.add(onError);
    this.#socket.write(bytes, (error) => {
      if (!error) this.#waiting.delete(onError);
    });
    if (!this.#socket.connecting) this.#touch();
  }

  #receive(chunk: Buffer): void {
    if (this.#closed || this.#parser.failed) return;
    this.#parser.push(chunk);
    // A call-back may have closed us.
    if (this.#closed) return;
    this.#touch();
    if (this.#parser.failed) this.closeAfterWriting();
    this.#watchPartial();
  }

  /** The deadline runs from the first byte of a message, not from the last: a drip of bytes does not prolong it. */
  #watchPartial(): void {
    if (!this.#parser.midMessage) {
      this.#partialTimer?.cancel();
      this.#partialTimer = null;
    } else {
      this.#partialTimer ??= this.#clock.setTimer(
        () => this.#fail('Message stayed incomplete'),
        this.#limits.tcpPartialMessageMs,
      );
    }
  }

  #touch(): void {
    if (this.#closed) return;
    this.#idleTimer.cancel();
    const idleMs = this.#proven ? this.#limits.tcpIdleMs : this.#limits.tcpPartialMessageMs;
    this.#idleTimer = this.#clock.setTimer(() => this.#fail('Connection idle'), idleMs);
  }

  #fail(message: string, cause?: unknown): void {
    if (this.#closed) return;
    const error = new SipError('transport', message, null, { cause });
    const waiting = [...this.#waiting];
    this.close();
    for (const onError of waiting) onError(error);
  }
}
