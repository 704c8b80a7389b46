import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';
import { SystemClock } from '../../config/clock.js';
import { loadConfig } from '../../config/load.js';
import { MemoryLogger } from '../../config/logger.js';
import { systemRandom } from '../../config/random.js';
import { LogError } from '../../gateway/ports/session-log.js';
import { createSessionLog } from './create-session-log.js';

const deps = { clock: new SystemClock(), random: systemRandom, logger: new MemoryLogger() };

function storeOf(settings: Readonly<Record<string, string>>) {
  const env = Object.fromEntries(
    Object.entries(settings).map(([key, value]) => [`PARLEY__store__${key}`, value]),
  );
  const { config } = loadConfig({ env, cwd: '/' });
  if (!config) throw new Error('the configuration is wrong');
  return config.store;
}

describe('createSessionLog', () => {
  it('makes what store.kind names', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'parley-store-'));
    for (const [kind, detail] of [
      ['memory', 'memory'],
      ['sqlite', 'sqlite'],
    ]) {
      const store = storeOf({ kind: kind ?? '', file: join(directory, 'log.sqlite') });
      const log = await createSessionLog(store, deps);
      expect(await log.health()).toEqual({ ok: true, detail });
      await log.close();
    }
    rmSync(directory, { recursive: true });
  });

  it('rejects with LogError when it cannot be opened', async () => {
    const store = storeOf({ kind: 'postgres', url: 'postgres://parley@127.0.0.1:1/none' });
    await expect(createSessionLog(store, deps)).rejects.toBeInstanceOf(LogError);
    await expect(createSessionLog({ ...store, url: null }, deps)).rejects.toThrow(/needs store\.url/);
  });
});
