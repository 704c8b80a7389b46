import type { Clock } from '../../config/clock.js';
import type { Random } from '../../config/random.js';
import type { RoutingStore } from '../../gateway/ports/routing-store.js';
import { MemoryRoutingServer } from './memory-routing-server.js';
import { MemoryRoutingStore } from './memory-routing-store.js';
import type { RedisSettings } from './redis-clients.js';
import { RedisRoutingStore } from './redis-routing-store.js';

/** The store that `config.redis` asks for; in memory when its mode is `none`. Nothing connects before `open`. */
export function createRoutingStore(settings: RedisSettings, clock: Clock, random: Random): RoutingStore {
  return settings.mode === 'none'
    ? new MemoryRoutingStore(new MemoryRoutingServer(clock))
    : new RedisRoutingStore(settings, clock, random);
}
