import type { MessagePort } from 'node:worker_threads';

import type { ExaminedTree } from '../../dialog/load.js';

/** What the thread is asked, as its `workerData`. */
export interface PrepareRequest {
  readonly text: string;
  readonly file: string;
  /** Takes the nodes of the tree, as `TreePiece`. */
  readonly pieces: MessagePort;
}

/** Its one answer, after all pieces: the tree without its nodes. */
export interface PrepareAnswer {
  readonly examined: ExaminedTree;
  readonly pieces: number;
}
