import { projectPath } from '../../config/paths.js';
import type { BarChart } from '../bar-chart.js';
import {
  compareRegimes,
  compareZones,
  type Comparison,
  type Measured,
  type ZoneComparison,
} from '../dialog-compare.js';
import { readLabelledSets, type LabelledSet } from '../dialog-data.js';
import { nlpjsMissing, nlpjsModels } from '../dialog-nlpjs.js';
import { figure, type Figure } from '../figure.js';
import type { Suite } from '../suite.js';

/** The size that design.md section 8 promises times for. */
const promisedBranches = 6;
const fitBarMs = 10;
const matchBarUs = 50;

interface SetResult {
  readonly set: LabelledSet;
  readonly comparisons: readonly Comparison[];
  readonly zones: ZoneComparison | null;
}

/** How well and how fast the in-box matcher tells intents apart, beside NLP.js on the same sentences. */
export const matcherSuite: Suite = {
  name: 'matcher',
  about: 'accuracy, calibrated outcomes and speed of the in-box matcher on labelled utterances',
  maxSeconds: 1_800,
  measuresPeers: false,
  run: async ({ options, print }) => {
    const sets = readLabelledSets(options.dataDirectory ?? projectPath('bench', 'testdata', 'utterances'));
    const peers = await nlpjsModels(options.peerModules ?? process.cwd());
    const results: SetResult[] = [];
    for (const set of sets) {
      const comparisons = await compareRegimes(set, peers, options.quick, print);
      print(`${set.name}: trees`);
      results.push({ set, comparisons, zones: await compareZones(set, peers, options.quick) });
    }
    return {
      suite: 'matcher',
      figures: results.flatMap(setFigures),
      distributions: [],
      charts: charts(results),
      notes: [
        ...(peers.length === 0
          ? [nlpjsMissing]
          : [
              'the baseline is NLP.js, for each figure the better of its two settings; above 1 x is better for shares',
            ]),
        ...results.filter(({ zones }) => !zones).map(({ set }) => `${set.name} is too small for trees`),
      ],
    };
  },
};

function setFigures({ set, comparisons, zones }: SetResult): Figure[] {
  const regimes = comparisons.flatMap((comparison) => regimeFigures(set, comparison));
  return zones ? [...regimes, ...zoneFigures(`${set.name}, trees`, zones)] : regimes;
}

function regimeFigures(set: LabelledSet, { regime, branches, ours, peer }: Comparison): Figure[] {
  const name = `${set.name}, ${regime}`;
  const share = (label: string, of: (measured: Measured) => number | null): Figure[] => {
    const value = of(ours);
    if (value === null) return [];
    const theirs = peer && of(peer);
    return [
      figure(`${name}: ${label}`, 100 * value, '%', { baseline: theirs === null ? null : 100 * theirs }),
    ];
  };
  const bars = branches === promisedBranches;
  return [
    ...share('best branch right', ({ accuracy }) => accuracy),
    ...share('own above foreign (AUROC)', ({ auroc }) => auroc),
    ...share('foreign rejected at 5 % loss', ({ rejectedAtLoss }) => rejectedAtLoss),
    figure(`${name}: fit`, ours.fitMs, 'ms', {
      baseline: peer && peer.fitMs,
      ...(bars ? { bar: fitBarMs } : {}),
    }),
    figure(`${name}: match`, ours.matchUs, 'us', {
      baseline: peer && peer.matchUs,
      ...(bars ? { bar: matchBarUs } : {}),
    }),
    ...(branches === set.intents.size
      ? [figure(`${name}: memory`, ours.heapMb, 'MB', { baseline: peer && peer.heapMb })]
      : []),
  ];
}

function zoneFigures(name: string, { ours, peer, peerAsStrict }: ZoneComparison): Figure[] {
  const percent = (label: string, value: number, theirs: number | null | undefined = null): Figure =>
    figure(`${name}: ${label}`, 100 * value, '%', { baseline: theirs === null ? null : 100 * theirs });
  return [
    percent('own taken rightly', ours.own.right, peer?.own.right ?? null),
    percent('own taken wrongly', ours.own.wrong, peer?.own.wrong ?? null),
    ...(peerAsStrict
      ? [
          percent('own taken rightly, peer as strict as we', ours.own.right, peerAsStrict.right),
          percent('own taken wrongly, peer as strict as we', ours.own.wrong, peerAsStrict.wrong),
        ]
      : []),
    percent('own asked back, one branch, the right one', ours.own.confirmed),
    percent('own asked back, A or B, the right one among them', ours.own.chosen),
    percent('own asked back amiss', ours.own.askedAmiss),
    percent('own rejected', ours.own.rejected, peer?.own.rejected ?? null),
    percent('foreign taken', ours.foreign.accepted, peer?.foreign.accepted ?? null),
    percent('foreign asked back', ours.foreign.asked),
    percent('foreign rejected', ours.foreign.rejected, peer?.foreign.rejected ?? null),
    percent('A or B holds the right one', ours.offeredRight),
    percent('A or B has the right one first', ours.offeredFirst),
    ...(ours.auroc === null ? [] : [percent('own above foreign (AUROC)', ours.auroc, peer?.auroc ?? null)]),
    figure(`${name}: fit, each node`, ours.fitMsPerNode, 'ms', {
      bar: fitBarMs,
      baseline: peer && peer.fitMsPerNode,
    }),
    figure(`${name}: calibrate, each node`, ours.calibrateMsPerNode, 'ms'),
  ];
}

function charts(results: readonly SetResult[]): BarChart[] {
  const regimes = [4, 8, 20];
  const accuracy = regimes.flatMap((branches) =>
    chartOf(
      `best branch right, ${branches} branches of 5 examples`,
      results,
      branches,
      ({ accuracy }) => accuracy,
    ),
  );
  const separation = regimes.flatMap((branches) =>
    chartOf(`own above foreign (AUROC), ${branches} branches`, results, branches, ({ auroc }) => auroc),
  );
  return [...accuracy, ...separation];
}

function chartOf(
  name: string,
  results: readonly SetResult[],
  branches: number,
  of: (measured: Measured) => number | null,
): BarChart[] {
  const groups = results.flatMap(({ set, comparisons }) => {
    const found = comparisons.find((comparison) => comparison.branches === branches);
    if (!found) return [];
    const percent = (measured: Measured | null): number | null => {
      const value = measured && of(measured);
      return value === null ? null : 100 * value;
    };
    return [{ name: set.name, values: [percent(found.ours), percent(found.peer)] }];
  });
  return groups.length > 0 ? [{ name, unit: '%', series: ['Parley', 'NLP.js'], groups }] : [];
}
