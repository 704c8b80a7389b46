import { LineCounter, isCollection, isMap, isScalar, parseDocument, type Document, type Node } from 'yaml';
import type { z } from 'zod';
import { dialogLimits } from '../config/limits.js';
import { nearestName, type Report, type TreePath, type TreeProblem } from './tree-problem.js';

/** A file that was read: its values, and where each stands. */
export interface ParsedFile<T> {
  /** Null when the shape is wrong. */
  readonly raw: T | null;
  readonly problems: TreeProblem[];
  readonly report: Report;
  /** The line, from 1, of the deepest part of a path that exists. */
  readonly lineOf: (path: TreePath) => number;
}

/** What a kind of file looks like. */
export interface FileShape<S extends z.ZodType> {
  readonly schema: S;
  /** Every key that may stand anywhere, for "did you mean". */
  readonly knownKeys: readonly string[];
  /** The parts of the file that a known key may stand in, as an author calls them. */
  readonly partsWith?: (key: string) => readonly string[];
  readonly characters: number;
  /** What to do about a longer one. */
  readonly split: string;
}

/** Reads YAML and checks its shape. `problems` is filled by `report`, which later checks go on using. */
export function parseLocated<S extends z.ZodType>(
  yamlText: string,
  file: string,
  shape: FileShape<S>,
): ParsedFile<z.output<S>> {
  const problems: TreeProblem[] = [];
  const lines = new LineCounter();
  if (yamlText.length > shape.characters) {
    problems.push({
      severity: 'error',
      file,
      line: 1,
      column: 1,
      path: '',
      message: `the file is longer than ${shape.characters} characters`,
      fix: shape.split,
    });
    return { raw: null, problems, report: () => undefined, lineOf: () => 1 };
  }
  const document = parseDocument(yamlText, { lineCounter: lines, prettyErrors: false, logLevel: 'silent' });
  const lineOf = (path: TreePath): number => lines.linePos(offsetOf(document, path)).line;
  const report: Report = (severity, path, message, fix) => {
    // Warnings leave room for errors, which are what keeps the tree from loading.
    if (
      problems.length >= dialogLimits.problems &&
      (severity === 'warning' || problems.length >= 2 * dialogLimits.problems)
    )
      return;
    const { line, col } = lines.linePos(offsetOf(document, path));
    problems.push({ severity, file, line, column: col, path: path.join('.'), message, fix });
  };
  for (const error of document.errors.slice(0, dialogLimits.problems)) {
    const { line, col } = lines.linePos(error.pos[0]);
    const fix = 'Correct the YAML; texts with ": " or " #" need quotes';
    problems.push({ severity: 'error', file, line, column: col, path: '', message: error.message, fix });
  }
  if (problems.length > 0) return { raw: null, problems, report, lineOf };
  return { raw: validate(document, shape, report), problems, report, lineOf };
}

function validate<S extends z.ZodType>(
  document: Document,
  { schema, ...keys }: FileShape<S>,
  report: Report,
): z.output<S> | null {
  let value: unknown;
  try {
    value = document.toJS({ maxAliasCount: dialogLimits.yamlAliases });
  } catch (error) {
    report('error', [], error instanceof Error ? error.message : 'bad alias', 'Use fewer YAML aliases');
    return null;
  }
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  for (const issue of result.error.issues) reportIssue(issue, keys, report);
  return null;
}

function reportIssue(
  issue: z.core.$ZodIssue,
  keys: Pick<FileShape<z.ZodType>, 'knownKeys' | 'partsWith'>,
  report: Report,
  above: TreePath = [],
): void {
  const path = [...above, ...issue.path.filter((step) => typeof step !== 'symbol')];
  if (issue.code === 'invalid_union') {
    const meant = likeliestShape(issue.errors);
    if (meant) {
      for (const inner of meant) reportIssue(inner, keys, report, path);
      return;
    }
  }
  if (issue.code === 'invalid_key') {
    const [reason] = issue.issues;
    report('error', path, `"${String(path.at(-1))}": ${reason?.message ?? 'not a key'}`, 'Correct this name');
    return;
  }
  if (issue.code === 'unrecognized_keys') {
    for (const key of issue.keys) {
      const places = keys.partsWith?.(key) ?? [];
      const near = places.length > 0 ? null : nearestName(key, keys.knownKeys);
      const message = places.length > 0 ? `"${key}" does not belong here` : `unknown key "${key}"`;
      const move = places.length > 0 ? `Move it into ${places.join(' or ')}, or remove it` : 'Remove it';
      report('error', [...path, key], message, near ? `Write "${near}"` : move);
    }
    return;
  }
  const name = path.at(-1);
  const message = issue.message.charAt(0).toLowerCase() + issue.message.slice(1);
  const where = name === undefined ? 'the file' : `"${name}"`;
  if (issue.code === 'invalid_type' && /received undefined/.test(issue.message)) {
    report('error', path, `${where} is missing`, `Add "${String(name)}:" here`);
  } else report('error', path, `${where} is not valid: ${message}`, 'Correct this value');
}

/** Of the shapes that a value may have, the one whose mistake lies inside the value; null when none is near. */
function likeliestShape(
  shapes: readonly (readonly z.core.$ZodIssue[])[],
): readonly z.core.$ZodIssue[] | null {
  const depth = (issues: readonly z.core.$ZodIssue[]): number =>
    Math.min(...issues.map((issue) => issue.path.length + (issue.code === 'unrecognized_keys' ? 1 : 0)));
  let best: readonly z.core.$ZodIssue[] | null = null;
  for (const issues of shapes) {
    if (issues.length > 0 && depth(issues) > 0 && (!best || issues.length < best.length)) best = issues;
  }
  return best;
}

/** The place of the deepest part of `path` that exists: its key in a map, its item in a list. */
function offsetOf(document: Document, path: TreePath): number {
  let node: unknown = document.contents;
  let offset = startOf(node) ?? 0;
  for (const step of path) {
    if (!isCollection(node)) break;
    if (isMap(node)) {
      const pair = node.items.find((item) => isScalar(item.key) && String(item.key.value) === String(step));
      if (!pair) break;
      offset = startOf(pair.key) ?? offset;
      node = pair.value;
    } else {
      const item: unknown = node.items[Number(step)];
      if (item === undefined) break;
      offset = startOf(item) ?? offset;
      node = item;
    }
  }
  return offset;
}

function startOf(node: unknown): number | null {
  return (node as Node | null)?.range?.[0] ?? null;
}
