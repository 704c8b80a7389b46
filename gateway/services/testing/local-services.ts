import { systemRandom } from '../../../config/random.js';
import { SystemClock } from '../../../config/clock.js';
import { MemoryLogger } from '../../../config/logger.js';
import { configSchema, type Config } from '../../../config/schema.js';
import type { CallOutcome, CallSpec } from '../../../dialog/action.js';
import type { Lookup } from '../host-resolver.js';
import { Services, type ServiceResult } from '../services.js';

/** Real services that may be on this machine, and what they reported. */
export class LocalServices {
  readonly logger = new MemoryLogger();
  readonly results: [string, ServiceResult][] = [];
  readonly services: Services;

  /** `entries` as under `services` of the configuration; loopback is allowed unless they say otherwise. */
  constructor(entries: Record<string, Record<string, unknown>>, lookup?: Lookup) {
    const allowed = Object.entries(entries).map(([name, entry]) => [
      name,
      { allowPrivate: ['127.0.0.0/8', '::1'], ...entry },
    ]);
    const { services } = configSchema.parse({
      services: Object.fromEntries(allowed) as Record<string, unknown>,
    }) as Config;
    this.services = new Services(services, {
      clock: new SystemClock(),
      random: systemRandom,
      logger: this.logger,
      metrics: { serviceCalled: (service, result) => void this.results.push([service, result]) },
      ...(lookup ? { lookup } : {}),
    });
  }

  call(more: Partial<CallSpec>, signal = new AbortController().signal): Promise<CallOutcome> {
    const spec: CallSpec = {
      callId: 1,
      service: 'shop',
      operation: { type: 'http', method: 'GET', path: '/' },
      input: {},
      timeoutMs: 2_000,
      retries: 0,
      idempotencyKey: 'call-1',
      filler: null,
      fillerAfterMs: 1_000,
      ...more,
    };
    return this.services.call(spec, { sessionId: 's1', scope: 's1' }, signal);
  }
}
