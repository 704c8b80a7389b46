import {
  Client,
  credentials,
  Metadata,
  status,
  type MethodDefinition,
  type ServiceDefinition,
  type ServiceError,
} from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';

import { similarityLimits } from '../../../config/limits.js';
import type { Secret } from '../../../config/secret.js';
import { SimilarityError, type SimilarityFault } from '../similarity-error.js';

export interface GrpcServiceOptions {
  /** For errors, such as `rank`. */
  readonly name: string;
  /** `grpc://host:port`, or `grpcs://` over TLS. */
  readonly url: string;
  /** Sent as `authorization: Bearer`; null = none. */
  readonly apiKey: Secret | null;
  /** Unix time in milliseconds: deadlines are points in time. */
  readonly epochMs: () => number;
}

/** Reads a service's methods from a .proto file; fields keep the file's names, numbers of 64 bits are text. */
export function loadService(protoFile: string, service: string): ServiceDefinition {
  const definition = loadSync(protoFile, { keepCase: true, longs: String, enums: String, defaults: true })[
    service
  ];
  if (!definition || 'format' in definition) throw new Error(`${protoFile} has no service ${service}`);
  return definition;
}

/** Unary calls to one server; connects with the first call. */
export class GrpcService {
  readonly #options: GrpcServiceOptions;
  readonly #client: Client;
  readonly #metadata = new Metadata();

  constructor(options: GrpcServiceOptions) {
    this.#options = options;
    const { host, protocol } = new URL(options.url);
    const security = protocol === 'grpcs:' ? credentials.createSsl() : credentials.createInsecure();
    this.#client = new Client(host, security, {
      'grpc.max_receive_message_length': similarityLimits.responseBytes,
      'grpc.keepalive_time_ms': similarityLimits.idleConnectionMs,
      'grpc.max_reconnect_backoff_ms': similarityLimits.pauseMs,
    });
    if (options.apiKey) this.#metadata.set('authorization', `Bearer ${options.apiKey.reveal()}`);
  }

  /**
   * The answer's message, its fields unchecked. `deadlineMs` from now is told to the server. Rejects with
   * SimilarityError, or with the signal's reason when it aborts, which cancels the call.
   */
  call(
    definition: ServiceDefinition,
    method: string,
    message: object,
    deadlineMs: number,
    signal: AbortSignal,
  ): Promise<unknown> {
    const found = definition[method] as MethodDefinition<object, unknown> | undefined;
    if (!found) return Promise.reject(new Error(`there is no method ${method}`));
    return new Promise((resolve, reject) => {
      signal.throwIfAborted();
      const deadline = this.#options.epochMs() + deadlineMs;
      const call = this.#client.makeUnaryRequest(
        found.path,
        found.requestSerialize,
        found.responseDeserialize,
        message,
        this.#metadata,
        { deadline },
        (error, answer) => {
          signal.removeEventListener('abort', cancel);
          if (signal.aborted) reject(signal.reason as Error);
          else if (error) reject(this.#explain(error, method));
          else resolve(answer);
        },
      );
      const cancel = (): void => call.cancel();
      signal.addEventListener('abort', cancel, { once: true });
    });
  }

  /** What is under way ends as unreachable. */
  close(): void {
    this.#client.close();
  }

  #explain(error: ServiceError, method: string): SimilarityError {
    const hint =
      error.code === status.UNAUTHENTICATED || error.code === status.PERMISSION_DENIED
        ? ': check similarity.apiKey'
        : '';
    const message = `${this.#options.name} answered ${method} with ${status[error.code]}${hint}`;
    return new SimilarityError(faultOf(error.code), message, { cause: error });
  }
}

function faultOf(code: status): SimilarityFault {
  switch (code) {
    case status.RESOURCE_EXHAUSTED:
      return 'overloaded';
    case status.DEADLINE_EXCEEDED:
      return 'timeout';
    case status.NOT_FOUND:
      return 'stale';
    case status.INTERNAL:
    case status.DATA_LOSS:
      return 'garbage';
    case status.INVALID_ARGUMENT:
    case status.UNAUTHENTICATED:
    case status.PERMISSION_DENIED:
    case status.UNIMPLEMENTED:
    case status.FAILED_PRECONDITION:
    case status.OUT_OF_RANGE:
      return 'refused';
    default:
      return 'unreachable';
  }
}
