const pattern = /^(\d+(?:\.\d+)?)(ms|s)$/;

/** Milliseconds of `5s`, `1.5s` or `500ms`, or null for anything else. */
export function parseDuration(text: string): number | null {
  const match = pattern.exec(text);
  if (!match) return null;
  return Math.round(Number(match[1]) * (match[2] === 's' ? 1_000 : 1));
}
