import { describe, expect, it } from 'vitest';
import { FakeClock } from '../../config/clock.js';
import { loadConfig } from '../../config/load.js';
import { MemoryLogger } from '../../config/logger.js';
import { ManualSynthesizer } from '../../media/speech/testing/manual-synthesizer.js';
import { SpeechTiers } from './speech-tiers.js';

async function reportsOf(voice: string) {
  const synthesizers = [{ name: 'main', engine: 'flite', voice }];
  const { config } = loadConfig({
    env: { PARLEY__speech__synthesizers: JSON.stringify(synthesizers) },
    cwd: '/',
  });
  if (!config) throw new Error('the configuration has an error');
  const tiers = await SpeechTiers.create(config, {
    catalog: {
      recognizers: {},
      createSynthesizer: () =>
        Promise.resolve({ ok: true, engine: new ManualSynthesizer({ voices: ['ann', 'bea'] }) }),
    },
    clock: new FakeClock(),
    logger: new MemoryLogger(),
  });
  const [, main] = tiers.reports();
  return { available: main?.available, detail: main?.detail, speaks: tiers.speaks('en-US') };
}

describe('a configured voice', () => {
  it.each(['', 'ann'])('is used when the engine has it: %j', async (voice) => {
    expect(await reportsOf(voice)).toMatchObject({ available: true, speaks: true });
  });

  it('that the engine does not have is told at start, not with every prompt it would refuse', async () => {
    expect(await reportsOf('anm')).toEqual({
      available: false,
      detail: 'there is no voice "anm"; did you mean "ann"?',
      speaks: false,
    });
  });
});
