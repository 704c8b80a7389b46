import { z } from 'zod';

import type { Clock } from '../../config/clock.js';
import type { SessionLog } from '../ports/session-log.js';
import { idleEndJob, type ChatHub } from './chat-hub.js';
import type { JobHandler } from './job-runner.js';
import { noInputJob } from './session-runner.js';

const silencePayload = z.object({ after: z.int().min(0) });

/** What is due in sessions themselves: the no-input prompt, and the end of those that nobody writes to. */
export function sessionJobs(deps: {
  readonly hub: Pick<ChatHub, 'end' | 'silent'>;
  readonly log: Pick<SessionLog, 'session'>;
  readonly idleEndMs: number;
  readonly clock: Clock;
}): ReadonlyMap<string, JobHandler> {
  const { clock, hub, idleEndMs, log } = deps;
  const noInput: JobHandler = async ({ payload, ref }) => {
    const { data } = silencePayload.safeParse(payload);
    return !data || (await hub.silent(ref, data.after)) ? 'done' : 'left';
  };
  const idleEnd: JobHandler = async ({ ref }) => {
    const record = await log.session(ref);
    if (record?.state !== 'open') return 'done';
    const leftMs = record.lastAtMs + idleEndMs - clock.epochMs();
    if (leftMs > 0) return leftMs;
    await hub.end(ref, 'system', '');
    return 'done';
  };
  return new Map([
    [noInputJob, noInput],
    [idleEndJob, idleEnd],
  ]);
}
