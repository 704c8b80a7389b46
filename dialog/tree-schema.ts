import { z } from 'zod';
import { dialogLimits } from '../config/limits.js';
import { parseDuration } from './duration.js';

/**
 * The YAML shape of a tree, key by key. Which keys go together at a node, and whether names exist, is checked by
 * `build-node.ts` and `check-tree.ts`, whose messages can say more than a schema's.
 */

const id = z
  .string()
  .regex(/^[\p{L}\p{N}_-]{1,64}$/u, 'an id is 1 to 64 letters, digits, "_" or "-"')
  .meta({ description: 'Letters, digits, _ and -' });

const sentence = z.string().max(dialogLimits.textCharacters);

const textObject = z
  .strictObject(
    {
      voice: sentence.optional(),
      chat: sentence.optional(),
      bargein: z.boolean().default(true),
    },
    'expected a text, or voice:, chat: and bargein:',
  )
  .meta({ description: 'voice and chat texts; the one left out is taken from the other' });

const text = z.preprocess((value) => (typeof value === 'string' ? { voice: value } : value), textObject);

const duration = z
  .string('a duration is written 5s or 500ms')
  .refine((value) => {
    const ms = parseDuration(value);
    return ms !== null && ms >= 100 && ms <= 600_000;
  }, 'a duration is written 5s or 500ms, 100ms to 600s')
  .transform((value) => parseDuration(value) ?? 0);

const scalar = z
  .union([z.string().max(dialogLimits.textCharacters), z.number(), z.boolean()])
  .transform((value) => String(value));

const ladder = z.strictObject({
  prompts: z.array(text).max(dialogLimits.promptsPerLadder).optional(),
  max: z.int().min(0).max(10).optional(),
  then: id.optional(),
});

const noInput = ladder.extend({ after: duration.optional() });

const thresholds = z.strictObject({ accept: z.number().min(0).max(1), confirm: z.number().min(0).max(1) });

const examples = z.array(sentence).default([]);

const tags = z.array(z.string().min(1).max(64)).max(dialogLimits.tagsPerNode).default([]);

const branch = z.strictObject({
  id,
  label: sentence.optional(),
  examples,
  tags,
  go: id.optional(),
  do: z.literal('repeat').optional(),
});

const key = z.union([z.string(), z.int().min(0).max(9)]).transform((value) => String(value));

const listen = z.strictObject({
  branches: z.array(branch).max(dialogLimits.branchesPerNode).default([]),
  dtmf: z.record(z.string(), id).default({}),
  no_input: noInput.optional(),
  no_match: ladder.optional(),
});

const ask = z.strictObject({
  slot: z.string(),
  type: z.enum(['digits', 'yes_no', 'text']),
  min: z.int().min(1).max(64).optional(),
  max: z.int().min(1).max(64).optional(),
  prompts: z.array(text).min(1).max(dialogLimits.promptsPerLadder),
  confirm: text.optional(),
  no_input: noInput.optional(),
  no_match: ladder.optional(),
});

const yesNoTargets = z.strictObject({ yes: id, no: id });

const go = z.preprocess(
  (value) => (typeof value === 'string' ? { to: value } : value),
  z.union([z.strictObject({ to: id }), yesNoTargets], 'expected a node, or yes: and no: nodes'),
);

const node = z.strictObject({
  say: text.optional(),
  listen: listen.optional(),
  ask: ask.optional(),
  set: z.record(z.string(), scalar).optional(),
  go: go.optional(),
  handover: z
    .strictObject({
      queue: id.default('default'),
      reason: z.string().max(200).default('asked'),
      summary: z.union([z.boolean(), sentence]).default(true),
    })
    .optional(),
  resume: id.optional(),
  transfer: z.strictObject({ to: z.string().min(1).max(256) }).optional(),
  end: z.strictObject({ say: text.optional() }).optional(),
  tags,
  thresholds: thresholds.optional(),
});

/** The whole file. */
export const treeSchema = z.strictObject({
  tree: id,
  version: z.int().min(1).default(1),
  language: z
    .string()
    .regex(/^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$/, 'a language is written like en-US or zh-CN')
    .default('en-US'),
  start: id,
  fallback: id.optional(),
  confirm: text.optional(),
  thresholds: thresholds.optional(),
  no_input: noInput.optional(),
  no_match: ladder.optional(),
  session: z
    .strictObject({
      no_input_max: z.int().min(0).max(50).default(4),
      no_match_max: z.int().min(0).max(50).default(6),
    })
    .optional(),
  variables: z.record(z.string(), scalar).default({}),
  globals: z
    .array(branch.extend({ dtmf: key.optional() }))
    .max(dialogLimits.globals)
    .default([]),
  nodes: z.record(z.string(), node),
});

export type RawTree = z.output<typeof treeSchema>;
export type RawNode = RawTree['nodes'][string];
export type RawText = z.output<typeof textObject>;
export type RawBranch = z.output<typeof branch>;
export type RawLadder = z.output<typeof noInput>;
export type RawThresholds = z.output<typeof thresholds>;

/** Every key that may stand anywhere in a tree, for "did you mean". */
export const knownKeys: readonly string[] = [
  ...new Set(
    [treeSchema, node, listen, ask, ladder, noInput, branch, textObject, thresholds, yesNoTargets].flatMap(
      (schema) => Object.keys(schema.shape),
    ),
  ),
  'queue',
  'reason',
  'summary',
  'to',
  'no_input_max',
  'no_match_max',
];
