import type { Clock, Timer } from '../../config/clock.js';
import type { TimerWheel } from './timer-wheel.js';

/** The side of a WebSocket that is written to; `ws` has it. */
export interface ClientSocket {
  /** Bytes that the system has not taken yet. */
  readonly bufferedAmount: number;
  /** `done` is called when the system has taken the frame, or never will. */
  send(data: Buffer, options: { readonly binary: boolean }, done: () => void): void;
  ping(): void;
  close(code: number, reason: string): void;
  /** Without a handshake, at once. */
  terminate(): void;
}

export interface WriterBounds {
  readonly pauseBytes: number;
  readonly queueBytes: number;
  readonly stalledMs: number;
  readonly windowBytes: number;
}

/** Written by all connections, for `/metrics`. */
export interface WriterCounters {
  framesOut: number;
  bytesOut: number;
  droppedSignals: number;
  /** Connections that are paused now. */
  paused: number;
}

export interface WriterDeps {
  readonly clock: Clock;
  readonly wheel: TimerWheel;
  readonly counters: WriterCounters;
  /** Gathers what is written in one turn of the loop into one system call. */
  readonly cork: () => void;
}

export interface WriterEvents {
  /** After `paused`, there is room again. */
  onDrained(): void;
  /** The client takes nothing, or too little for what it asks: it has to go. */
  onSlow(reason: string): void;
}

const asText = { binary: false } as const;

/**
 * What waits to be sent to one client, bounded in bytes.
 *
 * The socket gets `windowBytes` at a time and the rest waits here, so that progress can be seen: a client is judged by
 * whether it takes anything, not by how much waits. From `pauseBytes` on `paused` is true, and signals are dropped
 * already at half of it.
 */
export class ClientWriter {
  readonly #socket: ClientSocket;
  readonly #bounds: WriterBounds;
  readonly #deps: WriterDeps;
  readonly #events: WriterEvents;
  #waiting: Buffer[] | null = null;
  #waitingBytes = 0;
  #paused = false;
  #closed = false;
  #progressMs = 0;
  #stallCheck: Timer | null = null;

  constructor(socket: ClientSocket, bounds: WriterBounds, deps: WriterDeps, events: WriterEvents) {
    this.#socket = socket;
    this.#bounds = bounds;
    this.#deps = deps;
    this.#events = events;
  }

  get paused(): boolean {
    return this.#paused;
  }

  /** Bytes that wait, here and in the socket. */
  get bytes(): number {
    return this.#waitingBytes + this.#socket.bufferedAmount;
  }

  /** Does not fail: a client that lets too much wait is given up with `onSlow`. */
  write(frame: Buffer): void {
    if (this.#closed) return;
    if (this.bytes === 0) this.#progressMs = this.#deps.clock.nowMs();
    if (this.#waiting === null && this.#socket.bufferedAmount < this.#bounds.windowBytes) this.#send(frame);
    else {
      (this.#waiting ??= []).push(frame);
      this.#waitingBytes += frame.length;
    }
    const { bytes } = this;
    if (bytes === 0) return;
    this.#watch();
    if (bytes > this.#bounds.queueBytes) this.#giveUp('too much waits to be sent');
    else if (!this.#paused && bytes >= this.#bounds.pauseBytes) this.#setPaused(true);
  }

  /** What nobody misses: dropped when much waits. */
  writeSignal(frame: Buffer): void {
    if (this.bytes < this.#bounds.pauseBytes / 2) this.write(frame);
    else this.#deps.counters.droppedSignals++;
  }

  /** Forgets what waits; idempotent. */
  close(): void {
    this.#closed = true;
    this.#waiting = null;
    this.#waitingBytes = 0;
    this.#stallCheck?.cancel();
    this.#stallCheck = null;
    this.#setPaused(false);
  }

  #send(frame: Buffer): void {
    const { counters } = this.#deps;
    counters.framesOut++;
    counters.bytesOut += frame.length;
    this.#deps.cork();
    this.#socket.send(frame, asText, this.#onTaken);
  }

  /** One for all frames, so that writing allocates no closure. Errors are followed by the socket's end. */
  readonly #onTaken = (): void => {
    if (this.#closed) return;
    this.#progressMs = this.#deps.clock.nowMs();
    this.#pump();
    if (this.#paused && this.bytes <= this.#bounds.pauseBytes / 2) {
      this.#setPaused(false);
      this.#events.onDrained();
    }
  };

  #pump(): void {
    const waiting = this.#waiting;
    if (!waiting) return;
    let sent = 0;
    while (sent < waiting.length && this.#socket.bufferedAmount < this.#bounds.windowBytes) {
      const frame = waiting[sent++];
      if (!frame) continue;
      this.#waitingBytes -= frame.length;
      this.#send(frame);
    }
    if (sent === waiting.length) this.#waiting = null;
    else waiting.splice(0, sent);
  }

  #setPaused(paused: boolean): void {
    if (this.#paused === paused) return;
    this.#paused = paused;
    this.#deps.counters.paused += paused ? 1 : -1;
  }

  /** Looks again after `stalledMs`, as long as something waits. */
  #watch(): void {
    if (!this.#stallCheck) this.#checkIn(this.#bounds.stalledMs);
  }

  #checkIn(delayMs: number): void {
    this.#stallCheck = this.#deps.wheel.after(delayMs, () => {
      this.#stallCheck = null;
      if (this.bytes === 0) return;
      const leftMs = this.#progressMs + this.#bounds.stalledMs - this.#deps.clock.nowMs();
      if (leftMs > 0) this.#checkIn(leftMs);
      else this.#giveUp('nothing was taken for too long');
    });
  }

  #giveUp(reason: string): void {
    this.close();
    this.#events.onSlow(reason);
  }
}
