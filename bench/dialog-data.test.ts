import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import { projectPath } from '../config/paths.js';
import { SeededRandom } from '../config/random.js';
import { readLabelledSets } from './dialog-data.js';
import { drawFlat, drawSiblings, drawTree } from './dialog-tasks.js';

const shipped = readLabelledSets(projectPath('bench', 'testdata', 'utterances'));

describe('the shipped utterances', () => {
  test('are 20 intents of 12 sentences and 20 foreign ones, in both languages', () => {
    expect(
      shipped.map(({ name, language, intents, foreign }) => [name, language, intents.size, foreign.length]),
    ).toEqual([
      ['service-en', 'en', 20, 20],
      ['service-zh', 'zh', 20, 20],
    ]);
    for (const { intents } of shipped) for (const texts of intents.values()) expect(texts).toHaveLength(12);
  });

  test('have no sentence twice', () => {
    for (const { intents, foreign } of shipped) {
      const all = [...[...intents.values()].flat(), ...foreign];
      expect(new Set(all).size).toBe(all.length);
    }
  });
});

describe('readLabelledSets', () => {
  let directory = '';
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'utterances-'));
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  test.each([
    ['a line that is not JSON', '{"text": "hi", "intent": "x"}\nnonsense', /set\.jsonl:2 is not JSON/],
    ['a line without an intent', '{"text": "hi"}', /set\.jsonl:1 lacks/],
    ['a label that is no text', '{"text": "hi", "intent": 3}', /set\.jsonl:1 lacks/],
  ])('refuses %s and names the line', (_rule, content, message) => {
    writeFileSync(join(directory, 'set.jsonl'), content);
    expect(() => readLabelledSets(directory)).toThrow(message);
  });

  test('refuses a directory without sets, and one that is not there', () => {
    expect(() => readLabelledSets(directory)).toThrow('holds no .jsonl file');
    expect(() => readLabelledSets(join(directory, 'nowhere'))).toThrow('there is no directory');
  });

  test('leaves out intents with too few sentences to ask about', () => {
    const lines = Array.from({ length: 8 }, (_, i) => JSON.stringify({ text: `t${i}`, intent: 'enough' }));
    writeFileSync(join(directory, 'set.jsonl'), [...lines, '{"text": "one", "intent": "few"}'].join('\n'));
    expect([...(readLabelledSets(directory)[0]?.intents.keys() ?? [])]).toEqual(['enough']);
  });
});

describe('tasks', () => {
  const [set] = shipped;
  if (!set) throw new Error('no shipped set');

  test('never ask about a sentence that was shown', () => {
    const tasks = [
      drawFlat(set, 5, new SeededRandom(1)),
      drawSiblings(set, 8, 5, new SeededRandom(2)),
      ...drawTree(set, 8, new SeededRandom(3)),
    ];
    for (const { candidates, queries } of tasks) {
      const shown = new Set(candidates.flatMap(({ examples }) => examples));
      expect(queries.filter(({ text }) => shown.has(text))).toEqual([]);
    }
  });

  test('hold no sentence of a sibling among the foreign ones', () => {
    const { candidates, queries } = drawSiblings(set, 8, 5, new SeededRandom(4));
    const own = new Set(candidates.flatMap(({ id }) => set.intents.get(id) ?? []));
    const foreign = queries.filter(({ intent }) => intent === null);
    expect(foreign.length).toBeGreaterThan(20);
    expect(foreign.filter(({ text }) => own.has(text))).toEqual([]);
  });

  test('are the same for the same seed', () => {
    const draw = (seed: number) => drawSiblings(set, 4, 5, new SeededRandom(seed));
    expect(draw(5)).toEqual(draw(5));
    expect(draw(5)).not.toEqual(draw(6));
  });

  test('make trees whose nodes share no branch and which leave something unknown', () => {
    const tree = drawTree(set, 8, new SeededRandom(6));
    const ids = tree.flatMap(({ candidates }) => candidates.map(({ id }) => id));
    expect(tree.length).toBe(2);
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids.length).toBeLessThan(set.intents.size);
  });
});
