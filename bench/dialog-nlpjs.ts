import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

import type { ScoredBranch } from '../dialog/scoring.js';
import type { IntentModel } from './dialog-model.js';

/** The part of NLP.js's manager that is used; its package has no types. */
interface NlpManager {
  addDocument(locale: string, utterance: string, intent: string): void;
  train(): Promise<unknown>;
  process(
    locale: string,
    utterance: string,
  ): Promise<{ classifications: { intent: string; score: number }[] }>;
}
type NlpManagerClass = new (settings: object) => NlpManager;

/** Its name for "none of these". */
const none = 'None';

/** What to tell a reader whose run has no peer. */
export const nlpjsMissing =
  'NLP.js left out: run "npm install --no-save node-nlp@4" here, or name a folder that has it with --peer-modules';

/**
 * NLP.js as found from `directory`, once with its none feature and once without (its authors advise either, by the
 * size of the corpus); empty when it is not installed. Everything but intent classification is switched off.
 */
export async function nlpjsModels(directory: string): Promise<IntentModel[]> {
  const Manager = await loadManager(directory);
  if (!Manager) return [];
  return [true, false].map((useNoneFeature) => ({
    name: `NLP.js (${useNoneFeature ? 'with' : 'without'} none feature)`,
    fit: async (candidates, language) => {
      const manager = new Manager({
        languages: [language],
        nlu: { useNoneFeature, log: false },
        forceNER: false,
        calculateSentiment: false,
        autoSave: false,
        autoLoad: false,
      });
      for (const { id, examples } of candidates) {
        for (const example of examples) manager.addDocument(language, example, id);
      }
      await manager.train();
      return {
        matchAll: async (texts) => {
          const all: ScoredBranch[][] = [];
          for (const text of texts) all.push(branches(await manager.process(language, text)));
          return all;
        },
      };
    },
  }));
}

function branches({ classifications }: Awaited<ReturnType<NlpManager['process']>>): ScoredBranch[] {
  return classifications
    .filter(({ intent }) => intent !== none)
    .map(({ intent, score }) => ({ branchId: intent, score }))
    .sort((a, b) => b.score - a.score);
}

async function loadManager(directory: string): Promise<NlpManagerClass | null> {
  let path: string;
  try {
    path = createRequire(join(directory, 'package.json')).resolve('node-nlp');
  } catch {
    return null;
  }
  const loaded = (await import(pathToFileURL(path).href)) as { default: { NlpManager: NlpManagerClass } };
  return loaded.default.NlpManager;
}
