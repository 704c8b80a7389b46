/** One field of a message as it is on the wire: a number, or bytes. */
export interface WireField {
  readonly field: number;
  readonly value: bigint | Buffer;
}

/** The fields of a protobuf message, in order; throws for bytes that are none. For simulators, which share no schema. */
export function readFields(bytes: Buffer): WireField[] {
  const fields: WireField[] = [];
  let at = 0;
  const varint = (): bigint => {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = bytes[at++];
      if (byte === undefined) throw new Error('cut off');
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
  };
  const take = (length: number): Buffer => {
    if (at + length > bytes.length) throw new Error('cut off');
    at += length;
    return bytes.subarray(at - length, at);
  };
  while (at < bytes.length) {
    const tag = Number(varint());
    const wireType = tag & 7;
    const field = tag >> 3;
    if (wireType === 0) fields.push({ field, value: varint() });
    else if (wireType === 2) fields.push({ field, value: take(Number(varint())) });
    else throw new Error(`wire type ${wireType}`);
  }
  return fields;
}

/** A field of a whole number of at least 0. */
export function intField(field: number, value: number): Buffer {
  return Buffer.concat([varintOf((field << 3) | 0), varintOf(value)]);
}

/** A field of text, bytes, a message, or packed numbers. */
export function bytesField(field: number, value: string | Buffer): Buffer {
  const bytes = Buffer.from(value);
  return Buffer.concat([varintOf((field << 3) | 2), varintOf(bytes.length), bytes]);
}

/** Numbers of 32 bits, packed. */
export function floatsField(field: number, values: readonly number[]): Buffer {
  return bytesField(field, Buffer.from(Float32Array.from(values).buffer));
}

/** Whole numbers of at least 0, packed. */
export function intsField(field: number, values: readonly number[]): Buffer {
  return bytesField(field, Buffer.concat(values.map(varintOf)));
}

function varintOf(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 0x7f; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 0x80);
  return Buffer.from([...bytes, rest]);
}
