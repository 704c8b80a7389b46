import type { ExaminedTree } from '../../dialog/load.js';

/** What the thread is asked, as its `workerData`. */
export interface PrepareRequest {
  readonly text: string;
  readonly file: string;
}

/** Its one answer. */
export type PrepareAnswer = ExaminedTree;
