import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, extname, join, relative, resolve } from 'node:path';
import { dialogLimits } from '../../config/limits.js';
import { SeededRandom } from '../../config/random.js';
import type { DialogAction } from '../../dialog/action.js';
import { Coverage, type CoverageCounts } from '../../dialog/coverage.js';
import { loadTree } from '../../dialog/load.js';
import { measureNoise, type NoiseLevel } from '../../dialog/noise.js';
import { loadStories, type StoryFile } from '../../dialog/story-load.js';
import { runStory, type StoryResult } from '../../dialog/story-run.js';
import { formatProblem, type TreeProblem } from '../../dialog/tree-problem.js';
import type { DialogTree } from '../../dialog/tree.js';
import { junitReport } from './junit.js';
import type { Scoring } from './score-ahead.js';

/** How often each sentence is heard with errors. */
const repetitions = 100;

export interface TestOptions {
  /** Files and directories with stories. */
  readonly paths: readonly string[];
  /** Tested instead of the trees that the stories name. */
  readonly treeFile: string | null;
  readonly json: boolean;
  /** Where a report for a CI server goes, or null. */
  readonly junitFile: string | null;
  /** Least coverage, 0 to 100. */
  readonly minNodes: number;
  readonly minBranches: number;
  /** Rates of recognition errors to try. */
  readonly noise: readonly number[];
  readonly seed: number;
  /** Who scores the sentences of a tree; asked once for each tree. A rejection is a tree that cannot be tested. */
  readonly scoringOf: (tree: DialogTree) => Promise<Scoring>;
  readonly cwd: string;
  /** Takes one line without its line end. */
  readonly output: (line: string) => void;
}

/** The stories of one file, held. */
export interface FileResult {
  readonly file: string;
  readonly stories: readonly StoryResult[];
  readonly noise: readonly NoiseLevel[];
}

/** What `--json` tells of a tree file. */
export interface TreeCoverage extends CoverageCounts {
  /** The id in the file. */
  readonly tree: string;
}

interface TestedTree {
  readonly file: string;
  readonly tree: DialogTree;
  readonly scoring: Scoring;
  readonly coverage: Coverage;
}

/**
 * Holds the conversations of story files with their trees (`parley test`).
 *
 * Resolves to the exit code: 0 when every story holds and the coverage is reached, 1 when not, 2 when something could not
 * be read.
 */
export async function runTest(options: TestOptions): Promise<0 | 1 | 2> {
  const run = new TestRun(options);
  for (const path of options.paths) await run.take(path);
  return run.finish();
}

class TestRun {
  readonly #options: TestOptions;
  readonly #trees = new Map<string, TestedTree | null>();
  readonly #results: FileResult[] = [];
  #unreadable = 0;

  constructor(options: TestOptions) {
    this.#options = options;
  }

  async take(path: string): Promise<void> {
    const full = resolve(this.#options.cwd, path);
    const stats = statSync(full, { throwIfNoEntry: false });
    if (!stats) this.#complain(`${path}: there is no such file`);
    else if (stats.isDirectory()) {
      const names = readdirSync(full).filter((name) => ['.yaml', '.yml'].includes(extname(name)));
      if (names.length === 0) this.#complain(`${path}: there are no stories (*.yaml) in it`);
      for (const name of names.sort()) await this.#file(join(full, name));
    } else await this.#file(full);
  }

  finish(): 0 | 1 | 2 {
    const { json, junitFile, cwd } = this.#options;
    if (junitFile !== null) writeFileSync(resolve(cwd, junitFile), junitReport(this.#results));
    const short = this.#tooLittle();
    if (json) this.#print(JSON.stringify(this.#summary(), null, 2));
    else this.#report(short);
    if (this.#unreadable > 0) return 2;
    return short.length > 0 || this.#failed() > 0 ? 1 : 0;
  }

  async #file(file: string): Promise<void> {
    const shown = relative(this.#options.cwd, file);
    const { file: stories, problems } = loadStories(readFileSync(file, 'utf8'), shown);
    this.#problems(problems);
    if (!stories) return;
    const { treeFile, cwd } = this.#options;
    const tree = await this.#tree(
      treeFile === null ? resolve(dirname(file), stories.raw.tree) : resolve(cwd, treeFile),
    );
    if (!tree) return;
    try {
      await this.#hold(shown, stories, tree);
    } catch (err) {
      this.#complain(`${shown}: cannot be ${tree.scoring.name}: ${messageOf(err)}`);
    }
  }

  async #hold(file: string, stories: StoryFile, { tree, scoring, coverage }: TestedTree): Promise<void> {
    const results: StoryResult[] = [];
    for (const story of stories.stories) {
      const { result, turns } = await scoring.settle((scoreNow) => {
        const turns: (readonly DialogAction[])[] = [];
        const seen = { add: (actions: readonly DialogAction[]) => void turns.push(actions) };
        return { result: runStory(tree, stories, story, scoreNow, seen), turns };
      }, false);
      results.push(result);
      for (const actions of turns) coverage.add(actions);
    }
    const noise = await scoring.settle((scoreNow) => {
      const random = new SeededRandom(this.#options.seed);
      return this.#options.noise.map((rate) =>
        measureNoise(tree, stories, scoreNow, rate, repetitions, () => random.next()),
      );
    }, true);
    this.#results.push({ file, stories: results, noise });
    if (this.#options.json) return;
    this.#print(`${file} (${tree.id} version ${tree.version})`);
    for (const result of results) this.#story(file, result);
    for (const level of noise) this.#noise(level);
  }

  #story(file: string, { name, turns, failures, transcript }: StoryResult): void {
    const [first] = failures;
    this.#print(`  ${first ? 'FAILED' : 'ok    '} ${name} (${turns} turns)`);
    if (!first) return;
    for (const line of transcript) this.#print(`         ${line}`);
    for (const { line, message } of failures) this.#print(`       ${file}:${line}: ${message}`);
    for (const line of first.trace) this.#print(`         | ${line}`);
  }

  #noise({ rate, sentences, right, asked, wrong, rejected, fragile }: NoiseLevel): void {
    const shares = `${percent(right)} right, ${percent(asked)} asked back, ${percent(wrong)} wrong, ${percent(rejected)} not understood`;
    this.#print(`  ${percent(rate)} of the words misheard: ${shares} (${sentences} sentences)`);
    for (const { text, misheard, wrong: often } of fragile)
      this.#print(`         "${text}" as "${misheard}": ${percent(often)} wrong`);
  }

  async #tree(file: string): Promise<TestedTree | null> {
    const known = this.#trees.get(file);
    if (known !== undefined) return known;
    const loaded = await this.#load(file);
    this.#trees.set(file, loaded);
    return loaded;
  }

