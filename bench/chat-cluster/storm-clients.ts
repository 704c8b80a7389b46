import { WebSocket } from 'ws';

import type { StormOrder, StormReply } from './protocol.js';
import { signToken } from './tokens.js';

/**
 * A helper process: many idle clients that come back by themselves, as gateway/websocket/README.md tells a client to:
 * half of the delay and a random part of the other half, doubled after each failure, or as `reconnect` says.
 */
const firstDelayMs = 500;
const longestDelayMs = 30_000;
/** Connections that are being opened at one time. */
const opening = 50;

let dialect: 'parley' | 'bare' = 'parley';
let ports: readonly number[] = [];
let clients: StormClient[] = [];
let attempts = 0;
let closing = false;
let changed: () => void = () => undefined;

class StormClient {
  readonly #user: string;
  readonly #token: string;
  #socket: WebSocket | null = null;
  /** Which of the ports is tried; the next one after each loss. */
  #at = 0;
  #delayMs = firstDelayMs;
  #session: string | null = null;
  #lostAtMs = 0;
  ready = false;
  /** Sent away for good. */
  refused = false;
  absenceMs: number | null = null;

  constructor(user: string, token: string) {
    this.#user = user;
    this.#token = token;
  }

  connect(): void {
    attempts++;
    const port = ports[this.#at % ports.length] ?? 0;
    const socket = new WebSocket(`ws://127.0.0.1:${port}/ws`, { perMessageDeflate: false });
    this.#socket = socket;
    socket.on('error', () => undefined);
    socket.once('open', () => socket.send(this.#hello()));
    socket.on('message', (data: Buffer) => this.#take(data));
    socket.once('close', (code) => this.#lost(code));
  }

  close(): Promise<void> {
    return new Promise((resolve) => {
      const socket = this.#socket;
      if (!socket || socket.readyState === WebSocket.CLOSED) return resolve();
      socket.once('close', () => resolve());
      socket.close();
    });
  }

  #hello(): string {
    const session = this.#session === null ? {} : { session: this.#session };
    const hello = { type: 'hello', versions: [1], token: this.#token, device: this.#user, since: 0 };
    return JSON.stringify({ ...hello, ...session });
  }

  #take(data: Buffer): void {
    if (dialect === 'bare') return this.#isReady();
    const frame = JSON.parse(data.toString('utf8')) as {
      readonly type: string;
      readonly session?: string;
      readonly afterMs?: number;
    };
    if (frame.type === 'reconnect') this.#delayMs = frame.afterMs ?? this.#delayMs;
    if (frame.type !== 'ready') return;
    this.#session = frame.session ?? null;
    this.#isReady();
  }

  #isReady(): void {
    this.ready = true;
    this.#delayMs = firstDelayMs;
    if (this.#lostAtMs > 0) this.absenceMs = performance.now() - this.#lostAtMs;
    this.#lostAtMs = 0;
    changed();
  }

  #lost(code: number): void {
    if (closing) return;
    if (this.ready) this.#lostAtMs = performance.now();
    this.ready = false;
    this.#at++;
    if (code >= 4100 && code < 4200) this.refused = true;
    else setTimeout(() => this.connect(), this.#delayMs / 2 + (Math.random() * this.#delayMs) / 2);
    this.#delayMs = Math.min(2 * this.#delayMs, longestDelayMs);
    changed();
  }
}

async function open(order: Extract<StormOrder, { kind: 'open' }>): Promise<void> {
  ({ dialect, ports } = order);
  closing = false;
  const tokens = await Promise.all(
    Array.from({ length: order.count }, async (_, i) => {
      const user = `u-${order.firstUser + i}`;
      return { user, token: dialect === 'bare' ? '' : await signToken(user, order.secret) };
    }),
  );
  const waiting = tokens.map(({ token, user }) => new StormClient(user, token));
  clients = waiting.slice();
  let begun = 0;
  await new Promise<void>((resolve) => {
    changed = () => {
      const settled = clients.filter(({ ready, refused }) => ready || refused).length;
      while (begun < clients.length && begun - settled < opening) clients[begun++]?.connect();
      if (settled === clients.length) resolve();
    };
    changed();
  });
}

/** Resolves when everybody has been away and is back, or is gone for good. */
function recover(deadlineMs: number): Promise<void> {
  attempts = 0;
  for (const client of clients) client.absenceMs = null;
  let left = clients.length;
  return new Promise((resolve) => {
    const late = setTimeout(resolve, deadlineMs);
    changed = () => {
      if (--left > 0) return;
      // Counting them all at each change would take the time that is measured.
      left = clients.filter(
        ({ absenceMs, ready, refused }) => !refused && !(ready && absenceMs !== null),
      ).length;
      if (left > 0) return;
      clearTimeout(late);
      resolve();
    };
  });
}

async function obey(order: StormOrder): Promise<StormReply> {
  if (order.kind === 'open') await open(order);
  else if (order.kind === 'recover') await recover(order.deadlineMs);
  else {
    closing = true;
    await Promise.all(clients.map((client) => client.close()));
    clients = [];
  }
  changed = () => undefined;
  const ready = clients.filter((client) => client.ready).length;
  const absences = clients.flatMap(({ absenceMs }) => (absenceMs === null ? [] : [absenceMs]));
  return { ready, failed: clients.length - ready, attempts, absences };
}

process.on('message', (order: StormOrder) => void obey(order).then((reply) => process.send?.(reply)));
process.once('disconnect', () => process.exit(0));
