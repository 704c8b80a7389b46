import { normalizeUtterance } from './text-features.js';
import type { DialogTree } from './tree.js';
import { nearestName, type Report, type TreePath } from './tree-problem.js';
import type { RawBranch, RawTree } from './tree-schema.js';
import { nodesOf } from './walk-tree.js';

const fewExamples = 3;

/** Keys exist on a telephone, mean one thing, and name a branch that is there. */
export function checkDtmf(_tree: DialogTree, raw: RawTree, report: Report): void {
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
  for (const { node, path: at } of nodesOf(raw)) {
    const names = [...(node.listen?.branches ?? []), ...raw.globals].map(({ id }) => id);
    for (const [key, name] of Object.entries(node.listen?.dtmf ?? {})) {
      const path = [...at, 'listen', 'dtmf', key];
      checkKey(key, path);
      if (names.includes(name)) continue;
      const near = nearestName(name, names);
      const fix = near ? `Write "${near}"` : 'Name a branch of this node or a global';
      report('error', path, `there is no branch "${name}" here`, fix);
    }
  }
}

/** Siblings have their own ids and examples, and enough of them. */
export function checkBranches(_tree: DialogTree, raw: RawTree, report: Report): void {
  const globalKeys = new Set(raw.globals.filter(({ dtmf }) => dtmf !== undefined).map(({ id }) => id));
  checkSiblings(raw.globals, ['globals'], globalKeys, report);
  const globalIds = new Set(raw.globals.map(({ id }) => id));
  const globalExamples = new Map<string, string>();
  for (const { id, examples } of raw.globals) {
    for (const example of examples) globalExamples.set(normalizeUtterance(example), id);
  }
  for (const { node, path: nodePath } of nodesOf(raw)) {
    const { listen } = node;
    if (!listen) continue;
    const at = [...nodePath, 'listen'];
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
        report(
          'error',
          examplePath,
          `"${example}" is also an example of "${owner}"`,
          'Keep it in one branch',
        );
      owners.set(normalized, branch.id);
    });
  });
}

function checkExampleCount(
  { id, examples }: RawBranch,
  path: TreePath,
  hasKey: boolean,
  report: Report,
): void {
  if (examples.length === 0 && !hasKey)
    report('error', path, `branch "${id}" has no examples`, 'Add "examples:" or a DTMF key');
  else if (examples.length > 0 && examples.length < fewExamples)
    report(
      'warning',
      path,
      `branch "${id}" has few examples`,
      `Add more, ${fewExamples} at least, better 5 to 8`,
    );
}
