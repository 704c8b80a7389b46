import { Client, credentials, Metadata, status as grpcStatus, type ServiceError } from '@grpc/grpc-js';

import type { CallFailure } from '../../dialog/action.js';
import { serviceLimits } from '../../config/limits.js';
import type { ServiceConfig } from '../../config/sections/services.js';
import { toAnswerValue } from './answer-value.js';
import { answered, failed, refused, type Attempt, type CallRequest, type ServiceClient } from './attempt.js';
import { unlessAborted } from './deadline.js';
import { misfit } from './grpc-fields.js';
import { loadGrpcMethods, noSuchMethod, type GrpcMethod } from './grpc-methods.js';
import type { HostAddress, HostResolver } from './host-resolver.js';

interface Connected {
  /** The addresses that the client connects to, as one text. */
  readonly target: string;
  readonly client: Client;
  calls: number;
}

/** How a gRPC status reads to a dialog; what is not here is an error status that another attempt would get again. */
const statuses: ReadonlyMap<number, { failure: CallFailure; retryable: boolean; healthy: boolean }> = new Map(
  [
    [grpcStatus.UNAVAILABLE, { failure: 'unreachable', retryable: true, healthy: false }],
    [grpcStatus.DEADLINE_EXCEEDED, { failure: 'timeout', retryable: true, healthy: false }],
    [grpcStatus.RESOURCE_EXHAUSTED, { failure: 'status', retryable: true, healthy: false }],
    [grpcStatus.ABORTED, { failure: 'status', retryable: true, healthy: true }],
    [grpcStatus.INTERNAL, { failure: 'status', retryable: false, healthy: false }],
    [grpcStatus.UNKNOWN, { failure: 'status', retryable: false, healthy: false }],
    [grpcStatus.DATA_LOSS, { failure: 'status', retryable: false, healthy: false }],
  ],
);

/**
 * A back-office system that speaks gRPC (unary calls), on one connection at a time.
 *
 * The client is given addresses that were checked, never a name to resolve; when the name's addresses change, a new
 * client takes over and the old one ends with its last call.
 */
export class GrpcService implements ServiceClient {
  readonly #config: ServiceConfig;
  readonly #url: URL;
  readonly #resolver: HostResolver;
  readonly #methods: ReadonlyMap<string, GrpcMethod>;
  #connected: Connected | null = null;

  /** Throws ProtoError when the proto file cannot be used. */
  constructor(config: ServiceConfig, deps: { readonly resolver: HostResolver }) {
    this.#config = config;
    this.#url = new URL(config.url);
    this.#resolver = deps.resolver;
    this.#methods = loadGrpcMethods(config.protoFile ?? '');
  }

