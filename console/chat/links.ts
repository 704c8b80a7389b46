export type TextPart =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'link'; readonly text: string; readonly href: string };

/** An address up to white space, quotes, brackets and the marks that end a Chinese clause. */
const address = /https?:\/\/[^\s<>"'`，。！？；：、（）《》「」【】“”]+/gi;

/** Splits a text into words and web addresses; every character comes back, in order. */
export function splitLinks(text: string): readonly TextPart[] {
  const parts: TextPart[] = [];
  let from = 0;
  for (const match of text.matchAll(address)) {
    const found = withoutTail(match[0]);
    const href = safeAddress(found, ['https:', 'http:']);
    if (href === null) continue;
    if (match.index > from) parts.push({ kind: 'text', text: text.slice(from, match.index) });
    parts.push({ kind: 'link', text: found, href });
    from = match.index + found.length;
  }
  if (from < text.length) parts.push({ kind: 'text', text: text.slice(from) });
  return parts;
}

/** The address as a browser reads it; null unless it has one of the schemes and names no user, which only misleads. */
export function safeAddress(text: string, schemes: readonly string[]): string | null {
  const url = parseAddress(text);
  if (url === null || !schemes.includes(url.protocol) || url.username !== '' || url.password !== '')
    return null;
  return url.href;
}

/** As `URL.parse`, which browsers before 2024 do not have. */
function parseAddress(text: string): URL | null {
  try {
    return new URL(text);
  } catch {
    return null;
  }
}

/** Without the marks that end a sentence, and without a bracket that was opened before the address. */
function withoutTail(found: string): string {
  let unopened = found.split(')').length - found.split('(').length;
  let end = found.length;
  while (end > 0) {
    const last = found.charAt(end - 1);
    if (last === ')' && unopened-- <= 0) break;
    if (!/[.,;:!?)\]}]/.test(last)) break;
    end--;
  }
  return found.slice(0, end);
}
