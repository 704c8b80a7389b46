import { dialogLimits } from '../config/limits.js';
import { PostingLists } from './posting-lists.js';
import { DocumentFrequencies, Vocabulary, type SparseVector } from './vocabulary.js';

/** A sentence and how often it was said. */
export interface WeightedSentence {
  readonly text: string;
  readonly turns: number;
}

/** Sentences that belong together, by their index; the most frequent first. */
export interface Cluster {
  readonly members: readonly number[];
  /** Members that say something of their own: near-duplicates of one before them are left out. */
  readonly distinct: readonly number[];
}

/** Cosine of n-gram vectors from which two short sentences say the same in nearly the same words. */
const alike = 0.4;
/** Mean cosine from which two groups are about one thing: of 51 sentences on nine things and none, 89 % of the pairs are right. */
const together = 0.15;
/** Two sentences this near differ by a word of grammar, an ending or a slip. */
const duplicate = 0.85;

/**
 * Sorts sentences into groups of much the same meaning: by leaders first, then by average linkage.
 *
 * Sentences are n-gram vectors as the matcher has them, weighed by how rare an n-gram is among `known` (a tree's
 * examples) and the sentences themselves. The most frequent come first; each joins the nearest leader whose cosine is at
 * least 0.4, or becomes a leader. Then the two groups whose members are nearest on average are joined, again and again,
 * down to a mean cosine of 0.15. There are at most `dialogLimits.clusterLeaders` leaders; what fits none of them after
 * that stays alone. Deterministic: order and chance of the input do not matter, ties go to the more frequent and then to
 * the text.
 *
 * Costs about the number of sentences times that of leaders, and the square of the leaders: 20,000 sentences take
 * seconds. The largest group comes first.
 */
export function clusterSentences(
  sentences: readonly WeightedSentence[],
  known: readonly string[],
): Cluster[] {
  const frequencies = new DocumentFrequencies();
  for (const text of known) frequencies.add(text);
  for (const { text } of sentences) frequencies.add(text);
  const vocabulary = new Vocabulary(frequencies);
  const vectors = sentences.map(({ text }) => vocabulary.learn(text));
  const order = sentences.map((_sentence, i) => i).sort((a, b) => byWeight(sentences, a, b));
  const leaders = new GrowingIndex();
  const groupOf = new Int32Array(sentences.length).fill(-1);
  for (const i of order) {
    const vector = vectors[i];
    if (vector) groupOf[i] = leaders.nearestOrNew(vector);
  }
  const joined = joinGroups(vectors, groupOf, leaders.size, vocabulary.size);
  const groups = new Map<number, number[]>();
  // One that fits no group is one of its own.
  for (const i of order) {
    const group = groupOf[i] ?? -1;
    const key = group < 0 ? -1 - i : (joined[group] ?? group);
    const members = groups.get(key);
    if (members) members.push(i);
    else groups.set(key, [i]);
  }
  const clusters = [...groups.values()].map((members) => ({
    members,
    distinct: distinctOf(members, vectors),
  }));
  return clusters.sort((a, b) => weightOf(sentences, b) - weightOf(sentences, a) || first(sentences, a, b));
}

/** Average linkage over groups of sentences; for each group the one that it ends up in. */
function joinGroups(
  vectors: readonly SparseVector[],
  groupOf: Int32Array,
  groups: number,
  features: number,
): Int32Array {
  const sums = Array.from({ length: groups }, () => new Map<number, number>());
  const sizes = new Float64Array(groups);
  vectors.forEach(({ ids, weights }, i) => {
    const group = groupOf[i] ?? -1;
    const sum = sums[group];
    if (!sum) return;
    sizes[group] = (sizes[group] ?? 0) + 1;
    ids.forEach((id, n) => sum.set(id, (sum.get(id) ?? 0) + (weights[n] ?? 0)));
  });
  const rows = sums.map((sum) => ({
    ids: Int32Array.from(sum.keys()),
    weights: Float32Array.from(sum.values()),
  }));
  const lists = new PostingLists(rows, features);
  // The dot product of two sums is that of all pairs of their members.
  const mean = rows.map((row, a) =>
    lists.similarities(row, groups).map((dot, b) => dot / ((sizes[a] ?? 1) * (sizes[b] ?? 1))),
  );
  return link(mean, sizes);
}

