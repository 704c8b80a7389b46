import { readFileSync, statSync } from 'node:fs';

import { dialogLimits } from '../../config/limits.js';
import { loadTree } from '../../dialog/load.js';
import { formatProblem } from '../../dialog/tree-problem.js';
import type { DialogTree } from '../../dialog/tree.js';

/** A tree file that loads, with its text; null after telling `output` why there is none. Warnings are not told. */
export function readTreeFile(
  file: string,
  output: (line: string) => void,
): { readonly tree: DialogTree; readonly text: string } | null {
  let text: string;
  try {
    if (statSync(file).size > 4 * dialogLimits.treeBytes) {
      output(`${file}: error: larger than a tree may be (split the tree)`);
      return null;
    }
    text = readFileSync(file, 'utf8');
  } catch (err) {
    const code = err instanceof Error && 'code' in err ? String(err.code) : String(err);
    output(`${file}: error: the file cannot be read (${code}) (correct the path)`);
    return null;
  }
  const { tree, problems } = loadTree(text, file);
  for (const problem of problems) if (problem.severity === 'error') output(formatProblem(problem));
  return tree && { tree, text };
}
