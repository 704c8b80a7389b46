import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';

import { configFiles } from './emit-schema.js';
import { loadConfig } from './load.js';
import { projectPath } from './paths.js';
import { configOutline } from './schema-outline.js';
import type { SchemaOutline } from './schema-outline.js';
import { configSchema } from './schema.js';

describe('what is committed is what the schema generates (npm run schemas)', () => {
  test.each(configFiles.map((file) => [file.path, file] as const))('%s', (path, file) => {
    expect(readFileSync(projectPath(path), 'utf8')).toBe(file.render());
  });
});

test('the example file is valid and says what the defaults are', () => {
  const file = projectPath('config/parley.example.yaml');
  const example = loadConfig({ file, env: {}, cwd: '/' });
  expect(example.problems).toEqual([]);
  // Relative paths start from the file's directory, or from the current one when there is no file.
  expect(example.config).toEqual(loadConfig({ env: {}, cwd: projectPath('config') }).config);
});

interface Key {
  readonly path: string[];
  readonly schema: SchemaOutline;
}

function everyKey(schema: SchemaOutline, path: string[] = []): Key[] {
  const children = Object.entries(schema.properties ?? {}).flatMap(([name, child]) =>
    everyKey(child, [...path, name]),
  );
  return path.length === 0 ? children : [{ path, schema }, ...children];
}

describe('each key', () => {
  const keys = everyKey(configOutline()).map((key) => [key.path.join('.'), key] as const);

  test.each(keys)('%s is described', (_, { schema }) => {
    expect(schema.description).toMatch(/^[A-Z"a-z].*\.$/s);
  });

  const examples = keys.filter(([, key]) => key.schema.examples !== undefined);
  test.each(examples)('%s has examples that the schema takes', (_, { path, schema }) => {
    for (const example of schema.examples ?? []) {
      const data = path.reduceRight<unknown>((inner, name) => ({ [name]: inner }), example);
      expect(configSchema.safeParse(data).error).toBeUndefined();
    }
  });
});
