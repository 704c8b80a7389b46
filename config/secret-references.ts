import { readFileSync, statSync } from 'node:fs';
import { resolve } from 'node:path';

import { configLimits } from './limits.js';
import type { Finding } from './problem.js';
import { childOutline } from './schema-outline.js';
import type { SchemaOutline } from './schema-outline.js';

export interface SecretSources {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Directory that `file:` references are relative to. */
  readonly directory: string;
}

/**
 * A copy of `data` in which each text that the schema marks as a credential is replaced by what it refers to.
 *
 * `${NAME}` is an environment variable, `file:PATH` the content of a file without the line end after it; anything else
 * is the credential itself, which draws a warning. No finding quotes a credential.
 */
export function resolveSecrets(
  data: unknown,
  schema: SchemaOutline,
  sources: SecretSources,
): { data: unknown; findings: Finding[] } {
  const findings: Finding[] = [];
  const visit = (value: unknown, here: SchemaOutline, path: readonly PropertyKey[]): unknown => {
    if (typeof value === 'string' && here.writeOnly === true) {
      const resolved = resolveReference(value, sources);
      if ('message' in resolved) findings.push({ path, part: 'value', ...resolved });
      else return resolved.value;
      return value;
    }
    if (Array.isArray(value)) return value.map((item, index) => step(item, here, path, index));
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, step(item, here, path, key)]));
  };
  const step = (value: unknown, parent: SchemaOutline, path: readonly PropertyKey[], key: PropertyKey) => {
    const child = childOutline(parent, key);
    return child ? visit(value, child, [...path, key]) : value;
  };
  return { data: visit(data, schema, []), findings };
}

type Resolution = { readonly value: string } | Pick<Finding, 'severity' | 'message' | 'fix'>;

function resolveReference(text: string, sources: SecretSources): Resolution {
  const variable = /^\$\{([A-Za-z_][A-Za-z0-9_]*)\}$/.exec(text)?.[1];
  if (variable !== undefined) {
    const value = sources.env[variable];
    if (value !== undefined && value !== '') return { value };
    return {
      severity: 'error',
      message: `the environment variable ${variable} is not set`,
      fix: `set ${variable} before starting`,
    };
  }
  if (text.startsWith('file:')) return readSecretFile(resolve(sources.directory, text.slice(5)));
  if (text.includes('${'))
    return {
      severity: 'error',
      message: 'a secret is one whole reference',
      fix: 'write ${ENV_NAME} alone, or file:/path',
    };
  return {
    severity: 'warning',
    message: 'a secret is written in clear',
    fix: 'write ${ENV_NAME} or file:/path instead',
  };
}

function readSecretFile(path: string): Resolution {
  try {
    const { size } = statSync(path);
    if (size > configLimits.secretFileBytes) {
      const message = `the secret file ${path} is larger than ${configLimits.secretFileBytes} bytes`;
      return { severity: 'error', message, fix: 'put the credential alone into the file' };
    }
    const value = readFileSync(path, 'utf8').replace(/\r?\n$/, '');
    if (value !== '') return { value };
    return {
      severity: 'error',
      message: `the secret file ${path} is empty`,
      fix: 'write the credential into it',
    };
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unreadable';
    return {
      severity: 'error',
      message: `the secret file ${path} cannot be read (${code})`,
      fix: 'check the path and its permissions',
    };
  }
}
