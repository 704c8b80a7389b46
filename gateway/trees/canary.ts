import { createHash } from 'node:crypto';

import { z } from 'zod';

import { platformCondition, type PlatformFacts } from '../../config/platform-rules.js';
import { platformConditions } from '../../config/sections/conversation.js';
import type { VersionRef } from './tree-version.js';

/** Which new sessions try a version: those a rule names, or a share of the callers. */
export const canarySplit = z
  .union([
    z.strictObject({ percent: z.number().min(1).max(99) }),
    z.strictObject({
      rule: platformConditions.refine((rule) => Object.values(rule).some((condition) => condition !== null), {
        error: 'a rule without a condition is every session',
      }),
    }),
  ])
  .readonly();

export type CanarySplit = z.output<typeof canarySplit>;

/** What is known of a session when its version is chosen. */
export interface SessionFacts extends PlatformFacts {
  readonly sessionId: string;
}

/** From users that are nobody in particular (RFC 3323 4.1.1.3, and what gateways write); each call is its own caller. */
const anonymous: readonly string[] = ['', 'anonymous', 'restricted', 'unavailable', 'unknown'];

/**
 * Tells whether a session belongs to the canary.
 *
 * The same caller is always on the same side, and stays with the canary when the share grows; another version draws
 * other callers.
 */
export function canaryTest(
  tree: string,
  version: VersionRef,
  split: CanarySplit,
): (facts: SessionFacts) => boolean {
  if ('rule' in split) return platformCondition(split.rule);
  return ({ fromUser, sessionId }) => {
    const caller = anonymous.includes(fromUser.toLowerCase()) ? sessionId : fromUser;
    return drawOf(`${tree}\n${version.sha256}\n${caller}`) < split.percent;
  };
}

/** A number from 0 to below 100 that only the text decides. */
function drawOf(text: string): number {
  return (createHash('sha256').update(text, 'utf8').digest().readUInt32BE(0) / 2 ** 32) * 100;
}
