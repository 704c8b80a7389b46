import { crc32 } from 'node:zlib';

/** Bytes of a key: SHA-256 of the model and the text. */
export const keyBytes = 32;

const magic = 0x43_45_56_50; // "PVEC", little-endian
const formatVersion = 1;
const headerBytes = 20;
const checksumBytes = 4;

/** Where the vectors of a file lie. */
export interface VectorFileIndex {
  readonly dimension: number;
  /** Lower-case hex, in the order of the vectors. */
  readonly keys: readonly string[];
}

/**
 * A file of vectors: header (magic, version, dimension, count, CRC-32 of the sixteen bytes before it and of the keys),
 * keys, then vectors as little-endian floats with a CRC-32 each. All `vectors` have one length.
 */
export function serializeVectors(entries: readonly (readonly [key: string, vector: Float32Array])[]): Buffer {
  const dimension = entries[0]?.[1].length ?? 0;
  const file = Buffer.alloc(vectorFileBytes(dimension, entries.length));
  file.writeUInt32LE(magic, 0);
  file.writeUInt32LE(formatVersion, 4);
  file.writeUInt32LE(dimension, 8);
  file.writeUInt32LE(entries.length, 12);
  entries.forEach(([key], i) => file.write(key, headerBytes + i * keyBytes, 'hex'));
  file.writeUInt32LE(checksumOfIndex(file, entries.length), 16);
  entries.forEach(([, vector], i) => {
    const start = vectorOffset(dimension, entries.length, i);
    vector.forEach((value, j) => file.writeFloatLE(value, start + j * 4));
    const end = start + dimension * 4;
    file.writeUInt32LE(crc32(file.subarray(start, end)), end);
  });
  return file;
}

/** How much of a file `parseVectorIndex` needs; null when `header` begins no file of vectors. */
export function indexBytes(header: Buffer): number | null {
  if (header.length < headerBytes) return null;
  if (header.readUInt32LE(0) !== magic || header.readUInt32LE(4) !== formatVersion) return null;
  return headerBytes + header.readUInt32LE(12) * keyBytes;
}

/** Reads the index from the beginning of a file that is `fileBytes` long; null when it is damaged or cut off. */
export function parseVectorIndex(start: Buffer, fileBytes: number): VectorFileIndex | null {
  const needed = indexBytes(start);
  if (needed === null || start.length < needed) return null;
  const dimension = start.readUInt32LE(8);
  const count = start.readUInt32LE(12);
  if (fileBytes !== vectorFileBytes(dimension, count)) return null;
  if (start.readUInt32LE(16) !== checksumOfIndex(start, count)) return null;
  const keys = Array.from({ length: count }, (_, i) => {
    const at = headerBytes + i * keyBytes;
    return start.toString('hex', at, at + keyBytes);
  });
  return { dimension, keys };
}

/** Place of the vector number `index`; it is `vectorBytes` long with its checksum. */
export function vectorOffset(dimension: number, count: number, index: number): number {
  return headerBytes + count * keyBytes + index * vectorBytes(dimension);
}

export function vectorBytes(dimension: number): number {
  return dimension * 4 + checksumBytes;
}

/** The vector of `vectorBytes(dimension)` bytes; null when its checksum is wrong. */
export function parseVector(bytes: Buffer): Float32Array | null {
  const end = bytes.length - checksumBytes;
  if (end < 4 || end % 4 !== 0 || crc32(bytes.subarray(0, end)) !== bytes.readUInt32LE(end)) return null;
  return Float32Array.from({ length: end / 4 }, (_, i) => bytes.readFloatLE(i * 4));
}

function vectorFileBytes(dimension: number, count: number): number {
  return vectorOffset(dimension, count, count);
}

function checksumOfIndex(file: Buffer, count: number): number {
  return crc32(file.subarray(headerBytes, headerBytes + count * keyBytes), crc32(file.subarray(0, 16)));
}
