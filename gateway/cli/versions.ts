import type { NodeVerbDeps } from './deploy.js';
import { readAnswer, treeAnswer, treesAnswer, type TreeAnswer } from './tree-answers.js';

const heading = ['TREE', 'VERSION', 'STATE', 'SESSIONS', 'SINCE', 'SHA-256'];

/** Prints the versions of one tree or of all as a table; returns the exit code. */
export async function runVersions(name: string | null, { client, output }: NodeVerbDeps): Promise<0 | 1> {
  const path = name === null ? '/api/v1/trees' : `/api/v1/trees/${encodeURIComponent(name)}`;
  const answer = await client.get(path);
  const shape = name === null ? treesAnswer : treeAnswer.transform((tree) => ({ trees: [tree] }));
  const found = readAnswer(answer, shape, client.url, output);
  if (!found) return 1;
  for (const line of table([heading, ...found.trees.flatMap(rowsOf)])) output(line);
  return 0;
}

function rowsOf(tree: TreeAnswer): string[][] {
  return tree.versions.map(({ version, state, origin, sessions, sinceMs, sha256 }) => [
    tree.name,
    String(version),
    `${state}${state === 'canary' ? share(tree) : ''}${origin === 'configured' ? ' (file)' : ''}`,
    String(sessions),
    new Date(sinceMs).toISOString().slice(0, 16).replace('T', ' '),
    sha256.slice(0, 12),
  ]);
}

function share({ canary }: TreeAnswer): string {
  return canary && 'percent' in canary.split ? ` ${canary.split.percent} %` : ' by rule';
}

function table(rows: readonly (readonly string[])[]): string[] {
  const widths = heading.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}
