import { NgramMatcher } from '../dialog/ngram-matcher.js';
import type { Candidate, ScoredBranch } from '../dialog/scoring.js';

/** A matcher under test: ours, or a peer behind the same face. */
export interface IntentModel {
  readonly name: string;
  /** Learns the candidates; rejects when it cannot. */
  fit(candidates: readonly Candidate[], language: 'en' | 'zh'): Promise<FittedModel>;
}

export interface FittedModel {
  /** The scores of each text, best first. */
  matchAll(texts: readonly string[]): Promise<readonly (readonly ScoredBranch[])[]>;
}

/** The in-box matcher, which knows of nothing but the candidates. */
export const ngramModel: IntentModel = {
  name: 'parley',
  fit: (candidates) => Promise.resolve(fitted(new NgramMatcher(candidates))),
};

/** Lets a matcher that exists answer. */
export function fitted(matcher: Pick<NgramMatcher, 'match'>): FittedModel {
  return { matchAll: (texts) => Promise.resolve(texts.map((text) => matcher.match(text))) };
}
