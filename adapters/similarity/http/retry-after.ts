/** Milliseconds of a Retry-After header (RFC 9110 10.2.3): seconds, or a date; null when there is none to be read. */
export function retryAfterMs(header: string | undefined, epochMs: number): number | null {
  if (header === undefined) return null;
  if (/^\d{1,9}$/.test(header)) return Number(header) * 1_000;
  const at = Date.parse(header);
  return Number.isNaN(at) ? null : Math.max(0, at - epochMs);
}
