import type { Clock } from '../../config/clock.js';
import { assembleTree, type TreeParts } from '../../dialog/load.js';
import type { TreeProblem } from '../../dialog/tree-problem.js';
import { overrideNoInput, type NoInputOverrides } from './no-input-overrides.js';
import type { ExamineTree } from './tree-examiner.js';
import { nextTurnOfLoop, type CreateScorers } from './tree-scorers.js';
import { sha256Of, type TreeVersion, type VersionOrigin } from './tree-version.js';

export interface TreeSource {
  /** Key of `dialog.trees`. */
  readonly id: string;
  readonly text: string;
  /** Named in problems. */
  readonly file: string;
  readonly origin: VersionOrigin;
}

/** `parts` is null exactly when `problems` holds an error; otherwise `build` makes a version of it. */
export interface Examined {
  readonly source: TreeSource;
  readonly parts: TreeParts | null;
  readonly problems: readonly TreeProblem[];
}

export interface TreeLoaderDeps {
  readonly examine: ExamineTree;
  readonly createScorers: CreateScorers;
  readonly overrides: NoInputOverrides;
  readonly clock: Clock;
}

/** Makes versions of texts: examines them elsewhere, puts the tree together here and prepares its scorers. */
export class TreeLoader {
  readonly #deps: TreeLoaderDeps;

  constructor(deps: TreeLoaderDeps) {
    this.#deps = deps;
  }

  /** Rejects when the examination did not come to an end. */
  async examine(source: TreeSource, examine: ExamineTree = this.#deps.examine): Promise<Examined> {
    return { source, ...(await examine(source.text, source.file)) };
  }

  /** Rejects when a scorer cannot be prepared. */
  async build({ id, text, file, origin }: TreeSource, parts: TreeParts): Promise<TreeVersion> {
    const { clock, createScorers, overrides } = this.#deps;
    const tree = overrideNoInput(await assembleTree(parts, nextTurnOfLoop), overrides);
    const scorers = await createScorers(tree);
    const sha256 = sha256Of(text);
    return {
      id,
      version: tree.version,
      sha256,
      text,
      file,
      origin,
      loadedAtMs: clock.epochMs(),
      tree,
      scorers,
    };
  }
}
