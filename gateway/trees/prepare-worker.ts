import { parentPort, workerData } from 'node:worker_threads';

import { examineTree } from '../../dialog/load.js';
import type { PrepareAnswer, PrepareRequest } from './prepare-protocol.js';

// The thread of one tree: reads, checks and measures it, answers once and ends.
const { text, file } = workerData as PrepareRequest;
parentPort?.postMessage(examineTree(text, file) satisfies PrepareAnswer);
