import { parentPort, workerData } from 'node:worker_threads';

import { examineTree } from '../../dialog/load.js';
import type { PrepareAnswer, PrepareRequest } from './prepare-protocol.js';
import { piecesOf, withoutNodes } from './tree-pieces.js';

// The thread of one tree: reads, checks and measures it, answers once and ends.
const { text, file, pieces } = workerData as PrepareRequest;
const { parts, problems } = examineTree(text, file);
let sent = 0;
for (const piece of parts ? piecesOf(parts.raw) : []) {
  pieces.postMessage(piece);
  sent++;
}
const examined = { parts: parts && { ...parts, raw: withoutNodes(parts.raw) }, problems };
parentPort?.postMessage({ examined, pieces: sent } satisfies PrepareAnswer);
