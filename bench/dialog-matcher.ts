import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { projectPath } from '../config/paths.js';
import { SeededRandom } from '../config/random.js';
import { candidates } from '../dialog/candidates.js';
import { loadTree } from '../dialog/load.js';
import { NgramMatcher } from '../dialog/ngram-matcher.js';
import { treeFrequencies } from '../dialog/ngram-scorer.js';
import type { Candidate } from '../dialog/scoring.js';
import { defaultThresholds, isWaiting, type Thresholds } from '../dialog/tree.js';
import { judge } from '../dialog/zones.js';

/**
 * Accuracy, out-of-scope separation, zones and speed of the in-box matcher on labelled utterances.
 *
 * Usage: node dist/bench/dialog-matcher.js [DIRECTORY]; the directory holds `<name>.jsonl` files of
 * `{text, intent}` lines (default ../shared/data beside the repository). Without it, says so and exits 0.
 */
const sets = ['banking77', 'clinc150', 'smp2020_ecdt_zh'];
const draws = 25;
const examplesPerBranch = 5;
const heldOut = 20;
const treeNodes = 6;
const branchesPerNode = 6;

type Intents = ReadonlyMap<string, readonly string[]>;

interface Query {
  readonly text: string;
  /** Null: none of the candidates. */
  readonly branchId: string | null;
}

function loadIntents(path: string): Intents {
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
  const keyed = items.map((item) => ({ item, key: random.next() }));
  return keyed.sort((a, b) => a.key - b.key).map(({ item }) => item);
}

/** The intents in random order, each with its texts in random order. */
function draw(intents: Intents, random: SeededRandom): { intent: string; texts: string[] }[] {
  return shuffle([...intents], random).map(([intent, texts]) => ({ intent, texts: shuffle(texts, random) }));
}

function examplesOf(texts: readonly string[]): string[] {
  return texts.slice(0, examplesPerBranch);
}

function queriesOf(texts: readonly string[], branchId: string | null, count: number): Query[] {
  return texts.slice(examplesPerBranch, examplesPerBranch + count).map((text) => ({ text, branchId }));
}

/** Probability that an own utterance scores above a foreign one. */
function auroc(own: readonly number[], foreign: readonly number[]): number {
  const all = [
    ...own.map((score) => ({ score, own: true })),
    ...foreign.map((score) => ({ score, own: false })),
  ];
  all.sort((a, b) => a.score - b.score);
  let below = 0;
  let wins = 0;
  for (const item of all) {
    if (item.own) wins += below;
    else below++;
  }
  return wins / (own.length * foreign.length);
}

function measureMatcher(name: string, intents: Intents, branches: number): void {
  const random = new SeededRandom(branches);
  const own: number[] = [];
  const foreign: number[] = [];
  const fits: number[] = [];
  let right = 0;
  let matchMs = 0;
  for (let round = 0; round < draws; round++) {
    const drawn = draw(intents, random);
    const siblings: Candidate[] = drawn
      .slice(0, branches)
      .map(({ intent, texts }) => ({ id: intent, examples: examplesOf(texts) }));
    const queries = drawn.flatMap(({ intent, texts }, i) =>
      i < branches ? queriesOf(texts, intent, heldOut) : queriesOf(texts, null, 4),
    );
    const startMs = performance.now();
    const matcher = new NgramMatcher(siblings);
    const fittedMs = performance.now();
    const best = queries.map(({ text }) => matcher.match(text)[0]);
    matchMs += performance.now() - fittedMs;
    fits.push(fittedMs - startMs);
    queries.forEach(({ branchId }, i) => {
      (branchId === null ? foreign : own).push(best[i]?.score ?? 0);
      if (branchId !== null && best[i]?.branchId === branchId) right++;
    });
  }
  const fitMs = fits.sort((a, b) => a - b)[fits.length >> 1] ?? 0;
  const columns = [percent(right / own.length), percent(auroc(own, foreign)), fitMs.toFixed(2).padStart(7)];
  const matchUs = (1_000 * matchMs) / (own.length + foreign.length);
  console.log(
    `${name.padEnd(15)} ${String(branches).padStart(2)} ${columns.join(' ')} ${matchUs.toFixed(1).padStart(8)}`,
  );
}

/** Shares of each zone, for own and for foreign utterances. */
class ZoneTable {
  readonly #counts = new Map<string, number>();
  #own = 0;
  #foreign = 0;

