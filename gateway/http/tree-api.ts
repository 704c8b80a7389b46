import { z } from 'zod';

import { canarySplit } from '../trees/canary.js';
import type { ApiDescription } from './api-operation.js';

/** Body of an activation. */
export const activation = z
  .strictObject({
    version: z.int().min(0).describe('The number that stands in the tree.'),
    canary: canarySplit.nullable().default(null).describe('Only for these new sessions; null = for all.'),
  })
  .meta({ id: 'Activation' });

export const fileName = z.string().min(1).max(256);

const named = z.strictObject({ name: z.string().describe('Key of dialog.trees.') });

const versionRef = z
  .strictObject({ version: z.int().min(0), sha256: z.string().describe('Of the YAML text.') })
  .meta({ id: 'TreeVersionRef' });

const inForce = z.strictObject({
  active: versionRef,
  previous: versionRef.nullable().describe('What a rollback returns to.'),
  canary: z.strictObject({ version: versionRef, split: canarySplit }).nullable(),
});

const problem = z
  .strictObject({
    severity: z.enum(['error', 'warning']),
    file: z.string(),
    line: z.int(),
    column: z.int(),
    path: z.string(),
    message: z.string(),
    fix: z.string(),
  })
  .meta({ id: 'TreeProblem' });

const refusal = z
  .strictObject({
    error: z.strictObject({
      code: z.string(),
      field: z.string().describe('What the asker has to change.'),
      message: z.string(),
      fix: z.string(),
      problems: z.array(problem),
    }),
  })
  .meta({ id: 'TreeRefusal' });

const version = z
  .strictObject({
    version: z.int().min(0),
    sha256: z.string(),
    state: z.enum(['active', 'previous', 'canary', 'staged', 'kept']),
    origin: z.enum(['configured', 'deployed']),
    sinceMs: z.number().describe('Unix milliseconds.'),
    sessions: z.int().min(0).describe('Sessions that are on it.'),
    loaded: z.boolean(),
  })
  .meta({ id: 'TreeVersion' });

const tree = inForce
  .extend({ name: z.string(), default: z.boolean(), versions: z.array(version) })
  .meta({ id: 'Tree' });

const changed = inForce.meta({ id: 'TreeInForce' });

const uploaded = versionRef
  .extend({ created: z.boolean(), warnings: z.array(problem) })
  .meta({ id: 'UploadedTree' });

const refusals = {
  404: { description: 'There is no such tree or version.', schema: refusal },
  409: { description: 'It cannot be done as things are.', schema: refusal },
  503: { description: 'Another change is being made; see Retry-After.', schema: refusal },
} as const;

/** The operations of `treeRoutes` for the OpenAPI document. */
export const treeApi = {
  list: {
    id: 'listTrees',
    tag: 'trees',
    summary: 'All dialog trees with their versions.',
    answers: { 200: { description: 'The trees.', schema: z.strictObject({ trees: z.array(tree) }) } },
  },
  get: {
    id: 'getTree',
    tag: 'trees',
    summary: 'One dialog tree with its versions.',
    params: named,
    answers: { 200: { description: 'The tree.', schema: tree } },
  },
  upload: {
    id: 'uploadTreeVersion',
    tag: 'trees',
    summary: 'Check a version, prepare it and keep it; no session gets it yet.',
    params: named,
    query: z.strictObject({ file: fileName.optional().describe('Names the text in problems.') }),
    body: { contentType: 'application/yaml', schema: z.string().describe('The tree.') },
    answers: {
      200: { description: 'This very text was here already.', schema: uploaded },
      201: { description: 'It is kept.', schema: uploaded },
      422: { description: 'The tree has errors; `problems` has each with its line.', schema: refusal },
      ...refusals,
    },
  },
  activate: {
    id: 'activateTreeVersion',
    tag: 'trees',
    summary: 'Give a version to new sessions, to all or to some.',
    params: named,
    body: { contentType: 'application/json', schema: activation },
    answers: { 200: { description: 'What is in force now.', schema: changed }, ...refusals },
  },
  rollback: {
    id: 'rollBackTree',
    tag: 'trees',
    summary: 'Return to the version before.',
    params: named,
    answers: { 200: { description: 'What is in force now.', schema: changed }, ...refusals },
  },
} as const satisfies Readonly<Record<string, ApiDescription>>;
