import { isIP } from 'node:net';
import { z } from 'zod';

import { parseCidr } from '../cidr.js';
import { configLimits } from '../limits.js';
import { Secret } from '../secret.js';

/** A TCP or UDP port; 0 asks the system for a free one. */
export const portNumber = z.int().min(0).max(65_535);

export const ipAddress = z.string().refine((text) => isIP(text) !== 0, {
  error: 'not an IPv4 or IPv6 address',
  params: { fix: 'write an address such as 127.0.0.1, 0.0.0.0 or ::1' },
});

export const addressRange = z.string().refine((text) => parseCidr(text) !== null, {
  error: 'not an address range',
  params: { fix: 'write CIDR such as 10.0.0.0/8, or one address' },
});

const namePattern = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;

/** A name that other keys refer to: letters, digits, `.`, `_`, `-`; 64 characters at most. */
export const name = z.string().regex(namePattern, {
  error: 'not a valid name: letters, digits, ".", "_" and "-" only, 64 characters at most',
});

/** A list with the bound that every list of the configuration has. */
export function list<T extends z.ZodType>(item: T): z.ZodArray<T> {
  return z.array(item).max(configLimits.listEntries);
}

/**
 * A credential: in the file it is `${ENV_NAME}` or `file:/path`, after loading a `Secret`.
 *
 * `writeOnly` is JSON Schema's mark for it; the loader resolves references of strings so marked before validation.
 */
export function secret(minimumCharacters: number) {
  return z
    .string()
    .min(minimumCharacters)
    .meta({ writeOnly: true })
    .transform((value) => new Secret(value));
}
