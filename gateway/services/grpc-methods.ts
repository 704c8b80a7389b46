import { readFileSync, statSync } from 'node:fs';

import type { MethodDefinition } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';

import { suggestName } from '../../config/nearest.js';
import { serviceLimits } from '../../config/limits.js';
import type { GrpcField } from './grpc-fields.js';

/** A unary method of a proto file. */
export interface GrpcMethod {
  /** `/package.Service/Method`. */
  readonly path: string;
  /** Throws when a value does not fit its field. */
  serialize(input: object): Buffer;
  /** Throws when the bytes are no such message. */
  deserialize(bytes: Buffer): unknown;
  /** The message's fields, named as the proto file spells them. */
  readonly inputFields: readonly GrpcField[];
}

/** A proto file that cannot serve; the message names the file and the reason. */
export class ProtoError extends Error {
  constructor(file: string, reason: string) {
    super(`${file}: ${reason}`);
    this.name = 'ProtoError';
  }
}

/** The unary methods of a proto file by `package.Service/Method`; throws ProtoError. */
export function loadGrpcMethods(file: string): ReadonlyMap<string, GrpcMethod> {
  const definitions = load(file);
  const methods = new Map<string, GrpcMethod>();
  for (const definition of Object.values(definitions)) {
    if ('format' in definition) continue;
    for (const method of Object.values(definition)) {
      if (!isMethod(method) || method.requestStream || method.responseStream) continue;
      methods.set(method.path.slice(1), {
        path: method.path,
        serialize: (input) => method.requestSerialize(input),
        deserialize: (bytes) => method.responseDeserialize(bytes),
        inputFields: fieldsOf(method),
      });
    }
  }
  if (methods.size === 0) throw new ProtoError(file, 'it has no unary method');
  return methods;
}

/** Why there is no such method, with the nearest name. */
export function noSuchMethod(name: string, methods: ReadonlyMap<string, GrpcMethod>): string {
  return `the proto file has no unary method "${name}"; ${suggestName(name, [...methods.keys()])}`;
}

function load(file: string): ReturnType<typeof loadSync> {
  try {
    // Checked first, so that a wrong path is told as such and not as a fault in the syntax.
    const { size } = statSync(file);
    if (size > serviceLimits.protoBytes)
      throw new ProtoError(file, `it is larger than ${serviceLimits.protoBytes} bytes`);
    readFileSync(file);
    return loadSync(file, { keepCase: true, enums: String, bytes: String, defaults: true, oneofs: true });
  } catch (err) {
    if (err instanceof ProtoError) throw err;
    throw new ProtoError(file, err instanceof Error ? err.message : String(err));
  }
}

type Method = MethodDefinition<object, object> & { readonly requestType?: { readonly type?: unknown } };

function isMethod(value: unknown): value is Method {
  return typeof value === 'object' && value !== null && 'requestSerialize' in value && 'path' in value;
}

/** From the message's DescriptorProto, which proto-loader gives without a type. */
function fieldsOf(method: Method): GrpcField[] {
  const descriptor = method.requestType?.type as { field?: readonly FieldDescriptor[] } | undefined;
  return (descriptor?.field ?? []).flatMap(({ name, type, label }) =>
    typeof name === 'string' && typeof type === 'string'
      ? [{ name, type, repeated: label === 'LABEL_REPEATED' }]
      : [],
  );
}

interface FieldDescriptor {
  readonly name?: unknown;
  readonly type?: unknown;
  readonly label?: unknown;
}
