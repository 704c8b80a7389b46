import { describe, expect, it } from 'vitest';
import { FakeClock } from '../../config/clock.js';
import { loadConfig } from '../../config/load.js';
import { MemoryLogger } from '../../config/logger.js';
import { NgramScorer } from '../../dialog/ngram-scorer.js';
import { defaultThresholds } from '../../dialog/tree.js';
import { createSimilarityEngine } from './create-engine.js';

const deps = { clock: new FakeClock(), logger: new MemoryLogger() };
const scoring = { local: new NgramScorer(), thresholdsOf: () => defaultThresholds };

function engineOf(settings: Readonly<Record<string, string>>) {
  const env = Object.fromEntries(
    Object.entries(settings).map(([key, value]) => [`PARLEY__similarity__${key}`, value]),
  );
  const { config, problems } = loadConfig({ env, cwd: '/nowhere' });
  if (!config) throw new Error(problems.map(({ message }) => message).join());
  return createSimilarityEngine(config.similarity, deps);
}

const complete: readonly Readonly<Record<string, string>>[] = [
  { scorer: 'openai', url: 'http://127.0.0.1:9/v1', model: 'm' },
  { scorer: 'tei', url: 'http://127.0.0.1:9' },
  { scorer: 'tei-grpc', url: 'grpc://127.0.0.1:9' },
  { scorer: 'ollama', url: 'http://127.0.0.1:9', model: 'm' },
  { scorer: 'rank', url: 'grpc://127.0.0.1:9' },
  { scorer: 'onnx', directory: 'model' },
];

describe('createSimilarityEngine', () => {
  it('makes nothing for the in-box matcher', () => {
    expect(engineOf({ scorer: 'ngram' })).toBeNull();
  });

  it.each(complete)(
    'makes $scorer alone or with the in-box matcher, and closes it twice',
    async (settings) => {
      for (const [hybridWeight, name] of [
        ['1', settings['scorer']],
        ['0.6', `${settings['scorer']}+ngram`],
      ] as const) {
        const engine = engineOf({ ...settings, hybridWeight });
        expect(engine?.name).toBe(settings['scorer']);
        expect(engine?.createScorer(scoring).name).toBe(name);
        await engine?.close();
        await engine?.close();
      }
    },
  );

  it('makes a scorer for each tree, none of which is prepared', async () => {
    const engine = engineOf({ scorer: 'tei', url: 'http://127.0.0.1:9' });
    const [one, two] = [engine?.createScorer(scoring), engine?.createScorer(scoring)];
    expect(one).not.toBe(two);
    const asked = one?.score('menu', 'hello', ['a'], new AbortController().signal);
    await expect(asked).rejects.toMatchObject({ fault: 'unavailable' });
    await engine?.close();
    await expect(one?.prepare('menu', [{ id: 'a', examples: ['hello'] }])).rejects.toThrow('tei was closed');
  });
});
