import { decodeG711 } from './g711.js';

/** Mono linear audio of a file. */
export interface WavAudio {
  readonly sampleRateHz: number;
  readonly samples: Int16Array;
}

export type WavErrorCode = 'too-large' | 'not-wav' | 'unsupported' | 'truncated';

/** What came of reading a file: the audio, or a code and a sentence that names the field and the fix. */
export type WavResult =
  | { readonly ok: true; readonly audio: WavAudio }
  | { readonly ok: false; readonly code: WavErrorCode; readonly message: string };

interface Format {
  readonly tag: number;
  readonly channels: number;
  readonly sampleRateHz: number;
  readonly bitsPerSample: number;
}

const tagPcm = 1;
const tagALaw = 6;
const tagMuLaw = 7;
const tagExtensible = 0xfffe;

function fail(code: WavErrorCode, message: string): WavResult {
  return { ok: false, code, message };
}

function chunkName(view: DataView, at: number): string {
  return String.fromCharCode(
    view.getUint8(at),
    view.getUint8(at + 1),
    view.getUint8(at + 2),
    view.getUint8(at + 3),
  );
}

function readFormat(view: DataView, at: number, size: number): Format | null {
  if (size < 16) return null;
  const tag = view.getUint16(at, true);
  // WAVE_FORMAT_EXTENSIBLE keeps the real tag in the first two octets of its sub-format GUID.
  const subFormat = tag === tagExtensible && size >= 40 ? view.getUint16(at + 24, true) : tag;
  return {
    tag: subFormat,
    channels: view.getUint16(at + 2, true),
    sampleRateHz: view.getUint32(at + 4, true),
    bitsPerSample: view.getUint16(at + 14, true),
  };
}

function decodeSamples(bytes: Uint8Array, format: Format): Int16Array | null {
  const { tag, bitsPerSample } = format;
  if (tag === tagMuLaw || tag === tagALaw) {
    if (bitsPerSample !== 8) return null;
    const samples = new Int16Array(bytes.length);
    decodeG711(tag === tagMuLaw ? 'PCMU' : 'PCMA', bytes, 0, bytes.length, samples);
    return samples;
  }
  if (tag !== tagPcm) return null;
  if (bitsPerSample === 8) return Int16Array.from(bytes, (octet) => (octet - 128) << 8);
  if (bitsPerSample !== 16) return null;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Int16Array.from({ length: bytes.length >> 1 }, (_, i) => view.getInt16(i * 2, true));
}

function mixToMono(samples: Int16Array, channels: number): Int16Array {
  if (channels === 1) return samples;
  const mono = new Int16Array(Math.floor(samples.length / channels));
  for (let i = 0; i < mono.length; i++) {
    let sum = 0;
    for (let channel = 0; channel < channels; channel++) sum += samples[i * channels + channel] ?? 0;
    mono[i] = Math.round(sum / channels);
  }
  return mono;
}

function toAudio(format: Format, data: Uint8Array): WavResult {
  const { sampleRateHz, channels } = format;
  if (sampleRateHz < 8_000 || sampleRateHz > 48_000)
    return fail(
      'unsupported',
      `WAV sample rate ${sampleRateHz} Hz is outside 8000 to 48000; resample the file`,
    );
  if (channels < 1 || channels > 2)
    return fail('unsupported', `WAV has ${channels} channels; save it as mono or stereo`);
  const samples = decodeSamples(data, format);
  if (!samples)
    return fail(
      'unsupported',
      `WAV format tag ${format.tag} with ${format.bitsPerSample} bits is not PCM (8 or 16 bits) or G.711; convert it`,
    );
  return { ok: true, audio: { sampleRateHz, samples: mixToMono(samples, channels) } };
}

/**
 * Reads a RIFF/WAVE file of 8- or 16-bit PCM, mu-law or A-law, mono or stereo (mixed down), 8 to 48 kHz.
 *
 * Files over `maxBytes` are refused before anything is allocated. A data chunk that claims more than the file holds
 * (a recorder that was cut off, or streamed with size 0xFFFFFFFF) is read as far as it goes.
 */
export function parseWav(bytes: Uint8Array, maxBytes: number): WavResult {
  if (bytes.length > maxBytes)
    return fail('too-large', `WAV file of ${bytes.length} bytes is over the bound of ${maxBytes}`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < 12 || chunkName(view, 0) !== 'RIFF' || chunkName(view, 8) !== 'WAVE')
    return fail('not-wav', 'file does not begin with RIFF....WAVE');
  let format: Format | null = null;
  for (let at = 12; at + 8 <= bytes.length;) {
    const name = chunkName(view, at);
    const size = view.getUint32(at + 4, true);
    const start = at + 8;
    const end = Math.min(start + size, bytes.length);
    if (name === 'fmt ') format = readFormat(view, start, end - start);
    if (name === 'data') {
      if (!format) return fail('not-wav', 'WAV data chunk comes without a complete fmt chunk before it');
      return toAudio(format, bytes.subarray(start, end));
    }
    // Chunks are padded to even length.
    at = start + size + (size & 1);
  }
  return fail('truncated', 'WAV file ends before its data chunk');
}

/** Writes mono 16-bit PCM as a RIFF/WAVE file. */
export function serializeWav(audio: WavAudio): Uint8Array {
  const dataBytes = audio.samples.length * 2;
  const bytes = new Uint8Array(44 + dataBytes);
  const view = new DataView(bytes.buffer);
  const name = (at: number, text: string) => {
    for (let i = 0; i < 4; i++) view.setUint8(at + i, text.charCodeAt(i));
  };
  name(0, 'RIFF');
  view.setUint32(4, 36 + dataBytes, true);
  name(8, 'WAVE');
  name(12, 'fmt ');
  view.setUint32(16, 16, true);
  view.setUint16(20, tagPcm, true);
  view.setUint16(22, 1, true);
  view.setUint32(24, audio.sampleRateHz, true);
  view.setUint32(28, audio.sampleRateHz * 2, true);
  view.setUint16(32, 2, true);
  view.setUint16(34, 16, true);
  name(36, 'data');
  view.setUint32(40, dataBytes, true);
  audio.samples.forEach((sample, i) => view.setInt16(44 + i * 2, sample, true));
  return bytes;
}
