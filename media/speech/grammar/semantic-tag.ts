const assignment =
  /^(?:out|\$|SWI_meaning)(?:\.[A-Za-z_]\w*)?\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'=;{}()]+))\s*;?$/;

/**
 * The literal a semantic tag stands for, or null where it is a script that is not run here.
 *
 * With `semantics/1.0-literals` (string literals of SISR 1.0) the text is the value. Otherwise it is `out="x"`, `out='x'` or
 * `out=x` (`$`, one property as in `out.city="x"`, and Nuance's `SWI_meaning='x'` likewise), or a plain word that could be no script.
 */
export function literalTag(text: string, tagFormat: string): string | null {
  const content = text.trim();
  if (tagFormat.trim() === 'semantics/1.0-literals') return content;
  const match = assignment.exec(content);
  if (match !== null) return match[1] ?? match[2] ?? match[3] ?? '';
  const quoted = /^"([^"]*)"$|^'([^']*)'$/.exec(content);
  if (quoted !== null) return quoted[1] ?? quoted[2] ?? '';
  return content !== '' && !/[=;{}()]/.test(content) ? content : null;
}
