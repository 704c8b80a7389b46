/**
 * L16 (RFC 3551 4.5.11): 16-bit signed samples in network byte order.
 *
 * Octets are read one by one: an `Int16Array` view would need an even offset, which a payload does not promise.
 */

/** Encodes `samples` big-endian into `target` from `targetOffset`, two octets a sample. */
export function encodeL16(samples: Int16Array, target: Uint8Array, targetOffset = 0): void {
  for (let i = 0, at = targetOffset; i < samples.length; i++, at += 2) {
    const sample = samples[i] as number;
    target[at] = sample >> 8;
    target[at + 1] = sample;
  }
}

/**
 * Decodes `octets[start..end)` into `target` from `targetStart`; a last odd octet is ignored. Returns how many samples
 * were written.
 */
export function decodeL16(
  octets: Uint8Array,
  start: number,
  end: number,
  target: Int16Array,
  targetStart = 0,
): number {
  const count = (end - start) >> 1;
  for (let i = 0, at = start; i < count; i++, at += 2)
    target[targetStart + i] = ((octets[at] as number) << 8) | (octets[at + 1] as number);
  return count;
}
