import type { DialogTree } from './tree.js';
import { nearestName, type Report, type TreePath } from './tree-problem.js';
import type { RawBranch, RawTree } from './tree-schema.js';
import { nodesOf } from './walk-tree.js';

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

/** Siblings have ids of their own, and there is something to listen for. */
export function checkBranches(_tree: DialogTree, raw: RawTree, report: Report): void {
  checkIds(raw.globals, ['globals'], report);
  const globalIds = new Set(raw.globals.map(({ id }) => id));
  for (const { node, path } of nodesOf(raw)) {
    const { listen } = node;
    if (!listen) continue;
    const at = [...path, 'listen'];
    if (listen.branches.length === 0 && Object.keys(listen.dtmf).length === 0)
      report('error', at, 'nothing to listen for: no branches and no keys', 'Add "branches:"');
    checkIds(listen.branches, [...at, 'branches'], report);
    listen.branches.forEach(({ id }, i) => {
      if (globalIds.has(id))
        report('error', [...at, 'branches', i, 'id'], `"${id}" is also a global`, 'Rename the branch');
    });
  }
}

function checkIds(branches: readonly RawBranch[], at: TreePath, report: Report): void {
  const ids = new Set<string>();
  branches.forEach(({ id }, i) => {
    if (ids.has(id))
      report('error', [...at, i, 'id'], `duplicate branch id "${id}"`, 'Give each branch its own id');
    ids.add(id);
  });
}
