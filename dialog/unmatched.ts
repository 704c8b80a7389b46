import { dialogLimits } from '../config/limits.js';
import { Redecider, type Outcome } from './redecide.js';
import { normalizeUtterance } from './text-features.js';
import { globalPrefix, isWaiting, type DialogTree } from './tree.js';
import type { TurnRecord } from './turn-record.js';

/** Branch to how many turns speak for it. */
export type Votes = ReadonlyMap<string, number>;

/** An utterance at a node that the tree did not take for what it meant, with what became of it. */
export interface Unmatched {
  readonly node: string;
  readonly text: string;
  /** Turns in which it was said and not understood, or taken for a question. */
  readonly turns: number;
  /** Branches that people said yes to when asked about it. */
  readonly confirmed: Votes;
  /** Branches that people said no to when asked about it. */
  readonly denied: Votes;
  /** Branches that people took at the same node right after it was not understood. */
  readonly rephrased: Votes;
  /** What the tree makes of it now. */
  readonly now: Outcome;
}

export interface CollectorCounts {
  /** Turns of the tree. */
  readonly turns: number;
  readonly strangers: number;
  /** Turns at nodes that the tree does not have any more. */
  readonly gone: number;
  /** Turns whose utterance is new when there is no room for more. */
  readonly unkept: number;
}

interface Entry {
  /** The turn in which it was heard first. */
  readonly record: TurnRecord;
  readonly text: string;
  turns: number;
  readonly confirmed: Map<string, number>;
  readonly denied: Map<string, number>;
  readonly rephrased: Map<string, number>;
}

/**
 * Gathers from turn records what was said at each node and not understood: rejected, confirmed away ("did you mean …?"
 * "no"), or understood only by asking back.
 *
 * Memory is bounded: `dialogLimits.unmatchedUtterances` different utterances, and the last of so many sessions.
 */
export class UnmatchedCollector {
  readonly #tree: DialogTree;
  readonly #entries = new Map<string, Entry>();
  /** The rejected utterance that a session has not followed up yet. */
  readonly #pending = new Map<string, Entry>();
  readonly #counts = { turns: 0, strangers: 0, gone: 0, unkept: 0 };

  constructor(tree: DialogTree) {
    this.#tree = tree;
  }

  get counts(): CollectorCounts {
    return this.#counts;
  }

  add(record: TurnRecord): void {
    if (record.tree !== this.#tree.id) {
      this.#counts.strangers++;
      return;
    }
    this.#counts.turns++;
    if (!isWaiting(this.#tree.nodes.get(record.node))) {
      this.#counts.gone++;
      return;
    }
    this.#followUp(record);
    const { decision, denied, input, question } = record;
    if (question && question.text !== '') this.#reply(record, question.text);
    const rejected = decision.zone === 'reject' || decision.zone === 'no-match';
    if (input.type === 'text' && rejected && !denied && question?.kind !== 'answer') {
      const entry = this.#entry(record, input.text);
      if (!entry) return;
      entry.turns++;
      this.#remember(record.session, entry);
    }
  }

  /** Utterances that the tree still does not take for what they mean, by node and text in the order of the log. */
  *results(): Generator<Unmatched> {
    const decider = new Redecider(this.#tree);
    for (const { confirmed, denied, record, rephrased, text, turns } of this.#entries.values()) {
      const input = { type: 'text', text, confidence: 1 } as const;
      const again = decider.decide({ ...record, question: null, input });
      if (again.type !== 'decided') continue;
      const now = again.outcome;
      const taken = now.zone === 'accept' || now.zone === 'slot';
      if (taken && !(now.branch !== null && denied.has(now.branch))) continue;
      yield { node: record.node, text, turns, confirmed, denied, rephrased, now };
    }
  }

  /** A yes or a no to "did you mean …?" speaks for or against its branches. */
  #reply(record: TurnRecord, text: string): void {
    const { branch, score, zone } = record.decision;
    const branches = record.question?.branches ?? [];
    const yes =
      branch !== null &&
      score === null &&
      branches.includes(branch) &&
      (zone === 'accept' || zone === 'dtmf');
    if (!record.denied && !yes) return;
    const entry = this.#entry(record, text);
    if (!entry) return;
    entry.turns++;
    if (record.denied) for (const id of branches) vote(entry.denied, id);
    else if (branch !== null) vote(entry.confirmed, branch);
  }

  /** Who was not understood and is now, at the same node, says what the first sentence meant. */
  #followUp({ decision, node, question, session }: TurnRecord): void {
    const pending = this.#pending.get(session);
    if (!pending) return;
    const { branch, zone } = decision;
    if (pending.record.node !== node) this.#pending.delete(session);
    // Who asks for a human or for help after a misunderstanding did not mean that before.
    else if (
      branch?.startsWith(globalPrefix) === false &&
      !question &&
      (zone === 'accept' || zone === 'dtmf')
    ) {
      vote(pending.rephrased, branch);
      this.#pending.delete(session);
    }
  }

  #remember(session: string, entry: Entry): void {
    this.#pending.delete(session);
    this.#pending.set(session, entry);
    if (this.#pending.size <= dialogLimits.unmatchedUtterances) return;
    const [oldest] = this.#pending.keys();
    if (oldest !== undefined) this.#pending.delete(oldest);
  }

  #entry(record: TurnRecord, said: string): Entry | null {
    const text = said.trim().replace(/\s+/gu, ' ');
    const key = `${record.node} ${normalizeUtterance(text)}`;
    const known = this.#entries.get(key);
    if (known) return known;
    if (normalizeUtterance(text) === '') return null;
    if (this.#entries.size >= dialogLimits.unmatchedUtterances) {
      this.#counts.unkept++;
      return null;
    }
    const votes = { confirmed: new Map(), denied: new Map(), rephrased: new Map() };
    const entry: Entry = { record, text, turns: 0, ...votes };
    this.#entries.set(key, entry);
    return entry;
  }
}

function vote(votes: Map<string, number>, branch: string): void {
  votes.set(branch, (votes.get(branch) ?? 0) + 1);
}
