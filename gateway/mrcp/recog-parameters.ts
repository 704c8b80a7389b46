import type { Grammar } from '../../media/speech/grammar/grammar.js';
import type { RecogRequest } from './backend.js';
import type { MrcpRequest } from './message.js';
import type { SessionParams } from './params.js';

/** What a recognition uses where the client says nothing; times are milliseconds. */
export interface RecogDefaults {
  /** BCP 47; what grammars are taken for. The backend is told of a language only when the client names one. */
  readonly language: string;
  readonly noInputTimeoutMs: number;
  readonly recognitionTimeoutMs: number;
  readonly speechCompleteTimeoutMs: number;
  readonly speechIncompleteTimeoutMs: number;
  readonly dtmfInterdigitTimeoutMs: number;
  readonly dtmfTermTimeoutMs: number;
  readonly dtmfTermChar: string;
  /** 0 to 1. */
  readonly confidenceThreshold: number;
  readonly nBestListLength: number;
}

/** RFC 6787 9.4.7 for the recognition timeout; for the rest what deployed clients expect of a server. */
export const recogDefaults: RecogDefaults = {
  language: 'en-US',
  noInputTimeoutMs: 5_000,
  recognitionTimeoutMs: 10_000,
  speechCompleteTimeoutMs: 400,
  speechIncompleteTimeoutMs: 800,
  dtmfInterdigitTimeoutMs: 3_000,
  dtmfTermTimeoutMs: 3_000,
  dtmfTermChar: '#',
  confidenceThreshold: 0.5,
  nBestListLength: 1,
};

/** More alternatives than this are never given; a recogniser may always return fewer than asked (RFC 6787 9.4.4). */
const mostAlternatives = 10;

/**
 * Clients that ask for no type-ahead get this much: IN-PROGRESS reaches a client before the RECOGNIZE reaches the media
 * thread, and a key that is pressed at once must not be lost in between.
 */
const listenDelayMs = 150;

/** The defaults as header values, so that GET-PARAMS tells them. */
export function defaultFieldValues(defaults: RecogDefaults): ReadonlyMap<string, string> {
  return new Map([
    ['no-input-timeout', String(defaults.noInputTimeoutMs)],
    ['recognition-timeout', String(defaults.recognitionTimeoutMs)],
    ['speech-complete-timeout', String(defaults.speechCompleteTimeoutMs)],
    ['speech-incomplete-timeout', String(defaults.speechIncompleteTimeoutMs)],
    ['dtmf-interdigit-timeout', String(defaults.dtmfInterdigitTimeoutMs)],
    ['dtmf-term-timeout', String(defaults.dtmfTermTimeoutMs)],
    ['dtmf-term-char', defaults.dtmfTermChar],
    ['confidence-threshold', String(defaults.confidenceThreshold)],
    ['n-best-list-length', String(defaults.nBestListLength)],
    ['save-waveform', 'false'],
    ['recognition-mode', 'normal'],
  ]);
}

/** RFC 6787 9.4.1 has 0 to 1; MRCPv1 clients send 0 to 100, so anything above 1 is a percentage. */
function confidenceFromHeader(value: string): number {
  const number = Number(value);
  return number > 1 ? number / 100 : number;
}

/** Merges a RECOGNIZE with the session's parameters; every value has passed its field's check. */
export function recogRequest(
  message: MrcpRequest,
  grammars: readonly Grammar[],
  params: SessionParams,
): RecogRequest {
  const inForce = (name: string) => params.inForce(name, message.headers) ?? '';
  const numberInForce = (name: string) => Number(inForce(name));
  return {
    requestId: message.requestId,
    grammars,
    speechLanguage: params.inForce('Speech-Language', message.headers),
    noInputTimeoutMs: numberInForce('No-Input-Timeout'),
    recognitionTimeoutMs: numberInForce('Recognition-Timeout'),
    speechCompleteTimeoutMs: numberInForce('Speech-Complete-Timeout'),
    speechIncompleteTimeoutMs: numberInForce('Speech-Incomplete-Timeout'),
    dtmfInterdigitTimeoutMs: numberInForce('DTMF-Interdigit-Timeout'),
    dtmfTermTimeoutMs: numberInForce('DTMF-Term-Timeout'),
    dtmfTermChar: inForce('DTMF-Term-Char').toUpperCase(),
    dtmfBufferTimeMs:
      inForce('Clear-DTMF-Buffer').toLowerCase() === 'true'
        ? 0
        : Number(params.inForce('DTMF-Buffer-Time', message.headers) ?? listenDelayMs),
    // Absent means true (RFC 6787 9.4.14).
    startInputTimers: inForce('Start-Input-Timers').toLowerCase() !== 'false',
    confidenceThreshold: confidenceFromHeader(inForce('Confidence-Threshold')),
    nBestListLength: Math.min(numberInForce('N-Best-List-Length'), mostAlternatives),
    vendorParameters: params.vendorParameters(message.headers),
  };
}
