import { isMap, type Value, type ValueMap } from '../../dialog/value.js';

/** What a proto file says of one field of a message. */
export interface GrpcField {
  readonly name: string;
  /** As in descriptor.proto: `TYPE_STRING`, `TYPE_INT64`, ... */
  readonly type: string;
  readonly repeated: boolean;
}

/**
 * Why the input is no such message, or null.
 *
 * The encoder would leave out what it does not know and write zero for what it cannot convert; an author has to hear of
 * it instead. Fields of nested messages are the encoder's to judge.
 */
export function misfit(input: ValueMap, fields: readonly GrpcField[]): string | null {
  for (const [name, value] of Object.entries(input)) {
    const field = fields.find((candidate) => candidate.name === name);
    if (!field) return `the message has no field "${name}"`;
    if (value !== null && !fits(value, field)) return `the field "${name}" does not take such a value`;
  }
  return null;
}

function fits(value: Value, { type, repeated }: GrpcField): boolean {
  if (!repeated) return fitsOne(value, type);
  if (Array.isArray(value)) return (value as readonly Value[]).every((item) => fitsOne(item, type));
  // Maps of protocol buffers are repeated messages on the wire.
  return type === 'TYPE_MESSAGE' && isMap(value);
}

function fitsOne(value: Value, type: string): boolean {
  switch (type) {
    case 'TYPE_MESSAGE':
    case 'TYPE_GROUP':
      return isMap(value);
    case 'TYPE_STRING':
      return typeof value === 'string' || typeof value === 'number';
    case 'TYPE_BYTES':
      return typeof value === 'string';
    case 'TYPE_BOOL':
      return typeof value === 'boolean';
    case 'TYPE_ENUM':
      return typeof value === 'string' || Number.isInteger(value);
    case 'TYPE_FLOAT':
    case 'TYPE_DOUBLE':
      return (
        typeof value === 'number' || (typeof value === 'string' && /^-?\d{1,30}(\.\d{1,30})?$/.test(value))
      );
    default:
      return Number.isSafeInteger(value) || (typeof value === 'string' && /^-?\d{1,20}$/.test(value));
  }
}
