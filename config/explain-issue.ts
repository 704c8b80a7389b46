import type { z } from 'zod';

import { suggestName } from './nearest.js';
import type { Finding } from './problem.js';
import { knownKeys, outlineAt } from './schema-outline.js';
import type { SchemaOutline } from './schema-outline.js';

type Issue = z.core.$ZodIssue;

/** Says a validation issue in the operator's words: what stands there, what is expected, and what to write. */
export function explainIssue(issue: Issue, data: unknown, schema: SchemaOutline): Finding[] {
  if (issue.code === 'unrecognized_keys')
    return issue.keys.map((key) => explainUnknownKey(key, issue.path, schema));
  const found = show(valueAt(data, issue.path), outlineAt(schema, issue.path));
  const at = { severity: 'error', path: issue.path, part: 'value' } as const;
  switch (issue.code) {
    case 'invalid_type':
      return [
        { ...at, message: `expected ${wording(issue.expected)}, found ${found}`, fix: typeFix(issue, data) },
      ];
    case 'invalid_value':
      return [
        { ...at, message: `unknown value ${found}`, fix: valueFix(issue.values, valueAt(data, issue.path)) },
      ];
    case 'too_small':
      return [
        { ...at, message: `${found} is too small`, fix: `at least ${boundOf(issue.minimum, issue.origin)}` },
      ];
    case 'too_big':
      return [
        { ...at, message: `${found} is too large`, fix: `at most ${boundOf(issue.maximum, issue.origin)}` },
      ];
    case 'invalid_key': {
      const reason = issue.issues[0]?.message ?? 'not allowed as a name';
      return [
        { ...at, part: 'key', message: `"${String(issue.path.at(-1))}" is ${reason}`, fix: 'rename it' },
      ];
    }
    case 'invalid_union':
      return [{ ...at, message: `${found} is not allowed here`, fix: 'write text, a number, true or false' }];
    case 'custom':
    case 'invalid_format':
    case 'invalid_element':
    case 'not_multiple_of': {
      const fix: unknown = issue.code === 'custom' ? issue.params?.['fix'] : undefined;
      return [{ ...at, message: `${found} is ${issue.message}`, fix: typeof fix === 'string' ? fix : '' }];
    }
  }
}

function explainUnknownKey(key: string, parent: readonly PropertyKey[], schema: SchemaOutline): Finding {
  return {
    severity: 'error',
    path: [...parent, key],
    part: 'key',
    message: `unknown key "${key}"`,
    fix: suggestName(key, knownKeys(outlineAt(schema, parent))),
  };
}

function wording(expected: string): string {
  const words: Readonly<Record<string, string>> = {
    string: 'text',
    int: 'a whole number',
    number: 'a number',
    boolean: 'true or false',
    array: 'a list',
    object: 'a section of keys',
    record: 'a section of names',
  };
  return words[expected] ?? expected;
}

function typeFix(issue: z.core.$ZodIssueInvalidType, data: unknown): string {
  const value = valueAt(data, issue.path);
  if (issue.expected === 'string' && (typeof value === 'number' || typeof value === 'boolean'))
    return `put it in quotes: "${String(value)}"`;
  if (value === undefined) return `add ${String(issue.path.at(-1) ?? 'it')}`;
  if (issue.expected === 'array' && typeof value === 'string')
    return 'write one entry on each line after "- "';
  if (value === null && issue.expected !== 'null') return 'write a value, or remove the key for its default';
  return '';
}

function valueFix(values: readonly unknown[], value: unknown): string {
  if (typeof value !== 'string') return `use one of: ${values.join(', ')}`;
  return suggestName(value, values.map(String));
}

function boundOf(bound: number | bigint, origin: string): string {
  if (origin === 'string') return `${bound} characters`;
  if (origin === 'array') return `${bound} entries`;
  return String(bound);
}

function valueAt(data: unknown, path: readonly PropertyKey[]): unknown {
  let here = data;
  for (const key of path) {
    if (typeof here !== 'object' || here === null || !Object.hasOwn(here, key)) return undefined;
    here = (here as Record<PropertyKey, unknown>)[key];
  }
  return here;
}

/** A value as the operator knows it, short, and never a credential. */
function show(value: unknown, schema: SchemaOutline | null): string {
  if (value === undefined) return 'nothing';
  if (schema?.writeOnly === true && typeof value === 'string') return 'this secret';
  if (value === null) return 'an empty value';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'a section';
  const text = JSON.stringify(value) ?? typeof value;
  return text.length > 60 ? `${text.slice(0, 57)}…"` : text;
}
