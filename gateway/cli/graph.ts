import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { extname, resolve } from 'node:path';
import { dialogLimits } from '../../config/limits.js';
import { graphOf } from '../../dialog/graph-model.js';
import { graphMermaid, graphPage, graphSvg } from '../../dialog/graph-page.js';
import { loadTree } from '../../dialog/load.js';
import { formatProblem, type TreeProblem } from '../../dialog/tree-problem.js';
import type { TreeCoverage } from './test.js';

export interface GraphOptions {
  readonly treeFile: string;
  /** `.html`, `.svg` or `.mmd`. */
  readonly outFile: string;
  /** What `parley test --json` printed, or null. */
  readonly coverageFile: string | null;
  readonly cwd: string;
  readonly output: (line: string) => void;
}

const nodePath = /^(?:nodes|subtrees\.([^.]+)\.nodes)\.([^.]+)/;

/** Draws a tree into a file (`parley graph`); returns the exit code. */
export function runGraph({ treeFile, outFile, coverageFile, cwd, output }: GraphOptions): 0 | 1 {
  const kind = extname(outFile);
  if (!['.html', '.svg', '.mmd'].includes(kind)) {
    output(`${outFile}: a drawing is .html, .svg or .mmd; name the file so`);
    return 1;
  }
  const file = resolve(cwd, treeFile);
  if ((statSync(file, { throwIfNoEntry: false })?.size ?? Infinity) > dialogLimits.treeBytes) {
    output(`${treeFile}: there is no such tree, or it is too large`);
    return 1;
  }
  const text = readFileSync(file, 'utf8');
  const { tree, problems } = loadTree(text, treeFile);
  for (const problem of problems) output(formatProblem(problem));
  if (!tree) return 1;
  const coverage = coverageFile === null ? null : readCoverage(resolve(cwd, coverageFile), tree.id, output);
  if (coverage === undefined) return 1;
  const byNode = problemsByNode(problems);
  const model = graphOf(tree);
  const counts = new Map([...byNode].map(([id, found]) => [id, found.length]));
  const overlay = { visits: coverage, problems: counts };
  const lines = linesOf(text);
  const page = () =>
    graphPage(model, overlay, (id) => ({ line: lines.get(id) ?? null, problems: byNode.get(id) ?? [] }));
  const drawn = kind === '.svg' ? graphSvg(model, overlay) : kind === '.mmd' ? graphMermaid(model) : page();
  writeFileSync(resolve(cwd, outFile), drawn);
  output(`${outFile}: ${model.nodes.length} nodes, ${model.edges.length} ways`);
  return 0;
}

/** Visits by node; undefined after a message. */
function readCoverage(
  file: string,
  treeId: string,
  output: (line: string) => void,
): Record<string, number> | undefined {
  try {
    const summary = JSON.parse(readFileSync(file, 'utf8')) as {
      coverage?: Record<string, Partial<TreeCoverage>>;
    };
    const nodes = Object.values(summary.coverage ?? {}).find(({ tree }) => tree === treeId)?.nodes;
    if (nodes) return nodes;
    output(`${file}: there is no coverage of the tree "${treeId}" in it`);
  } catch (error) {
    output(`${file}: not what "parley test --json" prints (${error instanceof Error ? error.message : ''})`);
  }
  return undefined;
}

function problemsByNode(problems: readonly TreeProblem[]): Map<string, string[]> {
  const byNode = new Map<string, string[]>();
  for (const { path, message, fix, line } of problems) {
    const [, subtree, node] = nodePath.exec(path) ?? [];
    if (node === undefined) continue;
    const id = subtree === undefined ? node : `${subtree}/${node}`;
    byNode.set(id, [...(byNode.get(id) ?? []), `line ${line}: ${message}. ${fix}.`]);
  }
  return byNode;
}

/** The line of each node of the tree itself: a key two spaces deep under `nodes:`. */
function linesOf(text: string): Map<string, number> {
  const lines = new Map<string, number>();
  let inNodes = false;
  text.split('\n').forEach((line, i) => {
    if (/^\S/.test(line)) inNodes = line.startsWith('nodes:');
    const [, id] = (inNodes ? /^ {2}(['"]?)([\p{L}\p{N}_-]+)\1:/u.exec(line)?.slice(1) : undefined) ?? [];
    if (id !== undefined) lines.set(id, i + 1);
  });
  return lines;
}
