import { createHash } from 'node:crypto';

import type { DialogTree } from '../../dialog/tree.js';
import type { ScorerChain } from '../session/ask-scorers.js';

/** A dialog tree with the scorers that its candidate sets were prepared in. */
export interface Bot {
  /** Key of `dialog.trees`. */
  readonly id: string;
  readonly tree: DialogTree;
  readonly scorers: ScorerChain;
}

/** Names a version: the number that its author gave it, and the text that this number stands for. */
export interface VersionRef {
  readonly version: number;
  /** Of the YAML text, in hexadecimal. */
  readonly sha256: string;
}

/** Where a version came from: the file that the configuration names, or a deploy. */
export type VersionOrigin = 'configured' | 'deployed';

/** One version of a tree, ready for sessions; immutable. */
export interface TreeVersion extends Bot, VersionRef {
  readonly text: string;
  /** Named in problems. */
  readonly file: string;
  readonly origin: VersionOrigin;
  /** Unix milliseconds. */
  readonly loadedAtMs: number;
}

/** A tree file that cannot serve; `message` lists every problem with file and line. */
export class TreeError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'TreeError';
  }
}

export function sha256Of(text: string): string {
  return createHash('sha256').update(text, 'utf8').digest('hex');
}

export function sameVersion(a: VersionRef | null, b: VersionRef | null): boolean {
  return a !== null && b !== null && a.sha256 === b.sha256;
}

export function refOf({ version, sha256 }: VersionRef): VersionRef {
  return { version, sha256 };
}
