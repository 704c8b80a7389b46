import { parentPort, workerData } from 'node:worker_threads';

import { FileStore } from './file-store.js';
import type { StoreBatch, StoreReport, StoreSetup } from './protocol.js';

/** The thread that waits for the disk, so that no other has to. It dies when the file cannot be opened. */
const port = parentPort;
if (!port) throw new Error('store-worker.js runs in a worker thread');
const store = new FileStore(workerData as StoreSetup);

port.on('message', ({ calls, last }: StoreBatch) => {
  const report: StoreReport = store.run(calls);
  if (last) store.close();
  port.postMessage(report);
});
