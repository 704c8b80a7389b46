import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

import type { Answer } from './dialog-measure.js';
import type { FittedModel, IntentModel } from './dialog-model.js';
import type { Query, Task } from './dialog-tasks.js';

/** One task done by one model. */
export interface Trial {
  readonly answers: readonly Answer[];
  readonly fitMs: number;
  readonly matchUs: number;
  /** What the fitted model keeps on the heap; 0 unless asked for. */
  readonly heapMb: number;
}

/** Fits and asks, with the clock running. */
export async function runTask(
  model: IntentModel,
  task: Task,
  language: 'en' | 'zh',
  weigh = false,
): Promise<Trial> {
  const before = weigh ? heapAfterCollection() : 0;
  const startedMs = performance.now();
  const fittedModel = await model.fit(task.candidates, language);
  const fitMs = performance.now() - startedMs;
  const heapMb = weigh ? (heapAfterCollection() - before) / 1_048_576 : 0;
  return { ...(await ask(fittedModel, task.queries)), fitMs, heapMb };
}

/** Asks all queries of a fitted model. */
export async function ask(
  model: FittedModel,
  queries: readonly Query[],
): Promise<Pick<Trial, 'answers' | 'matchUs'>> {
  const startedMs = performance.now();
  const all = await model.matchAll(queries.map(({ text }) => text));
  const matchUs = (1_000 * (performance.now() - startedMs)) / Math.max(1, queries.length);
  return { answers: queries.map((query, i) => ({ query, scores: all[i] ?? [] })), matchUs };
}

/** Bytes of the heap and of array buffers that are in use, after a full collection. */
function heapAfterCollection(): number {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  collect();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}
