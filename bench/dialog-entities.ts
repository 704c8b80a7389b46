import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import type { EntityContext } from '../dialog/entity.js';
import { entityType, entityTypeNames } from '../dialog/entity-types.js';

/** How many rows of the tables a type reads as they say. */
export interface EntityScore {
  readonly type: string;
  readonly rows: number;
  readonly passed: number;
}

/** What the tables are written for. */
const context: EntityContext = {
  nowMs: Date.UTC(2026, 10, 20, 2),
  timeZone: 'Asia/Shanghai',
  language: 'zh-CN',
};

/** Reads every row of the `*.tsv` tables of a folder (type, text, value as JSON, raw, "?" for doubt), by type. */
export function scoreEntities(folder: string): EntityScore[] {
  const scores = new Map<string, { rows: number; passed: number }>();
  for (const file of readdirSync(folder).filter((name) => name.endsWith('.tsv'))) {
    for (const row of readFileSync(join(folder, file), 'utf8').split('\n')) {
      const [type = '', text = '', expected = '', raw = '', doubt = ''] = row.split('\t');
      if (!entityTypeNames.includes(type)) continue;
      const score = scores.get(type) ?? { rows: 0, passed: 0 };
      score.rows++;
      if (passes(type, text, expected, raw, doubt !== '?')) score.passed++;
      scores.set(type, score);
    }
  }
  return [...scores].map(([type, score]) => ({ type, ...score }));
}

function passes(type: string, text: string, expected: string, raw: string, certain: boolean): boolean {
  const found = entityType({ type })?.find(text, context) ?? [];
  const value: unknown = expected === '-' ? [] : JSON.parse(expected);
  const values: unknown = Array.isArray(value) ? value : [value];
  const raws: unknown = raw.startsWith('[') ? JSON.parse(raw) : expected === '-' ? [] : [raw];
  return (
    JSON.stringify(found.map((entity) => entity.value)) === JSON.stringify(values) &&
    JSON.stringify(found.map((entity) => entity.raw)) === JSON.stringify(raws) &&
    found.every((entity) => entity.certain) === certain
  );
}
