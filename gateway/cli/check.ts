import { readFileSync, statSync } from 'node:fs';
import { resolve } from 'node:path';

import { dialogLimits } from '../../config/limits.js';
import { loadConfig } from '../../config/load.js';
import { formatProblem, sortProblems } from '../../config/problem.js';
import type { Problem } from '../../config/problem.js';
import type { Config } from '../../config/schema.js';

export interface CheckOptions {
  readonly configFile: string | null;
  /** Checked instead of the configured trees. */
  readonly treeFile: string | null;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  /** Takes one line without its line end. */
  readonly output: (line: string) => void;
}

/** The readers of the other folders. */
export interface CheckDeps {
  checkTree(yamlText: string, fileName: string): readonly Problem[];
  /** Checks the shipped templates and those of `directories`. */
  checkTemplates(directories: readonly string[]): readonly Problem[];
}

/**
 * Validates the configuration, every dialog tree and every template, and prints what is wrong, one problem a line.
 *
 * Returns the exit code: 0 when there are no errors (warnings are allowed), else 1.
 */
export function runCheck(options: CheckOptions, deps: CheckDeps): 0 | 1 {
  const { env, cwd, configFile, output } = options;
  const { config, problems } = loadConfig({ env, cwd, ...(configFile === null ? {} : { file: configFile }) });
  const all = [...problems];
  const trees = options.treeFile === null ? configuredTrees(config) : [options.treeFile];
  for (const file of trees) all.push(...checkTreeFile(file, cwd, deps));
  if (config) all.push(...deps.checkTemplates(config.templates.directories));
  for (const problem of sortProblems(all)) output(formatProblem(problem));
  const errors = all.filter((problem) => problem.severity === 'error').length;
  output(summary(errors, all.length - errors, config, configFile, trees.length));
  return errors > 0 ? 1 : 0;
}

function configuredTrees(config: Config | null): string[] {
  return config ? [...new Set(Object.values(config.dialog.trees))] : [];
}

function checkTreeFile(file: string, cwd: string, deps: CheckDeps): readonly Problem[] {
  const path = resolve(cwd, file);
  try {
    if (statSync(path).size > dialogLimits.treeBytes)
      return [unreadable(file, `larger than ${dialogLimits.treeBytes} bytes`, 'split the tree')];
    return deps.checkTree(readFileSync(path, 'utf8'), file);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : null;
    if (code === null) throw error;
    return [unreadable(file, `the file cannot be read (${code})`, 'correct the path')];
  }
}

function unreadable(file: string, message: string, fix: string): Problem {
  return { severity: 'error', file, line: 0, column: 0, path: '', message, fix };
}

function summary(
  errors: number,
  warnings: number,
  config: Config | null,
  file: string | null,
  trees: number,
): string {
  const warned = warnings === 0 ? '' : `, ${count(warnings, 'warning')}`;
  const what = `${file ?? 'default configuration'}, ${count(trees, 'tree')}, templates`;
  if (errors === 0) return `ok: ${what}${warned}`;
  const skipped = config === null ? '; trees and templates are checked when the configuration is right' : '';
  return `${count(errors, 'error')}${warned}${skipped}`;
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}
