import { SignJWT } from 'jose';

/** An application's token for a user (HS256), good for an hour unless `exp` (seconds of Unix time) says otherwise. */
export function signChatToken(
  secret: string,
  claims: { readonly sub: string; readonly exp?: number; readonly [claim: string]: unknown },
): Promise<string> {
  const exp = Math.floor(Date.now() / 1_000) + 3_600;
  return new SignJWT({ exp, ...claims })
    .setProtectedHeader({ alg: 'HS256' })
    .sign(new TextEncoder().encode(secret));
}
