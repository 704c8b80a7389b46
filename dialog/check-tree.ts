import { dialogLimits } from '../config/limits.js';
import { checkBranches, checkDtmf } from './check-branches.js';
import type { CheckCode } from './check-codes.js';
import { checkExampleCounts, checkGlobalExamples, checkRepeatedExamples } from './check-examples.js';
import { checkCycles, checkFallback, checkReachable } from './check-flow.js';
import { checkConfirmations, checkLanguage } from './check-texts.js';
import { checkExpressions, checkVariables } from './check-variables.js';
import type { DialogTree } from './tree.js';
import { nearestName, type Report, type TreePath } from './tree-problem.js';
import type { RawTree } from './tree-schema.js';
import { namedTargets, nodesOf } from './walk-tree.js';

/** Searching the nearest name for each of thousands would take minutes. */
const maxDangling = 100;

/** One rule of the linter; `tree` is complete but for the names it refers to. */
type Rule = (tree: DialogTree, raw: RawTree, report: Report) => void;

/** Each rule with the code of its warnings; its errors keep the tree from running. */
const rules: readonly (readonly [CheckCode, Rule])[] = [
  ['invalid', checkBounds],
  ['invalid', checkTargets],
  ['subtree-call', checkSubtrees],
  ['invalid', checkDtmf],
  ['invalid', checkBranches],
  ['few-examples', checkExampleCounts],
  ['repeated-example', checkRepeatedExamples],
  ['global-example', checkGlobalExamples],
  ['invalid', checkThresholds],
  ['invalid', checkFallback],
  ['cycle', checkCycles],
  ['unreachable', checkReachable],
  ['unknown-variable', checkVariables],
  ['expression-type', checkExpressions],
  ['confirmation-without-value', checkConfirmations],
  ['unsupported-language', checkLanguage],
];

/** Runs every rule; reports errors that make the tree unusable and warnings that make it worse. */
export function checkTree(tree: DialogTree, raw: RawTree, report: Report): void {
  for (const [, rule] of rules) rule(tree, raw, report);
}

/** The same rules, with the code of each problem. */
export function checkTreeByCode(tree: DialogTree, raw: RawTree, reportOf: (code: CheckCode) => Report): void {
  for (const [code, rule] of rules) rule(tree, raw, reportOf(code));
}

function checkBounds(tree: DialogTree, raw: RawTree, report: Report): void {
  if (tree.nodes.size > dialogLimits.nodes)
    report('error', ['nodes'], `more than ${dialogLimits.nodes} nodes`, 'Split the bot into several trees');
  let examples = tree.globals.reduce((sum, branch) => sum + branch.examples.length, 0);
  for (const node of tree.nodes.values()) {
    if (node.kind === 'listen') for (const branch of node.branches) examples += branch.examples.length;
  }
  if (examples > dialogLimits.examples)
    report('error', ['nodes'], `more than ${dialogLimits.examples} examples`, 'Remove the least useful ones');
  if (Object.keys(raw.variables).length > dialogLimits.variables)
    report('error', ['variables'], `more than ${dialogLimits.variables} variables`, 'Remove some');
}

/** A name inside a sub-tree means a node of the sub-tree, else one of the tree. */
function checkTargets(_tree: DialogTree, raw: RawTree, report: Report): void {
  let dangling = 0;
  for (const { target, path, subtree } of namedTargets(raw)) {
    const own = subtree === null ? undefined : raw.subtrees[subtree]?.nodes;
    const mainOnly = path[0] === 'subtrees' && path[2] === 'start';
    if (own && Object.hasOwn(own, target)) continue;
    if (!mainOnly && Object.hasOwn(raw.nodes, target)) continue;
    if (++dangling > maxDangling) return;
    const near = nearestName(target, [...Object.keys(own ?? {}), ...Object.keys(raw.nodes)]);
    const fix = near ? `Write "${near}"` : `Add a node "${target}"`;
    report('error', path, `there is no node "${target}"`, fix);
  }
}

/** Calls name a sub-tree that is there, give it its parameters, and take results that some `return` gives. */
function checkSubtrees(_tree: DialogTree, raw: RawTree, report: Report): void {
  for (const { node, path } of nodesOf(raw)) {
    if (!node.subtree) continue;
    const { name, with: given, into } = node.subtree;
    const subtree = Object.hasOwn(raw.subtrees, name) ? raw.subtrees[name] : undefined;
    if (!subtree) {
      const near = nearestName(name, Object.keys(raw.subtrees));
      const fix = near ? `Write "${near}"` : 'Add it under "subtrees:"';
      report('error', [...path, 'subtree', 'name'], `there is no sub-tree "${name}"`, fix);
      continue;
    }
    for (const parameter of Object.keys(given)) {
      if (subtree.parameters.includes(parameter)) continue;
      const at = [...path, 'subtree', 'with', parameter];
      const near = nearestName(parameter, subtree.parameters);
      report(
        'error',
        at,
        `"${name}" has no parameter "${parameter}"`,
        near ? `Write "${near}"` : 'Remove it',
      );
    }
    for (const parameter of subtree.parameters) {
      if (Object.hasOwn(given, parameter)) continue;
      const message = `the parameter "${parameter}" of "${name}" is not given`;
      report('warning', [...path, 'subtree'], message, `Add "${parameter}:" under "with:"`);
    }
    const results = resultsOf(raw, name);
    for (const [variable, result] of Object.entries(into)) {
      if (results.has(result)) continue;
      const at = [...path, 'subtree', 'into', variable];
      const near = nearestName(result, results);
      const fix = near ? `Write "${near}"` : 'Add it to "return: {results: …}" in the sub-tree';
      report('error', at, `"${name}" gives no result "${result}"`, fix);
    }
  }
}

function resultsOf(raw: RawTree, name: string): Set<string> {
  const results = new Set<string>();
  for (const node of Object.values(raw.subtrees[name]?.nodes ?? {})) {
    if (typeof node.return === 'object')
      for (const result of Object.keys(node.return.results)) results.add(result);
  }
  return results;
}

function checkThresholds(_tree: DialogTree, raw: RawTree, report: Report): void {
  const check = (thresholds: RawTree['thresholds'], path: TreePath) => {
    if (thresholds && thresholds.confirm > thresholds.accept)
      report('error', path, '"confirm" is above "accept"', 'Swap the two numbers');
  };
  check(raw.thresholds, ['thresholds']);
  for (const { node, path } of nodesOf(raw)) check(node.thresholds, [...path, 'thresholds']);
}
