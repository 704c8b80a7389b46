import { dialogLimits } from '../config/limits.js';
import { isSupportedLanguage } from './build-node.js';
import { namesIn } from './interpolate.js';
import { normalizeUtterance } from './text-features.js';
import { isWaiting, type DialogNode, type DialogTree } from './tree.js';
import { nearestName, type Report, type TreePath } from './tree-problem.js';
import type { RawBranch, RawTree } from './tree-schema.js';

const fewExamples = 3;

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
  for (const { target, path } of targetsOf(raw)) {
    if (Object.hasOwn(raw.nodes, target)) continue;
    const near = nearestName(target, Object.keys(raw.nodes));
    const fix = near ? `Write "${near}"` : `Add a node "${target}"`;
    report('error', path, `there is no node "${target}"`, fix);
  }
}

function checkDtmf(_tree: DialogTree, raw: RawTree, report: Report): void {
  const checkKey = (key: string, path: TreePath) => {
    if (!/^[0-9*#A-D]$/.test(key))
      report('error', path, `"${key}" is not a telephone key`, 'Use one of 0-9, * and #');
  };
  const keys = new Map<string, string>();
  raw.globals.forEach(({ dtmf, id }, i) => {
    if (dtmf === undefined) return;
    const path = ['globals', i, 'dtmf'];
    checkKey(dtmf, path);
    const other = keys.get(dtmf);
    if (other !== undefined)
      report('error', path, `key ${dtmf} already means "${other}"`, 'Give each global its own key');
    keys.set(dtmf, id);
  });
  for (const [nodeId, node] of Object.entries(raw.nodes)) {
    const names = [...(node.listen?.branches ?? []), ...raw.globals].map(({ id }) => id);
    for (const [key, name] of Object.entries(node.listen?.dtmf ?? {})) {
      const path = ['nodes', nodeId, 'listen', 'dtmf', key];
      checkKey(key, path);
      if (names.includes(name)) continue;
      const near = nearestName(name, names);
      const fix = near ? `Write "${near}"` : 'Name a branch of this node or a global';
      report('error', path, `there is no branch "${name}" here`, fix);
    }
  }
}

function checkBranches(_tree: DialogTree, raw: RawTree, report: Report): void {
  const globalKeys = new Set(raw.globals.filter(({ dtmf }) => dtmf !== undefined).map(({ id }) => id));
  checkSiblings(raw.globals, ['globals'], globalKeys, report);
  const globalIds = new Set(raw.globals.map(({ id }) => id));
  const globalExamples = new Map<string, string>();
  for (const { id, examples } of raw.globals) {
    for (const example of examples) globalExamples.set(normalizeUtterance(example), id);
  }
  for (const [nodeId, { listen }] of Object.entries(raw.nodes)) {
    if (!listen) continue;
    const at = ['nodes', nodeId, 'listen'];
    if (listen.branches.length === 0 && Object.keys(listen.dtmf).length === 0)
      report('error', at, 'nothing to listen for: no branches and no keys', 'Add "branches:"');
    checkSiblings(listen.branches, [...at, 'branches'], new Set(Object.values(listen.dtmf)), report);
    listen.branches.forEach((branch, i) => {
      const path = [...at, 'branches', i];
      if (globalIds.has(branch.id))
        report('error', [...path, 'id'], `"${branch.id}" is also a global`, 'Rename the branch');
      branch.examples.forEach((example, j) => {
        const global = globalExamples.get(normalizeUtterance(example));
        if (global === undefined) return;
        const message = `"${example}" is also an example of the global "${global}"`;
        report('warning', [...path, 'examples', j], message, 'Remove one of the two');
      });
    });
  }
}

function checkSiblings(
  branches: readonly RawBranch[],
  at: TreePath,
  withKey: ReadonlySet<string>,
  report: Report,
): void {
  const ids = new Set<string>();
  const owners = new Map<string, string>();
  branches.forEach((branch, i) => {
    const path = [...at, i];
    if (ids.has(branch.id))
      report('error', [...path, 'id'], `duplicate branch id "${branch.id}"`, 'Give each branch its own id');
    ids.add(branch.id);
    checkExampleCount(branch, path, withKey.has(branch.id), report);
    branch.examples.forEach((example, j) => {
      const examplePath = [...path, 'examples', j];
      const normalized = normalizeUtterance(example);
      const owner = owners.get(normalized);
      if (normalized === '') report('error', examplePath, 'the example has no words', 'Remove it');
      else if (owner === branch.id)
        report('warning', examplePath, `"${example}" is there twice`, 'Remove one of the two');
      else if (owner !== undefined)
        report('error', examplePath, `"${example}" is also an example of "${owner}"`, 'Keep it in one branch');
      owners.set(normalized, branch.id);
    });
  });
}

function checkExampleCount({ id, examples }: RawBranch, path: TreePath, hasKey: boolean, report: Report): void {
  if (examples.length === 0 && !hasKey)
    report('error', path, `branch "${id}" has no examples`, 'Add "examples:" or a DTMF key');
  else if (examples.length > 0 && examples.length < fewExamples)
    report('warning', path, `branch "${id}" has few examples`, `Add more, ${fewExamples} at least, better 5 to 8`);
}

function checkThresholds(_tree: DialogTree, raw: RawTree, report: Report): void {
  const check = (thresholds: RawTree['thresholds'], path: TreePath) => {
    if (thresholds && thresholds.confirm > thresholds.accept)
      report('error', path, '"confirm" is above "accept"', 'Swap the two numbers');
  };
  check(raw.thresholds, ['thresholds']);
  for (const [id, node] of Object.entries(raw.nodes)) check(node.thresholds, ['nodes', id, 'thresholds']);
}

/** The fallback is where conversations end that were not understood anywhere, so it may not ask again. */
function checkFallback(tree: DialogTree, _raw: RawTree, report: Report): void {
  if (tree.fallback === null) return;
  const seen = new Set<string>();
  let node = tree.nodes.get(tree.fallback);
  while (node && 'go' in node && !isWaiting(node) && !seen.has(node.id)) {
    seen.add(node.id);
    node = tree.nodes.get(node.go);
  }
  if (isWaiting(node))
    report('error', ['fallback'], `"${tree.fallback}" asks the user again`, 'Name a handover, transfer or end');
}

function checkCycles(tree: DialogTree, _raw: RawTree, report: Report): void {
  const done = new Set<string>();
  for (const first of tree.nodes.keys()) {
    const path = new Set<string>();
    let node = tree.nodes.get(first);
    while (node && 'go' in node && !isWaiting(node) && !done.has(node.id) && !path.has(node.id)) {
      path.add(node.id);
      node = tree.nodes.get(node.go);
    }
    if (node && path.has(node.id)) {
      const cycle = [...path].slice([...path].indexOf(node.id));
      const message = `"${[...cycle, node.id].join('" > "')}" never waits for the user`;
      report('error', ['nodes', node.id, 'go'], message, 'Let one of these nodes listen, ask or end');
    }
    for (const id of path) done.add(id);
  }
}

function checkReachable(tree: DialogTree, raw: RawTree, report: Report): void {
  const reached = new Set<string>();
  const open = [raw.start];
  if (raw.fallback !== undefined) open.push(raw.fallback);
  for (const { effect } of tree.globals) if (effect.type === 'go') open.push(effect.target);
  for (let id = open.pop(); id !== undefined; id = open.pop()) {
    const node = tree.nodes.get(id);
    if (!node || reached.has(id)) continue;
    reached.add(id);
    open.push(...nextNodes(node));
  }
  for (const id of tree.nodes.keys()) {
    if (!reached.has(id))
      report('warning', ['nodes', id], `no way leads to "${id}"`, 'Add a branch that goes here, or remove it');
  }
}

function nextNodes(node: DialogNode): string[] {
  const next: string[] = [];
  if ('go' in node) next.push(node.go);
  if (node.kind === 'handover') next.push(node.resume);
  if (node.kind === 'ask') next.push(node.goNo);
  if (node.kind === 'listen') {
    for (const { effect } of node.branches) if (effect.type === 'go') next.push(effect.target);
  }
  if (isWaiting(node)) {
    for (const { then } of [node.noInput, node.noMatch]) if (then !== null) next.push(then);
  }
  return next;
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

