/** A sentence longer than this is cut at its commas, or between words, so that the first audio is not late. */
const longestPiece = 240;

const abbreviations = new Set([
  'mr',
  'mrs',
  'ms',
  'dr',
  'prof',
  'st',
  'no',
  'vs',
  'approx',
  'ext',
  'e.g',
  'i.e',
]);

/** Text in pieces that can be spoken one after the other: sentences, and parts of overlong ones. */
export function splitSentences(text: string): readonly string[] {
  const pieces: string[] = [];
  let start = 0;
  for (const match of text.matchAll(/[.!?;:]+["')\]]*\s+|\n+/g)) {
    const end = match.index + match[0].length;
    if (match[0].startsWith('.') && endsInAbbreviation(text.slice(start, match.index))) continue;
    pieces.push(text.slice(start, end));
    start = end;
  }
  pieces.push(text.slice(start));
  return pieces
    .map((piece) => piece.trim())
    .filter((piece) => piece !== '')
    .flatMap(cutOverlong);
}

/** "Dr", "e.g", or an initial. */
function endsInAbbreviation(before: string): boolean {
  const word = /\S*$/.exec(before)?.[0].toLowerCase() ?? '';
  return abbreviations.has(word) || /^[a-z]$/.test(word);
}

function cutOverlong(piece: string): string[] {
  const parts: string[] = [];
  let rest = piece;
  while (rest.length > longestPiece) {
    const head = rest.slice(0, longestPiece);
    const comma = head.lastIndexOf(', ');
    const space = head.lastIndexOf(' ');
    const cut = comma > longestPiece / 3 ? comma + 1 : space > 0 ? space : longestPiece;
    parts.push(rest.slice(0, cut).trim());
    rest = rest.slice(cut).trim();
  }
  return rest === '' ? parts : [...parts, rest];
}
