import { z } from 'zod';

import { formatProblem } from '../../config/problem.js';
import type { NodeAnswer } from './node-client.js';

/** What a node says about its trees (gateway/http/tree-routes.ts); keys that a newer node adds are let through. */
const ref = z.object({ version: z.number(), sha256: z.string() });

const problem = z.object({
  severity: z.enum(['error', 'warning']),
  file: z.string(),
  line: z.number(),
  column: z.number(),
  path: z.string(),
  message: z.string(),
  fix: z.string(),
});

export const uploadedAnswer = ref.extend({ created: z.boolean(), warnings: z.array(problem) });

export const inForceAnswer = z.object({
  active: ref,
  previous: ref.nullable(),
  canary: z
    .object({
      version: ref,
      split: z.union([
        z.object({ percent: z.number() }),
        z.object({ rule: z.record(z.string(), z.unknown()) }),
      ]),
    })
    .nullable(),
});

export const treeAnswer = inForceAnswer.extend({
  name: z.string(),
  default: z.boolean(),
  versions: z.array(
    ref.extend({ state: z.string(), origin: z.string(), sinceMs: z.number(), sessions: z.number() }),
  ),
});

export const treesAnswer = z.object({ trees: z.array(treeAnswer) });

export type InForceAnswer = z.output<typeof inForceAnswer>;
export type TreeAnswer = z.output<typeof treeAnswer>;

const errorAnswer = z.object({
  error: z.object({
    code: z.string(),
    message: z.string(),
    fix: z.string().optional(),
    problems: z.array(problem).default([]),
  }),
});

/** The answer in its shape, or null after printing what the node says is wrong. */
export function readAnswer<T>(
  answer: NodeAnswer,
  shape: z.ZodType<T>,
  url: string,
  output: (line: string) => void,
): T | null {
  if (!answer.ok) {
    output(`${url} does not answer: ${answer.reason} (start the node, or name another one with --node)`);
    return null;
  }
  const { status, body } = answer;
  if (status < 400) {
    const read = shape.safeParse(body);
    if (read.success) return read.data;
    output(`${url} does not answer as a Parley node does (name another one with --node)`);
    return null;
  }
  const refusal = errorAnswer.safeParse(body);
  if (!refusal.success) {
    output(`${url} answered ${status} (name another node with --node)`);
    return null;
  }
  const { code, fix, message, problems } = refusal.data.error;
  for (const each of problems) output(formatProblem(each));
  const what = fix ?? (code === 'unauthorized' ? 'give the key with --key' : '');
  output(`refused: ${message}${what === '' ? '' : ` (${what})`}`);
  return null;
}
