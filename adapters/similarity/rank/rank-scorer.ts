import { createHash } from 'node:crypto';

import { similarityLimits } from '../../../config/limits.js';
import type { Candidate, CandidateSet, ScoredBranch } from '../../../dialog/scoring.js';
import type { CalibratableScorer } from '../calibration/calibratable.js';
import type { GrpcService } from '../grpc/grpc-service.js';
import { asList, asObject } from '../http/json-shape.js';
import { SimilarityError } from '../similarity-error.js';
import { orAborted } from '../waiting.js';
import { loadRankService } from './rank-proto.js';

/** Characters of examples that one request carries, far below the bound of a message. */
const charactersPerPut = 1_000_000;
/** Questions of a calibration at the same time. */
const concurrentQuestions = 4;

export interface RankScorerOptions {
  readonly grpc: GrpcService;
  /** Deadline of a turn's question. */
  readonly timeoutMs: number;
  /** Ends what no turn waits for. */
  readonly closing: AbortSignal;
}

interface WireSet {
  readonly set_id: string;
  readonly version: string;
  readonly candidates: readonly Candidate[];
}

/**
 * Asks a `parley.similarity.v1` server, whatever it scores with.
 *
 * Sets carry the hash of their candidates as version, so that several versions of a tree and several nodes can share a
 * server. A server that has forgotten a set is given all sets again, once for all turns that notice.
 */
export class RankScorer implements CalibratableScorer {
  readonly name = 'rank';
  readonly #options: RankScorerOptions;
  readonly #service = loadRankService();
  readonly #sets = new Map<string, WireSet>();
  #puttingAgain: Promise<void> | null = null;

  constructor(options: RankScorerOptions) {
    this.#options = options;
  }

  prepare(setId: string, candidates: readonly Candidate[]): Promise<void> {
    return this.prepareAll([{ setId, candidates }]);
  }

  async prepareAll(sets: readonly CandidateSet[]): Promise<void> {
    const wired = sets.map(({ setId, candidates }) => wireSet(setId, candidates));
    await this.#put(wired);
    for (const set of wired) this.#sets.set(set.set_id, set);
  }

  async score(
    setId: string,
    text: string,
    branchIds: readonly string[],
    signal: AbortSignal,
  ): Promise<readonly ScoredBranch[]> {
    signal.throwIfAborted();
    const set = this.#sets.get(setId);
    if (!set)
      throw new SimilarityError('unavailable', `${this.name}: candidate set "${setId}" was not prepared`);
    try {
      return await this.#rank(set, text, branchIds, this.#options.timeoutMs, signal);
    } catch (err) {
      if (!(err instanceof SimilarityError) || err.fault !== 'stale') throw err;
    }
    await orAborted(this.#putAgain(), signal);
    return this.#rank(set, text, branchIds, this.#options.timeoutMs, signal);
  }

  async scoreHeldOut(
    candidates: readonly Candidate[],
    texts: readonly string[],
    signal: AbortSignal,
  ): Promise<readonly (readonly ScoredBranch[])[]> {
    const set = wireSet('calibration', candidates);
    const ids = candidates.map(({ id }) => id);
    await this.#put([set]);
    try {
      const answers: (readonly ScoredBranch[])[] = [];
      for (let i = 0; i < texts.length; i += concurrentQuestions) {
        const some = texts.slice(i, i + concurrentQuestions);
        const asked = some.map((text) =>
          this.#rank(set, text, ids, similarityLimits.prepareRequestMs, signal),
        );
        answers.push(...(await Promise.all(asked)));
      }
      return answers;
    } finally {
      this.#forget(set);
    }
  }

  release(setId: string): void {
    const set = this.#sets.get(setId);
    if (!set) return;
    this.#sets.delete(setId);
    this.#forget(set);
  }

  #forget({ set_id, version }: WireSet): void {
    // A server that cannot be told forgets what is not used by itself.
    this.#call(
      'Release',
      { set_id, version },
      similarityLimits.prepareRequestMs,
      this.#options.closing,
    ).catch(() => undefined);
  }

  async #put(sets: readonly WireSet[]): Promise<void> {
    for (const some of chunksOf(sets))
      await this.#call(
        'PutCandidates',
        { sets: some },
        similarityLimits.prepareRequestMs,
        this.#options.closing,
      );
  }

  #putAgain(): Promise<void> {
    this.#puttingAgain ??= this.#put([...this.#sets.values()]).finally(() => {
      this.#puttingAgain = null;
    });
    return this.#puttingAgain;
  }

  async #rank(
    { set_id, version }: WireSet,
    query: string,
    ids: readonly string[],
    deadlineMs: number,
    signal: AbortSignal,
  ): Promise<readonly ScoredBranch[]> {
    const question = { set_id, version, query, candidate_ids: ids, top_k: 0 };
    const answer = asObject(await this.#call('Rank', question, deadlineMs, signal), 'the answer of Rank');
    const scored = asList(answer['ranking'], 'ranking').map((entry) =>
      toScore(asObject(entry, 'a rank'), ids),
    );
    if (new Set(scored.map(({ branchId }) => branchId)).size !== scored.length)
      throw new SimilarityError('garbage', 'rank sent a candidate twice');
    return scored.sort((a, b) => b.score - a.score);
  }

  #call(method: string, message: object, deadlineMs: number, signal: AbortSignal): Promise<unknown> {
    return this.#options.grpc.call(this.#service, method, message, deadlineMs, signal);
  }
}

function wireSet(setId: string, candidates: readonly Candidate[]): WireSet {
  const plain = candidates.map(({ id, examples }) => ({ id, examples }));
  const version = createHash('sha256').update(JSON.stringify(plain)).digest('hex').slice(0, 32);
  return { set_id: setId, version, candidates: plain };
}

/** Few requests, none of them too large; a set is never divided. */
function chunksOf(sets: readonly WireSet[]): WireSet[][] {
  const chunks: WireSet[][] = [];
  let room = 0;
  for (const set of sets) {
    const characters = set.candidates.reduce((sum, { examples }) => sum + examples.join('').length, 0);
    const last = chunks.at(-1);
    if (last && characters <= room) last.push(set);
    else {
      chunks.push([set]);
      room = charactersPerPut;
    }
    room -= characters;
  }
  return chunks;
}

function toScore(entry: Readonly<Record<string, unknown>>, ids: readonly string[]): ScoredBranch {
  const { id, score } = entry;
  if (typeof id !== 'string' || !ids.includes(id))
    throw new SimilarityError('garbage', 'rank sent a candidate that was not asked for');
  // A float of 32 bits may be a little more than 1.
  if (typeof score !== 'number' || !(score >= 0 && score <= 1.000_001))
    throw new SimilarityError('garbage', 'rank sent a score that is not 0 to 1');
  return { branchId: id, score: Math.min(1, score) };
}
