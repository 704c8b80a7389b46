import { dialogLimits } from '../config/limits.js';
import { candidates } from './candidates.js';
import { clusterSentences } from './cluster.js';
import { scoreNowOf } from './score-now.js';
import type { ScoreNow } from './simulate.js';
import { proposedId } from './suggested-id.js';
import { branchesAt, globalPrefix, isWaiting, type DialogTree, type WaitingNode } from './tree.js';
import type { Unmatched } from './unmatched.js';
import { effectiveScore } from './zones.js';

/** An utterance as a suggestion shows it. */
export interface SuggestedExample {
  readonly text: string;
  readonly turns: number;
}

interface Group {
  readonly node: string;
  readonly examples: readonly SuggestedExample[];
  /** Turns of all utterances of the group, those not shown included. */
  readonly turns: number;
  /** Different utterances of the group. */
  readonly utterances: number;
  /** The branch that the in-box matcher finds nearest, and how near on average; null without branches. */
  readonly nearest: { readonly branch: string; readonly similarity: number } | null;
  readonly why: string;
}

/** Utterances that a branch should know. */
export interface BranchSuggestion extends Group {
  readonly branch: string;
}

/** Utterances that no branch is about. */
export interface NewBranchSuggestion extends Group {
  readonly id: string;
}

export interface Suggestions {
  /** The most frequent first. */
  readonly add: readonly BranchSuggestion[];
  readonly new: readonly NewBranchSuggestion[];
  /** Answers that an ask did not read: nothing for branches, perhaps for its type. */
  readonly answers: readonly Group[];
  /** Groups that are left out because there are too many. */
  readonly unlisted: number;
}

/** A group belongs to its nearest branch from this share of the confirm threshold on … */
const nearShare = 0.7;
/** … and when the next branch is so much further off. */
const leadOverNext = 0.03;
/** So few turns say nothing about what people meant. */
const fewestVotes = 2;
/** Share of the votes that a branch needs to be what people meant. */
const majority = 0.6;

/**
 * Sorts what was not understood into suggestions: more examples for a branch, or a branch that is missing.
 *
 * At each node the utterances that people confirmed as a branch go to it. The others are put into groups of much the same
 * meaning (`clusterSentences`); a group belongs to the branch that most of its speakers took right afterwards, else to the
 * one that the matcher finds nearest, when that is near and clearly nearer than the next and was not denied; else to none.
 * Deterministic; at most `dialogLimits.suggestions` groups, those of most turns.
 */
export function suggest(tree: DialogTree, unmatched: Iterable<Unmatched>): Suggestions {
  const byNode = new Map<string, Unmatched[]>();
  for (const utterance of unmatched) {
    const known = byNode.get(utterance.node);
    if (known) known.push(utterance);
    else byNode.set(utterance.node, [utterance]);
  }
  const sets = candidates(tree);
  const examples = sampleOf(new Set(sets.flatMap((set) => set.candidates.flatMap((one) => one.examples))));
  const score = scoreNowOf(tree);
  const found: Found[] = [];
  for (const [nodeId, utterances] of byNode) {
    const node = tree.nodes.get(nodeId);
    if (isWaiting(node)) found.push(...new NodeSuggester(tree, node, score, examples).suggest(utterances));
  }
  found.sort(
    (a, b) => b.group.turns - a.group.turns || compare(a.group.node, b.group.node) || byExample(a, b),
  );
  const listed = found.slice(0, dialogLimits.suggestions);
  return { ...sorted(listed), unlisted: found.length - listed.length };
}

/** Enough to tell rare words from common ones. */
const sampledExamples = 500;

function sampleOf(examples: ReadonlySet<string>): string[] {
  const stride = Math.max(1, Math.ceil(examples.size / sampledExamples));
  return [...examples].filter((_example, i) => i % stride === 0);
}

type Found =
  | { readonly type: 'add'; readonly group: BranchSuggestion }
  | { readonly type: 'new'; readonly group: NewBranchSuggestion }
  | { readonly type: 'answers'; readonly group: Group };

function sorted(found: readonly Found[]): Omit<Suggestions, 'unlisted'> {
  return {
    add: found.flatMap((one) => (one.type === 'add' ? [one.group] : [])),
    new: found.flatMap((one) => (one.type === 'new' ? [one.group] : [])),
    answers: found.flatMap((one) => (one.type === 'answers' ? [one.group] : [])),
  };
}

class NodeSuggester {
  readonly #node: WaitingNode;
  readonly #score: ScoreNow;
  readonly #known: readonly string[];
  readonly #branchIds: readonly string[];
  readonly #taken: Set<string>;

  constructor(tree: DialogTree, node: WaitingNode, score: ScoreNow, known: readonly string[]) {
    this.#node = node;
    this.#score = score;
    this.#known = known;
    this.#branchIds = branchesAt(tree, node).map(({ id }) => id);
    this.#taken = new Set(this.#branchIds);
  }

