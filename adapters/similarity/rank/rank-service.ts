import {
  status,
  type ServerUnaryCall,
  type sendUnaryData,
  type UntypedServiceImplementation,
} from '@grpc/grpc-js';

import { dialogLimits, similarityLimits } from '../../../config/limits.js';
import { treeFrequencies } from '../../../dialog/ngram-scorer.js';
import { NgramMatcher } from '../../../dialog/ngram-matcher.js';

interface Candidate {
  readonly id: string;
  readonly examples: readonly string[];
}

interface CandidateSet {
  readonly set_id: string;
  readonly version: string;
  readonly candidates: readonly Candidate[];
}

interface RankRequest {
  readonly set_id: string;
  readonly version: string;
  readonly query: string;
  readonly candidate_ids: readonly string[];
  readonly top_k: number;
}

class RankFault extends Error {
  readonly code: status;

  constructor(code: status, message: string) {
    super(message);
    this.code = code;
  }
}

/**
 * `parley.similarity.v1` over the in-box matcher, in memory: what another implementation is compared with.
 *
 * Keeps `maxSets` sets; the one that was not asked for longest goes first.
 */
export class RankService {
  readonly #maxSets: number;
  readonly #matchers = new Map<string, NgramMatcher>();

  constructor(maxSets: number = similarityLimits.rankSets) {
    this.#maxSets = maxSets;
  }

  /** How many sets are kept. */
  get size(): number {
    return this.#matchers.size;
  }

  /** For `Server.addService`. */
  handlers(): UntypedServiceImplementation {
    return {
      Info: answering(() => ({ scorer: 'parley-ngram', max_sets: this.#maxSets })),
      PutCandidates: answering((message: { readonly sets: readonly CandidateSet[] }) =>
        this.#put(message.sets),
      ),
      Rank: answering((message: RankRequest) => this.#rank(message)),
      Release: answering((message: { readonly set_id: string; readonly version: string }) => {
        this.#matchers.delete(keyOf(message.set_id, message.version));
        return {};
      }),
    };
  }

  #put(sets: readonly CandidateSet[]): object {
    sets.forEach(check);
    const fresh = sets.filter(({ set_id, version }) => !this.#matchers.has(keyOf(set_id, version)));
    const frequencies = treeFrequencies(
      sets.map(({ set_id, candidates }) => ({ setId: set_id, candidates })),
    );
    for (const { set_id, version, candidates } of fresh)
      this.#matchers.set(keyOf(set_id, version), new NgramMatcher(candidates, frequencies));
    for (const key of this.#matchers.keys()) {
      if (this.#matchers.size <= this.#maxSets) break;
      this.#matchers.delete(key);
    }
    return {};
  }

  #rank({ set_id, version, query, candidate_ids, top_k }: RankRequest): object {
    const key = keyOf(set_id, version);
    const matcher = this.#matchers.get(key);
    if (!matcher) throw new RankFault(status.NOT_FOUND, `set "${set_id}" is not here: put its candidates`);
    this.#matchers.delete(key);
    this.#matchers.set(key, matcher);
    const wanted = new Set(candidate_ids);
    const ranking = matcher
      .match(query.slice(0, dialogLimits.utteranceCharacters))
      .filter(({ branchId }) => wanted.has(branchId))
      .map(({ branchId, score }) => ({ id: branchId, score }));
    return { ranking: top_k > 0 ? ranking.slice(0, top_k) : ranking };
  }
}

/** A unary handler that insists on a deadline, so that nobody waits for ever for an overloaded server. */
function answering<Request>(handle: (message: Request) => object) {
  return (call: ServerUnaryCall<Request, object>, answer: sendUnaryData<object>): void => {
    try {
      if (call.getDeadline() === Infinity)
        throw new RankFault(status.INVALID_ARGUMENT, 'the request has no deadline: set one');
      answer(null, handle(call.request));
    } catch (err) {
      const code = err instanceof RankFault ? err.code : status.INTERNAL;
      answer({ code, details: err instanceof RankFault ? err.message : 'internal error' });
    }
  };
}

function check({ set_id, version, candidates }: CandidateSet): void {
  const wrong = (what: string): never => {
    throw new RankFault(status.INVALID_ARGUMENT, `set "${set_id}": ${what}`);
  };
  if (set_id === '' || version === '') wrong('set_id and version must not be empty');
  if (candidates.length > dialogLimits.branchesPerNode + dialogLimits.globals) wrong('too many candidates');
  if (new Set(candidates.map(({ id }) => id)).size !== candidates.length) wrong('an id is there twice');
}

function keyOf(setId: string, version: string): string {
  return JSON.stringify([setId, version]);
}
