/** Something wrong with a tree file, placed so that an editor can jump there. */
export interface TreeProblem {
  /** A tree with an error is not loaded; a warning is advice. */
  readonly severity: 'error' | 'warning';
  readonly file: string;
  /** From 1. */
  readonly line: number;
  /** From 1. */
  readonly column: number;
  /** `nodes.greeting.listen.branches.0.go`; empty for the whole file. */
  readonly path: string;
  readonly message: string;
  /** What to write instead. */
  readonly fix: string;
}

/** Keys and indexes from the root of the file. */
export type TreePath = readonly (string | number)[];

/** Collects problems by path; the loader turns paths into lines. */
export type Report = (
  severity: TreeProblem['severity'],
  path: TreePath,
  message: string,
  fix: string,
) => void;

/** `file:line:column: severity: message (fix)`, one line. */
export function formatProblem(problem: TreeProblem): string {
  const { file, line, column, severity, path, message, fix } = problem;
  return `${file}:${line}:${column}: ${severity}: ${path === '' ? '' : `${path}: `}${message}. ${fix}.`;
}

/** The name nearest to a mistyped one by edit distance, or null when none is near. */
export function nearestName(wrong: string, names: Iterable<string>): string | null {
  let best: string | null = null;
  let bestDistance = Math.max(2, Math.floor(wrong.length / 3)) + 1;
  for (const name of names) {
    if (Math.abs(name.length - wrong.length) >= bestDistance) continue;
    const distance = editDistance(wrong.toLowerCase(), name.toLowerCase());
    if (distance < bestDistance) {
      best = name;
      bestDistance = distance;
    }
  }
  return best;
}

function editDistance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const substituted = (previous[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      row.push(Math.min(substituted, (previous[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1));
    }
    previous = row;
  }
  return previous[b.length] ?? 0;
}