  async #load(file: string): Promise<TestedTree | null> {
    const shown = relative(this.#options.cwd, file);
    const stats = statSync(file, { throwIfNoEntry: false });
    if (!stats?.isFile() || stats.size > dialogLimits.treeBytes) {
      this.#complain(`${shown}: there is no such tree, or it is too large`);
      return null;
    }
    const { tree, problems } = loadTree(readFileSync(file, 'utf8'), shown);
    this.#problems(problems.filter(({ severity }) => severity === 'error'));
    if (!tree) return null;
    try {
      return {
        file: shown,
        tree,
        scoring: await this.#options.scoringOf(tree),
        coverage: new Coverage(tree),
      };
    } catch (err) {
      this.#complain(`${shown}: ${messageOf(err)}`);
      return null;
    }
  }

  /** Trees whose coverage is below what is wanted, one line for each. */
  #tooLittle(): string[] {
    const { minNodes, minBranches } = this.#options;
    return this.#tested().flatMap(({ file, coverage }) => {
      const { nodes, branches } = coverage.shares;
      return [
        ...(nodes * 100 < minNodes ? [`${file}: ${percent(nodes)} of the nodes, not ${minNodes} %`] : []),
        ...(branches * 100 < minBranches
          ? [`${file}: ${percent(branches)} of the branches, not ${minBranches} %`]
          : []),
      ];
    });
  }

  #report(short: readonly string[]): void {
    for (const { file, coverage } of this.#tested()) {
      const { shares, missed } = coverage;
      this.#print('');
      this.#print(
        `${file}: ${percent(shares.nodes)} of the nodes, ${percent(shares.branches)} of the branches`,
      );
      if (missed.nodes.length > 0) this.#print(`  nodes never reached: ${missed.nodes.join(', ')}`);
      if (missed.branches.length > 0) this.#print(`  branches never taken: ${missed.branches.join(', ')}`);
    }
    for (const line of short) this.#print(`too little: ${line}`);
    const stories = this.#results.reduce((sum, result) => sum + result.stories.length, 0);
    const failed = this.#failed();
    this.#print('');
    const names = [...new Set(this.#tested().map(({ scoring }) => scoring.name))].join(', ');
    this.#print(`${stories - failed} of ${stories} stories hold${names === '' ? '' : ` (${names})`}`);
  }

  #summary() {
    const coverage: Record<string, TreeCoverage> = {};
    for (const { file, tree, coverage: reached } of this.#tested())
      coverage[file] = { tree: tree.id, ...reached.counts };
    return { files: this.#results, coverage };
  }

  #tested(): TestedTree[] {
    return [...this.#trees.values()].filter((tested) => tested !== null);
  }

  #failed(): number {
    return this.#results.flatMap(({ stories }) => stories).filter(({ failures }) => failures.length > 0)
      .length;
  }

  #problems(problems: readonly TreeProblem[]): void {
    for (const problem of problems) {
      if (problem.severity === 'error') this.#complain(formatProblem(problem));
      else this.#print(formatProblem(problem));
    }
  }

  #complain(line: string): void {
    this.#unreadable++;
    this.#print(line);
  }

  #print(line: string): void {
    this.#options.output(line);
  }
}

function messageOf(err: unknown): string {
  return err instanceof Error ? err.message : String(err);
}

function percent(share: number): string {
  return `${Math.floor(share * 100)} %`;
}
