import { SystemClock } from '../../config/clock.js';
import { MemoryLogger } from '../../config/logger.js';
import { SeededRandom } from '../../config/random.js';
import { L16Protocol } from '../../gateway/audio-socket/l16-protocol.js';
import { MediaStreamsProtocol } from '../../gateway/audio-socket/media-streams-protocol.js';
import { createCreditMemory, FrameCredit } from '../../media/frames/frame-credit.js';
import { FrameOutbox, readFrames } from '../../media/frames/frame-outbox.js';
import { frameRemote } from '../../media/frames/frame-transport.js';
import { FramePacketizer } from '../../media/frames/packetizer.js';
import { rtpHeaderBytes, writeRtpHeader } from '../../media/rtp/packet.js';
import { RtpReceiver } from '../../media/rtp/rtp-receiver.js';
import { RtpSender } from '../../media/rtp/rtp-sender.js';
import type { AudioClip } from '../../media/speech/audio-clip.js';
import type { MediaStream, PlayListener, RtpCodec } from '../../media/worker/media-host.js';
import { WorkerMediaHost } from '../../media/worker/worker-host.js';
import { figure, type Figure } from '../figure.js';
import { measureOperation, type Operation } from '../operation-cost.js';
import type { Suite } from '../suite.js';

const frameSamples = 160;
const streams = 100;
const mulaw: RtpCodec = { encoding: 'PCMU', payloadType: 0, clockRateHz: 8_000, ptimeMs: 20 };

/** What audio over WebSocket costs more than RTP: per frame in this process, and for a hundred streams on a worker. */
export const audioSocketSuite: Suite = {
  name: 'audio-socket',
  about: 'frames over WebSocket against RTP: time for each, processor time of a hundred streams',
  maxSeconds: 90,
  measuresPeers: false,
  run: async ({ options, print }) => {
    print('frames in and out');
    const figures: Figure[] = [
      ...compare('frame in: message to 20 ms of samples', framesIn(), rtpIn()),
      ...compare('frame out: payload to message', framesOut(), rtpOut()),
      ...compare('Base64 JSON: read a frame', readJson(), readRaw()),
      ...compare('Base64 JSON: write a frame', writeJson(), writeRaw()),
    ];
    const seconds = options.quick ? 2 : 8;
    print(`${streams} streams out, ${seconds} s each way`);
    const rtp = await streamsOut(openRtp, seconds);
    const frames = await streamsOut(openFrames, seconds);
    figures.push(
      figure(`${streams} streams out: processor time a stream-second`, frames.cpuMs, 'ms', {
        baseline: rtp.cpuMs,
      }),
      figure('packets sent of those due', frames.sentPart * 100, '%', { baseline: rtp.sentPart * 100 }),
    );
    return { suite: 'audio-socket', figures, distributions: [], notes: [baselines] };
  },
};

function compare(name: string, run: Operation, baseline: Operation): Figure[] {
  const ours = measureOperation(run);
  const bare = measureOperation(baseline);
  return [
    figure(name, ours.nanoseconds / 1_000, 'us', { baseline: bare.nanoseconds / 1_000 }),
    figure(`${name}: heap for 100k`, (ours.allocatedBytes * 100_000) / 1_024, 'KB', {
      baseline: (bare.allocatedBytes * 100_000) / 1_024,
    }),
  ];
}

function payload(): Uint8Array {
  return Uint8Array.from({ length: frameSamples }, (_, i) => (i * 37) & 0xff);
}

/** Streams that are due together: what shares a message between threads. */
const together = 10;

function createReceivers(): RtpReceiver[] {
  return Array.from({ length: together }, () => {
    const receiver = new RtpReceiver(mulaw, frameRemote, 40, () => undefined);
    receiver.listening = true;
    return receiver;
  });
}

/** A datagram to samples, as the worker does it for calls. */
function rtpIn(): Operation {
  const receivers = createReceivers();
  const packet = new Uint8Array(rtpHeaderBytes + frameSamples);
  packet.set(payload(), rtpHeaderBytes);
  let count = 0;
  return () => {
    const receiver = receivers[count % together];
    const frame = Math.floor(count++ / together);
    writeRtpHeader(packet, 0, false, frame & 0xffff, (frame * frameSamples) >>> 0, 1);
    receiver?.receive(packet, frameRemote.address, frameRemote.port, frame * 20);
    return receiver?.readFrame(frame * 20);
  };
}

/** The same with both threads' work of the message transport. */
function framesIn(): Operation {
  const receivers = createReceivers();
  let count = 0;
  const { outbox, turn } = createOutbox((packet, stream) =>
    receivers[stream]?.receive(
      packet,
      frameRemote.address,
      frameRemote.port,
      Math.floor(count / together) * 20,
    ),
  );
  const packetizers = receivers.map(
    (_, stream) => new FramePacketizer(mulaw, (packet) => outbox.add(stream, packet)),
  );
  const octets = payload();
  return () => {
    packetizers[count % together]?.write(octets, 0, octets.length, null);
    if (count % together === together - 1) turn();
    const frame = receivers[count % together]?.readFrame(Math.floor(count / together) * 20);
    count++;
    return frame;
  };
}

