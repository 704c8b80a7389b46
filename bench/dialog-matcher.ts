import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { projectPath } from '../config/paths.js';
import { SeededRandom } from '../config/random.js';
import { NgramMatcher } from '../dialog/ngram-matcher.js';
import type { Candidate } from '../dialog/scoring.js';

/**
 * Accuracy, out-of-scope separation and speed of the in-box matcher on labelled utterances.
 *
 * Usage: node dist/bench/dialog-matcher.js [DIRECTORY]; the directory holds `<name>.jsonl` files of
 * `{text, intent}` lines (default ../shared/data beside the repository). Without it, says so and exits 0.
 */
const sets = ['banking77', 'clinc150', 'smp2020_ecdt_zh'];
const draws = 25;
const examplesPerBranch = 5;

interface Result {
  readonly accuracy: number;
  readonly auroc: number;
  readonly fitMs: number;
  readonly matchUs: number;
  /** Own utterances taken rightly, wrongly, and foreign ones taken, at the usual accept threshold. */
  readonly right: number;
  readonly wrong: number;
  readonly foreign: number;
}

const threshold = Number(process.env['THRESHOLD'] ?? '0.3');

function loadIntents(path: string): Map<string, string[]> {
  const intents = new Map<string, string[]>();
  for (const line of readFileSync(path, 'utf8').split('\n')) {
    if (line === '') continue;
    const { text, intent } = JSON.parse(line) as { text: string; intent: string };
    if (intent !== 'oos') intents.set(intent, [...(intents.get(intent) ?? []), text]);
  }
  for (const [intent, texts] of intents) if (texts.length < examplesPerBranch + 3) intents.delete(intent);
  return intents;
}

function shuffle<T>(items: readonly T[], random: SeededRandom): T[] {
  const copy = [...items];
  for (let i = copy.length - 1; i > 0; i--) {
    const j = random.integer(i + 1);
    [copy[i], copy[j]] = [copy[j] as T, copy[i] as T];
  }
  return copy;
}

/** Probability that an own utterance scores above a foreign one. */
function auroc(own: readonly number[], foreign: readonly number[]): number {
  const all = [...own.map((s) => ({ s, own: true })), ...foreign.map((s) => ({ s, own: false }))];
  all.sort((a, b) => a.s - b.s);
  let below = 0;
  let wins = 0;
  for (const item of all) {
    if (item.own) wins += below;
    else below++;
  }
  return wins / (own.length * foreign.length);
}

function measure(intents: Map<string, string[]>, branches: number, random: SeededRandom): Result {
  const own: number[] = [];
  const foreign: number[] = [];
  const fits: number[] = [];
  let right = 0;
  let takenRight = 0;
  let takenWrong = 0;
  let matchMs = 0;
  for (let draw = 0; draw < draws; draw++) {
    const names = shuffle([...intents.keys()], random);
    const candidates: Candidate[] = [];
    const queries: { text: string; intent: string | null }[] = [];
    names.forEach((id, at) => {
      const texts = shuffle(intents.get(id) ?? [], random);
      if (at < branches) {
        candidates.push({ id, examples: texts.slice(0, examplesPerBranch) });
        for (const text of texts.slice(examplesPerBranch, examplesPerBranch + 20))
          queries.push({ text, intent: id });
      } else queries.push(...texts.slice(0, 4).map((text) => ({ text, intent: null })));
    });
    const startMs = performance.now();
    const matcher = new NgramMatcher(candidates);
    fits.push(performance.now() - startMs);
    const matchStartMs = performance.now();
    const answers = queries.map((query) => matcher.match(query.text)[0]);
    matchMs += performance.now() - matchStartMs;
    queries.forEach(({ intent }, i) => {
      const best = answers[i];
      if (!best) return;
      if (intent === null) foreign.push(best.score);
      else {
        own.push(best.score);
        if (best.branchId === intent) right++;
        if (best.score >= threshold) {
          if (best.branchId === intent) takenRight++;
          else takenWrong++;
        }
      }
    });
  }
  fits.sort((a, b) => a - b);
  return {
    accuracy: right / own.length,
    auroc: auroc(own, foreign),
    fitMs: fits[fits.length >> 1] ?? 0,
    matchUs: (1000 * matchMs) / (own.length + foreign.length),
    right: takenRight / own.length,
    wrong: takenWrong / own.length,
    foreign: foreign.filter((score) => score >= threshold).length / foreign.length,
  };
}

function percent(value: number): string {
  return (100 * value).toFixed(1).padStart(6);
}

function main(): void {
  const directory = process.argv[2] ?? projectPath('..', 'shared', 'data');
  if (!existsSync(directory)) {
    console.log(`no data in ${directory}: skipped; pass a directory of {text, intent} .jsonl files`);
    return;
  }
  console.log(`examples per branch ${examplesPerBranch}, ${draws} draws, threshold ${threshold}`);
  console.log('set              N   top-1  AUROC   right  wrong foreign   fit ms  match us');
  for (const name of sets) {
    const intents = loadIntents(join(directory, `${name}.jsonl`));
    for (const branches of [4, 6, 8, 20]) {
      const r = measure(intents, branches, new SeededRandom(branches));
      console.log(
        `${name.padEnd(15)} ${String(branches).padStart(2)}  ${percent(r.accuracy)} ${percent(r.auroc)}  ` +
          `${percent(r.right)} ${percent(r.wrong)}  ${percent(r.foreign)}  ${r.fitMs.toFixed(2).padStart(7)}  ` +
          r.matchUs.toFixed(1).padStart(8),
      );
    }
  }
}

main();
