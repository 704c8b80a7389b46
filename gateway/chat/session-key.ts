import type { SessionRef } from '../ports/session-log.js';

/** A session in one string, for maps; no tenant or session id holds a line break. */
export function sessionKey({ sessionId, tenant }: SessionRef): string {
  return `${tenant}\n${sessionId}`;
}
