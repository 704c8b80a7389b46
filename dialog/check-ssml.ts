/** More open elements than this no prompt needs. */
const deepest = 64;

const name = /^[\p{L}_][\p{L}\p{N}_.:-]*$/u;

/**
 * What keeps a text from being the inside of a well-formed `<speak>` element (XML 1.0), or null. Takes linear time;
 * entities are the five of XML and character references.
 */
export function ssmlProblem(text: string): string | null {
  const open: string[] = [];
  let at = 0;
  while (at < text.length) {
    const less = text.indexOf('<', at);
    const outside = entityProblem(text.slice(at, less < 0 ? undefined : less));
    if (outside) return outside;
    if (less < 0) break;
    if (text.startsWith('<!--', less)) {
      const end = text.indexOf('-->', less + 4);
      if (end < 0) return 'a comment is not closed';
      at = end + 3;
      continue;
    }
    const end = tagEnd(text, less + 1);
    if (end < 0) return '"<" is not closed';
    const problem = tag(text.slice(less + 1, end), open);
    if (problem) return problem;
    at = end + 1;
  }
  const left = open.at(-1);
  return left === undefined ? null : `<${left}> is not closed`;
}

/** The ">" that ends a tag: not one inside quotes. */
function tagEnd(text: string, from: number): number {
  let quote = '';
  for (let at = from; at < text.length; at++) {
    const character = text.charAt(at);
    if (quote !== '') {
      if (character === quote) quote = '';
    } else if (character === '"' || character === "'") quote = character;
    else if (character === '>') return at;
    else if (character === '<') return -1;
  }
  return -1;
}

/** Opens or closes an element; `content` stands between the angle brackets. */
function tag(content: string, open: string[]): string | null {
  if (content.startsWith('/')) {
    const closed = content.slice(1).trimEnd();
    const expected = open.pop();
    if (expected === closed) return null;
    return expected === undefined
      ? `</${closed}> closes nothing`
      : `</${closed}> where </${expected}> should be`;
  }
  const isEmpty = content.endsWith('/');
  const inside = isEmpty ? content.slice(0, -1) : content;
  const space = inside.search(/\s/);
  const element = space < 0 ? inside : inside.slice(0, space);
  if (!name.test(element)) return `"<${element.slice(0, 20)}" starts no element`;
  const problem = space < 0 ? null : attributeProblem(inside.slice(space), element);
  if (problem) return problem;
  if (!isEmpty && open.push(element) > deepest) return `more than ${deepest} elements inside one another`;
  return null;
}

function attributeProblem(source: string, element: string): string | null {
  const seen = new Set<string>();
  let rest = source.trim();
  while (rest !== '') {
    const equals = rest.indexOf('=');
    const attribute = rest.slice(0, Math.max(0, equals)).trim();
    const value = rest.slice(equals + 1).trimStart();
    const quote = value.charAt(0);
    const end = quote === '"' || quote === "'" ? value.indexOf(quote, 1) : -1;
    if (!name.test(attribute) || end < 0) return `<${element}> has an attribute without quotes or a name`;
    if (seen.has(attribute)) return `<${element}> has "${attribute}" twice`;
    seen.add(attribute);
    const problem = entityProblem(value.slice(1, end));
    if (problem) return problem;
    const next = value.slice(end + 1);
    if (next !== '' && !/^\s/.test(next)) return `<${element}> wants a space between attributes`;
    rest = next.trim();
  }
  return null;
}

function entityProblem(text: string): string | null {
  for (let at = text.indexOf('&'); at >= 0; at = text.indexOf('&', at + 1)) {
    if (!/^&(amp|lt|gt|quot|apos|#\d{1,7}|#x[\da-f]{1,6});/i.test(text.slice(at, at + 12)))
      return '"&" starts no entity';
  }
  return null;
}
