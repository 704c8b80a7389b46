import { buildGlobal } from './build-branch.js';
import type { BuildContext } from './build-context.js';
import { buildNode } from './build-node.js';
import { calibrate, measuredThresholds, withThresholds } from './calibrate.js';
import { checkTree } from './check-tree.js';
import { Compiler } from './compiler.js';
import { treeTexts } from './default-texts.js';
import { EntityTypes } from './entity-lookup.js';
import type { EntityType } from './entity.js';
import { parseTree } from './parse-tree.js';
import {
  globalPrefix,
  variablesOf,
  type DialogNode,
  type DialogTree,
  type Subtree,
  type Thresholds,
} from './tree.js';
import type { Report, TreePath, TreeProblem } from './tree-problem.js';
import type { RawSubtree, RawTree } from './tree-schema.js';
import { nodeWeight, subtreeSeparator } from './walk-tree.js';

/** Of the nodes that are built in one go: two to five milliseconds. */
const weightBetweenPauses = 500;

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
  const { tree, problems } = loadParts(yamlText, fileName);
  return { tree, problems };
}

/** A checked and measured tree as plain data that can be sent between threads. */
export interface TreeParts {
  readonly raw: RawTree;
  readonly thresholds: ReadonlyMap<string, Thresholds>;
}

/** `parts` is null exactly when `problems` holds an error. */
export interface ExaminedTree {
  readonly parts: TreeParts | null;
  /** In the order of the file. */
  readonly problems: readonly TreeProblem[];
}

/** All of `loadTree` that takes long, for a thread of its own; `assembleTree` does the rest where the tree is used. */
export function examineTree(yamlText: string, fileName: string): ExaminedTree {
  const { raw, tree, problems } = loadParts(yamlText, fileName);
  return { parts: raw && tree ? { raw, thresholds: measuredThresholds(tree) } : null, problems };
}

/**
 * The tree that `loadTree` would make of the text that was examined; neither reads, checks nor measures again.
 *
 * `pause` is waited for between pieces of a few milliseconds; a node is never divided.
 */
export async function assembleTree(
  { raw, thresholds }: TreeParts,
  pause: () => Promise<void>,
): Promise<DialogTree> {
  const building = buildTree(raw, () => undefined);
  let built = building.next();
  for (; !built.done; built = building.next()) await pause();
  return withThresholds(built.value, thresholds);
}

function loadParts(yamlText: string, fileName: string) {
  const { raw, problems, report } = parseTree(yamlText, fileName);
  const tree = raw && inOnePiece(buildTree(raw, report));
  if (tree) checkTree(tree, raw, report);
  const failed = problems.some(({ severity }) => severity === 'error');
  const calibrated = tree && !failed ? calibrate(tree) : null;
  problems.sort((a, b) => a.line - b.line || a.column - b.column);
  return { raw, tree: calibrated, problems };
}

/** A tree in the making, which may be left alone wherever it yields. */
type Building<Result> = Generator<undefined, Result, undefined>;

function inOnePiece<Result>(building: Building<Result>): Result {
  let built = building.next();
  while (!built.done) built = building.next();
  return built.value;
}

function* buildTree(raw: RawTree, report: Report): Building<DialogTree> {
  const languages = [...new Set([raw.language, ...raw.languages])];
  const compiler = new Compiler({ language: raw.language, snippets: raw.snippets, report });
  const types = new EntityTypes(raw.types, report);
  const globalKeys = new Map<string, string>();
  for (const { dtmf, id } of raw.globals) if (dtmf !== undefined) globalKeys.set(dtmf, globalPrefix + id);
  const context: BuildContext = {
    raw,
    report,
    compiler,
    languages,
    globalKeys,
    resolve: (name) => name,
    entityType: (spec, path) => types.get(spec, path),
    entityTypes: (fill, path) => types.all(fill, path),
  };
  const nodes = new Map<string, DialogNode>();
  yield* addNodes(nodes, raw.nodes, '', ['nodes'], context);
  for (const [name, subtree] of Object.entries(raw.subtrees)) {
    const prefix = name + subtreeSeparator;
    const resolve = (target: string) => (Object.hasOwn(subtree.nodes, target) ? prefix + target : target);
    yield* addNodes(nodes, subtree.nodes, prefix, ['subtrees', name, 'nodes'], { ...context, resolve });
  }
  return {
    id: raw.tree,
    version: raw.version,
    language: raw.language,
    languages,
    timeZone: raw.time_zone,
    start: raw.start,
    nodes,
    subtrees: new Map(
      Object.entries(raw.subtrees).map(([name, subtree]) => [name, subtreeOf(name, subtree, nodes)]),
    ),
    globals: raw.globals
      .map((branch, i) => buildGlobal(branch, ['globals', i], context))
      .filter((branch) => branch !== null),
    fallback: raw.fallback ?? null,
    sessionMax: { noInput: raw.session?.no_input_max ?? 4, noMatch: raw.session?.no_match_max ?? 6 },
    variables: compiler.assignments(raw.variables, ['variables']),
    texts: treeTexts(raw, languages, compiler),
    slotTypes: slotTypesOf(nodes.values()),
  };
}

function* addNodes(
  nodes: Map<string, DialogNode>,
  raw: RawTree['nodes'],
  prefix: string,
  at: TreePath,
  context: BuildContext,
): Building<void> {
  let weight = 0;
  for (const [id, rawNode] of Object.entries(raw)) {
    const node = buildNode(prefix + id, rawNode, [...at, id], context);
    if (node) nodes.set(node.id, node);
    weight += nodeWeight(rawNode);
    if (weight < weightBetweenPauses) continue;
    weight = 0;
    yield;
  }
}

function subtreeOf(name: string, raw: RawSubtree, nodes: ReadonlyMap<string, DialogNode>): Subtree {
  const locals = new Set(raw.parameters);
  for (const id of Object.keys(raw.nodes)) {
    const node = nodes.get(name + subtreeSeparator + id);
    if (node) for (const variable of variablesOf(node)) locals.add(variable);
  }
  return {
    name,
    start: name + subtreeSeparator + raw.start,
    parameters: raw.parameters,
    locals: [...locals],
  };
}

/** What is read out how: of a slot that takes several types, the first counts. */
function slotTypesOf(nodes: Iterable<DialogNode>): Map<string, EntityType> {
  const types = new Map<string, EntityType>();
  const add = (slot: string, type: EntityType): void => void (types.has(slot) || types.set(slot, type));
  for (const node of nodes) {
    if (node.kind === 'ask') add(node.slot, node.answer);
    const fills =
      node.kind === 'ask' ? [node.fill] : node.kind === 'listen' ? node.branches.map(({ fill }) => fill) : [];
    for (const fill of fills) for (const [slot, type] of fill) add(slot, type);
  }
  return types;
}
