import { checkAnswers } from './check-answers.js';
import type { Advise, CheckCode } from './check-codes.js';
import { checkConditions } from './check-conditions.js';
import { adviseOnMatching } from './check-matching.js';
import { checkReplies } from './check-replies.js';
import { checkServices, type ServiceName } from './check-services.js';
import { checkSpeech } from './check-speech.js';
import { checkTreeByCode } from './check-tree.js';
import { checkUnset } from './check-unset.js';
import { checkWays } from './check-ways.js';
import { loadTree } from './load.js';
import { parseTree } from './parse-tree.js';
import type { DialogTree } from './tree.js';
import type { Report, TreeProblem } from './tree-problem.js';
import type { RawTree } from './tree-schema.js';

export interface CheckedProblem extends TreeProblem {
  readonly code: CheckCode;
}

export interface CheckedTree {
  /** Null exactly when the tree cannot run. */
  readonly tree: DialogTree | null;
  /** In the order of the file. */
  readonly problems: readonly CheckedProblem[];
}

export interface AuthoringOptions {
  /** The services of the configuration; left out, they are not known and not checked. */
  readonly services?: readonly ServiceName[];
}

/** One rule that only advises; `tree` is complete and measured. */
type AdviceRule = (tree: DialogTree, raw: RawTree, advise: Advise) => void;

const adviceRules: readonly AdviceRule[] = [
  checkWays,
  checkUnset,
  checkConditions,
  checkAnswers,
  checkSpeech,
  checkReplies,
  adviseOnMatching,
];

/**
 * All that can be said of a tree to its author: what `loadTree` says, and advice that would only take time while calls
 * are waiting. What the tree's `lint: { ignore }` names is left out. Never throws on bad input.
 */
export function checkForAuthors(
  yamlText: string,
  fileName: string,
  { services }: AuthoringOptions = {},
): CheckedTree {
  const loaded = loadTree(yamlText, fileName);
  const { raw, problems, report } = parseTree(yamlText, fileName);
  const { tree } = loaded;
  if (!tree || !raw) return { tree: null, problems: loaded.problems.map(withCode('invalid')) };
  const checked: CheckedProblem[] = [];
  const ignored = new Set<CheckCode>(raw.lint?.ignore ?? []);
  const reportOf =
    (code: CheckCode): Report =>
    (...problem) => {
      const before = problems.length;
      // What is ignored must not use up the places for problems.
      if (!ignored.has(code) || problem[0] === 'error') report(...problem);
      checked.push(...problems.slice(before).map(withCode(code)));
    };
  const advise: Advise = (code, path, message, fix) => reportOf(code)('warning', path, message, fix);
  const known = new Set<string>();
  checkTreeByCode(tree, raw, (code) => (severity, path, message, fix) => {
    known.add(keyOf(path.join('.'), message));
    reportOf(code)(severity, path, message, fix);
  });
  if (services) checkServices(tree, raw, services, reportOf('unknown-service'));
  for (const rule of adviceRules) rule(tree, raw, advise);
  const others = loaded.problems.filter(({ path, message }) => !known.has(keyOf(path, message)));
  checked.push(...others.map(withCode('invalid')));
  const runs = checked.every(({ severity }) => severity === 'warning');
  return {
    tree: runs ? tree : null,
    problems: checked.sort((a, b) => a.line - b.line || a.column - b.column),
  };
}

function withCode(code: CheckCode): (problem: TreeProblem) => CheckedProblem {
  return (problem) => ({ ...problem, code });
}

function keyOf(path: string, message: string): string {
  return JSON.stringify([path, message]);
}
