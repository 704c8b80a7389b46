import { parentPort, workerData } from 'node:worker_threads';

import { readModelDirectory } from './model-directory.js';
import type { OnnxCommand, OnnxReport, OnnxThreadData } from './protocol.js';
import { loadRuntime } from './runtime.js';
import { SentenceModel } from './sentence-model.js';

/** The thread of a local model: one command at a time, in order. */
const data = workerData as OnnxThreadData;
let model: SentenceModel | null = null;
let tail: Promise<void> = Promise.resolve();

async function load(): Promise<SentenceModel> {
  model ??= await SentenceModel.load(
    await readModelDirectory(data.directory),
    await loadRuntime(data.runtimeModule),
  );
  return model;
}

async function run(command: OnnxCommand): Promise<OnnxReport> {
  const { id } = command;
  try {
    const loaded = await load();
    if (command.type === 'load') return { type: 'loaded', id, modelId: loaded.modelId };
    return { type: 'embedded', id, vectors: await loaded.embed(command.texts) };
  } catch (err) {
    return { type: 'failed', id, message: err instanceof Error ? err.message : String(err) };
  }
}

parentPort?.on('message', (command: OnnxCommand) => {
  tail = tail.then(async () => parentPort?.postMessage(await run(command)));
});
