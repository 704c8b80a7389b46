import { readFileSync } from 'node:fs';

import type { Logger } from '../../config/logger.js';
import { prepareTree } from '../../dialog/candidates.js';
import { loadTree } from '../../dialog/load.js';
import { NgramScorer } from '../../dialog/ngram-scorer.js';
import type { Ladder, DialogNode, DialogTree } from '../../dialog/tree.js';
import { isWaiting } from '../../dialog/tree.js';
import type { ScorerChain } from './conversation.js';

/** A dialog tree with the scorer that its candidate sets were prepared in. */
export interface Bot {
  readonly id: string;
  readonly tree: DialogTree;
  readonly scorers: ScorerChain;
}

/** The operator's overrides of every node's no_input values; null keeps the node's own. */
export interface NoInputOverrides {
  readonly afterMs: number | null;
  readonly max: number | null;
}

/** A tree file that cannot serve; `message` lists every problem with file and line. */
export class TreeError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'TreeError';
  }
}

/** How long a scorer may take before the turn is decided without it. */
const scoreTimeoutMs = 1_000;

/** The bots of this node by the name of their tree; at least the default one. */
export class Bots {
  readonly #bots: ReadonlyMap<string, Bot>;
  readonly default: Bot;

  private constructor(bots: ReadonlyMap<string, Bot>, standard: Bot) {
    this.#bots = bots;
    this.default = standard;
  }

  /** Loads every tree file; rejects with TreeError when one has an error. Warnings are logged. */
  static async load(
    files: Readonly<Record<string, string>>,
    defaultId: string,
    overrides: NoInputOverrides,
    logger: Logger,
  ): Promise<Bots> {
    const bots = new Map<string, Bot>();
    for (const [id, file] of Object.entries(files)) bots.set(id, await loadBot(id, file, overrides, logger));
    const standard = bots.get(defaultId);
    if (!standard) throw new TreeError(`dialog.tree: there is no tree "${defaultId}"`);
    return new Bots(bots, standard);
  }

  get(id: string): Bot | null {
    return this.#bots.get(id) ?? null;
  }

  all(): readonly Bot[] {
    return [...this.#bots.values()];
  }
}

async function loadBot(id: string, file: string, overrides: NoInputOverrides, logger: Logger): Promise<Bot> {
  const { tree, problems } = loadTree(readFileSync(file, 'utf8'), file);
  for (const problem of problems) {
    if (problem.severity === 'warning') logger.warn('dialog tree', { ...problem });
  }
  if (!tree) {
    const errors = problems.filter(({ severity }) => severity === 'error');
    throw new TreeError(
      errors
        .map(({ line, column, message, fix }) => `${file}:${line}:${column}: ${message} (${fix})`)
        .join('\n'),
    );
  }
  const scorer = new NgramScorer();
  await prepareTree(scorer, tree);
  return {
    id,
    tree: overrideNoInput(tree, overrides),
    scorers: { primary: scorer, fallback: null, timeoutMs: scoreTimeoutMs },
  };
}

function overrideNoInput(tree: DialogTree, { afterMs, max }: NoInputOverrides): DialogTree {
  if (afterMs === null && max === null) return tree;
  const nodes = new Map<string, DialogNode>();
  for (const [id, node] of tree.nodes) {
    if (!isWaiting(node)) nodes.set(id, node);
    else {
      const noInput: Ladder = { ...node.noInput, max: max ?? node.noInput.max };
      nodes.set(id, { ...node, noInput, noInputMs: afterMs ?? node.noInputMs });
    }
  }
  return { ...tree, nodes };
}
