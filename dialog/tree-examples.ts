import type { CandidateSet } from './scoring.js';

/** Sentences that one matcher learns to leave alone: enough to know the rest of a tree, few enough to fit in time. */
const backgroundSentences = 60;
/** Examples of a tree that are considered; more than these, taken evenly, add nothing. */
const sampledExamples = 2_000;

interface Entry {
  readonly text: string;
  readonly ids: Set<string>;
  readonly outcomes: Set<string>;
  /** Which half of the tree's branches the example belongs to. */
  readonly half: 0 | 1;
}

/** The distinct examples of a tree with what they mean, so that each node can be shown what it is not about. */
export class TreeExamples {
  readonly #all = new Map<string, Entry>();
  readonly #branches = new Set<string>();
  /** Taken of all when they are first asked for. */
  #sample: readonly Entry[] | null = null;

  constructor(sets: readonly CandidateSet[] = []) {
    for (const set of sets) this.add(set);
  }

  /** Adds a set; all before the first `background`. */
  add({ candidates, setId }: CandidateSet): void {
    for (const { id, examples, outcome } of candidates) {
      this.#branches.add(outcome ?? `${setId} ${id}`);
      for (const text of examples) {
        const entry = this.#all.get(text) ?? {
          text,
          ids: new Set(),
          outcomes: new Set(),
          half: this.#branches.size % 2 === 0 ? 0 : 1,
        };
        entry.ids.add(id);
        if (outcome !== undefined) entry.outcomes.add(outcome);
        this.#all.set(text, entry);
      }
    }
  }

  get #entries(): readonly Entry[] {
    this.#sample ??= evenly([...this.#all.values()], sampledExamples);
    return this.#sample;
  }

  /**
   * Examples of other nodes that mean none of the set's candidates (same id, same outcome and same words are the same
   * meaning), evenly taken. With `half`, of that half of the tree's branches alone: what a matcher was shown of one
   * half says nothing about the other, so the other can test it.
   */
  background({ candidates }: CandidateSet, half?: 0 | 1, count = backgroundSentences): string[] {
    const ids = new Set(candidates.map(({ id }) => id));
    const outcomes = new Set(candidates.flatMap(({ outcome }) => outcome ?? []));
    const own = new Set(candidates.flatMap(({ examples }) => examples));
    const strange = this.#entries.filter(
      (entry) =>
        (half === undefined || entry.half === half) &&
        !own.has(entry.text) &&
        disjoint(ids, entry.ids) &&
        disjoint(outcomes, entry.outcomes),
    );
    return evenly(strange, count).map(({ text }) => text);
  }
}

function disjoint(known: ReadonlySet<string>, others: ReadonlySet<string>): boolean {
  for (const other of others) if (known.has(other)) return false;
  return true;
}

function evenly<T>(items: readonly T[], count: number): T[] {
  const stride = Math.max(1, Math.ceil(items.length / count));
  return items.filter((_item, i) => i % stride === 0);
}