  add(zone: string, query: Query, branchId: string | null): void {
    const of = query.branchId === null ? 'foreign' : query.branchId === branchId ? 'right' : 'wrong';
    if (query.branchId === null) this.#foreign++;
    else this.#own++;
    const key = `${zone} ${of}`;
    this.#counts.set(key, (this.#counts.get(key) ?? 0) + 1);
  }

  toString(): string {
    const own = (key: string) => percent((this.#counts.get(key) ?? 0) / this.#own);
    const foreign = (key: string) => percent((this.#counts.get(key) ?? 0) / this.#foreign);
    const rejected = percent(
      ((this.#counts.get('reject right') ?? 0) + (this.#counts.get('reject wrong') ?? 0)) / this.#own,
    );
    return (
      `${own('accept right')} ${own('accept wrong')} ${own('confirm right')} ${own('confirm wrong')} ${rejected} | ` +
      `${foreign('accept foreign')} ${foreign('confirm foreign')}`
    );
  }
}

/** Trees of random intents, loaded (and so calibrated) as any other: what each zone gets, by either thresholds. */
function measureZones(name: string, intents: Intents): void {
  const random = new SeededRandom(77);
  const calibrated = new ZoneTable();
  const fixed = new ZoneTable();
  for (let round = 0; round < draws; round++) {
    const drawn = draw(intents, random);
    const used = drawn.slice(0, treeNodes * branchesPerNode);
    const foreign = drawn.slice(used.length).flatMap(({ texts }) => queriesOf(texts, null, 4));
    const { tree } = loadTree(treeText(used.map(({ texts }) => examplesOf(texts))), 'bench.yaml');
    if (!tree) throw new Error('the generated tree does not load');
    const prepared = candidates(tree);
    const frequencies = treeFrequencies(prepared);
    const [first] = prepared;
    const node = tree.nodes.get(first?.setId ?? '');
    if (!first || !isWaiting(node)) continue;
    const matcher = new NgramMatcher(first.candidates, frequencies);
    const own = first.candidates.flatMap(({ id }, i) => queriesOf(used[i]?.texts ?? [], id, heldOut));
    for (const query of [...own, ...foreign]) {
      const scores = matcher.match(query.text);
      const add = (table: ZoneTable, thresholds: Thresholds) => {
        const { zone, branchId } = judge(scores, thresholds);
        table.add(zone, query, branchId);
      };
      add(calibrated, node.thresholds);
      add(fixed, defaultThresholds);
    }
  }
  console.log(`${name.padEnd(15)} fixed      ${fixed.toString()}`);
  console.log(`${name.padEnd(15)} calibrated ${calibrated.toString()}`);
}

/** JSON is YAML. Branches are named by number, since intents may have names that ids may not. */
function treeText(examples: readonly (readonly string[])[]): string {
  const nodes = Array.from({ length: treeNodes }, (_, n) => {
    const own = examples.slice(n * branchesPerNode, (n + 1) * branchesPerNode);
    const branches = own.map((texts, b) => ({ id: `n${n}b${b}`, examples: texts, go: `t${n}b${b}` }));
    return [`n${n}`, { listen: { branches } }];
  });
  const ends = examples.map((_texts, i) => [
    `t${Math.floor(i / branchesPerNode)}b${i % branchesPerNode}`,
    { end: {} },
  ]);
  return JSON.stringify({
    tree: 'bench',
    start: 'n0',
    nodes: Object.fromEntries([...nodes, ...ends]) as object,
  });
}

function percent(share: number): string {
  return (100 * share).toFixed(1).padStart(6);
}

function main(): void {
  const directory = process.argv[2] ?? projectPath('..', 'shared', 'data');
  if (!existsSync(directory)) {
    console.log(`no data in ${directory}: skipped; pass a directory of {text, intent} .jsonl files`);
    return;
  }
  const loaded = sets.map((name) => ({ name, intents: loadIntents(join(directory, `${name}.jsonl`)) }));
  console.log(
    `N branches of ${examplesPerBranch} examples, held-out utterances, ${draws} draws; top-1 and AUROC in %`,
  );
  console.log('set              N  top-1  AUROC  fit ms match us');
  for (const { name, intents } of loaded) {
    for (const branches of [4, 6, 8, 20]) measureMatcher(name, intents, branches);
  }
  console.log(
    `\n${branchesPerNode} branches, tree of ${treeNodes} such nodes: % of own utterances | of foreign ones`,
  );
  console.log('set             thresholds accept  wrong confirm wrong reject | accept confirm');
  for (const { name, intents } of loaded) measureZones(name, intents);
}

main();
