import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { logLimits } from '../../../config/limits.js';
import { LogError } from '../../../gateway/ports/session-log.js';
import { BatchQueue } from './batch-queue.js';
import type { StoreSetup } from './protocol.js';

let directory = '';

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'parley-queue-'));
});

afterAll(() => rmSync(directory, { recursive: true, force: true }));

function setup(name: string): StoreSetup {
  return { file: join(directory, name), synchronous: 'normal', busyMs: 2_000, bounds: logLimits };
}

const opening = { tenant: 'shop', sessionId: 's', userId: 'u', ingress: 'chat', tree: null };

describe('BatchQueue', () => {
  it('refuses calls past its bound, and is empty after close', async () => {
    const queue = new BatchQueue(setup('bound'), 3);
    const calls = Array.from({ length: 4 }, () => queue.call('session', opening, 0));
    expect(queue.size).toBe(3);
    const results = await Promise.allSettled(calls);
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'fulfilled', 'rejected']);
    await expect(calls[3]).rejects.toThrow(/3 calls wait for the session log/);
    await queue.close();
    expect(queue.size).toBe(0);
    await expect(queue.call('session', opening, 0)).rejects.toBeInstanceOf(LogError);
  });

  it('takes more calls than fit one batch', async () => {
    const queue = new BatchQueue(setup('batches'));
    const count = logLimits.batchCalls * 2 + 1;
    await Promise.all(
      Array.from({ length: count }, (_, n) =>
        queue.call('open', { ...opening, userId: `${n}`, sessionId: `${n}` }, [], 0),
      ),
    );
    expect(await queue.call('sessions', { tenant: 'shop', limit: 1_000 }, 0)).toHaveLength(count);
    await queue.close();
  });

  it('fails the calls of a thread that dies, and goes on with a new one', async () => {
    const script = new URL('./testing/dying-worker.js', import.meta.url);
    const queue = new BatchQueue(setup('crash'), 10, script);
    await queue.call('open', opening, [], 0);
    const lost = [queue.call('session', opening, 0), queue.call('retire', { nodeId: 'n', incarnation: 'i' })];
    const results = await Promise.allSettled(lost);
    expect(results).toMatchObject([{ status: 'rejected' }, { status: 'rejected' }]);
    await expect(lost[0]).rejects.toThrow(/the session log failed: the thread ended/);
    expect((await queue.call('session', opening, 0))?.userId).toBe('u');
    await queue.close();
  });

  it('closes when its thread is dead already', async () => {
    const queue = new BatchQueue({ ...setup('none'), file: '/dev/null/none' });
    await expect(queue.call('session', opening, 0)).rejects.toBeInstanceOf(LogError);
    await queue.close();
    await queue.close();
  });
});
