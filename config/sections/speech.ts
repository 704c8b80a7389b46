import { z } from 'zod';

import { speechLimits } from '../limits.js';
import { list, name } from './fields.js';

const engineOptions = z
  .record(z.string(), z.union([z.string(), z.number(), z.boolean()]))
  .default({})
  .describe("Passed to the engine as they are; see the engine's own documentation.");

const recognizerEntry = z.strictObject({
  name: name.describe('How tiers refer to it.'),
  engine: z
    .enum(['soundswallower'])
    .describe('soundswallower: English, built in; hears the words of the grammar or of the examples.'),
  options: engineOptions,
});

const synthesizerEntry = z.strictObject({
  name: name.describe('How tiers refer to it.'),
  engine: z
    .enum(['flite', 'espeak'])
    .describe('flite: English, built in. espeak: Chinese and many others, where espeak-ng is installed.'),
  voice: z.string().max(128).default('').describe("Voice name; empty = the engine's own choice."),
  languages: list(z.string().min(1).max(35))
    .default([])
    .describe('Languages (BCP 47) it is used for; empty = all that the engine speaks.'),
  options: engineOptions,
});

export const speechSection = z
  .strictObject({
    recognizers: list(recognizerEntry)
      .default([{ name: 'soundswallower', engine: 'soundswallower', options: {} }])
      .meta({
        description: 'Speech recognition engines.',
        examples: [[{ name: 'english', engine: 'soundswallower', options: { maxDecoders: 4 } }]],
      }),
    synthesizers: list(synthesizerEntry)
      .default([
        { name: 'flite', engine: 'flite', voice: '', languages: [], options: {} },
        { name: 'espeak', engine: 'espeak', voice: '', languages: [], options: {} },
      ])
      .meta({
        description: 'Speech synthesis engines.',
        examples: [[{ name: 'mandarin', engine: 'espeak', voice: 'f2', languages: ['zh-CN'] }]],
      }),
    cache: z
      .strictObject({
        ttlHours: z
          .number()
          .min(0)
          .max(24 * 365)
          .default(speechLimits.cacheTtlMs / 3_600_000)
          .describe('How long synthesised audio is kept, in hours.'),
        maxMegabytes: z
          .int()
          .min(0)
          .max(65_536)
          .default(speechLimits.cacheBytes / 1_048_576)
          .describe('Memory for it; the least recently used goes first.'),
      })
      .prefault({})
      .describe('Synthesised prompts are spoken once by the engine and then from memory.'),
    warm: z
      .boolean()
      .default(true)
      .describe('Load the engines and synthesise the fixed prompts of the trees at start.'),
  })
  .prefault({})
  .describe('Engines that hear and speak.');

const tier = z.strictObject({
  recognizers: list(name)
    .default([])
    .describe(
      'Names from speech.recognizers in order of preference; empty = all, in the order listed there.',
    ),
  synthesizers: list(name)
    .default([])
    .describe(
      'Names from speech.synthesizers in order of preference; empty = all, in the order listed there.',
    ),
});

export const tiersSection = z
  .record(name, tier)
  .default({ default: { recognizers: [], synthesizers: [] } })
  .meta({
    description:
      'Service levels: which engines serve, in which order. The first that can do the language is used, the next ones are its fallback. A tier named default always exists.',
    examples: [{ gold: { recognizers: ['soundswallower'], synthesizers: ['flite'] } }],
  });
