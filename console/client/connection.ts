import type { ClientFrame, HelloFrame, ServerFrame } from '../../gateway/websocket/protocol.js';
import { clientLimits } from './limits.js';
import { parseRecord } from './safe-storage.js';
import type { ClientClock, ClientSocket, ClientTimer, OpenSocket } from './ports.js';

export interface ConnectionListener {
  /** `hello` is on its way. */
  onGreeting(): void;
  onFrame(frame: ServerFrame): void;
  /** Once at most; not after `close`. */
  onClosed(code: number): void;
}

/** What the client itself closes with: normal closure (RFC 6455 7.4.1). */
const normalClosure = 1000;
/** What a connection that answers nothing is reported as (RFC 6455 7.4.1: closed abnormally). */
const abnormalClosure = 1006;

/** One WebSocket from `hello` on: frames in and out, and whether the other end still answers. */
export class Connection {
  readonly #clock: ClientClock;
  readonly #listener: ConnectionListener;
  readonly #socket: ClientSocket;
  #open = true;
  #pings = 0;
  #pongTimer: ClientTimer | null = null;
  #silenceTimer: ClientTimer | null = null;
  #lastHeardMs: number;

  constructor(
    openSocket: OpenSocket,
    url: string,
    hello: HelloFrame,
    clock: ClientClock,
    listener: ConnectionListener,
  ) {
    this.#clock = clock;
    this.#listener = listener;
    this.#lastHeardMs = clock.nowMs();
    this.#socket = openSocket(url, {
      onOpen: () => this.#greet(hello),
      onText: (text) => this.#read(text),
      onClosed: (code) => this.#closed(code),
    });
  }

  send(frame: ClientFrame): void {
    if (this.#open) this.#socket.send(JSON.stringify(frame));
  }

  /** Asks whether the other end is there; without an answer the connection is closed. */
  check(): void {
    if (!this.#open || this.#pongTimer !== null) return;
    this.#pongTimer = this.#clock.setTimer(() => this.fail(), clientLimits.pongMs);
    this.send({ type: 'ping', id: ++this.#pings });
  }

  /** Gives the connection up as broken. */
  fail(): void {
    this.#socket.close(normalClosure, '');
    this.#closed(abnormalClosure);
  }

  close(): void {
    this.#stop();
    this.#socket.close(normalClosure, '');
  }

  #greet(hello: HelloFrame): void {
    if (!this.#open) return;
    this.send(hello);
    this.#watchSilence();
    this.#listener.onGreeting();
  }

  /** A dead connection may look open for minutes: long silence is followed by a question. */
  #watchSilence(): void {
    this.#silenceTimer = this.#clock.setTimer(() => {
      if (this.#clock.nowMs() - this.#lastHeardMs >= clientLimits.idlePingMs) this.check();
      this.#watchSilence();
    }, clientLimits.idlePingMs);
  }

  #read(text: string): void {
    if (!this.#open) return;
    this.#lastHeardMs = this.#clock.nowMs();
    this.#pongTimer?.cancel();
    this.#pongTimer = null;
    const frame = parseRecord(text);
    if (frame === null || typeof frame['type'] !== 'string') this.fail();
    else this.#listener.onFrame(frame as unknown as ServerFrame);
  }

  #closed(code: number): void {
    if (!this.#open) return;
    this.#stop();
    this.#listener.onClosed(code);
  }

  #stop(): void {
    this.#open = false;
    this.#pongTimer?.cancel();
    this.#silenceTimer?.cancel();
    this.#pongTimer = this.#silenceTimer = null;
  }
}