  async attempt(request: CallRequest, signal: AbortSignal): Promise<Attempt> {
    if (request.operation.type !== 'grpc')
      return refused('it is a gRPC service, and the tree asks it by HTTP');
    const method = this.#methods.get(request.operation.method);
    if (!method) return refused(noSuchMethod(request.operation.method, this.#methods));
    const message = serialized(method, request);
    if (typeof message === 'string') return refused(message);
    const resolution = await unlessAborted(this.#resolver.resolve(this.#url.hostname), signal);
    if (!resolution) return failed('timeout', 'its name was not resolved in time', { retryable: true });
    if (!resolution.ok) {
      if (resolution.failure === 'refused') return refused(resolution.message);
      return failed('unreachable', resolution.message, { retryable: true });
    }
    return this.#ask(method, message, request.idempotencyKey, this.#clientFor(resolution.addresses), signal);
  }

  close(): void {
    this.#connected?.client.close();
    this.#connected = null;
  }

  async #ask(
    method: GrpcMethod,
    message: Buffer,
    idempotencyKey: string,
    connected: Connected,
    signal: AbortSignal,
  ): Promise<Attempt> {
    connected.calls++;
    const reply = await unary(connected.client, method, message, this.#metadata(idempotencyKey), signal);
    connected.calls--;
    if (connected !== this.#connected && connected.calls === 0) connected.client.close();
    if (Buffer.isBuffer(reply)) return readReply(method, reply);
    if (signal.aborted) return failed('timeout', 'no answer in time', { retryable: true });
    return toFailure(reply);
  }

  #clientFor(addresses: readonly HostAddress[]): Connected {
    const port = this.#url.port || (this.#url.protocol === 'https:' ? '443' : '80');
    const target = targetOf(addresses, port);
    const before = this.#connected;
    if (before?.target === target) return before;
    if (before?.calls === 0) before.client.close();
    const secure = this.#url.protocol === 'https:';
    const client = new Client(target, secure ? credentials.createSsl() : credentials.createInsecure(), {
      // The name, for TLS to verify and for the service to see.
      'grpc.default_authority': this.#url.host,
      'grpc.enable_http_proxy': 0,
      'grpc.enable_retries': 0,
      'grpc.service_config_disable_resolution': 1,
      'grpc.use_local_subchannel_pool': 1,
      'grpc.max_receive_message_length': this.#config.maxResponseBytes,
      'grpc.client_idle_timeout_ms': serviceLimits.idleConnectionMs,
      // The next call tries at once or soon: how long a service is left alone is the circuit's business.
      'grpc.initial_reconnect_backoff_ms': 100,
      'grpc.max_reconnect_backoff_ms': 1_000,
    });
    this.#connected = { target, client, calls: 0 };
    return this.#connected;
  }

  #metadata(idempotencyKey: string): Metadata {
    const metadata = new Metadata();
    for (const [name, value] of Object.entries(this.#config.headers)) metadata.set(name, value.reveal());
    metadata.set('idempotency-key', idempotencyKey);
    return metadata;
  }
}

/** The bytes of the input as the method's message, or why it is none. */
function serialized(method: GrpcMethod, { input }: CallRequest): Buffer | string {
  const reason = misfit(input, method.inputFields);
  if (reason !== null) return reason;
  let bytes: Buffer;
  try {
    bytes = method.serialize(input);
  } catch {
    return 'the input does not fit the fields of the message';
  }
  return bytes.length > serviceLimits.requestBytes ? 'the input is too large' : bytes;
}

/** `ipv4:a:port,b:port`; addresses of the family of the first one, since a target is of one family. */
function targetOf(addresses: readonly HostAddress[], port: string): string {
  const family = addresses[0]?.family ?? 4;
  const same = addresses.filter((address) => address.family === family);
  const list = same.map(({ address }) => (family === 6 ? `[${address}]:${port}` : `${address}:${port}`));
  return `ipv${family}:${list.sort().join(',')}`;
}

function unary(
  client: Client,
  method: GrpcMethod,
  message: Buffer,
  metadata: Metadata,
  signal: AbortSignal,
): Promise<Buffer | ServiceError> {
  return new Promise((resolve) => {
    const call = client.makeUnaryRequest(
      method.path,
      (bytes: Buffer) => bytes,
      (bytes: Buffer) => bytes,
      message,
      metadata,
      (err, reply) => {
        signal.removeEventListener('abort', onAbort);
        resolve(err ?? reply ?? Buffer.alloc(0));
      },
    );
    const onAbort = (): void => call.cancel();
    if (signal.aborted) call.cancel();
    else signal.addEventListener('abort', onAbort, { once: true });
  });
}

function readReply(method: GrpcMethod, bytes: Buffer): Attempt {
  let message: unknown;
  try {
    message = method.deserialize(bytes);
  } catch {
    return failed('garbage', 'the answer cannot be used: it is no message of the proto file');
  }
  const answer = toAnswerValue(message);
  return answer.ok
    ? answered(answer.value)
    : failed('garbage', `the answer cannot be used: ${answer.reason}`);
}

/** What the service says beside its status (`details`) may be personal and stays out. */
function toFailure(error: ServiceError): Attempt {
  const name = grpcStatus[error.code] ?? String(error.code);
  const kind = statuses.get(error.code) ?? { failure: 'status', retryable: false, healthy: true };
  if (tooLarge(error))
    return failed('garbage', 'the answer cannot be used: it is larger than maxResponseBytes');
  return failed(kind.failure, `answered ${name}`, { ...kind, status: error.code });
}

/** Our own bound is told as RESOURCE_EXHAUSTED, too, but without anything that the service sent. */
function tooLarge(error: ServiceError): boolean {
  return error.code === grpcStatus.RESOURCE_EXHAUSTED && /larger than (max|\d+)/i.test(error.details);
}