/** Joins the nearest two of some groups until none are near; `mean` holds their mean cosines and is used up. */
function link(mean: readonly Float64Array[], sizes: Float64Array): Int32Array {
  const joined = Int32Array.from(sizes, (_size, i) => i);
  const alive = new Set(joined);
  const nearest = new Map<number, number>();
  const at = (a: number, b: number): number => mean[a]?.[b] ?? 0;
  const find = (a: number): void => {
    let best = -1;
    for (const b of alive) if (b !== a && at(a, b) > (best < 0 ? 0 : at(a, best))) best = b;
    nearest.set(a, best);
  };
  for (const a of alive) find(a);
  for (;;) {
    let a = -1;
    let b = -1;
    for (const one of alive) {
      const other = nearest.get(one) ?? -1;
      if (other >= 0 && (a < 0 || at(one, other) > at(a, b))) [a, b] = [one, other];
    }
    if (a < 0 || at(a, b) < together) return joined;
    const [sizeA, sizeB] = [sizes[a] ?? 1, sizes[b] ?? 1];
    alive.delete(b);
    for (const other of alive) {
      const value = (sizeA * at(a, other) + sizeB * at(b, other)) / (sizeA + sizeB);
      for (const [row, column] of [
        [a, other],
        [other, a],
      ] as const) {
        const cells = mean[row];
        if (cells) cells[column] = value;
      }
    }
    sizes[a] = sizeA + sizeB;
    joined.forEach((group, i) => {
      if (group === b) joined[i] = a;
    });
    find(a);
    for (const one of alive) {
      const other = nearest.get(one) ?? -1;
      if (other === a || other === b) find(one);
      else if (one !== a && at(one, a) > (other < 0 ? 0 : at(one, other))) nearest.set(one, a);
    }
  }
}

function distinctOf(members: readonly number[], vectors: readonly SparseVector[]): number[] {
  const kept: number[] = [];
  const index = new GrowingIndex();
  for (const i of members) {
    if (kept.length >= dialogLimits.clusterExamples) break;
    const vector = vectors[i];
    if (!vector || index.nearest(vector).similarity >= duplicate) continue;
    index.add(vector);
    kept.push(i);
  }
  return kept;
}

/** Vectors that are compared with those before them. */
class GrowingIndex {
  readonly #postings = new Map<number, { readonly targets: number[]; readonly weights: number[] }>();
  #size = 0;

  get size(): number {
    return this.#size;
  }

  add({ ids, weights }: SparseVector): number {
    ids.forEach((id, i) => {
      let posting = this.#postings.get(id);
      if (!posting) this.#postings.set(id, (posting = { targets: [], weights: [] }));
      posting.targets.push(this.#size);
      posting.weights.push(weights[i] ?? 0);
    });
    return this.#size++;
  }

  nearest({ ids, weights }: SparseVector): { readonly target: number; readonly similarity: number } {
    const sums = new Float64Array(this.#size);
    ids.forEach((id, i) => {
      const posting = this.#postings.get(id);
      const weight = weights[i] ?? 0;
      for (let n = 0; n < (posting?.targets.length ?? 0); n++) {
        const target = posting?.targets[n] ?? 0;
        sums[target] = (sums[target] ?? 0) + weight * (posting?.weights[n] ?? 0);
      }
    });
    let target = -1;
    let similarity = 0;
    sums.forEach((sum, i) => {
      if (sum > similarity) [target, similarity] = [i, sum];
    });
    return { target, similarity };
  }

  /** The nearest that is near enough, else the vector itself as a new one; -1 when there is no room for it. */
  nearestOrNew(vector: SparseVector): number {
    const { target, similarity } = this.nearest(vector);
    if (similarity >= alike) return target;
    return this.#size < dialogLimits.clusterLeaders ? this.add(vector) : -1;
  }
}

function byWeight(sentences: readonly WeightedSentence[], a: number, b: number): number {
  const [one, other] = [sentences[a], sentences[b]];
  if (!one || !other) return 0;
  return other.turns - one.turns || (one.text < other.text ? -1 : one.text > other.text ? 1 : 0);
}

function weightOf(sentences: readonly WeightedSentence[], { members }: Cluster): number {
  return members.reduce((sum, i) => sum + (sentences[i]?.turns ?? 0), 0);
}

function first(sentences: readonly WeightedSentence[], a: Cluster, b: Cluster): number {
  return byWeight(sentences, a.members[0] ?? 0, b.members[0] ?? 0);
}
