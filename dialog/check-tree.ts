import { dialogLimits } from '../config/limits.js';
import { isSupportedLanguage } from './build-node.js';
import { checkBranches, checkDtmf } from './check-branches.js';
import { checkCycles, checkFallback, checkReachable } from './check-flow.js';
import { namesIn } from './interpolate.js';
import type { DialogTree } from './tree.js';
import { nearestName, type Report, type TreePath } from './tree-problem.js';
import type { RawBranch, RawText, RawTree } from './tree-schema.js';

/** Searching the nearest name for each of thousands would take minutes. */
const maxDangling = 100;

/** One rule of the linter; `tree` is complete but for the names it refers to. */
type Rule = (tree: DialogTree, raw: RawTree, report: Report) => void;

const rules: readonly Rule[] = [
  checkBounds,
  checkTargets,
  checkDtmf,
  checkBranches,
  checkThresholds,
  checkFallback,
  checkCycles,
  checkReachable,
  checkVariables,
  checkConfirmations,
  checkLanguage,
];

/** Runs every rule; reports errors that make the tree unusable and warnings that make it worse. */
export function checkTree(tree: DialogTree, raw: RawTree, report: Report): void {
  for (const rule of rules) rule(tree, raw, report);
}

function checkBounds(tree: DialogTree, raw: RawTree, report: Report): void {
  if (tree.nodes.size > dialogLimits.nodes)
    report('error', ['nodes'], `more than ${dialogLimits.nodes} nodes`, 'Split the bot into several trees');
  let examples = 0;
  for (const { branch } of branchesOf(raw)) examples += branch.examples.length;
  if (examples > dialogLimits.examples)
    report('error', ['nodes'], `more than ${dialogLimits.examples} examples`, 'Remove the least useful ones');
  if (Object.keys(raw.variables).length > dialogLimits.variables)
    report('error', ['variables'], `more than ${dialogLimits.variables} variables`, 'Remove some');
}

function checkTargets(_tree: DialogTree, raw: RawTree, report: Report): void {
  let dangling = 0;
  for (const { target, path } of targetsOf(raw)) {
    if (Object.hasOwn(raw.nodes, target)) continue;
    if (++dangling > maxDangling) return;
    const near = nearestName(target, Object.keys(raw.nodes));
    const fix = near ? `Write "${near}"` : `Add a node "${target}"`;
    report('error', path, `there is no node "${target}"`, fix);
  }
}

function checkThresholds(_tree: DialogTree, raw: RawTree, report: Report): void {
  const check = (thresholds: RawTree['thresholds'], path: TreePath) => {
    if (thresholds && thresholds.confirm > thresholds.accept)
      report('error', path, '"confirm" is above "accept"', 'Swap the two numbers');
  };
  check(raw.thresholds, ['thresholds']);
  for (const [id, node] of Object.entries(raw.nodes)) check(node.thresholds, ['nodes', id, 'thresholds']);
}

/** A caller's variables (`started`) are not known here, so an unknown name is only a warning. */
function checkVariables(tree: DialogTree, raw: RawTree, report: Report): void {
  const known = new Set<string>(tree.variables.keys());
  for (const node of tree.nodes.values()) {
    if (node.kind === 'ask') known.add(node.slot);
    if (node.kind === 'set') for (const name of node.values.keys()) known.add(name);
  }
  const check = (value: unknown, path: (string | number)[]): void => {
    if (typeof value === 'string') {
      for (const name of namesIn(value)) {
        if (known.has(name)) continue;
        const near = nearestName(name, known);
        const fix = near ? `Write "{${near}}"` : 'Add it to "variables:", or have the channel give it';
        report('warning', path, `nothing in the tree sets "{${name}}"`, fix);
      }
    } else if (typeof value === 'object' && value !== null) {
      for (const [key, inner] of Object.entries(value)) check(inner, [...path, key]);
    }
  };
  for (const [id, node] of Object.entries(raw.nodes)) check(node, ['nodes', id]);
}

/** A question that does not say what was understood cannot be answered. */
function checkConfirmations(_tree: DialogTree, raw: RawTree, report: Report): void {
  const check = (text: RawText | undefined, name: string, path: TreePath) => {
    if (
      !text ||
      [text.voice, text.chat].every((variant) => variant === undefined || namesIn(variant).includes(name))
    )
      return;
    report('warning', path, 'the question does not say what was understood', `Use "{${name}}" in it`);
  };
  check(raw.confirm, 'label', ['confirm']);
  for (const [id, { ask }] of Object.entries(raw.nodes)) {
    if (ask) check(ask.confirm, ask.slot, ['nodes', id, 'ask', 'confirm']);
  }
}

function checkLanguage(tree: DialogTree, raw: RawTree, report: Report): void {
  if (isSupportedLanguage(tree.language)) return;
  const message = `yes, no and spoken digits are not known in "${tree.language}"`;
  report('warning', ['language'], message, 'Offer DTMF keys, or use English or Chinese');
  if (!raw.confirm)
    report('warning', ['language'], '"did you mean" will be asked in English', 'Add "confirm: … {label}?"');
}

function* branchesOf(raw: RawTree): Iterable<{ branch: RawBranch; path: TreePath }> {
  for (const [i, branch] of raw.globals.entries()) yield { branch, path: ['globals', i] };
  for (const [id, node] of Object.entries(raw.nodes)) {
    for (const [i, branch] of (node.listen?.branches ?? []).entries())
      yield { branch, path: ['nodes', id, 'listen', 'branches', i] };
  }
}

/** Every place of the file that names a node. */
function* targetsOf(raw: RawTree): Iterable<{ target: string; path: TreePath }> {
  yield { target: raw.start, path: ['start'] };
  if (raw.fallback !== undefined) yield { target: raw.fallback, path: ['fallback'] };
  for (const { branch, path } of branchesOf(raw)) {
    if (branch.go !== undefined) yield { target: branch.go, path: [...path, 'go'] };
  }
  const ladders = (owner: Pick<RawTree, 'no_input' | 'no_match'>, path: TreePath) =>
    (['no_input', 'no_match'] as const).flatMap((key) => {
      const then = owner[key]?.then;
      return then === undefined ? [] : [{ target: then, path: [...path, key, 'then'] }];
    });
  yield* ladders(raw, []);
  for (const [id, node] of Object.entries(raw.nodes)) {
    const path = ['nodes', id];
    if (node.go && 'to' in node.go) yield { target: node.go.to, path: [...path, 'go'] };
    if (node.go && 'yes' in node.go) {
      yield { target: node.go.yes, path: [...path, 'go', 'yes'] };
      yield { target: node.go.no, path: [...path, 'go', 'no'] };
    }
    if (node.resume !== undefined) yield { target: node.resume, path: [...path, 'resume'] };
    if (node.listen) yield* ladders(node.listen, [...path, 'listen']);
    if (node.ask) yield* ladders(node.ask, [...path, 'ask']);
  }
}
