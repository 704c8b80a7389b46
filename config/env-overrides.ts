import { configLimits } from './limits.js';
import { suggestName } from './nearest.js';
import type { Problem } from './problem.js';
import { allowsType, childOutline, knownKeys } from './schema-outline.js';
import type { SchemaOutline } from './schema-outline.js';

const prefix = 'PARLEY__';

/** One value that the environment sets. */
export interface Override {
  readonly variable: string;
  readonly path: readonly PropertyKey[];
  readonly value: unknown;
}

/**
 * Reads `PARLEY__section__key=value` variables against the schema.
 *
 * Names match ignoring case; list entries are numbers (`PARLEY__security__apiKeys__0`). Numbers, booleans, `null` and
 * JSON are read where the schema expects them; a list of texts may be comma-separated. An unknown name is an error
 * that names the variable and the nearest key.
 */
export function readOverrides(
  env: Readonly<Record<string, string | undefined>>,
  schema: SchemaOutline,
  data: unknown,
): { overrides: Override[]; problems: Problem[] } {
  const overrides: Override[] = [];
  const problems: Problem[] = [];
  const variables = Object.keys(env).filter((name) => name.toUpperCase().startsWith(prefix));
  if (variables.length > configLimits.overrides) return { overrides, problems: [tooMany(variables.length)] };
  for (const variable of variables.sort()) {
    const segments = variable.slice(prefix.length).split('__');
    const resolved = resolvePath(segments, schema, data);
    if ('unknown' in resolved) {
      problems.push(unknownVariable(variable, resolved.unknown, resolved.known));
      continue;
    }
    const value = readValue(env[variable] ?? '', resolved.schema);
    overrides.push({ variable, path: resolved.path, value });
  }
  return { overrides, problems };
}

/** A copy of `data` with the overrides in it; missing objects and lists on the way are made. */
export function applyOverrides(data: unknown, overrides: readonly Override[]): unknown {
  let result: unknown = structuredClone(data);
  for (const { path, value } of overrides) result = withValue(result, path, value);
  return result;
}

type Resolved =
  | { readonly path: PropertyKey[]; readonly schema: SchemaOutline }
  | { readonly unknown: string; readonly known: readonly string[] };

function resolvePath(segments: readonly string[], root: SchemaOutline, data: unknown): Resolved {
  const path: PropertyKey[] = [];
  let schema = root;
  let here = data;
  for (const segment of segments) {
    const key = resolveKey(segment, schema, here);
    const child = key === null ? null : childOutline(schema, key);
    if (key === null || child === null) return { unknown: segment, known: knownKeys(schema) };
    path.push(key);
    schema = child;
    here = isRecord(here) ? here[String(key)] : undefined;
  }
  return { path, schema };
}

function resolveKey(segment: string, schema: SchemaOutline, data: unknown): PropertyKey | null {
  if (segment === '' || segment === '__proto__') return null;
  if (schema.items) return /^\d{1,4}$/.test(segment) ? Number(segment) : null;
  const same = (name: string) => name.toLowerCase() === segment.toLowerCase();
  const known = knownKeys(schema).find(same);
  if (known !== undefined) return known;
  if (typeof schema.additionalProperties !== 'object') return null;
  const present = isRecord(data) ? Object.keys(data).find(same) : undefined;
  return present ?? segment;
}

function readValue(text: string, schema: SchemaOutline): unknown {
  if (text === 'null' && allowsType(schema, 'null')) return null;
  if (allowsType(schema, 'array') || allowsType(schema, 'object')) return readStructure(text, schema);
  const numeric = allowsType(schema, 'number') || allowsType(schema, 'integer');
  if (numeric && text.trim() !== '' && Number.isFinite(Number(text))) return Number(text);
  if (allowsType(schema, 'boolean') && /^(?:true|false)$/i.test(text)) return text.toLowerCase() === 'true';
  return text;
}

function readStructure(text: string, schema: SchemaOutline): unknown {
  const trimmed = text.trim();
  if (trimmed.startsWith('[') || trimmed.startsWith('{')) {
    try {
      return JSON.parse(trimmed) as unknown;
    } catch {
      return text;
    }
  }
  if (schema.items && allowsType(schema.items, 'string'))
    return trimmed === '' ? [] : trimmed.split(',').map((part) => part.trim());
  return text;
}

function withValue(holder: unknown, path: readonly PropertyKey[], value: unknown): unknown {
  const [key, ...rest] = path;
  if (key === undefined) return value;
  if (typeof key === 'number') {
    const list: unknown[] = Array.isArray(holder) ? [...(holder as unknown[])] : [];
    list[key] = withValue(list[key], rest, value);
    return Array.from(list);
  }
  const record = isRecord(holder) ? holder : {};
  return { ...record, [key]: withValue(record[String(key)], rest, value) };
}

function tooMany(found: number): Problem {
  const message = `${found} variables begin with ${prefix}, at most ${configLimits.overrides} are read`;
  const fix = 'put the values into the configuration file';
  return { severity: 'error', file: `$${prefix}*`, line: 0, column: 0, path: '', message, fix };
}

function unknownVariable(variable: string, segment: string, known: readonly string[]): Problem {
  return {
    severity: 'error',
    file: `$${variable}`,
    line: 0,
    column: 0,
    path: '',
    message: `the environment variable names an unknown key "${segment}"`,
    fix: suggestName(segment, known),
  };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
