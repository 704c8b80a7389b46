import { readFileSync, realpathSync, statSync } from 'node:fs';

import { dialogLimits } from '../../config/limits.js';
import { acceptSuggestions } from '../../dialog/accept-suggestions.js';
import { loadTree } from '../../dialog/load.js';
import { suggest, type Suggestions } from '../../dialog/suggest.js';
import { readSuggestions, writeSuggestions } from '../../dialog/suggestion-file.js';
import { formatProblem } from '../../dialog/tree-problem.js';
import { UnmatchedCollector } from '../../dialog/unmatched.js';
import { writeAtomically } from '../trees/atomic-file.js';
import { readTurns, type TurnLogOutput } from './read-turns.js';
import { readTreeFile } from './tree-file.js';

export interface SuggestOptions extends TurnLogOutput {
  readonly treeFile: string;
  /** Files and directories of turn logs. */
  readonly logs: readonly string[];
  /** Where the suggestions go; null: to `output`. */
  readonly outFile: string | null;
  /** Takes one line without its line end. */
  readonly output: (line: string) => void;
}

export interface AcceptOptions {
  readonly treeFile: string;
  readonly suggestionsFile: string;
  readonly complain: (line: string) => void;
  readonly output: (line: string) => void;
}

/** Permissions of a file of suggestions, which holds what callers said. */
const privateMode = 0o600;

/**
 * Sorts what turn logs hold and the tree did not understand into a file of suggestions (`parley suggest`).
 *
 * Resolves with the exit code: 0, or 2 when something cannot be read or written.
 */
export async function runSuggest(options: SuggestOptions): Promise<0 | 2> {
  const { complain, logs, outFile, output, treeFile } = options;
  const read = readTreeFile(treeFile, complain);
  if (!read) return 2;
  const { tree } = read;
  const collector = new UnmatchedCollector(tree);
  const turns = await readTurns(logs, options, (record) => collector.add(record));
  if (!turns) return 2;
  const { counts } = collector;
  if (counts.turns === 0) {
    complain(`no turn of the tree "${tree.id}" is in the logs`);
    return 2;
  }
  options.progress?.('sorting what was not understood');
  const suggestions = suggest(tree, collector.results());
  options.progress?.('');
  const told = [
    `From ${plural(counts.turns, 'turn')} of ${tree.id}: ${sizesOf(suggestions)}.`,
    ...(counts.gone > 0
      ? [`Left out: ${plural(counts.gone, 'turn')} at nodes that are no longer there.`]
      : []),
    ...(counts.unkept > 0
      ? [
          `Left out: ${plural(counts.unkept, 'turn')} after the first ${dialogLimits.unmatchedUtterances} different utterances (name fewer logs).`,
        ]
      : []),
  ];
  const usage = [
    'Write "accept: true" where you agree, correct what you like, then:',
    `  parley suggest --tree ${treeFile} --accept ${outFile ?? 'FILE'}`,
    'Examples are in the notation of trees: "\\(", "\\)" and "\\|" are the signs themselves.',
  ];
  const text = writeSuggestions(tree, suggestions, [...told, ...usage]);
  if (outFile === null) output(text.trimEnd());
  else {
    if (!(await written(outFile, text, privateMode, complain))) return 2;
    for (const line of [...told, `They are in ${outFile}.`]) output(line);
  }
  return 0;
}

/**
 * Puts the suggestions that an author marked `accept: true` into a tree file (`parley suggest --accept`).
 *
 * The file is replaced as a whole and only by a tree that loads. Resolves with the exit code: 0, 1 when a suggestion does
 * not fit or the tree would have errors, 2 when something cannot be read or written.
 */
export async function runAccept({
  complain,
  output,
  suggestionsFile,
  treeFile,
}: AcceptOptions): Promise<0 | 1 | 2> {
  const read = readTreeFile(treeFile, complain);
  const text = readText(suggestionsFile, complain);
  if (!read || text === null) return 2;
  const { lineOf, problems, suggestions } = readSuggestions(text, suggestionsFile);
  for (const problem of problems) complain(formatProblem(problem));
  if (!suggestions) return 2;
  if (suggestions.tree !== read.tree.id) {
    complain(
      `${suggestionsFile}: these are suggestions for the tree "${suggestions.tree}", not "${read.tree.id}"`,
    );
    return 1;
  }
  const accepted = acceptSuggestions(read.text, suggestions);
  for (const { index, list, message } of accepted.unfit)
    complain(`${suggestionsFile}:${lineOf(list, index)}: ${message}`);
  if (accepted.unfit.length > 0) return refuse(treeFile, complain);
  if (accepted.examples + accepted.branches === 0) {
    output(`${treeFile} stays as it is: nothing new is marked "accept: true"`);
    return 0;
  }
  const result = loadTree(accepted.text, treeFile);
  if (!result.tree) {
    complain('with these suggestions the tree would have errors (the lines are those it would have):');
    for (const problem of result.problems) if (problem.severity === 'error') complain(formatProblem(problem));
    return refuse(treeFile, complain);
  }
  const path = realpathSync(treeFile);
  if (!(await written(path, accepted.text, statSync(path).mode & 0o777, complain))) return 2;
  const what = [
    plural(accepted.examples, 'example'),
    ...(accepted.branches > 0 ? [branches(accepted.branches)] : []),
  ];
  output(`${treeFile}: ${what.join(' and ')} more. Raise its version before you deploy it.`);
  return 0;
}

function refuse(treeFile: string, complain: (line: string) => void): 1 {
  complain(`${treeFile} stays as it is`);
  return 1;
}

function sizesOf({ add, answers, new: created, unlisted }: Suggestions): string {
  const sizes = [
    `${plural(add.length, 'suggestion')} for branches that are there`,
    `${created.length} for new ones`,
    `${plural(answers.length, 'group')} of answers`,
  ];
  if (unlisted > 0) sizes.push(`${unlisted} rarer ones left out`);
  return sizes.join(', ');
}

async function written(
  path: string,
  text: string,
  mode: number,
  complain: (line: string) => void,
): Promise<boolean> {
  try {
    await writeAtomically(path, text, true, mode);
    return true;
  } catch (err) {
    complain(`${path}: the file cannot be written (${codeOf(err)})`);
    return false;
  }
}

function readText(file: string, complain: (line: string) => void): string | null {
  try {
    if (statSync(file).size <= 4 * dialogLimits.suggestionBytes) return readFileSync(file, 'utf8');
    complain(`${file}: error: larger than a file of suggestions may be (take out what is not wanted)`);
  } catch (err) {
    complain(`${file}: error: the file cannot be read (${codeOf(err)}) (correct the path)`);
  }
  return null;
}

function codeOf(err: unknown): string {
  return err instanceof Error && 'code' in err ? String(err.code) : String(err);
}

function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

function branches(count: number): string {
  return `${count} branch${count === 1 ? '' : 'es'}`;
}
