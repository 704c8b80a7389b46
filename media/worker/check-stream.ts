import { isIP } from 'node:net';
import type { RemoteAddress, RtpCodec } from './media-host.js';

const packetTimesMs: readonly number[] = [10, 20, 30, 40, 60];
/** What the voice-activity detector takes, too. */
const clockRatesHz: readonly number[] = [8_000, 16_000, 32_000, 48_000];

function isPayloadType(value: number): boolean {
  return Number.isInteger(value) && value >= 0 && value <= 127;
}

function checkCodec(codec: RtpCodec): string | null {
  if (!packetTimesMs.includes(codec.ptimeMs))
    return `ptimeMs ${codec.ptimeMs} is none of ${packetTimesMs.join(', ')}`;
  if (!clockRatesHz.includes(codec.clockRateHz))
    return `clockRateHz ${codec.clockRateHz} is none of ${clockRatesHz.join(', ')}`;
  // RFC 3551 gives G.711 one clock rate; L16 has any.
  if (codec.encoding !== 'L16' && codec.clockRateHz !== 8_000)
    return `clockRateHz of ${codec.encoding} must be 8000, not ${codec.clockRateHz}`;
  if (!isPayloadType(codec.payloadType)) return `payloadType ${codec.payloadType} is outside 0 to 127`;
  const event = codec.telephoneEventPayloadType;
  if (event !== undefined && (!isPayloadType(event) || event === codec.payloadType))
    return `telephoneEventPayloadType ${event} is outside 0 to 127 or taken by the audio`;
  return null;
}

function checkRemote({ address, port }: RemoteAddress): string | null {
  if (isIP(address) === 0) return `remote.address "${address}" is not an IP address`;
  if (!Number.isInteger(port) || port < 1 || port > 65_535)
    return `remote.port ${port} is outside 1 to 65535`;
  return null;
}

/** What is wrong with negotiated media, by field; null when a stream can run on it. */
export function checkStream(media: {
  readonly codec?: RtpCodec | null;
  readonly remote?: RemoteAddress | null;
}): string | null {
  return (media.codec ? checkCodec(media.codec) : null) ?? (media.remote ? checkRemote(media.remote) : null);
}
