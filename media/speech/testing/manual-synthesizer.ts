import type { SpeechError } from '../errors.js';
import type {
  SynthesisRequest,
  Synthesizer,
  SynthesizerCapabilities,
  SynthesizerListener,
} from '../synthesizer.js';
import type { ClipMark, WireEncoding } from '../audio-clip.js';
import { bytesPerSample } from '../audio-clip.js';
import type { ClipConsumer } from '../synthesis-flight.js';
import type { AudioClip } from '../audio-clip.js';

/** One `speak` that a test carries on by hand. */
export interface ManualSpeech {
  readonly request: SynthesisRequest;
  readonly listener: SynthesizerListener;
  readonly signal: AbortSignal;
}

/** A synthesizer for tests of this folder: it does nothing until the test does it. */
export class ManualSynthesizer implements Synthesizer {
  readonly capabilities: SynthesizerCapabilities;
  readonly calls: ManualSpeech[] = [];

  constructor(capabilities: Partial<SynthesizerCapabilities> = {}) {
    this.capabilities = {
      name: 'manual',
      revision: '1',
      languages: ['en-US'],
      voices: ['ann'],
      sampleRatesHz: [8_000],
      ssml: false,
      ...capabilities,
    };
  }

  warmUp(): Promise<void> {
    return Promise.resolve();
  }

  speak(request: SynthesisRequest, listener: SynthesizerListener, signal: AbortSignal): void {
    this.calls.push({ request, listener, signal });
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  /** The `speak` number `index`; a negative one counts from the end. */
  call(index = -1): ManualSpeech {
    const call = this.calls.at(index);
    if (!call) throw new Error(`speak was not called ${index} times`);
    return call;
  }
}

/** Writes what it heard, and every call-back as a word, for comparison. */
export class RecordingConsumer implements ClipConsumer {
  readonly events: string[] = [];
  readonly bytes: number[] = [];
  readonly marks: ClipMark[] = [];
  clip: AudioClip | null = null;
  error: SpeechError | null = null;

  onClip(clip: AudioClip): void {
    this.clip = clip;
    this.events.push('clip');
    for (const octet of clip.bytes) this.bytes.push(octet);
  }

  onChunk(bytes: Uint8Array<SharedArrayBuffer>, marks: readonly ClipMark[]): void {
    this.events.push('chunk');
    for (const octet of bytes) this.bytes.push(octet);
    this.marks.push(...marks);
  }

  onEnd(): void {
    this.events.push('end');
  }

  onError(error: SpeechError): void {
    this.error = error;
    this.events.push(`error:${error.code}`);
  }
}

/** A request in English at 8 kHz, with the given changes. */
export function speechRequest(changes: Partial<SynthesisRequest> = {}): SynthesisRequest {
  return {
    text: 'hello',
    format: 'text',
    language: 'en-US',
    voice: 'ann',
    speed: 1,
    pitch: 1,
    volume: 1,
    sampleRateHz: 8_000,
    extras: {},
    ...changes,
  };
}

/** An encoder whose octets show the sample and the encoding: good for comparing, not for listening. */
export function plainEncode(
  samples: Int16Array,
  encoding: WireEncoding,
  out: Uint8Array,
  offset: number,
): number {
  const width = bytesPerSample(encoding);
  const tint = encoding === 'PCMA' ? 0x55 : 0;
  samples.forEach((sample, i) => {
    out[offset + i * width] = (width === 2 ? sample >> 8 : sample) ^ tint;
    if (width === 2) out[offset + i * width + 1] = sample;
  });
  return samples.length * width;
}
