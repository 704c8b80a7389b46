import type { RecognitionCause } from '../../media/speech/recognizer.js';
import type { SynthesisCause } from '../../media/speech/synthesizer.js';
import type { HeaderField } from './message.js';

/** In the order of their codes, 000 first (RFC 6787 8.4.4). */
const synthesisCauses: readonly SynthesisCause[] = [
  'normal',
  'barge-in',
  'parse-failure',
  'uri-failure',
  'error',
  'language-unsupported',
  'lexicon-load-failure',
  'cancelled',
];

/** In the order of their codes, 000 first (RFC 6787 9.4.11). */
const recognitionCauses: readonly RecognitionCause[] = [
  'success',
  'no-match',
  'no-input-timeout',
  'hotword-maxtime',
  'grammar-load-failure',
  'grammar-compilation-failure',
  'recognizer-error',
  'speech-too-early',
  'success-maxtime',
  'uri-failure',
  'language-unsupported',
  'cancelled',
  'semantics-failure',
  'partial-match',
  'partial-match-maxtime',
  'no-match-maxtime',
  'grammar-definition-failure',
];

const reasonCharacters = 200;

function causeField(code: number, name: string): HeaderField {
  return { name: 'Completion-Cause', value: `${String(code).padStart(3, '0')} ${name}` };
}

/** `Completion-Cause: 004 error` (RFC 6787 8.4.4). */
export function synthesisCauseField(cause: SynthesisCause): HeaderField {
  return causeField(synthesisCauses.indexOf(cause), cause);
}

/** `Completion-Cause: 001 no-match` (RFC 6787 9.4.11). */
export function recognitionCauseField(cause: RecognitionCause): HeaderField {
  return causeField(recognitionCauses.indexOf(cause), cause);
}

/** `Completion-Reason: "..."`, a quoted string of at most 200 characters (RFC 6787 8.4.5, 9.4.12). */
export function completionReasonField(reason: string): HeaderField {
  const clean = reason.slice(0, reasonCharacters).replace(/["\\]/g, "'");
  return { name: 'Completion-Reason', value: `"${clean}"` };
}
