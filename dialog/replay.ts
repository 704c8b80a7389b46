import { dialogLimits } from '../config/limits.js';
import { Redecider, type Outcome, type Redecided } from './redecide.js';
import type { DialogTree } from './tree.js';
import type { TurnRecord } from './turn-record.js';

/** What became of a decision, the most important first. */
export const changeKinds = ['elsewhere', 'rejected', 'accepted', 'asked', 'other'] as const;

/**
 * `elsewhere`: taken for something else. `rejected`: no longer understood. `accepted`: taken now without a question.
 * `asked`: asked back now, or about something else. `other`: the same way on by another name.
 */
export type ChangeKind = (typeof changeKinds)[number];

/** One utterance that two trees do not decide alike. */
export interface ChangedDecision {
  readonly kind: ChangeKind;
  readonly node: string;
  readonly text: string;
  readonly old: Outcome;
  readonly new: Outcome;
  /** Turns in which it was said there. */
  turns: number;
}

export interface ReplayCounts {
  /** Turns of the tree. */
  readonly turns: number;
  /** Turns of other trees, left out. */
  readonly strangers: number;
  /** Keys, silences and answers to what was read back: nothing to decide again. */
  readonly unscored: number;
  /** Utterances that both trees decided. */
  readonly decided: number;
  readonly changed: number;
  /** Changed turns whose utterance is not in `changes`, for their bound. */
  readonly unlisted: number;
  /** The old tree decides otherwise here than the log says: another scorer, another version, or values it does not hold. */
  readonly loggedOtherwise: number;
}

/**
 * Holds two trees against what people said: every recorded utterance is decided by both at its node.
 *
 * Memory is bounded: `dialogLimits.replayChanges` changes are listed, the rest is counted, and decisions of so many
 * utterances are remembered.
 */
export class Replay {
  readonly #old: DialogTree;
  readonly #oldDecider: Redecider;
  readonly #newDecider: Redecider;
  readonly #known = new Map<string, readonly [Redecided, Redecided]>();
  readonly #changes = new Map<string, ChangedDecision>();
  readonly #gone = new Map<string, number>();
  readonly #counts = {
    turns: 0,
    strangers: 0,
    unscored: 0,
    decided: 0,
    changed: 0,
    unlisted: 0,
    loggedOtherwise: 0,
  };

  constructor(oldTree: DialogTree, newTree: DialogTree) {
    this.#old = oldTree;
    this.#oldDecider = new Redecider(oldTree);
    this.#newDecider = new Redecider(newTree);
  }

  get counts(): ReplayCounts {
    return this.#counts;
  }

  /** The most important first, and of those the most frequent. */
  get changes(): readonly ChangedDecision[] {
    const rank = ({ kind }: ChangedDecision): number => changeKinds.indexOf(kind);
    return [...this.#changes.values()].sort(
      (a, b) => rank(a) - rank(b) || b.turns - a.turns || compare(a.node, b.node) || compare(a.text, b.text),
    );
  }

  /** Turns at nodes that the new tree does not have, the most frequent first. */
  get goneNodes(): readonly { readonly node: string; readonly turns: number }[] {
    return [...this.#gone]
      .map(([node, turns]) => ({ node, turns }))
      .sort((a, b) => b.turns - a.turns || compare(a.node, b.node));
  }

  add(record: TurnRecord): void {
    if (record.tree !== this.#old.id) {
      this.#counts.strangers++;
      return;
    }
    this.#counts.turns++;
    if (record.input.type !== 'text' || record.question?.kind === 'answer') {
      this.#counts.unscored++;
      return;
    }
    const key = keyOf(record, record.input.text);
    const [was, is] = this.#decide(key, record);
    if (is.type === 'gone') this.#gone.set(record.node, (this.#gone.get(record.node) ?? 0) + 1);
    else if (was.type === 'decided' && is.type === 'decided')
      this.#compare(key, record, was.outcome, is.outcome);
    else this.#counts.unscored++;
  }

  #decide(key: string, record: TurnRecord): readonly [Redecided, Redecided] {
    const known = this.#known.get(key);
    if (known) return known;
    const both = [this.#oldDecider.decide(record), this.#newDecider.decide(record)] as const;
    if (this.#known.size >= dialogLimits.replayChanges) this.#known.clear();
    this.#known.set(key, both);
    return both;
  }

  #compare(key: string, record: TurnRecord, was: Outcome, is: Outcome): void {
    this.#counts.decided++;
    const { branch, zone } = record.decision;
    if (zone !== was.zone || branch !== was.branch) this.#counts.loggedOtherwise++;
    const kind = changeOf(was, is);
    if (kind === null || record.input.type !== 'text') return;
    this.#counts.changed++;
    const known = this.#changes.get(key);
    if (known) known.turns++;
    else if (this.#changes.size >= dialogLimits.replayChanges) this.#counts.unlisted++;
    else {
      const { node, input } = record;
      this.#changes.set(key, { kind, node, text: input.text, old: was, new: is, turns: 1 });
    }
  }
}

/** What is different about a decision; null for nothing that matters. */
export function changeOf(was: Outcome, is: Outcome): ChangeKind | null {
  const [before, after] = [manner(was), manner(is)];
  if (before !== after) return after === 'rejected' ? 'rejected' : after === 'asked' ? 'asked' : 'accepted';
  if (before === 'rejected') return null;
  const sameBranch = was.branch === is.branch;
  if (before === 'asked') return sameBranch && was.zone === is.zone ? null : 'asked';
  if (was.next !== is.next || JSON.stringify(was.value) !== JSON.stringify(is.value)) return 'elsewhere';
  return sameBranch ? null : 'other';
}

function manner({ zone }: Outcome): 'accepted' | 'asked' | 'rejected' {
  if (zone === 'confirm' || zone === 'choose') return 'asked';
  return zone === 'accept' || zone === 'slot' ? 'accepted' : 'rejected';
}

function keyOf({ closed, language, node, question }: TurnRecord, text: string): string {
  return JSON.stringify([node, language, text, closed, question]);
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
