import { normalizeUtterance } from './text-features.js';
import { globalPrefix, type Branch, type DialogTree } from './tree.js';
import type { Report, TreePath } from './tree-problem.js';
import type { RawBranch, RawTree } from './tree-schema.js';
import { nodesOf } from './walk-tree.js';

const fewExamples = 3;

/** Branches that are told apart by their examples, as written and as built (compact notation written out). */
interface Siblings {
  readonly raw: readonly RawBranch[];
  readonly built: ReadonlyMap<string, Branch>;
  readonly path: TreePath;
  /** Ids of branches that a key reaches. */
  readonly withKey: ReadonlySet<string>;
}

function* siblingsOf(tree: DialogTree, raw: RawTree): Iterable<Siblings> {
  yield {
    raw: raw.globals,
    built: new Map(tree.globals.map((branch) => [branch.id.slice(globalPrefix.length), branch])),
    path: ['globals'],
    withKey: new Set(raw.globals.filter(({ dtmf }) => dtmf !== undefined).map(({ id }) => id)),
  };
  for (const { id, node, path } of nodesOf(raw)) {
    const built = tree.nodes.get(id);
    if (!node.listen) continue;
    yield {
      raw: node.listen.branches,
      built: new Map(built?.kind === 'listen' ? built.branches.map((branch) => [branch.id, branch]) : []),
      path: [...path, 'listen', 'branches'],
      withKey: new Set(Object.values(node.listen.dtmf)),
    };
  }
}

/** A branch can be reached by words or a key, and by words enough to learn from. */
export function checkExampleCounts(tree: DialogTree, raw: RawTree, report: Report): void {
  for (const { raw: branches, built, path, withKey } of siblingsOf(tree, raw)) {
    branches.forEach(({ id, examples }, i) => {
      const at = [...path, i];
      const count = built.get(id)?.examples.length ?? examples.length;
      if (examples.length === 0 && !withKey.has(id))
        report('error', at, `branch "${id}" has no examples`, 'Add "examples:" or a DTMF key');
      else if (count > 0 && count < fewExamples)
        report(
          'warning',
          at,
          `branch "${id}" has few examples`,
          `Add more, ${fewExamples} at least, better 5 to 8`,
        );
    });
  }
}

/** No sentence belongs to two siblings, whether written out or in compact notation. */
export function checkRepeatedExamples(tree: DialogTree, raw: RawTree, report: Report): void {
  for (const { raw: branches, built, path } of siblingsOf(tree, raw)) {
    const owners = new Map<string, string>();
    branches.forEach(({ id, examples }, i) => {
      const at = [...path, i];
      const written = new Set<string>();
      examples.forEach((example, j) => {
        const sentence = normalizeUtterance(example);
        const place = [...at, 'examples', j];
        written.add(sentence);
        if (sentence === '') report('error', place, 'the example has no words', 'Remove it');
        else checkOwner(example, id, owners.get(sentence), place, report);
        owners.set(sentence, id);
      });
      for (const example of built.get(id)?.examples ?? []) {
        const sentence = normalizeUtterance(example);
        if (written.has(sentence)) continue;
        const owner = owners.get(sentence);
        if (owner !== id) checkOwner(example, id, owner, at, report);
        owners.set(sentence, id);
      }
    });
  }
}

function checkOwner(
  example: string,
  id: string,
  owner: string | undefined,
  at: TreePath,
  report: Report,
): void {
  if (owner === undefined) return;
  if (owner === id) report('warning', at, `"${example}" is there twice`, 'Remove one of the two');
  else report('error', at, `"${example}" is also an example of "${owner}"`, 'Keep it in one branch');
}

/** No branch has a sentence that means a global everywhere else. */
export function checkGlobalExamples(tree: DialogTree, raw: RawTree, report: Report): void {
  const globals = new Map<string, string>();
  for (const { id, examples } of tree.globals)
    for (const example of examples) globals.set(normalizeUtterance(example), id.slice(globalPrefix.length));
  for (const { raw: branches, built, path } of siblingsOf(tree, raw)) {
    if (path[0] === 'globals') continue;
    branches.forEach(({ id, examples }, i) => {
      const places = new Map(examples.map((example, j) => [example, j]));
      for (const example of built.get(id)?.examples ?? []) {
        const global = globals.get(normalizeUtterance(example));
        if (global === undefined) continue;
        const place = places.get(example);
        const at = place === undefined ? [...path, i] : [...path, i, 'examples', place];
        const message = `"${example}" is also an example of the global "${global}"`;
        report('warning', at, message, 'Remove one of the two');
      }
    });
  }
}
