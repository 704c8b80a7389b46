import { similarityLimits } from '../../../config/limits.js';
import type { Candidate, CandidateSet, ScoredBranch } from '../../../dialog/scoring.js';
import type { CalibratableScorer } from '../calibration/calibratable.js';
import { SimilarityError } from '../similarity-error.js';
import type { EmbeddingClient } from './embedding-client.js';
import type { ExampleVectors } from './example-vectors.js';
import { backgroundCosine, dot, normalizeAll } from './vectors.js';

/** Nearest examples of a branch that are averaged. */
const nearest = 3;
/** Share of the very nearest example in a branch's cosine, against the average of the nearest few. */
const bestShare = 0.5;

export interface EmbeddingScorerOptions {
  readonly client: EmbeddingClient;
  /** Of the same client; shared by all scorers of one process. */
  readonly examples: ExampleVectors;
  /** Put before every utterance, never before examples; some models are trained so. */
  readonly queryPrefix: string;
}

interface Branch {
  readonly id: string;
  readonly vectors: readonly Float32Array[];
}

/**
 * Compares an utterance with the examples of each branch by the cosine of their embeddings.
 *
 * A branch's cosine is half its nearest example's, so that an author's own sentence wins, and half the average of its
 * three nearest, so that one stray example does not. Models differ widely in what unrelated texts score: the mean
 * cosine of examples of different branches becomes 0, and 1 stays 1.
 */
export class EmbeddingScorer implements CalibratableScorer {
  readonly #options: EmbeddingScorerOptions;
  readonly #sets = new Map<string, readonly Branch[]>();
  /** Vectors of examples, and of those that were held out as utterances, by the text that was embedded. */
  #known = new Map<string, Float32Array>();
  /** Vectors of the last few utterances, the oldest first. */
  readonly #recent = new Map<string, Float32Array>();
  #background: number | null = null;

  constructor(options: EmbeddingScorerOptions) {
    this.#options = options;
  }

  get name(): string {
    return this.#options.client.name;
  }

  /** How many sets are prepared. */
  get size(): number {
    return this.#sets.size;
  }

  async prepare(setId: string, candidates: readonly Candidate[]): Promise<void> {
    this.#sets.set(setId, await this.#branchesOf(candidates));
  }

  /** Prepares the sets of a tree, and learns from all of them what unrelated texts score. */
  async prepareAll(sets: readonly CandidateSet[]): Promise<void> {
    const vectors = await this.#options.examples.embedAll(textsOf(sets.flatMap((set) => set.candidates)));
    this.#known = vectors;
    const groups = new Map<string, readonly Float32Array[]>();
    for (const { setId, candidates } of sets) {
      const branches = candidates.map((candidate) => branchOf(candidate, vectors));
      this.#sets.set(setId, branches);
      // Globals are in every set, and count once.
      candidates.forEach(({ examples }, i) =>
        groups.set(JSON.stringify(examples), branches[i]?.vectors ?? []),
      );
    }
    this.#background = backgroundCosine([...groups.values()]);
    this.#recent.clear();
  }

  async score(
    setId: string,
    text: string,
    branchIds: readonly string[],
    signal: AbortSignal,
  ): Promise<readonly ScoredBranch[]> {
    signal.throwIfAborted();
    const branches = this.#sets.get(setId);
    if (!branches)
      throw new SimilarityError('unavailable', `${this.name}: candidate set "${setId}" was not prepared`);
    const wanted = branches.filter(({ id }) => branchIds.includes(id));
    if (wanted.length === 0 || text.trim() === '')
      return wanted.map(({ id }) => ({ branchId: id, score: 0 }));
    const query = await this.#embedQuery(text, signal);
    return this.#rank(query, wanted, this.#background ?? backgroundOf(branches));
  }

  async scoreHeldOut(
    candidates: readonly Candidate[],
    texts: readonly string[],
    signal: AbortSignal,
  ): Promise<readonly (readonly ScoredBranch[])[]> {
    signal.throwIfAborted();
    const branches = await this.#branchesOf(candidates);
    const queries = await this.#vectorsOf(texts.map((text) => this.#asQuery(text)));
    const background = this.#background ?? backgroundOf(branches);
    const answers: ScoredBranch[][] = [];
    for (const text of texts) {
      const query = queries.get(this.#asQuery(text));
      answers.push(query ? this.#rank(query, branches, background) : []);
      // Calls go on meanwhile: one answer at a node of thousands of examples takes milliseconds.
      await nextTurnOfLoop();
      signal.throwIfAborted();
    }
    return answers;
  }

  release(setId: string): void {
    this.#sets.delete(setId);
    if (this.#sets.size === 0) this.#known.clear();
  }

  async #branchesOf(candidates: readonly Candidate[]): Promise<readonly Branch[]> {
    const vectors = await this.#vectorsOf(textsOf(candidates));
    return candidates.map((candidate) => branchOf(candidate, vectors));
  }

  async #vectorsOf(texts: readonly string[]): Promise<ReadonlyMap<string, Float32Array>> {
    const known = this.#known;
    const unknown = texts.filter((text) => !known.has(text));
    if (unknown.length > 0)
      for (const [text, vector] of await this.#options.examples.embedAll(unknown)) known.set(text, vector);
    return known;
  }

  async #embedQuery(text: string, signal: AbortSignal): Promise<Float32Array> {
    const known = this.#recent.get(text);
    if (known) return known;
    const { client } = this.#options;
    const vectors = normalizeAll(client.name, await client.embed([this.#asQuery(text)], signal), 1);
    signal.throwIfAborted();
    const query = vectors[0] ?? new Float32Array();
    this.#recent.set(text, query);
    const [oldest] = this.#recent.keys();
    if (this.#recent.size > similarityLimits.recentVectors && oldest !== undefined)
      this.#recent.delete(oldest);
    return query;
  }

  #asQuery(text: string): string {
    return `${this.#options.queryPrefix}${text}`;
  }

  #rank(query: Float32Array, branches: readonly Branch[], background: number): ScoredBranch[] {
    const scored = branches.map(({ id, vectors }) => {
      const cosines = vectors.map((vector) => this.#cosine(query, vector));
      const score = (branchCosine(cosines) - background) / (1 - background);
      return { branchId: id, score: Math.min(1, Math.max(0, score)) };
    });
    return scored.sort((a, b) => b.score - a.score);
  }

  #cosine(query: Float32Array, example: Float32Array): number {
    if (query.length === example.length) return dot(query, example);
    throw new SimilarityError(
      'stale',
      `${this.name} now sends ${query.length} dimensions, examples have ${example.length}: another model?`,
    );
  }
}

function textsOf(candidates: readonly Candidate[]): string[] {
  return candidates.flatMap(({ examples }) => examples);
}

function branchOf(candidate: Candidate, vectors: ReadonlyMap<string, Float32Array>): Branch {
  return { id: candidate.id, vectors: candidate.examples.flatMap((text) => vectors.get(text) ?? []) };
}

function backgroundOf(branches: readonly Branch[]): number {
  return backgroundCosine(branches.map(({ vectors }) => vectors));
}

/** 0 for no examples. */
function branchCosine(cosines: readonly number[]): number {
  const top = cosines.toSorted((a, b) => b - a).slice(0, nearest);
  const [best] = top;
  if (best === undefined) return 0;
  const average = top.reduce((sum, cosine) => sum + cosine, 0) / top.length;
  return bestShare * best + (1 - bestShare) * average;
}

function nextTurnOfLoop(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
