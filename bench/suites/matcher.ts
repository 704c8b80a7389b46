import { existsSync } from 'node:fs';
import { join } from 'node:path';

import { projectPath } from '../../config/paths.js';
import { SeededRandom } from '../../config/random.js';
import { loadIntents, measureMatcher, type MatcherResult } from '../dialog-matcher.js';
import { figure, type Figure } from '../figure.js';
import type { Suite } from '../suite.js';

/** Public sets of utterances with their intents, as `<name>.jsonl`. */
const sets = ['banking77', 'clinc150', 'smp2020_ecdt_zh'];
/** Branches of a node; the promise is for six. */
const sizes = [4, 6, 8, 20];
const promisedSize = 6;

/** How well and how fast the in-box matcher tells intents apart that it has seen five examples of. */
export const matcherSuite: Suite = {
  name: 'matcher',
  about: 'accuracy and speed of the in-box matcher on labelled utterances',
  maxSeconds: 180,
  measuresPeers: false,
  run: ({ options, print }) => {
    const directory = options.dataDirectory ?? projectPath('..', 'shared', 'data');
    if (options.dataDirectory !== null && !existsSync(options.dataDirectory))
      return Promise.reject(new Error(`--data: there is no directory ${options.dataDirectory}`));
    const figures: Figure[] = [];
    const notes: string[] = [];
    for (const set of sets) {
      const intents = loadIntents(join(directory, `${set}.jsonl`));
      if (!intents) {
        notes.push(`${set} left out: there is no ${set}.jsonl in ${directory}`);
        continue;
      }
      for (const branches of options.quick ? [promisedSize] : sizes) {
        print(`${set}, ${branches} branches`);
        const result = measureMatcher(intents, branches, options.quick ? 5 : 25, new SeededRandom(branches));
        figures.push(...resultFigures(`${set}, ${branches} branches`, branches, result));
      }
    }
    return Promise.resolve({ suite: 'matcher', figures, distributions: [], notes });
  },
};

function resultFigures(name: string, branches: number, result: MatcherResult): Figure[] {
  const promised = branches === promisedSize;
  return [
    figure(`${name}: best branch right`, 100 * result.accuracy, '%'),
    figure(`${name}: own above foreign (AUROC)`, 100 * result.auroc, '%'),
    figure(`${name}: taken rightly`, 100 * result.right, '%'),
    figure(`${name}: taken wrongly`, 100 * result.wrong, '%'),
    figure(`${name}: foreign taken`, 100 * result.foreign, '%'),
    figure(`${name}: fit`, result.fitMs, 'ms', promised ? { bar: 10 } : {}),
    figure(`${name}: match`, result.matchUs, 'us', promised ? { bar: 50 } : {}),
  ];
}
