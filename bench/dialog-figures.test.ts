import { expect, test } from 'vitest';

import { projectPath } from '../config/paths.js';
import { entityTypeNames } from '../dialog/entity-types.js';
import { scoreEntities } from './dialog-entities.js';

test('the entity tables are scored by type, whatever file they stand in', () => {
  const scores = scoreEntities(projectPath('dialog/testdata/entities'));
  expect(scores.map(({ type }) => type).sort()).toEqual([...entityTypeNames].sort());
  for (const { passed, rows } of scores) expect([rows > 0, passed]).toEqual([true, rows]);
});
