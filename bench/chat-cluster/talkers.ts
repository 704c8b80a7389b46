import { WebSocket } from 'ws';

import { pause } from '../client/pause.js';
import { askingText, silentText } from './bench-tree.js';
import { joinNamespace, speechOf, type Guest, type Speech } from './dialects.js';
import type { TalkOrder, TalkReply } from './protocol.js';
import { signToken } from './tokens.js';

/** A helper process: users with two devices each. */
const nothing: TalkReply = { acks: [], arrivals: [], failed: null };
/** What has not come by then is lost. */
const lateMs = 3_000;
const turnDeadlineMs = 60_000;

let speech: Speech = speechOf('parley');
let writers: WebSocket[] = [];
let readers: WebSocket[] = [];
let nextId = 0;
let refused: string | null = null;
let acks: number[] = [];
let arrivals: number[] = [];
const sentAtMs = new Map<string, number>();
/** By writer: the turn that waits for its answer. */
const asking = new Map<WebSocket, () => void>();

function connect(port: number, guest: Guest, reads: boolean): Promise<WebSocket> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(`ws://127.0.0.1:${port}${speech.path}`, { perMessageDeflate: false });
    socket.on('error', reject);
    socket.once('close', (code) => {
      if (code !== 1005) refused ??= `a connection was closed with ${code}`;
      reject(new Error(`closed with ${code}`));
    });
    socket.once('open', () => {
      const hello = speech.hello(guest);
      if (hello !== null) socket.send(hello);
    });
    socket.on('message', (data: Buffer) => {
      const frame = data.toString('utf8');
      const join = joinNamespace(frame, guest);
      if (join !== null) socket.send(join);
      else if (take(socket, frame, reads)) resolve(socket);
    });
  });
}

/** True: the connection is ready. */
function take(socket: WebSocket, frame: string, reads: boolean): boolean {
  const heard = speech.read(frame);
  switch (heard.kind) {
    case 'ready':
      return true;
    case 'reply':
      socket.send(heard.text);
      return false;
    case 'ack':
      note(acks, heard.id);
      return false;
    case 'message':
      if (reads) note(arrivals, heard.id);
      return false;
    case 'answer':
      asking.get(socket)?.();
      return false;
    case 'refused':
      refused ??= heard.why;
      return false;
    case 'other':
      return false;
  }
}

function note(times: number[], id: string): void {
  const since = sentAtMs.get(id);
  if (since !== undefined) times.push(performance.now() - since);
}

function say(socket: WebSocket, text: string): void {
  const id = `m-${nextId++}`;
  const frame = speech.message(id, text);
  sentAtMs.set(id, performance.now());
  socket.send(frame);
}

async function open({ dialect, ports, secret, users }: Extract<TalkOrder, { kind: 'open' }>): Promise<void> {
  speech = speechOf(dialect);
  const [first = 0, second = first] = ports;
  for (let i = 0; i < users; i++) {
    const name = `u-${i}`;
    const token = await signToken(name, secret);
    writers.push(await connect(first, { name, token, device: 'writer' }, false));
    if (ports.length > 1) readers.push(await connect(second, { name, token, device: 'reader' }, true));
  }
}

async function send(messages: number, perSecond: number): Promise<void> {
  const startMs = performance.now();
  let sent = 0;
  while (sent < messages) {
    const due = Math.min(messages, Math.floor(((performance.now() - startMs) * perSecond) / 1_000) + 1);
    for (; sent < due; sent++) {
      const writer = writers[sent % writers.length];
      if (writer) say(writer, silentText);
    }
    await pause(1);
  }
  const endMs = performance.now() + lateMs;
  while (arrivals.length < messages && performance.now() < endMs) await pause(10);
}

/** One turn after another; resolves when they are through. */
function askOn(socket: WebSocket, turns: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const late = setTimeout(() => reject(new Error('no answer of the bot')), turnDeadlineMs);
    let left = turns;
    let askedAtMs = 0;
    const ask = (): void => {
      askedAtMs = performance.now();
      say(socket, askingText);
    };
    asking.set(socket, () => {
      arrivals.push(performance.now() - askedAtMs);
      if (--left > 0) return ask();
      clearTimeout(late);
      asking.delete(socket);
      resolve();
    });
    ask();
  });
}

async function close(): Promise<void> {
  const all = [...writers, ...readers];
  const gone = all.map((socket) => new Promise((resolve) => socket.once('close', resolve)));
  for (const socket of all) socket.close();
  await Promise.all(gone);
  writers = [];
  readers = [];
}

async function obey(order: TalkOrder): Promise<TalkReply> {
  acks = [];
  arrivals = [];
  sentAtMs.clear();
  refused = null;
  if (order.kind === 'open') await open(order);
  else if (order.kind === 'send') await send(order.messages, order.perSecond);
  else if (order.kind === 'turns')
    await Promise.all(writers.slice(0, order.users).map((socket) => askOn(socket, order.turns)));
  else await close();
  return { acks, arrivals, failed: refused };
}

process.on('message', (order: TalkOrder) => {
  obey(order).then(
    (reply) => process.send?.(reply),
    (err: unknown) => process.send?.({ ...nothing, failed: refused ?? String(err) } satisfies TalkReply),
  );
});
process.once('disconnect', () => process.exit(0));
