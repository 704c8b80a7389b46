import type { Clock } from '../../config/clock.js';
import type { Logger } from '../../config/logger.js';
import type { Random } from '../../config/random.js';
import type { Config } from '../../config/schema.js';
import type { ServiceConfig } from '../../config/sections/services.js';
import type { CallFailure, CallOutcome, CallSpec } from '../../dialog/action.js';
import { AddressRules } from './address-rules.js';
import { GrpcService } from './grpc-service.js';
import { HostResolver, lookupAll, type Lookup } from './host-resolver.js';
import { HttpService } from './http-service.js';
import { Service, type ServiceState } from './service.js';
import { unknownService, type CallContext, type ServiceCaller } from './service-caller.js';

/** Takes what became of each call; implemented by gateway/stats. */
export interface ServiceMetrics {
  serviceCalled(service: string, result: ServiceResult, milliseconds: number): void;
}

/** `left`: the conversation was gone before the answer came. */
export type ServiceResult = 'ok' | 'left' | CallFailure;

export interface ServicesDeps {
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly metrics: ServiceMetrics;
  /** The operating system's, unless a test says otherwise. */
  readonly lookup?: Lookup;
}

/** The back-office systems of the configuration, for every conversation of the node. */
export class Services implements ServiceCaller {
  readonly #services = new Map<string, Service>();
  readonly #deps: ServicesDeps;

  /** Reads proto files: throws ProtoError when one cannot be used. Opens no connection. */
  constructor(config: Config['services'], deps: ServicesDeps) {
    this.#deps = deps;
    for (const [name, entry] of Object.entries(config))
      this.#services.set(name, createService(entry as ServiceConfig, deps));
  }

  async call(spec: CallSpec, context: CallContext, signal: AbortSignal): Promise<CallOutcome> {
    const { clock, logger, metrics } = this.#deps;
    const service = this.#services.get(spec.service);
    if (!service) {
      const outcome = unknownService(spec.service);
      logger.warn('service call failed', {
        sessionId: context.sessionId,
        service: spec.service,
        ...told(outcome),
      });
      return outcome;
    }
    const startedAtMs = clock.nowMs();
    const key = idempotencyKey(context.scope, spec.idempotencyKey);
    const { outcome, attempts } = await service.call(spec, key, signal);
    const tookMs = clock.nowMs() - startedAtMs;
    const result = signal.aborted ? 'left' : outcome.ok ? 'ok' : outcome.failure;
    metrics.serviceCalled(spec.service, result, tookMs);
    const fields = {
      sessionId: context.sessionId,
      service: spec.service,
      attempts,
      tookMs: Math.round(tookMs),
    };
    // Neither path nor input nor answer: they are what the caller said.
    if (outcome.ok || signal.aborted) logger.info('service called', { ...fields, result });
    else logger.warn('service call failed', { ...fields, ...told(outcome) });
    return outcome.ok ? outcome : { ...outcome, message: `${spec.service}: ${outcome.message}` };
  }

  /** How each service stands, by name. */
  states(): ReadonlyMap<string, ServiceState> {
    return new Map([...this.#services].map(([name, service]) => [name, service.state]));
  }

  /** Ends all connections. Idempotent. */
  close(): void {
    for (const service of this.#services.values()) service.close();
  }
}

function createService(config: ServiceConfig, { clock, lookup = lookupAll, random }: ServicesDeps): Service {
  const resolver = new HostResolver(new AddressRules(config.allowPrivate), { lookup, clock });
  const client =
    config.type === 'grpc'
      ? new GrpcService(config, { resolver })
      : new HttpService(config, { resolver, clock });
  return new Service(config, { client, clock, random });
}

/** Visible ASCII, as a header field needs it. */
function idempotencyKey(scope: string, key: string): string {
  return `${encodeURIComponent(scope)}/${encodeURIComponent(key)}`;
}

function told(outcome: CallOutcome): { failure?: CallFailure; status?: number; reason?: string } {
  if (outcome.ok) return {};
  const { failure, message, status } = outcome;
  return { failure, reason: message, ...(status === undefined ? {} : { status }) };
}
