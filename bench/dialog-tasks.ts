import type { SeededRandom } from '../config/random.js';
import type { Candidate, CandidateSet } from '../dialog/scoring.js';
import type { LabelledSet } from './dialog-data.js';

/** One utterance with the branch it belongs to; null for a foreign one. */
export interface Query {
  readonly text: string;
  readonly intent: string | null;
}

/** What a matcher is shown and then asked. */
export interface Task {
  readonly candidates: readonly Candidate[];
  readonly queries: readonly Query[];
}

/** A node of a synthetic tree. Foreign queries are of other nodes' intents or of none the tree has. */
export interface NodeTask extends Task {
  readonly set: CandidateSet;
}

const ownQueries = 20;
const foreignQueries = 200;
/** Share of a set's intents that its trees know, at most. */
const knownShare = 0.65;

/** Every intent of the set at once, `shots` examples of each, up to ten utterances asked; the set's own foreign ones. */
export function drawFlat(set: LabelledSet, shots: number, random: SeededRandom): Task {
  return drawNode([...set.intents], shots, 10, set.foreign, random);
}

/** `branches` intents of the set as the branches of one node; the other intents' utterances are foreign. */
export function drawSiblings(set: LabelledSet, branches: number, shots: number, random: SeededRandom): Task {
  const intents = shuffle([...set.intents], random);
  const others = intents.slice(branches).flatMap(([, texts]) => texts);
  return drawNode(
    intents.slice(0, branches),
    shots,
    ownQueries,
    [...set.foreign, ...shuffle(others, random).slice(0, foreignQueries)],
    random,
  );
}

/**
 * A tree of up to `nodes` nodes with six branches of five examples each, from two thirds of the set's intents at most, so
 * that there is something the tree does not know. Half of a node's foreign queries belong to other nodes.
 */
export function drawTree(set: LabelledSet, nodes: number, random: SeededRandom): NodeTask[] {
  const branches = 6;
  const shots = 5;
  const intents = shuffle([...set.intents], random);
  const count = Math.max(1, Math.min(nodes, Math.floor((knownShare * intents.length) / branches)));
  const unknown = shuffle(
    [...set.foreign, ...intents.slice(count * branches).flatMap(([, texts]) => texts)],
    random,
  );
  const drawn = Array.from({ length: count }, (_, node) =>
    drawNode(intents.slice(node * branches, (node + 1) * branches), shots, 12, [], random),
  );
  return drawn.map(({ candidates, queries }, node) => {
    const elsewhere = drawn.flatMap((other, at) => (at === node ? [] : other.queries));
    const foreign = [
      ...shuffle(elsewhere, random).slice(0, foreignQueries / 4),
      ...unknown
        .slice((node * foreignQueries) / 4, ((node + 1) * foreignQueries) / 4)
        .map((text) => ({ text })),
    ].map(({ text }) => ({ text, intent: null }));
    return { set: { setId: `node${node}`, candidates }, candidates, queries: [...queries, ...foreign] };
  });
}

function drawNode(
  intents: readonly (readonly [string, readonly string[]])[],
  shots: number,
  asked: number,
  foreign: readonly string[],
  random: SeededRandom,
): Task {
  const candidates: Candidate[] = [];
  const queries: Query[] = [];
  for (const [id, all] of intents) {
    const texts = shuffle(all, random);
    // An intent with few utterances still leaves three to ask about.
    const shown = Math.min(shots, texts.length - 3);
    candidates.push({ id, examples: texts.slice(0, shown) });
    queries.push(...texts.slice(shown, shown + asked).map((text) => ({ text, intent: id })));
  }
  return { candidates, queries: [...queries, ...foreign.map((text) => ({ text, intent: null }))] };
}

export function shuffle<T>(items: readonly T[], random: SeededRandom): T[] {
  const keyed = items.map((item) => ({ item, key: random.next() }));
  return keyed.sort((a, b) => a.key - b.key).map(({ item }) => item);
}
