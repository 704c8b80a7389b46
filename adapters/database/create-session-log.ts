import type { Clock } from '../../config/clock.js';
import type { Logger } from '../../config/logger.js';
import type { Random } from '../../config/random.js';
import type { Config } from '../../config/schema.js';
import { LogError, type SessionLog } from '../../gateway/ports/session-log.js';
import { MemorySessionLog } from './memory-session-log.js';
import { PostgresSessionLog } from './postgres/postgres-session-log.js';
import { SqliteSessionLog } from './sqlite/sqlite-session-log.js';

/** The log of chat sessions that the configuration names, ready to be used. Rejects with LogError when it cannot be opened. */
export async function createSessionLog(
  { connections, file, kind, schema, synchronous, url }: Config['store'],
  deps: { readonly clock: Clock; readonly random: Random; readonly logger: Logger },
): Promise<SessionLog> {
  switch (kind) {
    case 'memory':
      return new MemorySessionLog(deps.clock, deps.random);
    case 'sqlite':
      return SqliteSessionLog.open({ file, synchronous }, deps.clock, deps.random);
    case 'postgres':
      if (!url) throw new LogError('store.kind postgres needs store.url');
      return PostgresSessionLog.open({ url: url.reveal(), schema, connections }, deps);
  }
}
