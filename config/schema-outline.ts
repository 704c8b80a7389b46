import { z } from 'zod';

import { configSchema } from './schema.js';

/** The part of JSON Schema (draft 2020-12) that our own schemas use and that this folder walks. */
export interface SchemaOutline {
  readonly type?: string | readonly string[];
  readonly title?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly examples?: readonly unknown[];
  readonly enum?: readonly unknown[];
  /** Marks a credential (see `secret()` in sections/fields.ts). */
  readonly writeOnly?: boolean;
  readonly properties?: Readonly<Record<string, SchemaOutline>>;
  /** False for strict objects; a schema for maps with free keys. */
  readonly additionalProperties?: boolean | SchemaOutline;
  readonly items?: SchemaOutline;
  readonly anyOf?: readonly SchemaOutline[];
}

/** JSON Schema of what may be written in a file validated by `schema` (defaults make keys optional). */
function outlineOf(schema: z.ZodType): SchemaOutline {
  const { '~standard': _, ...plain } = z.toJSONSchema(schema, { io: 'input' });
  return plain as SchemaOutline;
}

let cached: SchemaOutline | null = null;

/** The configuration's JSON Schema, computed once. */
export function configOutline(): SchemaOutline {
  cached ??= outlineOf(configSchema);
  return cached;
}

export function allowsType(schema: SchemaOutline, type: string): boolean {
  if (schema.anyOf) return schema.anyOf.some((choice) => allowsType(choice, type));
  return typeof schema.type === 'string' ? schema.type === type : (schema.type?.includes(type) ?? false);
}

/** The object behind `schema`, also when null is allowed in its place. */
export function objectShape(schema: SchemaOutline): SchemaOutline {
  return schema.anyOf?.find((choice) => choice.properties !== undefined) ?? schema;
}

/** The schema of the value under `key`, or null when no such key is known. */
export function childOutline(schema: SchemaOutline, key: PropertyKey): SchemaOutline | null {
  if (typeof key === 'number') return schema.items ?? null;
  const { properties = {}, additionalProperties } = objectShape(schema);
  const named = Object.hasOwn(properties, key) ? properties[String(key)] : undefined;
  if (named) return named;
  return typeof additionalProperties === 'object' ? additionalProperties : null;
}

/** The schema of the value at `path`, or null. */
export function outlineAt(schema: SchemaOutline, path: readonly PropertyKey[]): SchemaOutline | null {
  let here: SchemaOutline | null = schema;
  for (const key of path) {
    if (here === null) return null;
    here = childOutline(here, key);
  }
  return here;
}

/** Names of the fixed keys of an object, in the order they are documented. */
export function knownKeys(schema: SchemaOutline | null): string[] {
  return schema === null ? [] : Object.keys(objectShape(schema).properties ?? {});
}
