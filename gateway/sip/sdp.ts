import { sipLimits } from '../../config/limits.js';

/** An `a=` line: `a=name` or `a=name:value`. */
export interface SdpAttribute {
  readonly name: string;
  readonly value: string | null;
}

/** One `m=` section (RFC 8866 5.14). */
export interface SdpMedia {
  /** `audio`, `application`, … as written. */
  readonly media: string;
  readonly port: number;
  /** `RTP/AVP`, `TCP/MRCPv2`, … as written. */
  readonly protocol: string;
  readonly formats: readonly string[];
  /** Address of this section's `c=` line, or null where the session's applies. */
  readonly connection: string | null;
  readonly attributes: readonly SdpAttribute[];
}

/** A session description (RFC 8866) as far as offer/answer needs it. */
export interface SessionDescription {
  readonly origin: {
    readonly username: string;
    readonly sessionId: string;
    readonly version: string;
    readonly address: string;
  };
  readonly sessionName: string;
  readonly connection: string | null;
  readonly attributes: readonly SdpAttribute[];
  readonly media: readonly SdpMedia[];
}

export type SdpErrorCode =
  | 'too-large' // more octets, lines or media sections than sipLimits allows
  | 'bad-line' // not `x=value`, or a control character inside
  | 'bad-version' // no `v=0` at the start
  | 'bad-origin'
  | 'bad-connection'
  | 'bad-media'
  | 'bad-attribute'
  | 'missing-line';

/** Why a session description was refused; `line` counts from 1. */
export class SdpError extends Error {
  constructor(
    readonly code: SdpErrorCode,
    message: string,
    readonly line: number,
  ) {
    super(`SDP line ${line}: ${message}`);
    this.name = 'SdpError';
  }
}

/**
 * Reads a session description (RFC 8866 section 5), with CRLF or LF between lines.
 *
 * Lenient where clients are: the order within a section is free, `s=` and `t=` may be missing, and types that
 * offer/answer does not use (b, i, k, …) are skipped. A port count (`4000/2`) and a multicast TTL are dropped.
 *
 * @throws SdpError naming the line.
 */
export function parseSdp(text: string): SessionDescription {
  if (Buffer.byteLength(text) > sipLimits.bodyBytes)
    throw new SdpError('too-large', `more than ${sipLimits.bodyBytes} bytes`, 1);
  return new SdpReader().read(text.split(/\r?\n/));
}

interface MutableMedia {
  media: string;
  port: number;
  protocol: string;
  formats: string[];
  connection: string | null;
  attributes: SdpAttribute[];
}

class SdpReader {
  #origin: SessionDescription['origin'] | null = null;
  #sessionName = '-';
  #connection: string | null = null;
  readonly #attributes: SdpAttribute[] = [];
  readonly #media: MutableMedia[] = [];
  #line = 0;

  read(lines: readonly string[]): SessionDescription {
    if (lines.length > sipLimits.sdpLines + 1)
      throw new SdpError('too-large', `more than ${sipLimits.sdpLines} lines`, sipLimits.sdpLines + 1);
    if (lines[0] !== 'v=0') throw new SdpError('bad-version', 'a description starts with "v=0"', 1);
    for (const [index, line] of lines.entries()) {
      this.#line = index + 1;
      if (line !== '') this.#readLine(line);
    }
    if (this.#origin === null) throw this.#error('missing-line', 'there is no o= line');
    return {
      origin: this.#origin,
      sessionName: this.#sessionName,
      connection: this.#connection,
      attributes: this.#attributes,
      media: this.#media,
    };
  }

  #readLine(line: string): void {
    if (!/^[a-z]=/.test(line) || hasControlCharacter(line))
      throw this.#error('bad-line', 'a line is "<letter>=<value>" without control characters');
    const value = line.slice(2);
    switch (line.charAt(0)) {
      case 'o':
        this.#origin = this.#readOrigin(value);
        return;
      case 's':
        this.#sessionName = value;
        return;
      case 'c':
        this.#readConnection(value);
        return;
      case 'm':
        this.#readMedia(value);
        return;
      case 'a':
        (this.#media.at(-1)?.attributes ?? this.#attributes).push(this.#readAttribute(value));
        return;
      default:
        return;
    }
  }

  /** RFC 8866 5.2. */
  #readOrigin(value: string): SessionDescription['origin'] {
    const [username, sessionId, version, network, family, address, ...rest] = value.trim().split(/ +/);
    if (!username || !sessionId || !version || !address || rest.length > 0 || !isInternet(network, family))
      throw this.#error('bad-origin', 'o= is "<user> <id> <version> IN IP4|IP6 <address>"');
    if (!isDigits(sessionId) || !isDigits(version))
      throw this.#error('bad-origin', 'the session id and version of o= are decimal numbers');
    return { username, sessionId, version, address };
  }

