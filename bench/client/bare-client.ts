import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createConnection } from 'node:net';

import { nextMessage, type Children } from '../children.js';
import { RtpSink } from './rtp-sink.js';
import { Slot } from './slot.js';

const helperTimeoutMs = 10_000;

/** Where `bare-server` listens. */
export interface BarePorts {
  readonly udpPort: number;
  readonly tcpPort: number;
}

export async function startBareServer(children: Children): Promise<BarePorts> {
  const child = children.startHelper('./bare-server.js');
  return (await nextMessage(child, helperTimeoutMs)) as BarePorts;
}

/** Round trips of one datagram and its answer, one after another, in milliseconds. */
export async function udpRoundTrips(
  { udpPort }: BarePorts,
  requestBytes: number,
  replyBytes: number,
  count: number,
): Promise<number[]> {
  const socket = createSocket('udp4');
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  let arrived = new Slot<number>();
  socket.on('message', () => arrived.set(performance.now()));
  socket.on('error', (err) => arrived.fail(err));
  const request = Buffer.alloc(requestBytes);
  request.writeUInt16BE(replyBytes, 0);
  const times: number[] = [];
  for (let i = 0; i < count; i++) {
    arrived = new Slot();
    const sentAtMs = performance.now();
    socket.send(request, udpPort, '127.0.0.1');
    times.push((await arrived.wait(helperTimeoutMs, 'answer of the bare server')) - sentAtMs);
  }
  socket.close();
  return times;
}

/** What the bare server's TCP side measured, in milliseconds. */
export interface BareRequests {
  readonly reply: readonly number[];
  readonly firstPacket: readonly number[];
}

/** TCP requests, each answered by a reply and one RTP-sized datagram, one after another. */
export async function tcpRequests(
  { tcpPort }: BarePorts,
  requestBytes: number,
  replyBytes: number,
  count: number,
): Promise<BareRequests> {
  const socket = createConnection({ port: tcpPort, host: '127.0.0.1', noDelay: true });
  await once(socket, 'connect');
  const sink = await RtpSink.open();
  let replied = new Slot<number>();
  socket.on('data', () => replied.set(performance.now()));
  socket.on('error', (err) => replied.fail(err));
  const request = Buffer.alloc(requestBytes);
  request.writeUInt16BE(replyBytes, 0);
  request.writeUInt16BE(sink.port, 2);
  const reply: number[] = [];
  const firstPacket: number[] = [];
  for (let i = 0; i < count; i++) {
    replied = new Slot();
    sink.clear();
    const sentAtMs = performance.now();
    socket.write(request);
    reply.push((await replied.wait(helperTimeoutMs, 'reply of the bare server')) - sentAtMs);
    firstPacket.push((await sink.firstAtMs(helperTimeoutMs)) - sentAtMs);
  }
  socket.destroy();
  sink.close();
  return { reply, firstPacket };
}
