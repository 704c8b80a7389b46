import type { TreeProblem } from '../../dialog/tree-problem.js';
import type { CanarySplit } from './canary.js';
import type { VersionRef } from './tree-version.js';

/** Why a change was refused; clients branch on it. */
export type RefusalCode =
  | 'unknown-tree'
  | 'unknown-version'
  | 'invalid-tree'
  | 'version-taken'
  | 'nothing-to-roll-back'
  | 'busy'
  | 'failed';

/** Nothing was changed. `field` names what the asker has to change, empty where it is nothing of his. */
export interface Refusal {
  readonly code: RefusalCode;
  readonly field: string;
  readonly message: string;
  readonly fix: string;
  readonly problems: readonly TreeProblem[];
}

export interface Refused {
  readonly ok: false;
  readonly refusal: Refusal;
}

export type Change<T> = { readonly ok: true; readonly value: T } | Refused;

/** An uploaded version. */
export interface Uploaded extends VersionRef {
  /** False: this very text was here already. */
  readonly created: boolean;
  readonly warnings: readonly TreeProblem[];
}

/** What is in force after a change. */
export interface InForce {
  readonly active: VersionRef;
  readonly previous: VersionRef | null;
  readonly canary: { readonly version: VersionRef; readonly split: CanarySplit } | null;
}

export function refused(
  code: RefusalCode,
  field: string,
  message: string,
  fix: string,
  problems: readonly TreeProblem[] = [],
): Refused {
  return { ok: false, refusal: { code, field, message, fix, problems } };
}

/** One problem of a text whose YAML is right, at the line of a key of its first level. */
export function problemAt(
  key: string,
  text: string,
  file: string,
  message: string,
  fix: string,
): TreeProblem {
  const line = text.split('\n').findIndex((candidate) => candidate.startsWith(`${key}:`)) + 1;
  return { severity: 'error', file, line: Math.max(1, line), column: 1, path: key, message, fix };
}