  /** RFC 8866 5.7. */
  #readConnection(value: string): void {
    const [network, family, address, ...rest] = value.trim().split(/ +/);
    const host = address?.split('/')[0];
    if (!host || rest.length > 0 || !isInternet(network, family))
      throw this.#error('bad-connection', 'c= is "IN IP4|IP6 <address>"');
    const section = this.#media.at(-1);
    if (section === undefined) this.#connection = host;
    else section.connection = host;
  }

  /** RFC 8866 5.14. */
  #readMedia(value: string): void {
    if (this.#media.length >= sipLimits.sdpMediaSections)
      throw this.#error('too-large', `more than ${sipLimits.sdpMediaSections} m= lines`);
    const [media, portText, protocol, ...formats] = value.trim().split(/ +/);
    const port = /^(\d{1,5})(?:\/\d{1,5})?$/.exec(portText ?? '')?.[1];
    if (!media || !protocol || formats.length === 0 || port === undefined || Number(port) > 65_535)
      throw this.#error('bad-media', 'm= is "<media> <port 0-65535> <protocol> <format> ..."');
    this.#media.push({ media, port: Number(port), protocol, formats, connection: null, attributes: [] });
  }

  #readAttribute(text: string): SdpAttribute {
    const colon = text.indexOf(':');
    const name = colon < 0 ? text : text.slice(0, colon);
    if (!/^[!#-'*+\-.0-9A-Z^-~]+$/.test(name))
      throw this.#error('bad-attribute', 'a= needs a token as its name');
    return { name, value: colon < 0 ? null : text.slice(colon + 1) };
  }

  #error(code: SdpErrorCode, message: string): SdpError {
    return new SdpError(code, message, this.#line);
  }
}

function hasControlCharacter(line: string): boolean {
  for (let i = 0; i < line.length; i++) {
    const unit = line.charCodeAt(i);
    if ((unit < 0x20 && unit !== 0x09) || unit === 0x7f) return true;
  }
  return false;
}

function isInternet(network: string | undefined, family: string | undefined): boolean {
  return network === 'IN' && (family === 'IP4' || family === 'IP6');
}

function isDigits(text: string): boolean {
  return /^\d{1,20}$/.test(text);
}

/** Writes a description with CRLF line ends; an address with a colon is IP6, everything else IP4. */
export function serializeSdp(description: SessionDescription): string {
  const { origin } = description;
  const lines = [
    'v=0',
    `o=${origin.username} ${origin.sessionId} ${origin.version} ${internet(origin.address)}`,
    `s=${description.sessionName}`,
  ];
  if (description.connection !== null) lines.push(`c=${internet(description.connection)}`);
  lines.push('t=0 0', ...description.attributes.map(attributeLine));
  for (const section of description.media) {
    lines.push(`m=${section.media} ${section.port} ${section.protocol} ${section.formats.join(' ')}`);
    if (section.connection !== null) lines.push(`c=${internet(section.connection)}`);
    lines.push(...section.attributes.map(attributeLine));
  }
  return `${lines.join('\r\n')}\r\n`;
}

function internet(address: string): string {
  return `IN ${address.includes(':') ? 'IP6' : 'IP4'} ${address}`;
}

function attributeLine(attribute: SdpAttribute): string {
  return attribute.value === null ? `a=${attribute.name}` : `a=${attribute.name}:${attribute.value}`;
}

/** Value of the first attribute of that name: null when there is none, '' for a property attribute (`a=name`). */
export function sdpAttribute(attributes: readonly SdpAttribute[], name: string): string | null {
  const found = attributes.find((attribute) => attribute.name === name);
  return found === undefined ? null : (found.value ?? '');
}

/** Values of every attribute of that name, in order. */
export function sdpAttributes(attributes: readonly SdpAttribute[], name: string): string[] {
  return attributes.filter((attribute) => attribute.name === name).map((attribute) => attribute.value ?? '');
}
