import { configLimits } from './limits.js';
import { maskSecrets, Secret } from './secret.js';

const mask = '[secret]';
const credentialName =
  /^(?:authorization|proxy-?authorization|cookie|set-?cookie|passw(?:or)?d|secret|token|.*(?:api-?_?key|access-?_?key|_secret|Secret|_token|Token|Password))$/i;

/**
 * Makes a value fit for a log line: credentials masked by name and by content, errors as plain fields, long texts and
 * deep or wide objects cut (configLimits). The result is plain JSON data and shares nothing with `value`.
 */
export function scrub(value: unknown, secrets: readonly Secret[], depth = 0): unknown {
  if (value instanceof Secret) return mask;
  if (typeof value === 'string') return scrubText(value, secrets);
  if (typeof value === 'bigint') return value.toString();
  if (typeof value === 'function' || typeof value === 'symbol') return typeof value;
  if (typeof value !== 'object' || value === null) return value;
  if (depth >= configLimits.logDepth) return '[deeper]';
  if (value instanceof Error) return scrubError(value, secrets, depth);
  if (ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`;
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? 'Invalid Date' : value.toISOString();
  if (value instanceof Map) return scrub(Object.fromEntries(value), secrets, depth);
  if (value instanceof Set) return scrub([...(value as Set<unknown>)], secrets, depth);
  if (Array.isArray(value))
    return value.slice(0, configLimits.logEntriesPerObject).map((item) => scrub(item, secrets, depth + 1));
  const scrubbed: Record<string, unknown> = {};
  for (const [key, item] of Object.entries(value).slice(0, configLimits.logEntriesPerObject))
    scrubbed[key] = credentialName.test(key) ? mask : scrub(item, secrets, depth + 1);
  return scrubbed;
}

function scrubText(text: string, secrets: readonly Secret[]): string {
  const masked = maskSecrets(text, secrets);
  if (masked.length <= configLimits.logTextCharacters) return masked;
  return `${masked.slice(0, configLimits.logTextCharacters)}… (${masked.length} characters)`;
}

function scrubError(error: Error, secrets: readonly Secret[], depth: number): Record<string, unknown> {
  const own = Object.fromEntries(Object.entries(error).filter(([key]) => key !== 'cause'));
  return {
    type: error.name,
    message: scrubText(error.message, secrets),
    ...(scrub(own, secrets, depth) as Record<string, unknown>),
    ...(error.stack === undefined ? {} : { stack: scrubText(error.stack, secrets) }),
    ...(error.cause === undefined ? {} : { cause: scrub(error.cause, secrets, depth + 1) }),
  };
}
