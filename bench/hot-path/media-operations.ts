import { decodeG711, encodeG711 } from '../../media/codec/g711.js';
import { PromptPlayer } from '../../media/pipeline/prompt-player.js';
import { JitterBuffer } from '../../media/rtp/jitter-buffer.js';
import { RtpPacket, rtpHeaderBytes, writeRtpHeader } from '../../media/rtp/packet.js';
import type { PlayListener, RtpCodec } from '../../media/worker/media-host.js';
import { packetAllocationKb, type HotOperation } from './hot-operation.js';

const frameSamples = 160;
const frameMs = 20;
const codec: RtpCodec = { encoding: 'PCMU', payloadType: 0, clockRateHz: 8_000, ptimeMs: frameMs };

/** What the media thread does for each packet. */
export function mediaOperations(): HotOperation[] {
  return [rtpHeader(), encode(), decode(), jitterBuffer(), promptPlayer()].map((operation) => ({
    ...operation,
    timeBarUs: null,
    allocationBarKb: packetAllocationKb,
  }));
}

type MediaOperation = Omit<HotOperation, 'timeBarUs' | 'allocationBarKb'>;

/** A PCMU packet of 20 ms with a sound in it. */
function samplePacket(): Uint8Array {
  const bytes = new Uint8Array(rtpHeaderBytes + frameSamples);
  writeRtpHeader(bytes, 0, false, 1, frameSamples, 7);
  bytes.set(
    Array.from({ length: frameSamples }, (_, i) => (i * 37) & 0xff),
    rtpHeaderBytes,
  );
  return bytes;
}

function rtpHeader(): MediaOperation {
  const packet = new RtpPacket();
  const bytes = samplePacket();
  const target = new Uint8Array(bytes.length);
  return {
    name: 'RTP parse and write header',
    run: () => {
      packet.parse(bytes);
      writeRtpHeader(
        target,
        packet.payloadType,
        packet.marker,
        packet.sequenceNumber,
        packet.timestamp,
        packet.ssrc,
      );
      return target;
    },
    baseline: () => {
      target.set(bytes);
      return target;
    },
  };
}

function encode(): MediaOperation {
  const samples = Int16Array.from({ length: frameSamples }, (_, i) => Math.round(8_000 * Math.sin(i / 5)));
  const octets = new Uint8Array(frameSamples);
  const copy = new Int16Array(frameSamples);
  return {
    name: 'G.711 encode a frame',
    run: () => {
      encodeG711('PCMU', samples, octets);
      return octets;
    },
    baseline: () => {
      copy.set(samples);
      return copy;
    },
  };
}

function decode(): MediaOperation {
  const octets = samplePacket();
  const samples = new Int16Array(frameSamples);
  const copy = new Uint8Array(octets.length);
  return {
    name: 'G.711 decode a frame',
    run: () => decodeG711('PCMU', octets, rtpHeaderBytes, octets.length, samples),
    baseline: () => {
      copy.set(octets);
      return copy;
    },
  };
}

function jitterBuffer(): MediaOperation {
  const buffer = new JitterBuffer({ clockRateHz: codec.clockRateHz, targetMs: 40, maxMs: 60 });
  const bytes = samplePacket();
  const copy = new Uint8Array(bytes.length);
  let sequence = 0;
  return {
    name: 'jitter buffer push and pop',
    run: () => {
      const nowMs = sequence * frameMs;
      const timestamp = (sequence * frameSamples) >>> 0;
      buffer.push(bytes, rtpHeaderBytes, frameSamples, sequence, timestamp, frameSamples, false, nowMs);
      sequence++;
      return buffer.pop(nowMs);
    },
    baseline: () => {
      copy.set(bytes);
      return copy;
    },
  };
}

function promptPlayer(): MediaOperation {
  const silent: PlayListener = {
    onStarted: () => undefined,
    onMark: () => undefined,
    onEnded: () => undefined,
  };
  const player = new PromptPlayer();
  const bytes = new Uint8Array(new SharedArrayBuffer(60 * codec.clockRateHz)).fill(0x55);
  const clip = { encoding: codec.encoding, sampleRateHz: codec.clockRateHz, bytes, marks: [] };
  const target = new Uint8Array(rtpHeaderBytes + frameSamples);
  let nowMs = 0;
  let at = 0;
  return {
    name: 'prompt player frame',
    run: () => {
      // One prompt of a minute after the other: its own few objects are spread over 3,000 frames.
      if (player.queued === 0) player.play(clip, codec, silent);
      const sent = player.fill(codec, target, rtpHeaderBytes);
      nowMs += frameMs;
      if (sent) player.report(nowMs);
      return sent;
    },
    baseline: () => {
      at = (at + frameSamples) % (bytes.length - frameSamples);
      target.set(bytes.subarray(at, at + frameSamples), rtpHeaderBytes);
      return target;
    },
  };
}
