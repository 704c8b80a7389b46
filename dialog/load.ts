import { buildBranch, buildNode, promptOf, type BuildContext } from './build-node.js';
import { calibrate } from './calibrate.js';
import { checkTree } from './check-tree.js';
import { defaultConfirmBranch } from './default-texts.js';
import { isVariableName } from './interpolate.js';
import { parseTree } from './parse-tree.js';
import { globalPrefix, type DialogNode, type DialogTree } from './tree.js';
import type { Report, TreeProblem } from './tree-problem.js';
import type { RawTree } from './tree-schema.js';

/** `tree` is null exactly when `problems` holds an error. */
export interface LoadedTree {
  readonly tree: DialogTree | null;
  /** In the order of the file. */
  readonly problems: readonly TreeProblem[];
}

/**
 * Makes a tree of YAML text: parse, check the shape, build, check the names and the flow, calibrate thresholds.
 *
 * Reads no file: `fileName` only names the place in problems. Never throws on bad input.
 */
export function loadTree(yamlText: string, fileName: string): LoadedTree {
  const { raw, problems, report } = parseTree(yamlText, fileName);
  const tree = raw && buildTree(raw, report);
  if (tree) checkTree(tree, raw, report);
  const failed = problems.some(({ severity }) => severity === 'error');
  problems.sort((a, b) => a.line - b.line || a.column - b.column);
  return { tree: tree && !failed ? calibrate(tree) : null, problems };
}

function buildTree(raw: RawTree, report: Report): DialogTree {
  const globalKeys = new Map<string, string>();
  for (const { dtmf, id } of raw.globals) if (dtmf !== undefined) globalKeys.set(dtmf, globalPrefix + id);
  const context: BuildContext = { raw, globalKeys, report };
  const nodes = new Map<string, DialogNode>();
  for (const [id, rawNode] of Object.entries(raw.nodes)) {
    const node = buildNode(id, rawNode, context);
    if (node) nodes.set(id, node);
  }
  for (const name of Object.keys(raw.variables)) {
    if (!isVariableName(name))
      report('error', ['variables', name], `"${name}" cannot name a variable`, 'Use letters, digits and "_"');
  }
  return {
    id: raw.tree,
    version: raw.version,
    language: raw.language,
    start: raw.start,
    nodes,
    globals: raw.globals
      .map((branch, i) => buildBranch(branch, ['globals', i], globalPrefix, report))
      .filter((branch) => branch !== null),
    fallback: raw.fallback ?? null,
    sessionMax: { noInput: raw.session?.no_input_max ?? 4, noMatch: raw.session?.no_match_max ?? 6 },
    variables: new Map(Object.entries(raw.variables)),
    confirmBranch: raw.confirm
      ? promptOf(raw.confirm, ['confirm'], report)
      : defaultConfirmBranch(raw.language),
    digitSlots: digitSlotsOf(nodes.values()),
  };
}

function digitSlotsOf(nodes: Iterable<DialogNode>): Set<string> {
  const slots = new Set<string>();
  for (const node of nodes) {
    if (node.kind === 'ask' && node.answer.type === 'digits') slots.add(node.slot);
  }
  return slots;
}
