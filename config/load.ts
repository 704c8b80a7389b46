import { readFileSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';

import { completeConfig } from './complete.js';
import { crossCheck } from './cross-checks.js';
import { applyOverrides, readOverrides } from './env-overrides.js';
import type { Override } from './env-overrides.js';
import { explainIssue } from './explain-issue.js';
import { configLimits } from './limits.js';
import { formatPath, hasErrors, sortProblems } from './problem.js';
import type { Finding, Problem } from './problem.js';
import { allowsType, childOutline, configOutline } from './schema-outline.js';
import type { SchemaOutline } from './schema-outline.js';
import { configSchema } from './schema.js';
import type { Config } from './schema.js';
import { resolveSecrets } from './secret-references.js';
import { readYaml } from './yaml-source.js';
import type { YamlSource } from './yaml-source.js';

export interface LoadOptions {
  /** The YAML file; without one the defaults and the environment decide. */
  readonly file?: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Directory that `file` is relative to, and that relative paths start from when there is no file. */
  readonly cwd: string;
}

/** `config` is null exactly when a problem is an error; warnings come beside a usable config. */
export interface ConfigResult {
  readonly config: Config | null;
  readonly problems: readonly Problem[];
}

/**
 * Reads, completes and checks the configuration: YAML file, then `PARLEY__section__key` variables, then secrets.
 *
 * Never throws for what is in the file or the environment. Relative paths inside (trees, templates, `file:` secrets)
 * start from the file's own directory.
 */
export function loadConfig(options: LoadOptions): ConfigResult {
  const path = options.file === undefined ? null : resolve(options.cwd, options.file);
  const file = options.file ?? 'defaults';
  const directory = path === null ? options.cwd : dirname(path);
  const read = path === null ? readYaml('', file) : readSource(path, file);
  if ('severity' in read) return { config: null, problems: [read] };
  if (read.data === undefined) return { config: null, problems: read.problems };

  const schema = configOutline();
  const { overrides, problems } = readOverrides(options.env, schema, read.data);
  const data = applyOverrides(withoutEmptySections(read.data, schema), overrides);
  const secrets = resolveSecrets(data, schema, { env: options.env, directory });
  const findings = [...secrets.findings];
  const parsed = configSchema.safeParse(secrets.data);
  let config: Config | null = null;
  if (parsed.success) {
    const completed = completeConfig(parsed.data, directory);
    config = completed.config;
    findings.push(...completed.findings, ...crossCheck(config));
  } else {
    const issues = parsed.error.issues.flatMap((issue) => explainIssue(issue, secrets.data, schema));
    findings.push(...issues.filter((issue) => !alreadyWrong(issue, secrets.findings)));
  }
  const place = placer(read, file, overrides);
  const all = [...problems, ...findings.map(place)];
  return { config: hasErrors(all) ? null : config, problems: sortProblems(mostSevere(all)) };
}

/** As many as are shown, errors before warnings: a heap of warnings must not push out the error that refuses the start. */
function mostSevere(problems: readonly Problem[]): Problem[] {
  const errors = problems.filter((problem) => problem.severity === 'error');
  const warnings = problems.filter((problem) => problem.severity === 'warning');
  return [...errors, ...warnings].slice(0, configLimits.problems);
}

function readSource(path: string, file: string): YamlSource | Problem {
  try {
    if (statSync(path).size > configLimits.fileBytes)
      return wholeFile(
        file,
        `larger than ${configLimits.fileBytes} bytes`,
        'remove what is not configuration',
      );
    return readYaml(readFileSync(path, 'utf8'), file);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unreadable';
    const reason = code === 'ENOENT' ? 'there is no such file' : `the file cannot be read (${code})`;
    return wholeFile(file, reason, 'correct the path, or start without --config for the defaults');
  }
}

/** A section whose keys are all commented out is null in YAML; it means the defaults. */
function withoutEmptySections(data: unknown, schema: SchemaOutline): unknown {
  if (typeof data !== 'object' || data === null || Array.isArray(data)) return data;
  const kept = Object.entries(data).filter(([key, value]) => {
    const section = childOutline(schema, key);
    return value !== null || section === null || !allowsType(section, 'object');
  });
  return Object.fromEntries(kept);
}

/** A reference that could not be resolved need not be called too short as well. */
function alreadyWrong(issue: Finding, earlier: readonly Finding[]): boolean {
  const path = formatPath(issue.path);
  return earlier.some((finding) => finding.severity === 'error' && formatPath(finding.path) === path);
}

function wholeFile(file: string, message: string, fix: string): Problem {
  return { severity: 'error', file, line: 0, column: 0, path: '', message, fix };
}

/** Gives a finding its file and line: the variable that set the value, else the place in the YAML. */
function placer(source: YamlSource, file: string, overrides: readonly Override[]) {
  return (finding: Finding): Problem => {
    const { severity, message, fix } = finding;
    const base = { severity, path: formatPath(finding.path), message, fix };
    const override = overrides.findLast(({ path }) =>
      path.every((key, index) => key === finding.path[index]),
    );
    if (override) return { ...base, file: `$${override.variable}`, line: 0, column: 0 };
    if (file === 'defaults') return { ...base, file, line: 0, column: 0 };
    return { ...base, file, ...source.locate(finding.path, finding.part) };
  };
}
