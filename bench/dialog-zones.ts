import { calibrateSets } from '../dialog/calibrate.js';
import { NgramMatcher } from '../dialog/ngram-matcher.js';
import { treeFrequencies } from '../dialog/ngram-scorer.js';
import { TreeExamples } from '../dialog/tree-examples.js';
import type { Thresholds } from '../dialog/tree.js';
import { judge } from '../dialog/zones.js';
import { rank, type Answer } from './dialog-measure.js';
import { fitted, type IntentModel } from './dialog-model.js';
import type { NodeTask } from './dialog-tasks.js';
import { ask, runTask } from './dialog-trial.js';

/** What became of the utterances at the nodes of trees. Shares of 0 to 1, of own or of foreign utterances. */
export interface ZoneOutcomes {
  readonly own: {
    readonly right: number;
    readonly wrong: number;
    /** Asked back about one branch, or about two or three, and the right one was among them. */
    readonly confirmed: number;
    readonly chosen: number;
    readonly askedAmiss: number;
    readonly rejected: number;
  };
  readonly foreign: { readonly accepted: number; readonly asked: number; readonly rejected: number };
  /** Of own utterances that were offered two or three branches: the right one among them, and the first of them. */
  readonly offeredRight: number;
  readonly offeredFirst: number;
  readonly auroc: number | null;
  readonly fitMsPerNode: number;
  readonly calibrateMsPerNode: number;
}

/** Our matcher in trees as the gateway builds them: words weighed over the tree, background, calibrated thresholds. */
export async function ourZones(trees: readonly (readonly NodeTask[])[]): Promise<ZoneOutcomes> {
  const tally = new Tally();
  let nodes = 0;
  let fitMs = 0;
  let calibrateMs = 0;
  for (const tree of trees) {
    const sets = tree.map(({ set }) => set);
    const startedMs = performance.now();
    const thresholds = calibrateSets(sets, sets);
    calibrateMs += performance.now() - startedMs;
    const fitStartedMs = performance.now();
    const frequencies = treeFrequencies(sets);
    const examples = new TreeExamples(sets);
    const matchers = sets.map(
      (set) => new NgramMatcher(set.candidates, frequencies, examples.background(set)),
    );
    fitMs += performance.now() - fitStartedMs;
    nodes += tree.length;
    for (const [i, task] of tree.entries()) {
      const matcher = matchers[i];
      const own = thresholds.get(task.set.setId);
      if (matcher && own) tally.add((await ask(fitted(matcher), task.queries)).answers, own);
    }
  }
  return tally.outcomes(fitMs / nodes, calibrateMs / nodes);
}

/** A peer in the same trees, with the one threshold it is used with. It has no zone in which it would ask back. */
export async function peerZones(
  model: IntentModel,
  trees: readonly (readonly NodeTask[])[],
  language: 'en' | 'zh',
  threshold: number,
): Promise<ZoneOutcomes & { readonly answers: readonly Answer[] }> {
  const tally = new Tally();
  let fitMs = 0;
  for (const task of trees.flat()) {
    const trial = await runTask(model, task, language);
    fitMs += trial.fitMs;
    tally.add(trial.answers, { accept: threshold, confirm: threshold, source: 'default' }, false);
  }
  return { ...tally.outcomes(fitMs / trees.flat().length, 0), answers: tally.answers };
}

/** Own utterances taken rightly and wrongly at the threshold that lets in just `foreign` of the foreign ones. */
export function atForeignShare(
  answers: readonly Answer[],
  foreign: number,
): { readonly right: number; readonly wrong: number } {
  const scoreOf = ({ scores }: Answer): number => scores[0]?.score ?? 0;
  const strange = answers.filter(({ query }) => query.intent === null).map(scoreOf);
  const sorted = strange.sort((a, b) => b - a);
  const threshold = sorted[Math.floor(foreign * sorted.length)] ?? 0;
  const own = answers.filter(({ query }) => query.intent !== null);
  const taken = own.filter((answer) => scoreOf(answer) > threshold);
  const right = taken.filter(({ query, scores }) => scores[0]?.branchId === query.intent).length;
  return { right: right / own.length, wrong: (taken.length - right) / own.length };
}

/** Counts outcomes over nodes. */
class Tally {
  readonly answers: Answer[] = [];
  #own = 0;
  #foreign = 0;
  readonly #counts = new Map<string, number>();

  add(answers: readonly Answer[], thresholds: Thresholds, asks = true): void {
    this.answers.push(...answers);
    for (const { query, scores } of answers) {
      const verdict = judge(scores, thresholds);
      const zone = asks || verdict.zone !== 'choose' ? verdict.zone : 'accept';
      if (query.intent === null) {
        this.#foreign++;
        this.#count(`foreign ${zone}`);
        continue;
      }
      this.#own++;
      const first = verdict.branchId === query.intent;
      const right = zone === 'choose' ? verdict.options.includes(query.intent) : first;
      this.#count(`${zone} ${right ? 'right' : 'wrong'}`);
      if (zone === 'choose' && first) this.#count('choose first');
    }
  }

  outcomes(fitMsPerNode: number, calibrateMsPerNode: number): ZoneOutcomes {
    const own = (name: string): number => this.#of(name) / Math.max(1, this.#own);
    const foreign = (name: string): number => this.#of(`foreign ${name}`) / Math.max(1, this.#foreign);
    const offered = Math.max(1, this.#of('choose right') + this.#of('choose wrong'));
    return {
      own: {
        right: own('accept right'),
        wrong: own('accept wrong'),
        confirmed: own('confirm right'),
        chosen: own('choose right'),
        askedAmiss: own('confirm wrong') + own('choose wrong'),
        rejected: own('reject right') + own('reject wrong'),
      },
      foreign: {
        accepted: foreign('accept'),
        asked: foreign('confirm') + foreign('choose'),
        rejected: foreign('reject'),
      },
      offeredRight: this.#of('choose right') / offered,
      offeredFirst: this.#of('choose first') / offered,
      auroc: rank(this.answers).auroc,
      fitMsPerNode,
      calibrateMsPerNode,
    };
  }

  #count(name: string): void {
    this.#counts.set(name, this.#of(name) + 1);
  }

  #of(name: string): number {
    return this.#counts.get(name) ?? 0;
  }
}