function createOutbox(onPacket: (packet: Uint8Array, stream: number) => void): {
  outbox: FrameOutbox;
  turn: () => void;
} {
  const memory = createCreditMemory();
  const taken = new FrameCredit(memory, 'to-worker');
  let flush: () => void = () => undefined;
  const outbox = new FrameOutbox({
    credit: new FrameCredit(memory, 'to-worker'),
    post: (batch) => {
      taken.take(batch.length);
      readFrames(batch, (stream, packet) => onPacket(packet, stream));
    },
    defer: (deferred) => (flush = deferred),
  });
  return { outbox, turn: () => flush() };
}

function createSender(output: (packet: Uint8Array) => void): RtpSender {
  const octets = payload();
  const source = (_codec: RtpCodec, target: Uint8Array, start: number): boolean => {
    for (let i = 0; i < octets.length; i++) target[start + i] = octets[i] as number;
    return true;
  };
  return new RtpSender(mulaw, false, source, output, 0, new SeededRandom(1));
}

function rtpOut(): Operation {
  const sender = createSender(() => undefined);
  let nowMs = 0;
  return () => sender.tick((nowMs += 20));
}

function framesOut(): Operation {
  const { outbox, turn } = createOutbox(() => undefined);
  const sender = createSender((packet) => outbox.add(1, packet));
  let count = 0;
  return () => {
    const sent = sender.tick(count * 20);
    if (count++ % together === together - 1) turn();
    return sent;
  };
}

const baselines = 'The baselines of Base64 JSON are raw L16 frames at 8 kHz, those of the rest are RTP.';

const started = '{"event":"start","start":{"streamSid":"MZ1"}}';

function readJson(): Operation {
  const protocol = new MediaStreamsProtocol();
  protocol.readText(started);
  const text = JSON.stringify({
    event: 'media',
    sequenceNumber: '7',
    streamSid: 'MZ1',
    media: {
      track: 'inbound',
      chunk: '5',
      timestamp: '100',
      payload: Buffer.from(payload()).toString('base64'),
    },
  });
  return () => protocol.readText(text);
}

function readRaw(): Operation {
  const protocol = new L16Protocol({ sampleRateHz: 8_000, events: false });
  const octets = new Uint8Array(2 * frameSamples);
  return () => protocol.readBinary(octets);
}

function writeJson(): Operation {
  const protocol = new MediaStreamsProtocol();
  protocol.readText(started);
  const octets = payload();
  return () => protocol.audio(octets, 0);
}

function writeRaw(): Operation {
  const protocol = new L16Protocol({ sampleRateHz: 8_000, events: false });
  const octets = new Uint8Array(2 * frameSamples);
  return () => protocol.audio(octets, 0);
}

type OpenStream = (host: WorkerMediaHost) => Promise<MediaStream>;

function openRtp(host: WorkerMediaHost): Promise<MediaStream> {
  return host.openStream(
    {
      sessionId: 'bench',
      localAddress: '127.0.0.1',
      codec: mulaw,
      // Nobody listens there: the kernel throws the packets away.
      remote: { address: '127.0.0.1', port: 9 },
      direction: 'sendrecv',
      continuous: false,
    },
    () => undefined,
  );
}

function openFrames(host: WorkerMediaHost): Promise<MediaStream> {
  const protocol = new MediaStreamsProtocol();
  protocol.readText(started);
  return host.openFrames(
    { sessionId: 'bench', encoding: 'PCMU', sampleRateHz: 8_000, leadMs: 0 },
    { onFrame: (bytes, start) => void protocol.audio(bytes, start), onClosed: () => undefined },
  );
}

/** A prompt on every stream; processor time of all threads in milliseconds a stream-second. */
async function streamsOut(open: OpenStream, seconds: number): Promise<{ cpuMs: number; sentPart: number }> {
  const clock = new SystemClock();
  const host = await WorkerMediaHost.start(
    { workers: 1, rtpPorts: { from: 33_000, to: 33_000 + 4 * streams - 1 }, engines: [] },
    { logger: new MemoryLogger(), clock, onWorkerLost: () => undefined },
  );
  try {
    const opened: MediaStream[] = [];
    for (let i = 0; i < streams; i++) opened.push(await open(host));
    const bytes = new Uint8Array(new SharedArrayBuffer((seconds + 5) * 8_000)).fill(0x55);
    const clip: AudioClip = { encoding: 'PCMU', sampleRateHz: 8_000, bytes, marks: [] };
    const silent: PlayListener = { onStarted: nothing, onMark: nothing, onEnded: nothing };
    for (const stream of opened) stream.play(clip, silent);
    await pause(500);
    const startedAt = process.cpuUsage();
    const startedAtMs = performance.now();
    await pause(seconds * 1_000);
    const { user, system } = process.cpuUsage(startedAt);
    const ranMs = performance.now() - startedAtMs;
    const stats = await Promise.all(opened.map((stream) => stream.close()));
    const sent = stats.reduce((sum, { packetsSent }) => sum + packetsSent, 0);
    return {
      cpuMs: (user + system) / 1_000 / streams / (ranMs / 1_000),
      sentPart: Math.min(1, sent / (streams * (500 + ranMs)) / (1 / mulaw.ptimeMs)),
    };
  } finally {
    await host.close();
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

function nothing(): void {
  // Nobody wants to know.
}
