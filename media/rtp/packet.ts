import { mediaLimits } from '../../config/limits.js';

/** Why a datagram is not an RTP packet that we take (RFC 3550 5.1 and A.1). */
export type RtpParseError = 'too-short' | 'too-long' | 'version' | 'rtcp' | 'csrc' | 'extension' | 'padding';

export const rtpHeaderBytes = 12;
const rtpVersion = 2;

/**
 * The fields of one RTP packet (RFC 3550 5.1), read in place: one object is reused for every packet.
 *
 * `bytes` is the datagram that was parsed last and belongs to the caller; the payload is
 * `bytes[payloadOffset .. payloadOffset + payloadLength)`, without CSRC list, header extension and padding.
 */
export class RtpPacket {
  bytes: Uint8Array = new Uint8Array(0);
  marker = false;
  payloadType = 0;
  sequenceNumber = 0;
  timestamp = 0;
  ssrc = 0;
  payloadOffset = 0;
  payloadLength = 0;

  /** Reads `bytes` and returns null, or says what is wrong with it and leaves the fields undefined in meaning. */
  parse(bytes: Uint8Array): RtpParseError | null {
    if (bytes.length < rtpHeaderBytes) return 'too-short';
    if (bytes.length > mediaLimits.rtpPacketBytes) return 'too-long';
    const first = bytes[0] as number;
    const second = bytes[1] as number;
    if (first >> 6 !== rtpVersion) return 'version';
    // RTCP types 192 to 223 lie in the same octet; RFC 5761 section 4 keeps RTP away from them.
    if (second >= 192 && second <= 223) return 'rtcp';
    this.bytes = bytes;
    this.marker = second >= 128;
    this.payloadType = second & 0x7f;
    this.sequenceNumber = readUint16(bytes, 2);
    this.timestamp = readUint32(bytes, 4);
    this.ssrc = readUint32(bytes, 8);
    return this.#findPayload(first);
  }

  #findPayload(first: number): RtpParseError | null {
    const { bytes } = this;
    let start = rtpHeaderBytes + (first & 0x0f) * 4;
    let end = bytes.length;
    if (start > end) return 'csrc';
    if (first & 0x10) {
      // RFC 3550 5.3.1: 16 bits of profile, then the length in words without these four octets.
      if (start + 4 > end) return 'extension';
      start += 4 + readUint16(bytes, start + 2) * 4;
      if (start > end) return 'extension';
    }
    if (first & 0x20) {
      // The last octet counts the padding and itself, so 0 is as wrong as more than there is.
      const padding = bytes[end - 1] as number;
      if (padding === 0 || padding > end - start) return 'padding';
      end -= padding;
    }
    this.payloadOffset = start;
    this.payloadLength = end - start;
    return null;
  }
}

function readUint16(bytes: Uint8Array, at: number): number {
  return ((bytes[at] as number) << 8) | (bytes[at + 1] as number);
}

function readUint32(bytes: Uint8Array, at: number): number {
  return ((readUint16(bytes, at) << 16) | readUint16(bytes, at + 2)) >>> 0;
}

function writeUint32(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >>> 24;
  bytes[at + 1] = value >>> 16;
  bytes[at + 2] = value >>> 8;
  bytes[at + 3] = value;
}

/** Writes the 12 octets of a header without CSRCs, extension or padding into the start of `target`. */
export function writeRtpHeader(
  target: Uint8Array,
  payloadType: number,
  marker: boolean,
  sequenceNumber: number,
  timestamp: number,
  ssrc: number,
): void {
  target[0] = rtpVersion << 6;
  target[1] = (marker ? 0x80 : 0) | payloadType;
  target[2] = sequenceNumber >>> 8;
  target[3] = sequenceNumber;
  writeUint32(target, 4, timestamp);
  writeUint32(target, 8, ssrc);
}
