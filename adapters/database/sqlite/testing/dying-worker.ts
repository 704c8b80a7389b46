import { parentPort, workerData } from 'node:worker_threads';

import { FileStore } from '../file-store.js';
import type { StoreBatch, StoreSetup } from '../protocol.js';

/** The store's thread, but it dies of the call `retire`. */
const store = new FileStore(workerData as StoreSetup);

parentPort?.on('message', ({ calls, last }: StoreBatch) => {
  if (calls.some(({ name }) => name === 'retire')) process.exit(1);
  const report = store.run(calls);
  if (last) store.close();
  parentPort?.postMessage(report);
});
