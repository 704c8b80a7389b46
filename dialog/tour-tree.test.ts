import { readFileSync } from 'node:fs';

import { describe, expect, test } from 'vitest';

import { projectPath } from '../config/paths.js';
import { checkForAuthors } from './check-authoring.js';
import { Coverage } from './coverage.js';
import { loadTree } from './load.js';
import { scoreNowOf } from './score-now.js';
import { loadStories } from './story-load.js';
import { runStory } from './story-run.js';

const file = projectPath('config', 'trees', 'tour-en.yaml');
const text = readFileSync(file, 'utf8');
const { tree: loaded } = loadTree(text, file);
if (!loaded) throw new Error(`${file} does not load`);
const tree = loaded;

describe('the tour', () => {
  test('has nothing that an author would be advised to change', () => {
    expect(checkForAuthors(text, file, { services: [{ name: 'parcels', type: 'http' }] }).problems).toEqual(
      [],
    );
  });

  test('has every kind of node and of command', () => {
    const kinds = new Set([...tree.nodes.values()].map(({ kind }) => kind));
    expect([...kinds].sort()).toEqual(
      [
        'ask',
        'call',
        'condition',
        'end',
        'handover',
        'listen',
        'return',
        'say',
        'set',
        'subtree',
        'transfer',
      ].sort(),
    );
    const effects = tree.globals.map(({ effect }) => effect.type);
    expect(new Set(effects)).toEqual(
      new Set(['go', 'visit', 'language', 'repeat', 'help', 'back', 'cancel']),
    );
  });

  test('is told by its stories to the last branch', () => {
    const path = projectPath('config', 'stories', 'tour-en.yaml');
    const { file: stories } = loadStories(readFileSync(path, 'utf8'), path);
    if (!stories) throw new Error(`${path} does not load`);
    const coverage = new Coverage(tree);
    const score = scoreNowOf(tree);
    const failures = stories.stories.flatMap(
      (story) => runStory(tree, stories, story, score, coverage).failures,
    );
    expect(failures).toEqual([]);
    expect(coverage.missed).toEqual({ nodes: [], branches: [] });
  });
});
