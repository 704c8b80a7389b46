import type { Compiler } from './compiler.js';
import type { EntityType } from './entity.js';
import type { EntitySpec } from './entity-types.js';
import type { Report, TreePath } from './tree-problem.js';
import type { RawTree } from './tree-schema.js';

/** What every part of a tree is built with. */
export interface BuildContext {
  readonly raw: RawTree;
  readonly report: Report;
  readonly compiler: Compiler;
  /** The tree's own first. */
  readonly languages: readonly string[];
  /** DTMF keys of globals, to their prefixed ids. */
  readonly globalKeys: ReadonlyMap<string, string>;
  /** The id of the node that a name means here: of the same sub-tree where it has one. */
  resolve(name: string): string;
  /** The type that an ask or a branch names; null after a report. */
  entityType(spec: EntitySpec, path: TreePath): EntityType | null;
  /** Those of a `fill`. */
  entityTypes(fill: Readonly<Record<string, string>>, path: TreePath): Map<string, EntityType>;
}
