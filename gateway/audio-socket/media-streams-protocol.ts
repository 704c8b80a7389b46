import { audioSocketLimits } from '../../config/limits.js';
import {
  asObject,
  digitsMessage,
  markMessage,
  parseObject,
  readParameters,
  shortText,
  timeMs,
  violation,
  type JsonObject,
} from './message-fields.js';
import type { AudioMessage, AudioProtocol, ClientMessage } from './protocol.js';

const rateHz = 8_000;
const mostFrameBytes = (audioSocketLimits.frameMs * rateHz) / 1_000;

const ignored: ClientMessage = { type: 'ignored' };

/**
 * The WebSocket messages of Twilio Media Streams (bidirectional streams), with us as the server they are streamed to:
 * JSON text, mu-law at 8 kHz in Base64 (https://www.twilio.com/docs/voice/media-streams/websocket-messages).
 */
export class MediaStreamsProtocol implements AudioProtocol {
  readonly name = 'media-streams';
  readonly encoding = 'PCMU';
  readonly sampleRateHz = rateHz;
  readonly #octets = Buffer.allocUnsafe(mostFrameBytes);
  readonly #audio: { -readonly [K in keyof AudioMessage]: AudioMessage[K] } = {
    type: 'audio',
    octets: this.#octets,
    start: 0,
    end: 0,
    timestampMs: null,
  };
  #streamSid = '';
  #mediaStart = '';

  readText(text: string): ClientMessage {
    const message = parseObject(text);
    if (!message) return violation('bad-message', 'not a JSON object');
    switch (message['event']) {
      case 'media':
        return this.#media(message);
      case 'connected':
        return { type: 'hello' };
      case 'start':
        return this.#start(message);
      case 'dtmf':
        return digitsMessage('dtmf.digit', asObject(message['dtmf'])?.['digit']);
      case 'mark':
        return markMessage('mark.name', asObject(message['mark'])?.['name']);
      case 'stop':
        return { type: 'stop' };
      default:
        return typeof message['event'] === 'string'
          ? ignored
          : violation('bad-message', 'event must be a text such as media');
    }
  }

  readBinary(): ClientMessage {
    return violation('bad-message', 'binary frames need ?mode=l16 in the URL');
  }

  audio(bytes: Uint8Array, start: number): string {
    const payload = Buffer.from(bytes.buffer, bytes.byteOffset + start, bytes.length - start);
    return `${this.#mediaStart}${payload.toString('base64')}"}}`;
  }

  mark(name: string): string {
    return JSON.stringify({ event: 'mark', streamSid: this.#streamSid, mark: { name } });
  }

  clear(): string {
    return JSON.stringify({ event: 'clear', streamSid: this.#streamSid });
  }

  ready(): null {
    return null;
  }

  prompt(): null {
    return null;
  }

  transcript(): null {
    return null;
  }

  stop(): null {
    return null;
  }

  #start(message: JsonObject): ClientMessage {
    const start = asObject(message['start']);
    if (!start) return violation('bad-message', 'start must be an object');
    const streamId = shortText(start['streamSid'] ?? message['streamSid']);
    const callId = shortText(start['callSid']);
    if (streamId === null || streamId === '')
      return violation(
        'bad-message',
        `start.streamSid must be a text of 1 to ${audioSocketLimits.idCharacters}`,
      );
    if (callId === null) return violation('bad-message', 'start.callSid must be a short text');
    const wrong = wrongFormat(start['mediaFormat']);
    if (wrong !== null) return violation('bad-format', wrong);
    const parameters = readParameters('start.customParameters', start['customParameters']);
    if ('type' in parameters) return parameters;
    this.#streamSid = streamId;
    // All that is the same in every message is put together once.
    this.#mediaStart = `{"event":"media","streamSid":${JSON.stringify(streamId)},"media":{"payload":"`;
    return { type: 'start', start: { streamId, callId, ...parameters } };
  }

  #media(message: JsonObject): ClientMessage {
    const media = asObject(message['media']);
    const payload = media?.['payload'];
    if (!media || typeof payload !== 'string')
      return violation('bad-message', 'media.payload must be a text in Base64');
    const { streamSid } = message;
    if (streamSid !== undefined && this.#streamSid !== '' && streamSid !== this.#streamSid)
      return violation('bad-message', 'streamSid is not the one of the start message');
    if (media['track'] === 'outbound') return ignored;
    const timestampMs = timeMs(media['timestamp']);
    if (timestampMs === undefined)
      return violation('bad-message', 'media.timestamp must be milliseconds, 0 or more');
    if (payload.length > Math.ceil(mostFrameBytes / 3) * 4)
      return violation('too-large', `at most ${audioSocketLimits.frameMs} ms in one message`);
    const octets = this.#octets.write(payload, 'base64');
    if (octets !== base64Octets(payload)) return violation('bad-message', 'media.payload is not Base64');
    const audio = this.#audio;
    audio.end = octets;
    audio.timestampMs = timestampMs;
    return audio;
  }
}

/** What is wrong with a stream's format; a client that names none sends what the protocol demands. */
function wrongFormat(value: unknown): string | null {
  if (value === undefined) return null;
  const format = asObject(value);
  const { encoding, sampleRate, channels } = format ?? {};
  const right = encoding === 'audio/x-mulaw' && Number(sampleRate) === rateHz && Number(channels ?? 1) === 1;
  return right ? null : 'start.mediaFormat must be audio/x-mulaw, 8000, 1 channel';
}

/** How many octets a Base64 text stands for; Node's decoder stops at what is none, which shows in the count. */
function base64Octets(text: string): number {
  const padding = text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0;
  return Math.floor(((text.length - padding) * 3) / 4);
}
