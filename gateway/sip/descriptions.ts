import { isIP } from 'node:net';
import type { WireEncoding } from '../../media/speech/audio-clip.js';
import type { MediaDirection, RemoteAddress, RtpCodec } from '../../media/worker/media-host.js';
import type { AnswerPlan, AudioLine, ControlLine, MrcpResource } from './offer-answer.js';
import {
  audioAttributes,
  chooseCodec,
  codecFormats,
  mirroredDirection,
  offeredFormats,
  statedDirection,
} from './rtp-formats.js';
import type { SdpAttribute, SdpMedia, SessionDescription } from './sdp.js';

/** Identity of our descriptions in one session: the version grows by one with each that differs (RFC 3264 section 8). */
export interface SdpOrigin {
  /** Decimal, up to 19 digits. */
  readonly sessionId: string;
  readonly version: string;
}

/** What was allocated for an accepted plan; the maps are keyed by the index of the `m=` line. */
export interface AnswerAllocations {
  readonly origin: SdpOrigin;
  /** Where we receive RTP. */
  readonly mediaAddress: string;
  readonly audioPorts: ReadonlyMap<number, number>;
  /** Where the MRCP server listens. */
  readonly mrcpAddress: string;
  readonly mrcpPort: number;
  /** Whole Channel-Identifiers, `<id>@<resource>` (RFC 6787 6.2.1). */
  readonly channelIds: ReadonlyMap<number, string>;
}

/**
 * Writes the answer that a plan without a problem asks for; a line that nothing was allocated for is refused (port 0).
 */
export function buildAnswer(plan: AnswerPlan, allocations: AnswerAllocations): SessionDescription {
  const media = plan.offer.media.map((section, index) => {
    const line = plan.lines[index];
    if (line?.kind === 'audio') return answerAudio(section, line, allocations);
    if (line?.kind === 'control') return answerControl(section, line, allocations);
    return refusedSection(section);
  });
  return describe(allocations.origin, allocations.mediaAddress, media);
}

function answerAudio(section: SdpMedia, line: AudioLine, allocations: AnswerAllocations): SdpMedia {
  const port = allocations.audioPorts.get(line.index);
  if (port === undefined) return refusedSection(section);
  const mid = line.mid === null ? [] : [{ name: 'mid', value: line.mid }];
  return {
    media: section.media,
    port,
    protocol: section.protocol,
    formats: codecFormats(line.codec),
    connection: null,
    attributes: [...audioAttributes(line.codec, line.direction), ...mid],
  };
}

/** RFC 6787 4.2: passive, the same `connection`, the channel instead of the resource, and the cmid tags repeated. */
function answerControl(section: SdpMedia, line: ControlLine, allocations: AnswerAllocations): SdpMedia {
  const channel = allocations.channelIds.get(line.index);
  if (channel === undefined) return refusedSection(section);
  return {
    media: section.media,
    port: allocations.mrcpPort,
    protocol: section.protocol,
    formats: section.formats,
    connection: allocations.mrcpAddress === allocations.mediaAddress ? null : allocations.mrcpAddress,
    attributes: [
      { name: 'setup', value: 'passive' },
      { name: 'connection', value: line.connection },
      { name: 'channel', value: channel },
      ...line.cmids.map((tag) => ({ name: 'cmid', value: tag })),
    ],
  };
}

/** RFC 3264 section 6: port 0, and the formats only because the syntax wants one. */
function refusedSection(section: SdpMedia): SdpMedia {
  return { ...section, port: 0, connection: null, attributes: [] };
}

function describe(origin: SdpOrigin, address: string, media: readonly SdpMedia[]): SessionDescription {
  return {
    origin: { username: 'parley', ...origin, address },
    sessionName: '-',
    connection: address,
    attributes: [],
    media,
  };
}

export interface AudioOffer {
  readonly origin: SdpOrigin;
  readonly address: string;
  readonly port: number;
  /** In our order of preference; at least one. */
  readonly encodings: readonly WireEncoding[];
  /** Ours. */
  readonly direction: MediaDirection;
  readonly ptimeMs: number;
}