  suggest(utterances: readonly Unmatched[]): Found[] {
    const confirmed = new Map<string, Unmatched[]>();
    const open: Unmatched[] = [];
    for (const utterance of utterances) {
      const branch = winner(utterance.confirmed, sum(utterance.confirmed) + sum(utterance.denied));
      if (branch !== null && this.#branchIds.includes(branch))
        confirmed.set(branch, [...(confirmed.get(branch) ?? []), utterance]);
      else open.push(utterance);
    }
    const found: Found[] = [];
    for (const [branch, said] of confirmed) {
      const yes = said.reduce((total, one) => total + (one.confirmed.get(branch) ?? 0), 0);
      const why = `people were asked whether they mean this and said yes (${times(yes)})`;
      for (const group of this.#groups(said, why)) found.push({ type: 'add', group: { ...group, branch } });
    }
    for (const members of clustered(open, this.#known)) found.push(this.#place(members));
    return found;
  }

  /** Confirmed ones belong together whatever they sound like; the cluster only picks those worth showing. */
  #groups(said: readonly Unmatched[], why: string): Group[] {
    const clusters = clustered(said, this.#known);
    const examples = clusters.flatMap(({ examples: shown }) => shown);
    return [
      {
        ...this.#describe(said, why),
        examples: examples.sort((a, b) => b.turns - a.turns).slice(0, dialogLimits.clusterExamples),
      },
    ];
  }

  #place({ examples, members }: Clustered): Found {
    const denied = merged(members.map((member) => member.denied));
    const votes = merged(members.map((member) => member.rephrased));
    const group = { ...this.#describe(members, ''), examples };
    const meant = winner(votes, sum(votes));
    if (meant !== null && sum(votes) >= fewestVotes && this.#branchIds.includes(meant)) {
      const why = `who was not understood took this branch right afterwards (${votes.get(meant) ?? 0} of ${sum(votes)})`;
      return { type: 'add', group: { ...group, branch: meant, why } };
    }
    const scores = this.#scores(members);
    const [best, next] = scores.filter(({ branch }) => !denied.has(branch));
    // Where the nearest was denied, the next has to be near by itself; so does a command that is open everywhere.
    const share = best === scores[0] && best?.branch.startsWith(globalPrefix) !== true ? nearShare : 1;
    const near = best && best.similarity >= share * this.#node.thresholds.confirm;
    if (near && best.similarity - (next?.similarity ?? 0) >= leadOverNext) {
      const than = next ? `, then ${next.branch} (${fixed(next.similarity)})` : '';
      return {
        type: 'add',
        group: { ...group, nearest: best, branch: best.branch, why: `nearest branch${than}` },
      };
    }
    const no = [...denied.keys()];
    const why =
      no.length > 0
        ? `people said no to ${no.join(', ')} (${times(sum(denied))})`
        : near && next
          ? `between ${best.branch} and ${next.branch}: perhaps an example of one of them`
          : 'no branch is near';
    if (this.#node.kind === 'ask') return { type: 'answers', group: { ...group, why } };
    const id = proposedId(members, this.#taken);
    this.#taken.add(id);
    return { type: 'new', group: { ...group, id, why } };
  }

  #describe(members: readonly Unmatched[], why: string): Omit<Group, 'examples'> {
    const [best] = this.#scores(members);
    return {
      node: this.#node.id,
      turns: members.reduce((total, { turns }) => total + turns, 0),
      utterances: members.length,
      nearest: best ?? null,
      why,
    };
  }

  /** How near each branch is to some utterances on average, weighed by turns; the nearest first. */
  #scores(members: readonly Unmatched[]): { readonly branch: string; readonly similarity: number }[] {
    const totals = new Map<string, number>();
    let turns = 0;
    // The most frequent tell enough.
    for (const member of members.slice(0, scoredMembers)) {
      turns += member.turns;
      for (const scored of this.#score(this.#node.id, member.text, this.#branchIds))
        totals.set(
          scored.branchId,
          (totals.get(scored.branchId) ?? 0) + member.turns * Math.max(0, effectiveScore(scored)),
        );
    }
    return [...totals]
      .map(([branch, total]) => ({ branch, similarity: total / Math.max(1, turns) }))
      .sort((a, b) => b.similarity - a.similarity || compare(a.branch, b.branch));
  }
}

const scoredMembers = 50;

interface Clustered {
  readonly members: readonly Unmatched[];
  readonly examples: readonly SuggestedExample[];
}

function clustered(utterances: readonly Unmatched[], known: readonly string[]): Clustered[] {
  const at = (indexes: readonly number[]): Unmatched[] =>
    indexes.map((i) => utterances[i]).filter((one) => one !== undefined);
  return clusterSentences(utterances, known).map(({ distinct, members }) => ({
    members: at(members),
    examples: at(distinct).map(({ text, turns }) => ({ text, turns })),
  }));
}

/** The branch with most of the votes; null when there are none or no majority of `all`. */
function winner(votes: ReadonlyMap<string, number>, all: number): string | null {
  const [best] = [...votes].sort(([a, n], [b, m]) => m - n || compare(a, b));
  return best && best[1] >= majority * all ? best[0] : null;
}

function merged(votes: readonly ReadonlyMap<string, number>[]): Map<string, number> {
  const all = new Map<string, number>();
  for (const some of votes) for (const [id, count] of some) all.set(id, (all.get(id) ?? 0) + count);
  return all;
}

function sum(votes: ReadonlyMap<string, number>): number {
  let total = 0;
  for (const count of votes.values()) total += count;
  return total;
}

function byExample(a: Found, b: Found): number {
  return compare(a.group.examples[0]?.text ?? '', b.group.examples[0]?.text ?? '');
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function fixed(value: number): string {
  return value.toFixed(2);
}

function times(count: number): string {
  return count === 1 ? 'once' : `${count} times`;
}
