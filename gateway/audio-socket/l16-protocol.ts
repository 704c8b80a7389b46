import { audioSocketLimits } from '../../config/limits.js';
import {
  digitsMessage,
  markMessage,
  parseObject,
  readParameters,
  shortText,
  violation,
} from './message-fields.js';
import type { AudioMessage, AudioProtocol, ClientMessage } from './protocol.js';

/** Rates that a client may ask for. */
export const l16RatesHz = [8_000, 16_000] as const;

export interface L16Options {
  readonly sampleRateHz: (typeof l16RatesHz)[number];
  /** The client wants to know what was said by both sides. */
  readonly events: boolean;
}

/**
 * Binary messages of 16-bit signed little-endian mono samples, and control messages in short JSON texts.
 *
 * The pipeline has network byte order (RFC 3551 4.5.11); octets are swapped here and nowhere else.
 */
export class L16Protocol implements AudioProtocol {
  readonly name = 'l16';
  readonly encoding = 'L16';
  readonly sampleRateHz: number;
  readonly #events: boolean;
  readonly #octets: Buffer;
  readonly #audio: { -readonly [K in keyof AudioMessage]: AudioMessage[K] };

  constructor({ sampleRateHz, events }: L16Options) {
    this.sampleRateHz = sampleRateHz;
    this.#events = events;
    this.#octets = Buffer.allocUnsafe((audioSocketLimits.frameMs * sampleRateHz * 2) / 1_000);
    this.#audio = { type: 'audio', octets: this.#octets, start: 0, end: 0, timestampMs: null };
  }

  readText(text: string): ClientMessage {
    const message = parseObject(text);
    if (!message) return violation('bad-message', 'not a JSON object');
    switch (message['type']) {
      case 'start':
        return this.#start(message['callId'], message['parameters']);
      case 'dtmf':
        return digitsMessage('digits', message['digits']);
      case 'mark':
        return markMessage('name', message['name']);
      case 'stop':
        return { type: 'stop' };
      default:
        return typeof message['type'] === 'string'
          ? { type: 'ignored' }
          : violation('bad-message', 'type must be a text such as start');
    }
  }

  readBinary(octets: Uint8Array): ClientMessage {
    if (octets.length > this.#octets.length)
      return violation('too-large', `at most ${audioSocketLimits.frameMs} ms in one message`);
    if (octets.length % 2 !== 0) return violation('bad-message', 'a sample has two octets');
    this.#octets.set(octets);
    swapOctets(this.#octets, 0, octets.length);
    const audio = this.#audio;
    audio.end = octets.length;
    return audio;
  }

  audio(bytes: Uint8Array, start: number): Uint8Array {
    swapOctets(bytes, start, bytes.length);
    return bytes.subarray(start);
  }

  mark(name: string): string {
    return JSON.stringify({ type: 'mark', name });
  }

  clear(): string {
    return '{"type":"clear"}';
  }

  ready(sessionId: string): string {
    const { sampleRateHz } = this;
    return JSON.stringify({ type: 'ready', sessionId, encoding: 'l16-le', sampleRateHz, frameMs: 20 });
  }

  prompt(text: string): string | null {
    return this.#events ? JSON.stringify({ type: 'prompt', text }) : null;
  }

  transcript(text: string, confidence: number): string | null {
    return this.#events ? JSON.stringify({ type: 'transcript', text, confidence }) : null;
  }

  stop(reason: string): string {
    return JSON.stringify({ type: 'stop', reason });
  }

  #start(call: unknown, given: unknown): ClientMessage {
    const callId = shortText(call);
    if (callId === null) return violation('bad-message', 'callId must be a short text');
    const parameters = readParameters('parameters', given);
    if ('type' in parameters) return parameters;
    return { type: 'start', start: { streamId: '', callId, ...parameters } };
  }
}

function swapOctets(bytes: Uint8Array, start: number, end: number): void {
  for (let i = start; i + 1 < end; i += 2) {
    const low = bytes[i] as number;
    bytes[i] = bytes[i + 1] as number;
    bytes[i + 1] = low;
  }
}
