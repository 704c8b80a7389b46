import { WebSocket } from 'ws';

import type { ChatDialect, ChatOrder, ChatReply } from './chat-echo-protocol.js';

/** A helper process: many chat clients. */
const text = 'I would like to know what my last bill is made of, please.';
/** Connections that are being opened at one time. */
const opening = 50;

const ack = Buffer.from('{"type":"ack"');

let dialect: ChatDialect = 'bare';
let clients: WebSocket[] = [];
let failed = 0;
let nextId = 0;

function openOne(port: number, index: number, perUser: number): Promise<void> {
  return new Promise((resolve) => {
    const client = new WebSocket(`ws://127.0.0.1:${port}/ws`, { perMessageDeflate: false });
    const finish = (): void => {
      client.off('message', finish);
      resolve();
    };
    client.on('error', () => {
      failed++;
      resolve();
    });
    client.once('open', () => {
      clients.push(client);
      if (dialect === 'bare') resolve();
      else {
        client.on('message', finish);
        const [user, device] = [`u-${Math.floor(index / perUser)}`, `d-${index}`];
        client.send(JSON.stringify({ type: 'hello', versions: [1], token: `default/${user}`, device }));
      }
    });
  });
}

async function openAll(port: number, count: number, perUser: number): Promise<void> {
  let next = 0;
  const opener = async (): Promise<void> => {
    while (next < count) await openOne(port, next++, perUser);
  };
  await Promise.all(Array.from({ length: Math.min(count, opening) }, opener));
}

/** One round after another on one connection; resolves when `rounds` are through. */
function echoOn(client: WebSocket, rounds: number, times: number[]): Promise<void> {
  return new Promise((resolve) => {
    let left = rounds;
    let sentAtMs = 0;
    const send = (): void => {
      sentAtMs = performance.now();
      client.send(JSON.stringify({ type: 'message', id: `m-${nextId++}`, text }));
    };
    const receive = (data: Buffer): void => {
      if (dialect === 'chat' && !data.subarray(0, 13).equals(ack)) return;
      times.push(performance.now() - sentAtMs);
      if (--left > 0) send();
      else {
        client.off('message', receive);
        resolve();
      }
    };
    client.on('message', receive);
    send();
  });
}

async function echo(connections: number, messages: number): Promise<number[]> {
  const times: number[] = [];
  const chosen = pick(connections);
  const rounds = Math.floor(messages / chosen.length);
  await Promise.all(chosen.map((client) => echoOn(client, rounds, times)));
  return times;
}

/** Spread over all, so that they belong to different users. */
function pick(count: number): WebSocket[] {
  const step = Math.max(1, Math.floor(clients.length / count));
  return clients.filter((_, index) => index % step === 0).slice(0, count);
}

async function obey(order: ChatOrder): Promise<number[]> {
  if (order.kind === 'open') {
    dialect = order.dialect;
    await openAll(order.port, order.count, order.perUser);
  } else if (order.kind === 'echo') return echo(order.connections, order.messages);
  else {
    const gone = clients.map((client) => new Promise((resolve) => client.once('close', resolve)));
    for (const client of clients) client.close();
    await Promise.all(gone);
    clients = [];
  }
  return [];
}

process.on('message', (order: ChatOrder) => {
  failed = 0;
  void obey(order).then((times) =>
    process.send?.({ connections: clients.length, times, failed } satisfies ChatReply),
  );
});
process.once('disconnect', () => process.exit(0));
process.send?.({ ready: true });
