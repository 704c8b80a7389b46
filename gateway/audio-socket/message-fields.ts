import { audioSocketLimits } from '../../config/limits.js';
import type { CloseReason } from './close-reasons.js';
import type { ClientMessage, StreamStart } from './protocol.js';

/** Names that variables of a tree can have. */
const parameterName = /^[A-Za-z_][A-Za-z0-9_]*$/;
/** What a telephone keypad has (RFC 4733 3.2). */
const keypad = /^[0-9*#A-D]+$/;

export type JsonObject = Readonly<Record<string, unknown>>;

/** A message that the protocol does not allow; `detail` names the field and the fix. */
export function violation(
  reason: CloseReason,
  detail: string,
): Extract<ClientMessage, { type: 'violation' }> {
  return { type: 'violation', reason, detail };
}

/** The JSON object of a text message, or null. */
export function parseObject(text: string): JsonObject | null {
  try {
    const value: unknown = JSON.parse(text);
    return asObject(value);
  } catch {
    return null;
  }
}

export function asObject(value: unknown): JsonObject | null {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonObject) : null;
}

/** A short text; the empty text when it is absent, null when it is something else or too long. */
export function shortText(value: unknown): string | null {
  if (value === undefined || value === null) return '';
  return typeof value === 'string' && value.length <= audioSocketLimits.idCharacters ? value : null;
}

/** A time in milliseconds, as a number or its text; null when there is none, undefined when it is no time. */
export function timeMs(value: unknown): number | null | undefined {
  if (value === undefined || value === null) return null;
  const number = typeof value === 'string' && value !== '' ? Number(value) : value;
  if (typeof number !== 'number' || !Number.isFinite(number)) return undefined;
  return number >= 0 && number <= Number.MAX_SAFE_INTEGER ? number : undefined;
}

/** Keys that were pressed. */
export function digitsMessage(field: string, value: unknown): ClientMessage {
  if (typeof value === 'string' && value.length <= audioSocketLimits.digits && keypad.test(value))
    return { type: 'digits', digits: value };
  return violation('bad-message', `${field} must be 1 to ${audioSocketLimits.digits} of 0-9 * # A-D`);
}

/** The echo of a mark. */
export function markMessage(field: string, value: unknown): ClientMessage {
  const name = shortText(value);
  return name === null || name === ''
    ? violation('bad-message', `${field} must be the name of a mark`)
    : { type: 'mark', name };
}

/** Parameters of a start message: texts by name. */
export function readParameters(
  field: string,
  value: unknown,
): Pick<StreamStart, 'parameters' | 'ignoredParameters'> | Extract<ClientMessage, { type: 'violation' }> {
  if (value === undefined || value === null) return { parameters: {}, ignoredParameters: 0 };
  const object = asObject(value);
  if (!object) return violation('bad-message', `${field} must be an object of texts`);
  const entries = Object.entries(object);
  if (entries.length > audioSocketLimits.parameters)
    return violation(
      'bad-message',
      `${field} has ${entries.length}, at most ${audioSocketLimits.parameters}`,
    );
  const parameters: Record<string, string> = {};
  let ignoredParameters = 0;
  for (const [name, text] of entries) {
    if (typeof text !== 'string' || text.length > audioSocketLimits.parameterCharacters)
      return violation(
        'bad-message',
        `values of ${field} are texts of at most ${audioSocketLimits.parameterCharacters} characters`,
      );
    if (name.length <= audioSocketLimits.parameterNameCharacters && parameterName.test(name))
      parameters[name] = text;
    else ignoredParameters++;
  }
  return { parameters, ignoredParameters };
}
