import { mrcpLimits } from '../../config/limits.js';
import * as check from './field-checks.js';
import type { FieldCheck } from './field-checks.js';

/** What this server knows of one header field. */
export interface FieldSpec {
  /** As RFC 6787 writes it. */
  readonly name: string;
  /** The section of RFC 6787 that defines it. */
  readonly section: string;
  /** True when SET-PARAMS may set it for the session (RFC 6787 6.1.1). */
  readonly settable: boolean;
  readonly check: FieldCheck;
}

/** Header fields by lower-cased name. */
export type FieldTable = ReadonlyMap<string, FieldSpec>;

const settable = true;
const perMessage = false;

type Row = readonly [name: string, section: string, settable: boolean, check: FieldCheck];

/** Fields every resource takes (RFC 6787 6.2). */
const generic: readonly Row[] = [
  ['Channel-Identifier', '6.2.1', perMessage, check.text],
  ['Accept', '6.2.2', perMessage, check.anything],
  ['Active-Request-Id-List', '6.2.3', perMessage, check.activeRequestIds],
  ['Proxy-Sync-Id', '6.2.4', perMessage, check.textOrEmpty],
  ['Accept-Charset', '6.2.5', settable, check.textOrEmpty],
  ['Content-Type', '6.2.6', perMessage, check.contentType],
  ['Content-ID', '6.2.7', perMessage, check.text],
  ['Content-Base', '6.2.8', perMessage, check.text],
  ['Content-Encoding', '6.2.9', perMessage, check.oneOf(['identity'], ['gzip', 'deflate', 'compress'])],
  ['Content-Location', '6.2.10', perMessage, check.text],
  ['Content-Length', '6.2.11', perMessage, check.integer(0, mrcpLimits.messageBytes)],
  ['Fetch-Timeout', '6.2.12', settable, check.milliseconds],
  ['Cache-Control', '6.2.13', settable, check.textOrEmpty],
  ['Logging-Tag', '6.2.14', settable, check.textOrEmpty],
  ['Set-Cookie', '6.2.15', settable, check.textOrEmpty],
  ['Set-Cookie2', '6.2.15', settable, check.textOrEmpty],
  ['Vendor-Specific-Parameters', '6.2.16', settable, check.vendorParameters],
];

const fetchHint = check.oneOf(['prefetch', 'safe']);
const audioFetchHint = check.oneOf(['prefetch', 'safe', 'stream']);

/** Fields of speechsynth (RFC 6787 8.4). */
const synth: readonly Row[] = [
  ['Jump-Size', '8.4.1', perMessage, check.text],
  ['Kill-On-Barge-In', '8.4.2', settable, check.trueOrFalse],
  ['Speaker-Profile', '8.4.3', settable, check.text],
  ['Completion-Cause', '8.4.4', perMessage, check.text],
  ['Completion-Reason', '8.4.5', perMessage, check.text],
  ['Voice-Gender', '8.4.6', settable, check.oneOf(['male', 'female', 'neutral'])],
  ['Voice-Age', '8.4.6', settable, check.integer(0, 150)],
  ['Voice-Variant', '8.4.6', settable, check.integer(1, Number.MAX_SAFE_INTEGER)],
  ['Voice-Name', '8.4.6', settable, check.text],
  ['Prosody-Volume', '8.4.7', settable, check.prosodyVolume],
  ['Prosody-Rate', '8.4.7', settable, check.prosodyRate],
  ['Prosody-Pitch', '8.4.7', settable, check.text],
  ['Prosody-Contour', '8.4.7', settable, check.text],
  ['Prosody-Range', '8.4.7', settable, check.text],
  ['Prosody-Duration', '8.4.7', settable, check.text],
  ['Speech-Marker', '8.4.8', perMessage, check.text],
  ['Speech-Language', '8.4.9', settable, check.language],
  ['Fetch-Hint', '8.4.10', settable, fetchHint],
  ['Audio-Fetch-Hint', '8.4.11', settable, audioFetchHint],
  ['Failed-URI', '8.4.12', perMessage, check.text],
  ['Failed-URI-Cause', '8.4.13', perMessage, check.text],
  ['Speak-Restart', '8.4.14', perMessage, check.trueOrFalse],
  ['Speak-Length', '8.4.15', perMessage, check.text],
  ['Load-Lexicon', '8.4.16', perMessage, check.trueOrFalse],
  ['Lexicon-Search-Order', '8.4.17', settable, check.text],
];

