import type { Logger } from '../../config/logger.js';
import type { DialogTree } from '../../dialog/tree.js';
import type { Warmer, WireFormat } from '../session/prompt-speaker.js';
import { promptTexts } from '../session/prompt-texts.js';

const lineFormats: readonly WireFormat[] = [
  { encoding: 'PCMU', sampleRateHz: 8_000 },
  { encoding: 'PCMA', sampleRateHz: 8_000 },
];

/**
 * Synthesises every prompt of the trees that has no variable, so that no caller waits for the first one.
 *
 * One at a time, behind the calls: it never holds up more than one synthesis. Resolves with how many are in the cache;
 * stops early when `signal` aborts.
 */
export async function warmPrompts(
  trees: readonly DialogTree[],
  speaker: Warmer,
  logger: Logger,
  signal: AbortSignal,
): Promise<number> {
  let warmed = 0;
  for (const format of lineFormats) {
    for (const tree of trees) {
      for (const text of promptTexts(tree)) {
        if (signal.aborted) return warmed;
        if (text.includes('{')) continue;
        if (await speaker.warm({ text, language: tree.language }, format)) warmed++;
      }
    }
  }
  logger.info('fixed prompts are in the synthesis cache', { prompts: warmed });
  return warmed;
}
