import { createHmac } from 'node:crypto';

import type { Secret } from '../../config/secret.js';

/** Value of `Parley-Signature`: the version of the scheme, then HMAC-SHA256 of `<timestamp>.<body>` in hexadecimal. */
export function signatureOf(secret: Secret, timestamp: string, body: Buffer): string {
  const hmac = createHmac('sha256', secret.reveal()).update(`${timestamp}.`, 'utf8').update(body);
  return `v1=${hmac.digest('hex')}`;
}
