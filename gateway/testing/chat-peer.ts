import { WebSocket } from 'ws';

import type { ChatMessage, ServerFrame } from '../websocket/protocol.js';

export interface ChatPeerOptions {
  /** Nodes or balancers to connect to, as `ws://host:port/ws`; another one after each failure. */
  readonly urls: () => readonly string[];
  readonly token: string;
  readonly device: string;
  /** Longest pause before it connects again, in milliseconds. */
  readonly backOffMs?: number;
}

/** What a peer has seen go wrong; all empty where the server keeps its word. */
export interface Violations {
  /** A sequence number that did not follow the one before. */
  readonly gaps: string[];
  /** The server answered what it must not. */
  readonly protocol: string[];
}

interface Waiting {
  readonly id: string;
  readonly text: string;
  readonly sentAtMs: number;
  resolve(seq: number): void;
}

/**
 * A strict chat client for tests: reconnects, resumes with `since`, sends again what was not acknowledged, and notes
 * whatever it should not have been sent. It shares no code with the client of the page.
 */
export class ChatPeer {
  readonly messages: ChatMessage[] = [];
  readonly violations: Violations = { gaps: [], protocol: [] };
  /** Close codes in the order in which they came. */
  readonly closes: number[] = [];
  readonly connectsTo: string[] = [];
  session = '';
  ended = false;
  /** Longest time from sending a message to its acknowledgement, reconnects included. */
  longestAckMs = 0;
  /** Longest time from sending a message to the bot's answer, where each message has one. */
  longestAnswerMs = 0;
  readonly #sentAtMs: number[] = [];
  #answers = 0;
  readonly #options: ChatPeerOptions;
  readonly #waiting: Waiting[] = [];
  #socket: WebSocket | null = null;
  #ready = false;
  #stopped = false;
  #attempt = 0;
  #retry: NodeJS.Timeout | null = null;
  readonly #changed = new Set<() => void>();

  constructor(options: ChatPeerOptions) {
    this.#options = options;
  }

  get connected(): boolean {
    return this.#ready;
  }

  get unacknowledged(): number {
    return this.#waiting.length;
  }

  connect(): void {
    if (this.#stopped) return;
    const urls = this.#options.urls();
    const url = urls[Math.floor(Math.random() * urls.length)];
    if (url === undefined) return this.#later();
    this.connectsTo.push(url);
    const socket = new WebSocket(url, { perMessageDeflate: false, handshakeTimeout: 5_000 });
    this.#socket = socket;
    socket.on('open', () => this.#hello(socket));
    socket.on('message', (data, isBinary) => {
      if (socket === this.#socket) this.#take(isBinary ? '' : (data as Buffer).toString('utf8'));
    });
    socket.on('error', () => undefined);
    socket.on('close', (code) => {
      if (socket !== this.#socket) return;
      this.closes.push(code);
      this.#ready = false;
      this.#socket = null;
      if (code >= 4100 && code < 4200) this.#stopped = true;
      this.#later();
      this.#tell();
    });
  }

  /** Sends under a fresh id, now or after the next `ready`; resolves with the sequence number it was kept under. */
  send(text: string, id: string): Promise<number> {
    return new Promise((resolve) => {
      this.#sentAtMs.push(performance.now());
      this.#waiting.push({ id, text, sentAtMs: performance.now(), resolve });
      if (this.#ready) this.#write({ type: 'message', id, text });
    });
  }

  /** As a network that fails: nothing is said to the server. */
  drop(): void {
    this.#socket?.terminate();
  }

  stop(): void {
    this.#stopped = true;
    if (this.#retry) clearTimeout(this.#retry);
    this.#socket?.close(1000);
  }

  /** Resolves when `holds`, looked at after everything that comes in; rejects at the deadline. */
  until(holds: () => boolean, deadlineMs: number, what: string): Promise<void> {
    if (holds()) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const look = (): void => {
        if (!holds()) return;
        clearTimeout(timer);
        this.#changed.delete(look);
        resolve();
      };
      const timer = setTimeout(() => {
        this.#changed.delete(look);
        const tail = JSON.stringify(this.messages.slice(-5));
        reject(
          new Error(`not within ${deadlineMs} ms: ${what}; closes ${this.closes.join(' ')}; last ${tail}`),
        );
      }, deadlineMs);
      this.#changed.add(look);
    });
  }

  #hello(socket: WebSocket): void {
    const { device, token } = this.#options;
    const since = this.messages.at(-1)?.seq ?? 0;
    const session = this.session === '' ? {} : { session: this.session };
    socket.send(JSON.stringify({ type: 'hello', versions: [1], token, device, since, ...session }));
  }

  #take(text: string): void {
    const frame = JSON.parse(text) as ServerFrame;
    switch (frame.type) {
      case 'ready':
        this.#onReady(frame);
        break;
      case 'message': {
        const expected = (this.messages.at(-1)?.seq ?? 0) + 1;
        if (frame.seq !== expected) this.violations.gaps.push(`${frame.seq} after ${expected - 1}`);
        this.messages.push(frame);
        if (frame.author === 'bot') this.#answered();
        break;
      }
      case 'ack':
        this.#onAck(frame.id, frame.seq);
        break;
      case 'state':
        this.ended = frame.ended;
        break;
      case 'error':
        if (frame.code !== 'unavailable' && frame.code !== 'rate')
          this.violations.protocol.push(JSON.stringify(frame));
        // What was refused for now is sent again on the next connection.
        else this.drop();
        break;
      default:
        break;
    }
    this.#tell();
  }

  #onReady({ ended, session, since }: Extract<ServerFrame, { type: 'ready' }>): void {
    const held = this.messages.at(-1)?.seq ?? 0;
    if (this.session !== '' && session !== this.session)
      this.violations.protocol.push(`session ${session} in place of ${this.session}`);
    if (since !== held) this.violations.protocol.push(`resumed at ${since}, held ${held}`);
    this.session = session;
    this.ended = ended;
    this.#ready = true;
    this.#attempt = 0;
    for (const { id, text } of this.#waiting) this.#write({ type: 'message', id, text });
  }

  #onAck(id: string, seq: number): void {
    const index = this.#waiting.findIndex((waiting) => waiting.id === id);
    const [acked] = index < 0 ? [] : this.#waiting.splice(index, 1);
    if (!acked) return;
    this.longestAckMs = Math.max(this.longestAckMs, performance.now() - acked.sentAtMs);
    acked.resolve(seq);
  }

  #answered(): void {
    const sentAtMs = this.#sentAtMs[this.#answers++];
    if (sentAtMs !== undefined)
      this.longestAnswerMs = Math.max(this.longestAnswerMs, performance.now() - sentAtMs);
  }

  #write(frame: object): void {
    this.#socket?.send(JSON.stringify(frame));
  }

  #later(): void {
    if (this.#stopped) return;
    const { backOffMs = 2_000 } = this.#options;
    const most = Math.min(backOffMs, 100 * 2 ** this.#attempt++);
    this.#retry = setTimeout(() => this.connect(), Math.random() * most);
  }

  #tell(): void {
    for (const look of [...this.#changed]) look();
  }
}
