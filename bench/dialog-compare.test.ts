import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';

import { Children } from './children.js';
import { compareRegimes, compareZones } from './dialog-compare.js';
import type { LabelledSet } from './dialog-data.js';
import { nlpjsModels } from './dialog-nlpjs.js';
import { matcherSuite } from './suites/matcher.js';

const options = { suites: [], quick: true, peer: null, dataDirectory: null, peerModules: tmpdir() };

/** Intents that share no letter group. */
function separateSet(): LabelledSet {
  const letters = [...'bcdfghjklmnpqrst'];
  const intents = letters.map((letter): [string, string[]] => [
    letter,
    Array.from({ length: 12 }, (_, i) => `${letter.repeat(4)} ${letter.repeat(4 + i)}`),
  ]);
  return {
    name: 'separate',
    language: 'en',
    intents: new Map(intents),
    foreign: ['zzzz', 'wwww wwww', 'xxxx'],
  };
}

test('branches that have nothing in common are told apart, and foreign utterances rejected', async () => {
  const [smallest] = (await compareRegimes(separateSet(), [], true, () => undefined)).slice(2);
  expect(smallest?.ours).toMatchObject({ accuracy: 1, auroc: 1, rejectedAtLoss: 1 });
  const zones = await compareZones(separateSet(), [], true);
  expect(zones?.ours.own).toMatchObject({ right: 1, wrong: 0, rejected: 0 });
  expect(zones?.ours.foreign).toMatchObject({ accepted: 0, rejected: 1 });
});

test('a set too small for trees has none', async () => {
  const small = { ...separateSet(), intents: new Map([...separateSet().intents].slice(0, 5)) };
  expect(await compareZones(small, [], true)).toBeNull();
});

test('the suite runs on the shipped utterances, and says how to install the peer', async () => {
  const lines: string[] = [];
  const children = new Children();
  const result = await matcherSuite.run({ options, children, print: (line) => lines.push(line) });
  expect(result.notes.join()).toContain('npm install --no-save node-nlp@4');
  expect(lines).toContain('service-zh: trees');
  const shares = result.figures.filter(({ unit }) => unit === '%');
  expect(shares.length).toBeGreaterThan(30);
  expect(shares.every(({ value }) => value >= 0 && value <= 100)).toBe(true);
  const own = (set: string, label: string) =>
    result.figures.find(({ name }) => name === `${set}, trees: ${label}`)?.value ?? Number.NaN;
  for (const set of ['service-en', 'service-zh']) {
    const parts = ['own taken rightly', 'own taken wrongly', 'own asked back, one branch, the right one'];
    const others = [
      'own asked back, A or B, the right one among them',
      'own asked back amiss',
      'own rejected',
    ];
    const sum = [...parts, ...others].reduce((total, label) => total + own(set, label), 0);
    expect(sum).toBeCloseTo(100, 6);
  }
});

test('a peer is loaded from the named folder, told the language, and its None is no branch', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'peer-'));
  mkdirSync(join(directory, 'node_modules', 'node-nlp'), { recursive: true });
  writeFileSync(
    join(directory, 'node_modules', 'node-nlp', 'index.js'),
    `exports.NlpManager = class {
      addDocument(locale, text, intent) { this.last = locale + ':' + intent; }
      async train() {}
      async process() {
        return { classifications: [{ intent: 'None', score: 0.7 }, { intent: 'b', score: 0.1 }, { intent: this.last, score: 0.2 }] };
      }
    };`,
  );
  try {
    const [model] = await nlpjsModels(directory);
    const fitted = await model?.fit([{ id: 'a', examples: ['hi'] }], 'zh');
    expect(await fitted?.matchAll(['hello'])).toEqual([
      [
        { branchId: 'zh:a', score: 0.2 },
        { branchId: 'b', score: 0.1 },
      ],
    ]);
    expect(await nlpjsModels(tmpdir())).toEqual([]);
  } finally {
    rmSync(directory, { recursive: true });
  }
});
