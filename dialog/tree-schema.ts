import { z } from 'zod';
import { dialogLimits } from '../config/limits.js';
import { adviceCodes } from './check-codes.js';
import { parseDuration } from './duration.js';
import { text } from './text-schema.js';

/**
 * The YAML shape of a tree, key by key. Which keys go together at a node, and whether names exist, is checked by
 * `build-node.ts` and `check-tree.ts`, whose messages can say more than a schema's.
 */

const id = z
  .string()
  .regex(/^[\p{L}\p{N}_-]{1,64}$/u, 'an id is 1 to 64 letters, digits, "_" or "-"')
  .meta({ description: 'Letters, digits, _ and -' });

const sentence = z.string().max(dialogLimits.textCharacters);

const variable = z
  .string()
  .regex(/^\p{L}[\p{L}\p{N}_]{0,63}$/u, 'a variable is a letter and up to 63 letters, digits and "_"');

const languageTag = z
  .string()
  .regex(/^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$/, 'a language is written like en-US or zh-CN');

const duration = z
  .string('a duration is written 5s or 500ms')
  .refine((value) => {
    const ms = parseDuration(value);
    return ms !== null && ms >= 100 && ms <= 600_000;
  }, 'a duration is written 5s or 500ms, 100ms to 600s')
  .transform((value) => parseDuration(value) ?? 0);

/** Text with places, an expression after "=", or a plain number or truth value. */
const assignment = z
  .union([sentence, z.number(), z.boolean()], 'expected a text, a number, true or false, or "= EXPRESSION"')
  .meta({ description: 'A text with {places}, or an expression: "= amount * 2"' });

const assignments = z.record(variable, assignment);

const expression = z
  .union([z.string().max(dialogLimits.expressionCharacters), z.boolean()], 'expected an expression')
  // The sign that an assignment needs is allowed where nothing but an expression can stand.
  .transform((value) => String(value).replace(/^\s*=(?!=)/, ''))
  .meta({ description: 'An expression such as: amount > 100 and phone != null' });

const expressions = z.record(variable, expression);

const ladder = z.strictObject({
  prompts: z.array(text).max(dialogLimits.promptsPerLadder).optional(),
  max: z.int().min(0).max(10).optional(),
  then: id.optional(),
});

const noInput = ladder.extend({ after: duration.optional() });

const thresholds = z.strictObject({ accept: z.number().min(0).max(1), confirm: z.number().min(0).max(1) });

const examples = z
  .array(sentence)
  .max(dialogLimits.examplesPerBranch)
  .default([])
  .meta({ description: 'Sentences; (a|b) and (a)? stand for several: (我想|我要)?查(一下)?账单' });

const tags = z.array(z.string().min(1).max(64)).max(dialogLimits.tagsPerNode).default([]);

const entityType = z.string().min(1).max(64).meta({ description: 'A built-in type, or a key of types:' });

const fill = z
  .record(variable, entityType)
  .default({})
  .meta({ description: 'Slots that the same sentence may fill: {day: date}' });

const branch = z.strictObject({
  id,
  label: text.optional(),
  examples,
  tags,
  when: expression.optional(),
  fill,
  go: id.optional(),
  visit: id.optional().meta({ description: 'A node to digress to; "return" comes back' }),
  do: z.enum(['repeat', 'back', 'help', 'cancel', 'language']).optional(),
  language: languageTag.optional(),
});

const key = z.union([z.string(), z.int().min(0).max(9)]).transform((value) => String(value));

const interruptible = z.boolean().optional();

const listen = z.strictObject({
  branches: z.array(branch).max(dialogLimits.branchesPerNode).default([]),
  dtmf: z.record(z.string(), id).default({}),
  no_input: noInput.optional(),
  no_match: ladder.optional(),
  interruptible,
  help: text.optional(),
});

const ask = z.strictObject({
  slot: variable,
  type: entityType,
  min: z.number().optional(),
  max: z.number().optional(),
  prefer: z.enum(['future', 'past', 'nearest']).optional(),
  prompts: z.array(text).min(1).max(dialogLimits.promptsPerLadder),
  confirm: text.optional(),
  validate: z.strictObject({ if: expression, prompt: text.optional() }).optional(),
  fill,
  skip_filled: z.boolean().default(false),
  no_input: noInput.optional(),
  no_match: ladder.optional(),
  interruptible,
  help: text.optional(),
});

const yesNoTargets = z.strictObject({ yes: id, no: id });

const go = z.union(
  [id.transform((to) => ({ to })), z.strictObject({ to: id }), yesNoTargets],
  'expected a node, or yes: and no: nodes',
);

const call = z.strictObject({
  http: id.optional().meta({ description: 'An HTTP service of the configuration' }),
  grpc: id.optional().meta({ description: 'A gRPC service of the configuration' }),
  method: z.string().min(1).max(256).optional(),
  path: sentence.optional(),
  input: assignments.default({}),
  into: variable.optional(),
  output: expressions.default({}),
  timeout: duration.default(3_000),
  retries: z.int().min(0).max(5).default(1),
  filler: z.union([text, z.strictObject({ say: text, after: duration })]).optional(),
  on_error: id.optional(),
});