/** An offer of one audio line, for an outgoing call or a delayed offer (RFC 3264 section 5). */
export function createAudioOffer(offer: AudioOffer): SessionDescription {
  const { formats, rtpmaps } = offeredFormats(offer.encodings);
  const attributes: SdpAttribute[] = [
    ...rtpmaps,
    { name: offer.direction, value: null },
    { name: 'ptime', value: String(offer.ptimeMs) },
  ];
  return describe(offer.origin, offer.address, [
    { media: 'audio', port: offer.port, protocol: 'RTP/AVP', formats, connection: null, attributes },
  ]);
}

/** What the answer to `createAudioOffer` agreed on, or why the call cannot go on. */
export type AudioAgreement =
  | {
      readonly ok: true;
      readonly codec: RtpCodec;
      readonly remote: RemoteAddress;
      /** Ours. */
      readonly direction: MediaDirection;
    }
  | { readonly ok: false; readonly reason: string };

/** Reads the answer to an offer made by `createAudioOffer` (RFC 3264 section 7). */
export function readAudioAnswer(offer: SessionDescription, answer: SessionDescription): AudioAgreement {
  const [offered] = offer.media;
  const [section] = answer.media;
  if (offered === undefined || section === undefined || answer.media.length !== offer.media.length)
    return { ok: false, reason: 'the answer has another number of m= lines than the offer' };
  if (section.media !== 'audio' || section.port === 0)
    return { ok: false, reason: 'the audio line was refused' };
  const address = section.connection ?? answer.connection;
  if (address === null) return { ok: false, reason: 'the answer names no address (c= line)' };
  if (isIP(address) === 0)
    return { ok: false, reason: `"${address}" is a host name; RTP goes to addresses only` };
  const codec = chooseCodec(section, offeredEncodings(offered), false);
  if (codec === null) return { ok: false, reason: 'the answer has no codec of the offer' };
  const stated = mirroredDirection(statedDirection(section, answer.attributes), address);
  const wished = statedDirection(offered, offer.attributes);
  return { ok: true, codec, remote: { address, port: section.port }, direction: bothAllow(wished, stated) };
}

function offeredEncodings(section: SdpMedia): WireEncoding[] {
  const known: readonly WireEncoding[] = ['PCMU', 'PCMA', 'L16'];
  return known.filter((encoding) => chooseCodec(section, [encoding], false) !== null);
}

/** We never send or receive more than we offered, whatever the answer says. */
function bothAllow(a: MediaDirection, b: MediaDirection): MediaDirection {
  const send = [a, b].every((direction) => direction === 'sendrecv' || direction === 'sendonly');
  const receive = [a, b].every((direction) => direction === 'sendrecv' || direction === 'recvonly');
  if (send) return receive ? 'sendrecv' : 'sendonly';
  return receive ? 'recvonly' : 'inactive';
}

export interface Capabilities {
  readonly origin: SdpOrigin;
  readonly address: string;
  readonly encodings: readonly WireEncoding[];
  readonly resources: readonly MrcpResource[];
}

/** Body of the answer to OPTIONS: every MRCP resource on one control line, and the audio formats (RFC 6787 section 7). */
export function capabilitiesSdp(capabilities: Capabilities): SessionDescription {
  const { formats, rtpmaps } = offeredFormats(capabilities.encodings);
  const control: SdpMedia = {
    media: 'application',
    port: 0,
    protocol: 'TCP/MRCPv2',
    formats: ['1'],
    connection: null,
    attributes: capabilities.resources.map((resource) => ({ name: 'resource', value: resource })),
  };
  const audio: SdpMedia = {
    media: 'audio',
    port: 0,
    protocol: 'RTP/AVP',
    formats,
    connection: null,
    attributes: rtpmaps,
  };
  const media = capabilities.resources.length > 0 ? [control, audio] : [audio];
  return describe(capabilities.origin, capabilities.address, media);
}
