import type { MediaDirection, RtpCodec } from '../../media/worker/media-host.js';
import type { WireEncoding } from '../../media/speech/audio-clip.js';
import { sdpAttribute, sdpAttributes } from './sdp.js';
import type { SdpAttribute, SdpMedia } from './sdp.js';

/** What one payload type of an `m=audio` line means (RFC 8866 6.6): name in upper case, clock rate in hertz. */
export interface RtpFormat {
  readonly payloadType: number;
  readonly name: string;
  readonly clockRateHz: number;
}

/** Payload types that mean something without an rtpmap (RFC 3551 section 6); of the static ones we speak these. */
const staticFormats: readonly RtpFormat[] = [
  { payloadType: 0, name: 'PCMU', clockRateHz: 8_000 },
  { payloadType: 8, name: 'PCMA', clockRateHz: 8_000 },
];

/** Dynamic payload types of our own offers (RFC 3551 section 3): L16 and telephone-event. */
const l16PayloadType = 96;
const telephoneEventPayloadType = 101;

/** Formats of an `m=audio` line in its order; payload types that nothing explains are left out. */
function rtpFormats(section: SdpMedia): RtpFormat[] {
  const mapped = new Map<number, RtpFormat>(staticFormats.map((format) => [format.payloadType, format]));
  for (const value of sdpAttributes(section.attributes, 'rtpmap')) {
    const match = /^(\d{1,3}) +([^/ ]+)\/(\d{1,6})(?:\/(\d+))?\s*$/.exec(value);
    if (match === null) continue;
    const [, payloadType, name = '', clockRate, channels = '1'] = match;
    if (channels !== '1') mapped.delete(Number(payloadType));
    else {
      const format = {
        payloadType: Number(payloadType),
        name: name.toUpperCase(),
        clockRateHz: Number(clockRate),
      };
      mapped.set(format.payloadType, format);
    }
  }
  return section.formats.flatMap((text) => {
    const format = /^\d{1,3}$/.test(text) ? mapped.get(Number(text)) : undefined;
    return format !== undefined && format.payloadType <= 127 ? [format] : [];
  });
}

const clockRateHz = 8_000;

/**
 * Picks the codec of an `m=audio` line: the first of its formats that is allowed, or the first allowed encoding that
 * is among its formats when `ownPreference` is set (RFC 3264 6.1 leaves the choice to the answerer). Null when none is.
 */
export function chooseCodec(
  section: SdpMedia,
  allowed: readonly WireEncoding[],
  ownPreference: boolean,
): RtpCodec | null {
  const formats = rtpFormats(section).filter((format) => format.clockRateHz === clockRateHz);
  const usable = formats.flatMap((format) => {
    const encoding = allowed.find((name) => name === format.name);
    return encoding === undefined ? [] : [{ encoding, payloadType: format.payloadType }];
  });
  if (ownPreference) usable.sort((a, b) => allowed.indexOf(a.encoding) - allowed.indexOf(b.encoding));
  const chosen = usable[0];
  if (chosen === undefined) return null;
  const event = formats.find((format) => format.name === 'TELEPHONE-EVENT');
  return {
    ...chosen,
    clockRateHz,
    ptimeMs: packetTimeMs(section.attributes),
    ...(event === undefined ? {} : { telephoneEventPayloadType: event.payloadType }),
  };
}

const packetTimesMs = [10, 20, 30, 40, 60];
const usualPacketTimeMs = 20;

/** The asked `a=ptime` where we can do it, 20 ms otherwise, and never more than `a=maxptime` (RFC 8866 6.4, 6.5). */
function packetTimeMs(attributes: readonly SdpAttribute[]): number {
  const asked = Number(sdpAttribute(attributes, 'ptime') ?? usualPacketTimeMs);
  const wanted = packetTimesMs.includes(asked) ? asked : usualPacketTimeMs;
  const most = Number(sdpAttribute(attributes, 'maxptime') ?? Number.NaN);
  if (!(most < wanted)) return wanted;
  return packetTimesMs.findLast((time) => time <= most) ?? usualPacketTimeMs;
}

/** `a=rtpmap`, `a=fmtp`, `a=ptime` and the direction of one accepted audio line. */
export function audioAttributes(codec: RtpCodec, direction: MediaDirection): SdpAttribute[] {
  return [
    { name: 'rtpmap', value: `${codec.payloadType} ${codec.encoding}/${codec.clockRateHz}` },
    ...telephoneEventAttributes(codec.telephoneEventPayloadType, codec.clockRateHz),
    { name: direction, value: null },
    { name: 'ptime', value: String(codec.ptimeMs) },
  ];
}

/** RFC 4733 7.1.1: the events 0 to 15 are the keys 0-9, *, #, A-D. */
function telephoneEventAttributes(payloadType: number | undefined, rateHz: number): SdpAttribute[] {
  if (payloadType === undefined) return [];
  return [
    { name: 'rtpmap', value: `${payloadType} telephone-event/${rateHz}` },
    { name: 'fmtp', value: `${payloadType} 0-15` },
  ];
}

/** Formats of an accepted audio line: the codec, then telephone-event. */
export function codecFormats(codec: RtpCodec): string[] {
  const event = codec.telephoneEventPayloadType;
  return [String(codec.payloadType), ...(event === undefined ? [] : [String(event)])];
}

/** The formats and attributes with which we offer these encodings and telephone-event. */
export function offeredFormats(encodings: readonly WireEncoding[]): {
  formats: string[];
  rtpmaps: SdpAttribute[];
} {
  const formats: string[] = [];
  const rtpmaps: SdpAttribute[] = [];
  for (const encoding of encodings) {
    const fixed = staticFormats.find((format) => format.name === encoding);
    const payloadType = String(fixed?.payloadType ?? l16PayloadType);
    formats.push(payloadType);
    rtpmaps.push({ name: 'rtpmap', value: `${payloadType} ${encoding}/${clockRateHz}` });
  }
  formats.push(String(telephoneEventPayloadType));
  rtpmaps.push(...telephoneEventAttributes(telephoneEventPayloadType, clockRateHz));
  return { formats, rtpmaps };
}

const directions: readonly MediaDirection[] = ['sendrecv', 'sendonly', 'recvonly', 'inactive'];

/** Direction as the describing side sees it: the section's, else the session's, else sendrecv (RFC 8866 6.7). */
export function statedDirection(
  section: SdpMedia,
  sessionAttributes: readonly SdpAttribute[],
): MediaDirection {
  for (const attributes of [section.attributes, sessionAttributes]) {
    const found = directions.find((direction) => sdpAttribute(attributes, direction) !== null);
    if (found !== undefined) return found;
  }
  return 'sendrecv';
}

/**
 * Our direction for what the other side states (RFC 3264 6.1). An unspecified address (`c=IN IP4 0.0.0.0`, the old
 * hold of RFC 3264 8.4) takes no packets, so it also takes away our sending.
 */
export function mirroredDirection(stated: MediaDirection, remoteAddress: string): MediaDirection {
  const reachable = remoteAddress !== '0.0.0.0' && remoteAddress !== '::';
  const send = reachable && (stated === 'sendrecv' || stated === 'recvonly');
  const receive = stated === 'sendrecv' || stated === 'sendonly';
  if (send) return receive ? 'sendrecv' : 'sendonly';
  return receive ? 'recvonly' : 'inactive';
}
