import { mrcpLimits } from '../../config/limits.js';
import { parseVendorParameters } from './vendor-parameters.js';

/**
 * What a header value is: `ok`, `illegal` (breaks the field's grammar, answered 404) or `unsupported` (legal and more
 * than this server does, answered 409), RFC 6787 5.4.
 */
export type ValueCheck = 'ok' | 'illegal' | 'unsupported';

export type FieldCheck = (value: string) => ValueCheck;

const digits = /^\d{1,19}$/;
const float = /^(?:\d{1,10}(?:\.\d{0,10})?|\.\d{1,10})$/;
const languageTag = /^[A-Za-z]{1,8}(?:-[A-Za-z0-9]{1,8}){0,8}$/;
const mediaTypePattern = /^[\w.+-]{1,64}\/[\w.+*-]{1,64}(?:\s*;.{0,512})?$/;
const requestIdList = /^\d{1,10}(?:\s*,\s*\d{1,10})*$/;

function legal(isLegal: boolean): ValueCheck {
  return isLegal ? 'ok' : 'illegal';
}

/** A whole number within [min, max]: below is illegal, above is legal and unsupported. */
export function integer(min: number, max: number): FieldCheck {
  return (value) => {
    if (!digits.test(value) || Number(value) < min) return 'illegal';
    return Number(value) <= max ? 'ok' : 'unsupported';
  };
}

/** Milliseconds as 1 to 19 digits (RFC 6787 9.4.6 and its like); more than a day is more than we time. */
export const milliseconds = integer(0, mrcpLimits.timeoutMs);

/** A decimal within [0, max]. */
export function decimal(max: number): FieldCheck {
  return (value) => legal(float.test(value) && Number(value) <= max);
}

export const trueOrFalse: FieldCheck = (value) => legal(/^(?:true|false)$/i.test(value));

/** One of `supported`; one of `refused` is legal and not done here. */
export function oneOf(supported: readonly string[], refused: readonly string[] = []): FieldCheck {
  return (value) => {
    const lower = value.toLowerCase();
    if (supported.includes(lower)) return 'ok';
    return refused.includes(lower) ? 'unsupported' : 'illegal';
  };
}

/** Free text of up to `parameterBytes` octets. */
export const text: FieldCheck = (value) => {
  if (value === '') return 'illegal';
  return Buffer.byteLength(value) <= mrcpLimits.parameterBytes ? 'ok' : 'unsupported';
};

/** As `text`, and an empty value clears the parameter. */
export const textOrEmpty: FieldCheck = (value) => (value === '' ? 'ok' : text(value));

/** A BCP 47 language tag (RFC 6787 8.4.9, 9.4.24). */
export const language: FieldCheck = (value) => legal(languageTag.test(value));

export const contentType: FieldCheck = (value) => legal(mediaTypePattern.test(value));

/** `request-id *("," request-id)` (RFC 6787 6.2.3). */
export const activeRequestIds: FieldCheck = (value) => {
  if (!requestIdList.test(value)) return 'illegal';
  return value.split(',').length <= mrcpLimits.requestIdList ? 'ok' : 'unsupported';
};

/** One DTMF key, or nothing to switch the terminating key off (RFC 6787 9.4.19). */
export const dtmfKey: FieldCheck = (value) => legal(/^[0-9*#A-Da-d]?$/.test(value));

/** SSML 1.0 3.2.4: a label, a number or a relative change. */
export const prosodyRate: FieldCheck = (value) =>
  legal(/^(?:x-slow|slow|medium|fast|x-fast|default|[+-]?\d{1,5}(?:\.\d{0,5})?%?)$/i.test(value));

/** SSML 1.0 3.2.4: a label, 0 to 100, or a relative change. */
export const prosodyVolume: FieldCheck = (value) =>
  legal(
    /^(?:silent|x-soft|soft|medium|loud|x-loud|default|[+-]?\d{1,5}(?:\.\d{0,5})?(?:%|dB)?)$/i.test(value),
  );

/** `name=value *(";" name=value)`, bounded in number and octets (RFC 6787 6.2.16). */
export const vendorParameters: FieldCheck = (value) => {
  const parsed = parseVendorParameters(value);
  if (parsed.ok) return 'ok';
  return parsed.problem === 'syntax' ? 'illegal' : 'unsupported';
};

/** For fields whose value means nothing to this server. */
export const anything: FieldCheck = () => 'ok';
