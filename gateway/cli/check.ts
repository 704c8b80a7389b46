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
  /** One JSON array instead of lines. */
  readonly json: boolean;
  /** Warnings fail, too. */
  readonly strict: boolean;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  /** Takes one line without its line end. */
  readonly output: (line: string) => void;
}

/** A problem with the stable name of what it is about, where there is one. */
export interface CodedProblem extends Problem {
  readonly code?: string;
}

/** A service of the configuration, as trees name it. */
export interface KnownService {
  readonly name: string;
  readonly type: 'http' | 'grpc';
}

/** The readers of the other folders. */
export interface CheckDeps {
  /** `services` are null where there is no configuration to know them from. */
  checkTree(
    yamlText: string,
    fileName: string,
    services: readonly KnownService[] | null,
  ): readonly CodedProblem[];
  /** Checks the shipped templates and those of `directories`. */
  checkTemplates(directories: readonly string[]): readonly Problem[];
}

/**
 * Validates the configuration, every dialog tree and every template, and prints what is wrong, one problem a line and
 * how many there are of each kind.
 *
 * Returns the exit code: 0 when there are no errors (and, with `strict`, no warnings), else 1.
 */
export function runCheck(options: CheckOptions, deps: CheckDeps): 0 | 1 {
  const { env, cwd, configFile, output, json, strict } = options;
  const { config, problems } = loadConfig({ env, cwd, ...(configFile === null ? {} : { file: configFile }) });
  const all: CodedProblem[] = [...problems];
  const services = config && servicesOf(config, configFile);
  const trees = options.treeFile === null ? configuredTrees(config) : [options.treeFile];
  for (const file of trees) all.push(...checkTreeFile(file, cwd, services, deps));
  if (config) all.push(...deps.checkTemplates(config.templates.directories));
  const sorted: readonly CodedProblem[] = sortProblems(all);
  const errors = all.filter((problem) => problem.severity === 'error').length;
  const warnings = all.length - errors;
  if (json) output(JSON.stringify(sorted, null, 2));
  else {
    for (const problem of sorted)
      output(`${formatProblem(problem)}${problem.code ? ` [${problem.code}]` : ''}`);
    const kinds = countsByCode(sorted);
    if (kinds !== '') output(kinds);
    output(summary(errors, warnings, config, configFile, trees.length));
  }
  return errors > 0 || (strict && warnings > 0) ? 1 : 0;
}

/** Null without a configuration file that could name them. */
function servicesOf({ services }: Config, configFile: string | null): KnownService[] | null {
  const known = Object.entries(services).map(([name, { type }]) => ({ name, type }));
  return configFile === null && known.length === 0 ? null : known;
}

/** `2 confusable-examples, 1 few-examples`: the most frequent first; empty without codes. */
function countsByCode(problems: readonly CodedProblem[]): string {
  const counts = new Map<string, number>();
  for (const { code } of problems) if (code !== undefined) counts.set(code, (counts.get(code) ?? 0) + 1);
  const sorted = [...counts].sort(([a, n], [b, m]) => m - n || a.localeCompare(b));
  return sorted.map(([code, number]) => `${number} ${code}`).join(', ');
}

function configuredTrees(config: Config | null): string[] {
  return config ? [...new Set(Object.values(config.dialog.trees))] : [];
}

function checkTreeFile(
  file: string,
  cwd: string,
  services: readonly KnownService[] | null,
  deps: CheckDeps,
): readonly CodedProblem[] {
  const path = resolve(cwd, file);
  try {
    if (statSync(path).size > dialogLimits.treeBytes)
      return [unreadable(file, `larger than ${dialogLimits.treeBytes} bytes`, 'split the tree')];
    return deps.checkTree(readFileSync(path, 'utf8'), file, services);
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
