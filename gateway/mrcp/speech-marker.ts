import type { HeaderField } from './message.js';

/** Seconds from the NTP epoch (1900) to the Unix epoch (RFC 5905 6). */
const ntpUnixOffsetSeconds = 2_208_988_800n;
const markCharacters = 256;

/** A 64-bit NTP timestamp as decimal digits: 32 bits of seconds, 32 bits of fraction. */
function ntpTimestamp(epochMs: number): string {
  const wholeMs = BigInt(Math.round(epochMs));
  const seconds = wholeMs / 1_000n + ntpUnixOffsetSeconds;
  const fraction = ((wholeMs % 1_000n) << 32n) / 1_000n;
  return ((seconds << 32n) | fraction).toString();
}

/** `Speech-Marker: timestamp=<NTP>[;mark]` (RFC 6787 8.4.8). */
export function speechMarkerField(epochMs: number, mark = ''): HeaderField {
  const suffix = mark === '' ? '' : `;${mark.slice(0, markCharacters)}`;
  return { name: 'Speech-Marker', value: `timestamp=${ntpTimestamp(epochMs)}${suffix}` };
}
