import { describe, expect, test } from 'vitest';

import { ScriptedSynthesizer } from '../../adapters/fake/scripted-synthesizer.js';
import { FakeClock } from '../../config/clock.js';
import { loadConfig } from '../../config/load.js';
import { MemoryLogger } from '../../config/logger.js';
import type { Config } from '../../config/schema.js';
import { speechLimits } from '../../config/limits.js';
import type { EngineState } from '../../media/worker/protocol.js';
import { FakeStream } from '../session/testing/fake-media.js';
import type { EngineCatalog } from './engine-catalog.js';
import { SpeechTiers } from './speech-tiers.js';

function defaults(): Config {
  const { config } = loadConfig({ env: {}, cwd: '/' });
  if (!config) throw new Error('the default configuration is not usable');
  return config;
}

const base = defaults();
const listing = { engine: 'soundswallower', options: {} } as const;
const voice = { engine: 'flite', voice: '', languages: [], options: {} } as const;
const config: Config = {
  ...base,
  speech: {
    ...base.speech,
    recognizers: [
      { ...listing, name: 'ears', options: { beam: 1 } },
      { ...listing, name: 'spare' },
    ],
    synthesizers: [
      { ...voice, name: 'mouth' },
      { ...voice, name: 'missing', engine: 'espeak', languages: ['zh-CN'] },
      { ...voice, name: 'other', voice: 'two' },
    ],
  },
  tiers: {
    default: { recognizers: ['ears', 'spare'], synthesizers: ['mouth', 'missing', 'other'] },
    second: { recognizers: ['spare'], synthesizers: ['other', 'mouth'] },
  },
};

async function fixture() {
  const clock = new FakeClock();
  const logger = new MemoryLogger();
  const engines: ScriptedSynthesizer[] = [];
  const catalog: EngineCatalog = {
    recognizers: { soundswallower: { moduleUrl: 'file:///ears.js', languages: ['en-US'] } },
    createSynthesizer: (engine) => {
      if (engine === 'espeak')
        return Promise.resolve({ ok: false, reason: 'not installed', fix: 'install it' });
      const made = new ScriptedSynthesizer({ clock, capabilities: { name: engine, languages: ['en-US'] } });
      engines.push(made);
      return Promise.resolve({ ok: true, engine: made });
    },
  };
  const tiers = await SpeechTiers.create(config, { catalog, clock, logger });
  const watch = (states: Record<string, EngineState>) =>
    tiers.watchEngines(() => new Map(Object.entries(states)));
  return { clock, engines, logger, tiers, watch };
}

describe('engines', () => {
  test('a synthesiser that this machine lacks is reported with the reason and the fix, not fatal', async () => {
    const { tiers } = await fixture();
    const reports = tiers.reports().filter(({ kind }) => kind === 'synthesizer');
    expect(reports).toEqual([
      { kind: 'synthesizer', name: 'mouth', languages: ['en-US'], available: true, detail: 'mouth' },
      { kind: 'synthesizer', name: 'other', languages: ['en-US'], available: true, detail: 'other' },
      {
        kind: 'synthesizer',
        name: 'missing',
        languages: ['zh-CN'],
        available: false,
        detail: 'not installed; install it',
      },
    ]);
  });

  test('a recogniser is as available as the media workers say', async () => {
    const { tiers, watch } = await fixture();
    const available = () =>
      tiers.reports().flatMap((report) => (report.kind === 'recognizer' ? report.available : []));
    expect(available()).toEqual([false, false]);
    watch({ ears: 'ready', spare: 'loading' });
    expect(available()).toEqual([true, false]);
    watch({ ears: 'unavailable', spare: 'ready' });
    expect(available()).toEqual([false, true]);
  });

  test('workers load every configured recogniser, bounded in its decoders', async () => {
    const { tiers } = await fixture();
    expect(tiers.recognizerSpecs()).toEqual([
      {
        name: 'ears',
        moduleUrl: 'file:///ears.js',
        options: { maxDecoders: speechLimits.recognizerDecoders, beam: 1 },
      },
      {
        name: 'spare',
        moduleUrl: 'file:///ears.js',
        options: { maxDecoders: speechLimits.recognizerDecoders },
      },
    ]);
  });

  test('speaks what one of them speaks', async () => {
    const { tiers } = await fixture();
    expect(['en-US', 'en-GB', 'zh-CN'].map((language) => tiers.speaks(language))).toEqual([
      true,
      true,
      false,
    ]);
  });
});

