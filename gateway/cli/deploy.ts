import { readFileSync, statSync } from 'node:fs';
import { basename } from 'node:path';

import { dialogLimits } from '../../config/limits.js';
import { formatProblem, hasErrors, type Problem } from '../../config/problem.js';
import type { NodeClient } from './node-client.js';
import { inForceAnswer, readAnswer, treeAnswer, uploadedAnswer, type InForceAnswer } from './tree-answers.js';

export interface DeployOptions {
  readonly file: string;
  /** Name of the tree at the node; null: the name in the file. */
  readonly tree: string | null;
  /** 1 to 99; null: all new sessions get the version. */
  readonly canary: number | null;
}

export interface NodeVerbDeps {
  readonly client: NodeClient;
  /** Takes one line without its line end. */
  readonly output: (line: string) => void;
}

export interface DeployDeps extends NodeVerbDeps {
  /** Checks the YAML here, before anything is sent; `id` is null when there is an error. */
  checkTree(
    text: string,
    file: string,
  ): { readonly id: string | null; readonly problems: readonly Problem[] };
}

/** Checks a tree file, uploads it and gives it to new sessions, or to some of them; returns the exit code. */
export async function runDeploy({ canary, file, tree }: DeployOptions, deps: DeployDeps): Promise<0 | 1> {
  const { client, output } = deps;
  const text = readTree(file, output);
  if (text === null) return 1;
  const { id, problems } = deps.checkTree(text, file);
  for (const problem of problems) output(formatProblem(problem));
  if (id === null || hasErrors(problems)) {
    output('nothing was sent: the tree has errors');
    return 1;
  }
  const name = tree ?? id;
  const path = pathOf(name);
  const sent = await client.postYaml(`${path}/versions?file=${encodeURIComponent(basename(file))}`, text);
  const uploaded = readAnswer(sent, uploadedAnswer, client.url, output);
  if (!uploaded) return 1;
  const { version } = uploaded;
  output(`${name}: version ${version} ${uploaded.created ? 'is checked and kept' : 'was here already'}`);
  const body = canary === null ? { version } : { version, canary: { percent: canary } };
  return change(await client.postJson(`${path}/activate`, body), name, deps);
}

/** Gives the canary, or the version of that number, to all new sessions; returns the exit code. */
export async function runPromote(name: string, version: number | null, deps: NodeVerbDeps): Promise<0 | 1> {
  const { client, output } = deps;
  const path = pathOf(name);
  let promoted = version;
  if (promoted === null) {
    const tree = readAnswer(await client.get(path), treeAnswer, client.url, output);
    if (!tree) return 1;
    if (!tree.canary) {
      output(`refused: ${name} has no canary (deploy with --canary first, or name a version: --version N)`);
      return 1;
    }
    promoted = tree.canary.version.version;
  }
  return change(await client.postJson(`${path}/activate`, { version: promoted }), name, deps);
}

/** Ends the canary, or goes back to the version before; returns the exit code. */
export async function runRollback(name: string, deps: NodeVerbDeps): Promise<0 | 1> {
  return change(await deps.client.postJson(`${pathOf(name)}/rollback`, {}), name, deps);
}

function change(
  answer: Parameters<typeof readAnswer>[0],
  name: string,
  { client, output }: NodeVerbDeps,
): 0 | 1 {
  const inForce = readAnswer(answer, inForceAnswer, client.url, output);
  if (!inForce) return 1;
  for (const line of describeInForce(name, inForce)) output(line);
  return 0;
}

function describeInForce(name: string, { active, canary, previous }: InForceAnswer): string[] {
  if (canary) {
    const share = 'percent' in canary.split ? `${canary.split.percent} % of` : 'some';
    return [
      `${name}: version ${canary.version.version} gets ${share} new sessions, version ${active.version} the others`,
      `all of them: parley promote ${name}; none: parley rollback ${name}`,
    ];
  }
  const back = previous ? `; back to version ${previous.version}: parley rollback ${name}` : '';
  return [`${name}: version ${active.version} gets all new sessions${back}`];
}

function pathOf(name: string): string {
  return `/api/v1/trees/${encodeURIComponent(name)}`;
}

function readTree(file: string, output: (line: string) => void): string | null {
  try {
    if (statSync(file).size <= dialogLimits.treeBytes) return readFileSync(file, 'utf8');
    output(`${file}: error: larger than ${dialogLimits.treeBytes} bytes (split the tree)`);
  } catch (err) {
    const code = err instanceof Error && 'code' in err ? String(err.code) : String(err);
    output(`${file}: error: the file cannot be read (${code}) (correct the path)`);
  }
  return null;
}