/** Fields of speechrecog (RFC 6787 9.4). */
const recog: readonly Row[] = [
  // MRCPv1 clients send 0 to 100; the value is divided when it is used.
  ['Confidence-Threshold', '9.4.1', settable, check.decimal(100)],
  ['Sensitivity-Level', '9.4.2', settable, check.decimal(100)],
  ['Speed-Vs-Accuracy', '9.4.3', settable, check.decimal(100)],
  ['N-Best-List-Length', '9.4.4', settable, check.integer(1, Number.MAX_SAFE_INTEGER)],
  ['Input-Type', '9.4.5', perMessage, check.oneOf(['speech', 'dtmf'])],
  ['No-Input-Timeout', '9.4.6', settable, check.milliseconds],
  ['Recognition-Timeout', '9.4.7', settable, check.milliseconds],
  ['Waveform-URI', '9.4.8', perMessage, check.anything],
  ['Media-Type', '9.4.9', settable, check.contentType],
  ['Input-Waveform-URI', '9.4.10', perMessage, check.text],
  ['Completion-Cause', '9.4.11', perMessage, check.text],
  ['Completion-Reason', '9.4.12', perMessage, check.text],
  ['Recognizer-Context-Block', '9.4.13', settable, check.textOrEmpty],
  ['Start-Input-Timers', '9.4.14', perMessage, check.trueOrFalse],
  ['Speech-Complete-Timeout', '9.4.15', settable, check.milliseconds],
  ['Speech-Incomplete-Timeout', '9.4.16', settable, check.milliseconds],
  ['DTMF-Interdigit-Timeout', '9.4.17', settable, check.milliseconds],
  ['DTMF-Term-Timeout', '9.4.18', settable, check.milliseconds],
  ['DTMF-Term-Char', '9.4.19', settable, check.dtmfKey],
  ['Failed-URI', '9.4.20', perMessage, check.text],
  ['Failed-URI-Cause', '9.4.21', perMessage, check.text],
  ['Save-Waveform', '9.4.22', settable, check.trueOrFalse],
  ['New-Audio-Channel', '9.4.23', perMessage, check.trueOrFalse],
  ['Speech-Language', '9.4.24', settable, check.language],
  ['Ver-Buffer-Utterance', '9.4.25', settable, check.oneOf(['false'], ['true'])],
  ['Recognition-Mode', '9.4.26', settable, check.oneOf(['normal'], ['hotword'])],
  ['Cancel-If-Queue', '9.4.27', perMessage, check.trueOrFalse],
  ['Hotword-Max-Duration', '9.4.28', settable, check.milliseconds],
  ['Hotword-Min-Duration', '9.4.29', settable, check.milliseconds],
  ['Interpret-Text', '9.4.30', perMessage, check.text],
  ['DTMF-Buffer-Time', '9.4.31', settable, check.milliseconds],
  ['Clear-DTMF-Buffer', '9.4.32', perMessage, check.trueOrFalse],
  ['Early-No-Match', '9.4.33', settable, check.trueOrFalse],
];

function table(rows: readonly Row[]): FieldTable {
  const specs = new Map<string, FieldSpec>();
  for (const [name, section, isSettable, fieldCheck] of rows)
    specs.set(name.toLowerCase(), { name, section, settable: isSettable, check: fieldCheck });
  return specs;
}

/** Generic fields and those of speechsynth. */
export const synthFields: FieldTable = table([...generic, ...synth]);

/** Generic fields and those of speechrecog. */
export const recogFields: FieldTable = table([...generic, ...recog]);