describe('tiers', () => {
  test.each([
    ['default', { ears: 'ready', spare: 'ready' }, 'en-US', 'ears'],
    ['default', { ears: 'unavailable', spare: 'ready' }, 'en-US', 'spare'],
    ['default', { ears: 'loading', spare: 'loading' }, 'en-US', null],
    ['default', { ears: 'ready', spare: 'ready' }, 'zh-CN', null],
    ['second', { ears: 'ready', spare: 'ready' }, 'en-US', 'spare'],
    ['second', { ears: 'ready' }, 'en-US', null],
  ] as const)('tier %s with %j hears %s with %s', async (tier, states, language, name) => {
    const { tiers, watch } = await fixture();
    watch(states);
    expect(tiers.recognizerFor(tier, language)).toBe(name);
  });

  test('speak with their first engine, in their own order', async () => {
    const { clock, engines, tiers } = await fixture();
    const nothing = { onStarted: () => undefined, onEnded: () => undefined };
    const format = { encoding: 'PCMU', sampleRateHz: 8_000 } as const;
    for (const tier of ['default', 'second'])
      tiers.speaker(tier).speak(new FakeStream(), format, { text: tier, language: 'en-US' }, nothing);
    clock.advance(1_000);
    expect(engines.map(({ requests }) => requests.map(({ text, voice: asked }) => [text, asked]))).toEqual([
      [['default', '']],
      [['second', 'two']],
    ]);
  });

  test.each([
    ['default', { ears: 'ready', spare: 'ready' }, 'ears'],
    ['default', { spare: 'ready' }, 'spare'],
    ['second', { ears: 'ready', spare: 'loading' }, null],
  ] as const)('tier %s with %j has %s to find out that somebody speaks', async (tier, states, name) => {
    const { tiers, watch } = await fixture();
    watch(states);
    expect(tiers.anyRecognizer(tier)).toBe(name);
  });

  test('that do not exist are an error', async () => {
    const { tiers } = await fixture();
    expect(() => tiers.speaker('third')).toThrow('there is no tier "third"');
    expect(() => tiers.recognizerFor('third', 'en-US')).toThrow('there is no tier "third"');
  });
});

describe('warming up', () => {
  test('goes on when one engine fails, which is logged', async () => {
    const { engines, logger, tiers } = await fixture();
    const warmed: string[] = [];
    engines.forEach((engine, index) => {
      engine.warmUp = () => {
        warmed.push(String(index));
        return index === 0 ? Promise.reject(new Error('no voice file')) : Promise.resolve();
      };
    });
    await tiers.warmUp();
    expect(warmed).toEqual(['0', '1']);
    expect(logger.lines).toMatchObject([{ level: 'warn', fields: { engine: 'mouth' } }]);
  });
});

test('closing closes every engine and leaves no timer', async () => {
  const { clock, engines, tiers } = await fixture();
  const format = { encoding: 'PCMU', sampleRateHz: 8_000 } as const;
  const warmed = tiers.speaker('default').warm({ text: 'hello', language: 'en-US' }, format);
  expect(clock.pendingTimers).toBeGreaterThan(0);
  await tiers.close();
  expect(await warmed).toBe(false);
  expect([engines.map(({ running }) => running), clock.pendingTimers]).toEqual([[0, 0], 0]);
});
