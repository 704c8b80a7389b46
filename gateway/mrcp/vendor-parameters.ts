import { mrcpLimits } from '../../config/limits.js';

export type VendorParametersResult =
  | { readonly ok: true; readonly parameters: ReadonlyMap<string, string> }
  | { readonly ok: false; readonly problem: 'syntax' | 'too-many' | 'too-long' };

const namePattern = /^[A-Za-z0-9_.\-:/!#$%&'*+^`|~@]{1,256}$/;

/** Cuts at `;` outside double quotes; null when a quote never closes. A backslash in quotes takes the next character. */
function splitOutsideQuotes(value: string): string[] | null {
  const parts: string[] = [];
  let quoted = false;
  let start = 0;
  for (let i = 0; i < value.length; i++) {
    const character = value[i];
    if (quoted && character === '\\') i++;
    else if (character === '"') quoted = !quoted;
    else if (character === ';' && !quoted) {
      parts.push(value.slice(start, i));
      start = i + 1;
    }
  }
  parts.push(value.slice(start));
  return quoted ? null : parts;
}

function unquote(value: string): string | null {
  if (!value.startsWith('"')) return value.includes('"') ? null : value;
  const inner = /^"((?:[^"\\]|\\.)*)"$/.exec(value)?.[1];
  return inner === undefined ? null : inner.replace(/\\(.)/g, '$1');
}

/**
 * Reads Vendor-Specific-Parameters: `name=value` pairs between semicolons, values plain or quoted (RFC 6787 6.2.16).
 *
 * A name alone is read as an empty value (that is how GET-PARAMS asks for it); of equal names the last one counts. At
 * most `vendorParameters` pairs in `vendorParameterBytes` octets.
 */
export function parseVendorParameters(value: string): VendorParametersResult {
  if (Buffer.byteLength(value) > mrcpLimits.vendorParameterBytes) return { ok: false, problem: 'too-long' };
  const parts = splitOutsideQuotes(value);
  if (!parts) return { ok: false, problem: 'syntax' };
  const parameters = new Map<string, string>();
  for (const part of parts) {
    const pair = part.trim();
    if (pair === '') continue;
    const equals = pair.indexOf('=');
    const name = (equals < 0 ? pair : pair.slice(0, equals)).trim();
    const plain = equals < 0 ? '' : unquote(pair.slice(equals + 1).trim());
    if (!namePattern.test(name) || plain === null) return { ok: false, problem: 'syntax' };
    parameters.set(name, plain);
    if (parameters.size > mrcpLimits.vendorParameters) return { ok: false, problem: 'too-many' };
  }
  return { ok: true, parameters };
}

/** The header value for `parameters`; values with separators, quotes or outer spaces are quoted. */
export function formatVendorParameters(parameters: ReadonlyMap<string, string>): string {
  const pairs: string[] = [];
  for (const [name, value] of parameters) {
    const needsQuotes = /[;"\\]|^\s|\s$/.test(value);
    pairs.push(`${name}=${needsQuotes ? `"${value.replace(/["\\]/g, '\\$&')}"` : value}`);
  }
  return pairs.join(';');
}
