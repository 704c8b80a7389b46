import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { parse } from 'yaml';

import { projectPath } from '../../config/paths.js';
import { treeSchema } from '../../dialog/tree-schema.js';
import { treeSchemaFile } from './emit-schemas.js';

test('the committed JSON Schema of trees is what the schema generates (npm run schemas)', () => {
  expect(readFileSync(projectPath(treeSchemaFile.path), 'utf8')).toBe(treeSchemaFile.render());
});

test.each(['demo-en', 'demo-zh'])('%s has only keys that the JSON Schema knows', (name) => {
  const tree: unknown = parse(readFileSync(projectPath('config', 'trees', `${name}.yaml`), 'utf8'));
  expect(treeSchema.safeParse(tree).error).toBeUndefined();
});
