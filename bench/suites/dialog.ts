import { projectPath } from '../../config/paths.js';
import { scoreEntities } from '../dialog-entities.js';
import { runHostile, type HostileResult } from '../dialog-hostile.js';
import { measureTurns } from '../dialog-turns.js';
import { figure, type Figure } from '../figure.js';
import type { Suite } from '../suite.js';

/** A turn's own time may not be heard: one frame of audio. */
const blockBarMs = 20;
/** For what comes seldom; jitter buffers and players hide it. */
const rareBlockBarMs = 50;
/** design.md section 8. */
const matchBarUs = 50;

/** What the dialog engine reads rightly, what a turn costs, and how it stands a tree made to hurt it. */
export const dialogSuite: Suite = {
  name: 'dialog',
  about: 'entity tables, cost of a turn at each kind of node, a hostile tree of the largest size',
  maxSeconds: 600,
  measuresPeers: false,
  run: async ({ options, print }) => {
    const entities = scoreEntities(projectPath('dialog/testdata/entities'));
    print('dialog: turns');
    const turns = measureTurns();
    print('dialog: hostile tree');
    const hostile = await runHostile(options.quick);
    return {
      suite: 'dialog',
      figures: [
        ...entities.map(({ passed, rows, type }) =>
          figure(`entity table, ${type} (${rows} rows): read rightly`, (100 * passed) / rows, '%'),
        ),
        ...turns.map(({ name, nanoseconds }) =>
          figure(name, nanoseconds / 1_000, 'us', name.startsWith('match') ? { bar: matchBarUs } : {}),
        ),
        ...hostileFigures(hostile),
      ],
      distributions: [],
      notes: [
        ...(hostile.calibrated
          ? []
          : ['the hostile tree is too large to be calibrated: it has the default thresholds']),
        'a tree is examined in a thread of its own; assembling and preparing are on the main thread, in pieces',
        'the longest wait holds what other programs on the machine took',
      ],
    };
  },
};

function hostileFigures(result: HostileResult): Figure[] {
  const { examples, longestBlock, megabytes, nodes } = result;
  const name = `hostile, ${nodes} nodes, ${examples} examples`;
  return [
    figure(`${name}: size`, megabytes, 'MB'),
    figure(`${name}: examine`, result.examineMs / 1_000, 's'),
    figure(`${name}: assemble`, result.assembleMs, 'ms'),
    figure(`${name}: prepare the matcher`, result.prepareMs / 1_000, 's'),
    figure(`${name}: heap`, result.heapMb, 'MB'),
    figure(`${name}: process`, result.peakRssMb, 'MB'),
    figure('hostile: utterance of 1 MB', result.utteranceMs, 'ms', { bar: blockBarMs }),
    figure('hostile: worst expression', result.expressionMs, 'ms', { bar: blockBarMs }),
    figure('hostile: worst pattern', result.patternMs, 'ms', { bar: blockBarMs }),
    figure('hostile: worst long sentence for a type', result.typesMs, 'ms', { bar: blockBarMs }),
    figure('hostile: longest wait for the main thread while it loads', longestBlock.wallMs, 'ms'),
    ...(longestBlock.processorMs === null
      ? []
      : [
          figure('hostile: most work in one piece while it loads', longestBlock.processorMs, 'ms', {
            bar: rareBlockBarMs,
          }),
        ]),
  ];
}