const node = z.strictObject({
  say: text.optional(),
  listen: listen.optional(),
  ask: ask.optional(),
  set: assignments.optional(),
  condition: z
    .array(z.strictObject({ if: expression.optional(), go: id }))
    .min(1)
    .max(dialogLimits.branchesPerNode)
    .optional(),
  call: call.optional(),
  subtree: z
    .strictObject({ name: id, with: assignments.default({}), into: z.record(variable, variable).default({}) })
    .optional(),
  return: z
    .union([z.literal(true), z.strictObject({ results: assignments.default({}), otherwise: id.optional() })])
    .optional(),
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
  end: z.union([z.literal(true), z.strictObject({ say: text.optional() })]).optional(),
  tags,
  thresholds: thresholds.optional(),
});

const nodes = z.record(id, node);

const customType = z.strictObject({
  values: z
    .record(z.string().min(1).max(200), z.array(sentence).max(dialogLimits.synonymsPerValue))
    .default({})
    .meta({ description: 'Value to its synonyms' }),
  patterns: z
    .array(z.string().min(1).max(dialogLimits.patternCharacters))
    .max(50)
    .default([])
    .meta({ description: 'Regular expressions without look-around and back-references' }),
});

const lint = z.strictObject({
  ignore: z
    .array(z.enum(adviceCodes, `expected one of ${adviceCodes.join(', ')}`))
    .max(adviceCodes.length)
    .default([])
    .meta({ description: 'Advice of "parley check" that is not wanted' }),
});

/** The whole file. */
export const treeSchema = z.strictObject({
  tree: id,
  version: z.int().min(1).default(1),
  language: languageTag.default('en-US'),
  languages: z
    .array(languageTag)
    .max(dialogLimits.languages)
    .default([])
    .meta({ description: 'Further languages that every text has' }),
  time_zone: z
    .string()
    .max(64)
    .default('UTC')
    .meta({ description: 'IANA name, for "tomorrow" and "at three"' }),
  start: id,
  fallback: id.optional(),
  confirm: text.optional(),
  choose: text.optional(),
  resume_prompt: text.optional(),
  corrected: text.optional(),
  help: text.optional(),
  thresholds: thresholds.optional(),
  lint: lint.optional(),
  no_input: noInput.optional(),
  no_match: ladder.optional(),
  session: z
    .strictObject({
      no_input_max: z.int().min(0).max(50).default(4),
      no_match_max: z.int().min(0).max(50).default(6),
    })
    .optional(),
  variables: assignments.default({}),
  types: z.record(id, customType).default({}),
  snippets: z
    .record(id, text)
    .default({})
    .meta({ description: 'Shared texts: $name as a whole text, {@name} inside one' }),
  globals: z
    .array(branch.extend({ dtmf: key.optional() }))
    .max(dialogLimits.globals)
    .default([]),
  subtrees: z
    .record(id, z.strictObject({ parameters: z.array(variable).max(50).default([]), start: id, nodes }))
    .default({}),
  nodes,
});

export type RawTree = z.output<typeof treeSchema>;
export type RawNode = RawTree['nodes'][string];
export type RawSubtree = RawTree['subtrees'][string];
export type RawBranch = z.output<typeof branch>;
export type RawLadder = z.output<typeof noInput>;
export type RawThresholds = z.output<typeof thresholds>;
export type RawAssignment = z.output<typeof assignment>;
export type RawAsk = z.output<typeof ask>;
export type RawCall = z.output<typeof call>;
export type RawCustomType = z.output<typeof customType>;

/** The parts of a tree file with keys of their own, by what an author calls them. */
const parts = {
  'the top of the file': treeSchema,
  'a node': node,
  listen,
  ask,
  call,
  no_match: ladder,
  no_input: noInput,
  'a branch': branch,
  thresholds,
  'a "go" of yes and no': yesNoTargets,
  'a type': customType,
  lint,
} as const;

/** Where a key of a tree file may stand. */
export function partsWith(key: string): readonly string[] {
  return Object.entries(parts).flatMap(([name, { shape }]) => (Object.hasOwn(shape, key) ? [name] : []));
}

/** Every key that may stand anywhere in a tree, for "did you mean". */
export const knownKeys: readonly string[] = [
  ...new Set(Object.values(parts).flatMap(({ shape }) => Object.keys(shape))),
  ...[
    'voice',
    'chat',
    'ssml',
    'card',
    'quick_replies',
    'bargein',
    'title',
    'text',
    'image',
    'url',
    'buttons',
  ],
  ...['queue', 'reason', 'summary', 'to', 'no_input_max', 'no_match_max', 'if', 'name', 'with', 'results'],
  ...['otherwise', 'dtmf'],
];
