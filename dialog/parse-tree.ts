import { LineCounter, isCollection, isMap, isScalar, parseDocument, type Document, type Node } from 'yaml';
import type { z } from 'zod';
import { dialogLimits } from '../config/limits.js';
import { knownKeys, treeSchema, type RawTree } from './tree-schema.js';
import { nearestName, type Report, type TreePath, type TreeProblem } from './tree-problem.js';

/** A tree file that could be read: its values, and where each stands. */
export interface ParsedTree {
  readonly raw: RawTree | null;
  readonly problems: TreeProblem[];
  readonly report: Report;
}

/**
 * Reads YAML and checks its shape. `problems` is filled by `report`, which later checks go on using; `raw` is null
 * when the shape is wrong.
 */
export function parseTree(yamlText: string, file: string): ParsedTree {
  const problems: TreeProblem[] = [];
  const lines = new LineCounter();
  if (yamlText.length > dialogLimits.treeBytes) {
    problems.push({
      severity: 'error',
      file,
      line: 1,
      column: 1,
      path: '',
      message: `the file is longer than ${dialogLimits.treeBytes} characters`,
      fix: 'Split the bot into several trees',
    });
    return { raw: null, problems, report: () => undefined };
  }
  const document = parseDocument(yamlText, { lineCounter: lines, prettyErrors: false, logLevel: 'silent' });
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
  if (problems.length > 0) return { raw: null, problems, report };
  return { raw: validate(document, report), problems, report };
}

function validate(document: Document, report: Report): RawTree | null {
  let value: unknown;
  try {
    value = document.toJS({ maxAliasCount: dialogLimits.yamlAliases });
  } catch (error) {
    report('error', [], error instanceof Error ? error.message : 'bad alias', 'Use fewer YAML aliases');
    return null;
  }
  const result = treeSchema.safeParse(value);
  if (result.success) return result.data;
  for (const issue of result.error.issues) reportIssue(issue, report);
  return null;
}

function reportIssue(issue: z.core.$ZodIssue, report: Report): void {
  const path = issue.path.filter((step) => typeof step !== 'symbol');
  if (issue.code === 'unrecognized_keys') {
    for (const key of issue.keys) {
      const near = nearestName(key, knownKeys);
      report('error', [...path, key], `unknown key "${key}"`, near ? `Write "${near}"` : 'Remove it');
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
