import { z } from 'zod';
import { dialogLimits } from '../config/limits.js';
import { zones } from './action.js';

/** The YAML shape of stories: conversations that a tree has to hold. */

const sentence = z.string().max(dialogLimits.textCharacters);
const name = z.string().min(1).max(200);
const value = z.union([
  z.string(),
  z.number(),
  z.boolean(),
  z.null(),
  z.array(z.unknown()),
  z.record(z.string(), z.unknown()),
]);
const values = z.record(z.string().max(64), value);
const texts = z.union([sentence, z.array(sentence).max(50)]);

const step = z.strictObject({
  user: sentence.optional().meta({ description: 'What the user says or writes' }),
  dtmf: z
    .union([z.string(), z.int().min(0)])
    .transform(String)
    .optional(),
  silence: z.literal(true).optional(),
  no_match: z.literal(true).optional().meta({ description: 'Speech that the recogniser could not read' }),
  resume: z.literal(true).optional().meta({ description: 'A human hands the conversation back' }),
  bot: texts.optional().meta({
    description:
      'What the bot says: a text that is among it, or a list of all of it; /…/ is a pattern, … leaves out',
  }),
  node: name.optional(),
  branch: name.optional(),
  zone: z.enum(zones).optional(),
  slots: values.optional().meta({ description: 'Variables and their values after the turn' }),
  tags: z.array(name).max(50).optional(),
  calls: z.array(name).max(50).optional().meta({ description: 'Services that the turn calls, in order' }),
  language: name.optional(),
  ends: z.enum(['listen', 'handover', 'transfer', 'end']).optional(),
  queue: name.optional(),
  target: name.optional(),
});

const answer = z.strictObject({
  service: name,
  path: sentence.optional(),
  answer: value.optional(),
  failure: z.enum(['unknown-service', 'refused', 'unreachable', 'timeout', 'status', 'garbage']).optional(),
});

const story = z.strictObject({
  name,
  channel: z.enum(['voice', 'chat']).optional(),
  variables: values.default({}),
  answers: z
    .array(answer)
    .max(200)
    .default([])
    .meta({ description: 'What services answer, in the order of the calls' }),
  steps: z.array(step).min(1).max(dialogLimits.storySteps),
});

export const storySchema = z.strictObject({
  tree: z.string().min(1).max(1_024).meta({ description: 'The tree, relative to this file' }),
  now: z.iso.datetime({ offset: true, local: true }).default('2026-01-05T10:00:00Z'),
  channel: z.enum(['voice', 'chat']).default('voice'),
  stories: z.array(story).min(1).max(dialogLimits.stories),
});

export type RawStories = z.output<typeof storySchema>;
export type RawStory = RawStories['stories'][number];
export type RawStep = RawStory['steps'][number];
export type RawAnswer = z.output<typeof answer>;

export const storyKeys: readonly string[] = [
  ...new Set([storySchema, story, step, answer].flatMap((schema) => Object.keys(schema.shape))),
];
