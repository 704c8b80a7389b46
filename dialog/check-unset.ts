import type { Advise } from './check-codes.js';
import { allWays, type Ways } from './check-graph.js';
import { builtInNames, readersOf, rootOf } from './check-variables.js';
import { variablesOf, type DialogTree } from './tree.js';
import type { TreePath } from './tree-problem.js';
import type { RawTree } from './tree-schema.js';

/** Nodes that are walked over, for all variables together: about a second. */
const mostSteps = 2_000_000;

/** An expression that reckons with a name that has no value. */
const reckonsWithNull = /\bnull\b|\?\?|\bis_empty\b|\bdefault\b/;

/** Where a variable is read. */
interface Reading {
  readonly nodeId: string;
  readonly path: TreePath;
}

/** No variable is read where no path has given it a value; one that the tree never sets is another rule's. */
export function checkUnset(tree: DialogTree, raw: RawTree, advise: Advise): void {
  const always = valuesFromElsewhere(tree);
  const setters = settersOf(tree);
  const ways = allWays(tree);
  let steps = 0;
  for (const [name, readings] of readingsOf(tree, raw)) {
    const sources = setters.get(name);
    if (!sources || always.has(name)) continue;
    if (steps > mostSteps) {
      const message = 'the tree is too large to follow where every variable is set';
      advise('not-measured', ['nodes'], message, 'Split the bot into several trees');
      return;
    }
    const set = afterAnyOf(ways, sources);
    steps += set.size;
    const told = new Set<string>();
    for (const { nodeId, path } of readings) {
      if (set.has(nodeId) || sources.has(nodeId) || told.has(nodeId)) continue;
      told.add(nodeId);
      const [setter = ''] = sources;
      const message = `"{${name}}" may be unset here: no path from where it is set ("${setter}") leads here`;
      advise('unset-variable', path, message, `Set it before, or give it a value under "variables:"`);
    }
  }
}

function valuesFromElsewhere({ variables, globals, subtrees }: DialogTree): Set<string> {
  return new Set([
    ...variables.keys(),
    ...builtInNames,
    ...globals.flatMap(({ fill }) => [...fill.keys()]),
    ...[...subtrees.values()].flatMap(({ parameters }) => parameters),
  ]);
}

function settersOf({ nodes }: DialogTree): Map<string, Set<string>> {
  const setters = new Map<string, Set<string>>();
  for (const node of nodes.values()) {
    for (const name of variablesOf(node)) {
      const known = setters.get(name);
      if (known) known.add(node.id);
      else setters.set(name, new Set([node.id]));
    }
  }
  return setters;
}

function readingsOf(tree: DialogTree, raw: RawTree): Map<string, Reading[]> {
  const readings = new Map<string, Reading[]>();
  for (const { expressions, path, extra = [] } of readersOf(tree, raw)) {
    const nodeId = nodeIdOf(path);
    if (nodeId === null) continue;
    for (const { source, names } of expressions) {
      if (reckonsWithNull.test(source)) continue;
      for (const name of new Set(names.map(rootOf))) {
        if (extra.includes(name)) continue;
        const known = readings.get(name);
        if (known) known.push({ nodeId, path });
        else readings.set(name, [{ nodeId, path }]);
      }
    }
  }
  return readings;
}

function nodeIdOf(path: TreePath): string | null {
  if (path[0] === 'nodes') return String(path[1]);
  return path[0] === 'subtrees' ? `${path[1]}/${path[3]}` : null;
}

/** The nodes that come after one of `sources`. */
function afterAnyOf(ways: Ways, sources: Iterable<string>): Set<string> {
  const after = new Set<string>();
  const open = [...sources];
  for (let id = open.pop(); id !== undefined; id = open.pop()) {
    for (const target of ways.get(id) ?? []) {
      if (after.has(target)) continue;
      after.add(target);
      open.push(target);
    }
  }
  return after;
}
