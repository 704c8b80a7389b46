import { createSocket } from 'node:dgram';

/** What the parent asks for: one stream of 172-octet packets to each port of 127.0.0.1. */
export interface SenderJob {
  readonly ports: readonly number[];
  readonly durationMs: number;
  readonly ptimeMs: number;
}

/** What it gets when all is sent. */
export interface SenderReport {
  /** User plus system time of this process while it sent. */
  readonly cpuMs: number;
}

/** Streams are spread over this many moments of a packet time, as a server's are. */
const phases = 10;

/**
 * A helper process: the least that sends paced RTP, as the baseline of `pacing`. One socket a stream, one
 * drift-corrected timer, no codec, no session.
 */
process.once('disconnect', () => process.exit(0));
process.on('message', (job: SenderJob) => send(job));
process.send?.('ready');

function send({ ports, durationMs, ptimeMs }: SenderJob): void {
  const streams = ports.map((port) => ({ port, socket: createSocket('udp4') }));
  for (const { socket } of streams) socket.bind(0, '127.0.0.1');
  const groups = Array.from({ length: phases }, (_, phase) =>
    streams.filter((_stream, index) => index % phases === phase),
  );
  const ticks = Math.round((durationMs / ptimeMs) * phases);
  const stepMs = ptimeMs / phases;
  const before = process.cpuUsage();
  const startMs = performance.now() + ptimeMs;
  let tick = 0;
  const run = (): void => {
    for (; tick < ticks && startMs + tick * stepMs <= performance.now(); tick++) {
      const packet = packetNumber(Math.floor(tick / phases));
      for (const { socket, port } of groups[tick % phases] ?? []) socket.send(packet, port, '127.0.0.1');
    }
    if (tick < ticks) setTimeout(run, Math.max(0, Math.ceil(startMs + tick * stepMs - performance.now())));
    else finish(before, streams);
  };
  run();
}

/** A buffer of its own: dgram reads it only after the address was looked up, when the next packet may be made. */
function packetNumber(sequence: number): Buffer {
  const packet = Buffer.alloc(172);
  packet[0] = 0x80;
  packet.writeUInt16BE(sequence, 2);
  return packet;
}

function finish(before: NodeJS.CpuUsage, streams: readonly { readonly socket: { close(): void } }[]): void {
  const used = process.cpuUsage(before);
  for (const { socket } of streams) socket.close();
  const report: SenderReport = { cpuMs: (used.user + used.system) / 1_000 };
  process.send?.(report);
}
