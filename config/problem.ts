/** Something wrong in a file that the operator wrote, where it is and what to do about it. */
export interface Problem {
  readonly severity: 'error' | 'warning';
  /** The file as the operator named it, or the environment variable as `$NAME`. */
  readonly file: string;
  /** 1-based; 0 when the problem has no place inside `file` (a missing file, a variable). */
  readonly line: number;
  /** 1-based; 0 together with `line`. */
  readonly column: number;
  /** Dotted path of the value (`sip.port`, `tiers.default.recognizers[0]`), or empty for the whole file. */
  readonly path: string;
  readonly message: string;
  /** What to write instead, or empty. */
  readonly fix: string;
}

/** A problem of one value before its file and line are known; `part` says whether the key or the value is wrong. */
export interface Finding {
  readonly severity: 'error' | 'warning';
  readonly path: readonly PropertyKey[];
  readonly part: 'key' | 'value';
  readonly message: string;
  readonly fix: string;
}

/** Dotted path with indices in brackets, as people write it: `security.apiKeys[0]`. */
export function formatPath(path: readonly PropertyKey[]): string {
  let text = '';
  for (const key of path) {
    if (typeof key === 'number') text += `[${key}]`;
    else text += text === '' ? String(key) : `.${String(key)}`;
  }
  return text;
}

/** One line in the form that editors and terminals turn into a link: `file:line:column: severity: message (fix)`. */
export function formatProblem(problem: Problem): string {
  const place = problem.line > 0 ? `${problem.file}:${problem.line}:${problem.column}` : problem.file;
  const fix = problem.fix === '' ? '' : ` (${problem.fix})`;
  return `${place}: ${problem.severity}: ${problem.message}${fix}`;
}

/** Reading order: by file, then by place; stable for equal places. */
export function sortProblems(problems: readonly Problem[]): Problem[] {
  return [...problems].sort((a, b) => a.file.localeCompare(b.file) || a.line - b.line || a.column - b.column);
}

export function hasErrors(problems: readonly Problem[]): boolean {
  return problems.some((problem) => problem.severity === 'error');
}
