/** One section of an offer; port 0 disables it (RFC 3264 5.1, 8.2). */
export interface AudioSection {
  readonly port: number;
  /** The caller's. */
  readonly direction?: 'sendrecv' | 'sendonly' | 'recvonly';
  /** Tag that control sections name in their cmid. */
  readonly mid?: string;
  /** `a=rtpmap` values in order of preference; PCMU and telephone-event when left out. */
  readonly formats?: readonly string[];
}

const telephoneFormats = ['0 PCMU/8000', '101 telephone-event/8000'];

/** Lines of an audio section (RFC 8866 5.14). */
export function audioSection({
  port,
  direction = 'sendrecv',
  mid,
  formats = telephoneFormats,
}: AudioSection): string[] {
  const payloadTypes = formats.map((format) => format.split(' ', 1)[0]).join(' ');
  return [
    `m=audio ${port} RTP/AVP ${payloadTypes}`,
    ...formats.map((format) => `a=rtpmap:${format}`),
    `a=${direction}`,
    'a=ptime:20',
    ...(mid === undefined ? [] : [`a=mid:${mid}`]),
  ];
}

/** Lines of an MRCPv2 control section as a client offers it (RFC 6787 4.2); port 9 stands for "we connect". */
export function controlSection(resource: string, cmid: string, port = 9): string[] {
  return [
    `m=application ${port} TCP/MRCPv2 1`,
    'a=setup:active',
    'a=connection:new',
    `a=resource:${resource}`,
    `a=cmid:${cmid}`,
  ];
}

let versions = 0;

/** A session description of these sections; each has a new version (RFC 3264 section 8). */
export function offerOf(...sections: readonly (readonly string[])[]): string {
  versions++;
  const lines = [
    'v=0',
    `o=tester 4711 ${versions} IN IP4 127.0.0.1`,
    's=-',
    'c=IN IP4 127.0.0.1',
    't=0 0',
    ...sections.flat(),
  ];
  return lines.map((line) => `${line}\r\n`).join('');
}

/** One `m=` section of an answer. */
export interface AnswerSection {
  readonly media: string;
  readonly port: number;
  readonly formats: readonly string[];
  /** Whole `a=` lines without `a=`. */
  readonly attributes: readonly string[];
}

/** Sections of an answer, split naively on purpose: the product's own reader is not trusted here. */
export function answerSections(sdp: string): AnswerSection[] {
  const sections: { media: string; port: number; formats: string[]; attributes: string[] }[] = [];
  for (const line of sdp.split('\r\n')) {
    const [media = '', port, , ...formats] = line.slice(2).split(' ');
    if (line.startsWith('m=')) sections.push({ media, port: Number(port), formats, attributes: [] });
    else if (line.startsWith('a=')) sections.at(-1)?.attributes.push(line.slice(2));
  }
  return sections;
}

/** The Channel-Identifier in an answered control section; throws when there is none. */
export function channelOf(section: AnswerSection | undefined): string {
  const attribute = section?.attributes.find((line) => line.startsWith('channel:'));
  if (attribute === undefined) throw new Error(`no channel in ${JSON.stringify(section)}`);
  return attribute.slice('channel:'.length);
}
