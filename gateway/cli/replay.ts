import type { Outcome } from '../../dialog/redecide.js';
import { Replay, changeKinds, type ChangedDecision, type ChangeKind } from '../../dialog/replay.js';
import { readTurns, type ReadTurns, type TurnLogOutput } from './read-turns.js';
import { readTreeFile } from './tree-file.js';

export interface ReplayOptions extends TurnLogOutput {
  readonly oldFile: string;
  readonly newFile: string;
  /** Files and directories of turn logs. */
  readonly logs: readonly string[];
  readonly json: boolean;
  readonly failOnChange: boolean;
  /** Takes one line without its line end. */
  readonly output: (line: string) => void;
}

/** Changes of one kind that are printed; all that were listed are in the JSON. */
const shownOfKind = 50;

const headings: Readonly<Record<ChangeKind, string>> = {
  elsewhere: 'taken for something else',
  rejected: 'no longer understood',
  accepted: 'now taken without asking',
  asked: 'now asked back',
  other: 'the same way on, under another name',
};

/**
 * Decides the utterances of turn logs with two trees and lists what an edit changes (`parley replay`).
 *
 * Resolves with the exit code: 0, 1 for a change with `failOnChange`, 2 when something cannot be read.
 */
export async function runReplay(options: ReplayOptions): Promise<0 | 1 | 2> {
  const { complain, failOnChange, json, logs, newFile, oldFile, output } = options;
  const old = readTreeFile(oldFile, complain);
  const edited = readTreeFile(newFile, complain);
  if (!old || !edited) return 2;
  const replay = new Replay(old.tree, edited.tree);
  const others = new Set<string>();
  const read = await readTurns(logs, options, (record) => {
    if (record.tree !== old.tree.id && others.size < 10) others.add(record.tree);
    replay.add(record);
  });
  if (!read) return 2;
  if (replay.counts.turns === 0) {
    const found = others.size > 0 ? `they are of ${[...others].join(', ')}` : 'they hold no turns';
    complain(`no turn of the tree "${old.tree.id}" is in the logs: ${found}`);
    return 2;
  }
  const between = `${oldFile} (${old.tree.id} version ${old.tree.version}) -> ${newFile} (version ${edited.tree.version})`;
  if (json) output(JSON.stringify(summary(replay, read), null, 2));
  else for (const line of report(replay, read, between)) output(line);
  return failOnChange && (replay.counts.changed > 0 || replay.goneNodes.length > 0) ? 1 : 0;
}

function summary(replay: Replay, read: ReadTurns) {
  const { changes, counts, goneNodes } = replay;
  return { ...counts, badLines: read.bad, tornLines: read.torn, goneNodes, changes };
}

function report(replay: Replay, read: ReadTurns, between: string): string[] {
  const { changes, counts, goneNodes } = replay;
  const { changed, decided, loggedOtherwise, strangers, turns, unlisted, unscored } = counts;
  const lines = [`${between}, in-box matcher`];
  lines.push(
    `${turns} turns in ${plural(read.files, 'file')}: ${decided} utterances decided by both, ${unscored} keys, silences and replies` +
      (strangers > 0 ? `; ${plural(strangers, 'turn')} of other trees left out` : ''),
  );
  for (const kind of changeKinds)
    lines.push(
      ...group(
        kind,
        changes.filter((change) => change.kind === kind),
      ),
    );
  if (goneNodes.length > 0) lines.push('', 'at nodes that are no longer there:');
  for (const { node, turns: often } of goneNodes) lines.push(`  ${node}: ${plural(often, 'turn')}`);
  lines.push('', `${changed} of ${decided} decisions change${share(changed, decided)}`);
  if (unlisted > 0) lines.push(`${unlisted} of these are not listed: there are too many`);
  if (loggedOtherwise > 0)
    lines.push(
      `${loggedOtherwise} had been decided otherwise than the first tree does here: by another version or scorer, or with values that the log does not hold`,
    );
  return lines;
}

function group(kind: ChangeKind, changes: readonly ChangedDecision[]): string[] {
  if (changes.length === 0) return [];
  const turns = changes.reduce((sum, change) => sum + change.turns, 0);
  const lines = ['', `${headings[kind]}: ${plural(changes.length, 'utterance')}, ${plural(turns, 'turn')}`];
  for (const change of changes.slice(0, shownOfKind)) {
    const often = change.turns > 1 ? ` (${change.turns} times)` : '';
    lines.push(`  ${change.node}  "${change.text}"${often}`);
    lines.push(`      ${describe(change.old)} -> ${describe(change.new)}`);
  }
  if (changes.length > shownOfKind)
    lines.push(`  … and ${changes.length - shownOfKind} more (--json has all)`);
  return lines;
}

function describe({ branch, next, score, value, zone }: Outcome): string {
  const what = value === null ? (branch ?? '') : `${branch ?? ''} ${JSON.stringify(value)}`.trim();
  const taken = zone === 'accept' || zone === 'slot';
  return [zone, what, score === null ? '' : score.toFixed(2), taken ? `(to ${next})` : '']
    .filter((part) => part !== '')
    .join(' ');
}

function share(part: number, all: number): string {
  return all === 0 ? '' : ` (${((100 * part) / all).toFixed(1)} %)`;
}

function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
