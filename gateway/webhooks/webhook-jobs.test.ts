import { describe, expect, test } from 'vitest';

import { SeededRandom } from '../../config/random.js';
import { hookConfig } from './testing/hook-config.js';
import { WebhookJobs } from './webhook-jobs.js';

const session = { ref: { tenant: 'shop', sessionId: 's1' }, userId: 'u1', ingress: 'chat' };
const hook = (name: string, more: Record<string, unknown> = {}) =>
  hookConfig(name, 'http://x.example/', more);

function jobsOf(...hooks: ReturnType<typeof hook>[]): WebhookJobs {
  return new WebhookJobs(hooks, new SeededRandom(1));
}

describe('an event makes one job for each hook that wants it', () => {
  test('and each kind of event has its name, so that it is told once', () => {
    const jobs = jobsOf(hook('crm'));
    expect(jobs.opened(session)).toEqual([
      {
        kind: 'webhook.crm',
        key: 's1:session.opened',
        delayMs: 0,
        ref: session.ref,
        payload: { event: 'session.opened', user: 'u1', ingress: 'chat' },
      },
    ]);
    expect(jobs.ended(session)).toMatchObject([{ key: 's1:session.ended' }]);
  });

  test('every message of a session has a job of its own', () => {
    const jobs = jobsOf(hook('crm'), hook('erp'));
    const [first, second] = [jobs.message(session), jobs.message(session)];
    expect(first.map(({ kind }) => kind)).toEqual(['webhook.crm', 'webhook.erp']);
    for (const { key } of [...first, ...second]) expect(key).toMatch(/^s1:message\.created:[0-9a-f]{16}$/);
    expect(first[0]?.key).not.toBe(second[0]?.key);
  });

  test('hooks of another tenant, or that want other events, are told nothing', () => {
    const jobs = jobsOf(
      hook('all'),
      hook('own', { tenant: 'shop' }),
      hook('other', { tenant: 'bank' }),
      hook('ends', { events: ['session.ended'] }),
    );
    const names = (made: readonly { readonly kind: string }[]) => made.map(({ kind }) => kind.slice(8));
    expect(names(jobs.message(session))).toEqual(['all', 'own']);
    expect(names(jobs.ended(session))).toEqual(['all', 'own', 'ends']);
  });

  test('without hooks there is nothing to do', () => {
    const jobs = jobsOf();
    expect([jobs.opened(session), jobs.message(session), jobs.ended(session)]).toEqual([[], [], []]);
  });
});
