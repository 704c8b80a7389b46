import { isIP } from 'node:net';
import type { WireEncoding } from '../../media/speech/audio-clip.js';
import type { MediaDirection, RemoteAddress, RtpCodec } from '../../media/worker/media-host.js';
import { chooseCodec, mirroredDirection, statedDirection } from './rtp-formats.js';
import { SdpError, parseSdp, sdpAttribute, sdpAttributes } from './sdp.js';
import type { SdpMedia, SessionDescription } from './sdp.js';

/** MRCP resources that can be offered here (RFC 6787 3.1). */
export type MrcpResource = 'speechsynth' | 'speechrecog';

/** What we are willing to answer with. */
export interface AnswerPolicy {
  /** Encodings we take, ours first. */
  readonly encodings: readonly WireEncoding[];
  /** True: our order of encodings decides; false: the offerer's. */
  readonly ownPreference: boolean;
  /** Resources of this server; empty on a plain SIP line. */
  readonly resources: readonly MrcpResource[];
}

/** Why a line is answered with port 0. */
export type RejectionCause =
  | 'disabled' // offered with port 0 (RFC 3264 5.1)
  | 'removed' // had been accepted, is now offered with port 0 (RFC 3264 8.2)
  | 'unsupported-media' // neither audio nor MRCP control
  | 'unsupported-transport' // not RTP/AVP, not TCP/MRCPv2
  | 'unsupported-address' // a host name: RTP goes to addresses only, nothing is looked up on its way
  | 'no-common-codec'
  | 'unknown-resource'
  | 'duplicate-resource' // RFC 6787 4.2: one of a kind in a session
  | 'unsupported-setup' // we are always the passive side (RFC 6787 4.2)
  | 'no-audio'; // RFC 6787 4.4: no accepted audio line has one of its cmid tags

export interface AudioLine {
  readonly kind: 'audio';
  readonly index: number;
  readonly mid: string | null;
  readonly remote: RemoteAddress;
  readonly codec: RtpCodec;
  /** Ours: `sendonly` means that we send. */
  readonly direction: MediaDirection;
  /** True when the line was not accepted in the description before this one. */
  readonly added: boolean;
}

export interface ControlLine {
  readonly kind: 'control';
  readonly index: number;
  readonly resource: MrcpResource;
  /** Tags of the audio lines it works on. */
  readonly cmids: readonly string[];
  readonly connection: 'new' | 'existing';
  readonly added: boolean;
}

export interface RejectedLine {
  readonly kind: 'rejected';
  readonly index: number;
  readonly cause: RejectionCause;
}

export type PlannedLine = AudioLine | ControlLine | RejectedLine;

/** What to do about an offer: one entry for each of its `m=` lines, in order, and a refusal when it cannot be used. */
export interface AnswerPlan {
  readonly offer: SessionDescription;
  readonly lines: readonly PlannedLine[];
  /** The SIP response that refuses the whole offer; null when `buildAnswer` can answer it. */
  readonly problem: { readonly status: 400 | 404 | 488; readonly reason: string } | null;
}

/**
 * Decides line by line how to answer an offer (RFC 3264 section 6, RFC 6787 4.2), changing nothing.
 *
 * `previous` is the plan in force when this is a re-offer (RFC 3264 section 8). The whole offer is refused with
 * - 400 when it cannot be read, an audio line has no address, or a re-offer has fewer lines than before;
 * - 404 when it asks for MRCP resources and none of them exists here;
 * - 488 when nothing usable is left for another reason (only unknown codecs, only TLS, …).
 *
 * An MRCP session whose every control line is refused is of no use, so its audio alone does not make it acceptable. A
 * re-offer may disable every line; that is an answer, not a problem.
 */
export function planAnswer(
  offer: string | SessionDescription,
  policy: AnswerPolicy,
  previous: AnswerPlan | null = null,
): AnswerPlan {
  try {
    const description = typeof offer === 'string' ? parseSdp(offer) : offer;
    return new Planner(description, policy, previous).plan();
  } catch (error) {
    if (!(error instanceof SdpError)) throw error;
    return { offer: emptyDescription, lines: [], problem: { status: 400, reason: error.message } };
  }
}

const emptyDescription: SessionDescription = {
  origin: { username: '-', sessionId: '0', version: '0', address: '0.0.0.0' },
  sessionName: '-',
  connection: null,
  attributes: [],
  media: [],
};

class Planner {
  readonly #offer: SessionDescription;
  readonly #policy: AnswerPolicy;
  readonly #previous: AnswerPlan | null;
  readonly #lines: PlannedLine[] = [];
  #problem: AnswerPlan['problem'] = null;

  constructor(offer: SessionDescription, policy: AnswerPolicy, previous: AnswerPlan | null) {
    this.#offer = offer;
    this.#policy = policy;
    this.#previous = previous;
  }

  plan(): AnswerPlan {
    const { media } = this.#offer;
    if (media.length < (this.#previous?.lines.length ?? 0))
      this.#refuse(400, 'a re-offer keeps every m= line (RFC 3264 section 8)');
    // Audio first: a control line is accepted only with an accepted audio line behind it.
    const audio = media.map((section, index) =>
      section.media === 'audio' ? this.#planAudio(section, index) : null,
    );
    for (const [index, section] of media.entries())
      this.#lines.push(audio[index] ?? this.#planControl(section, index, audio));
    this.#judge();
    return { offer: this.#offer, lines: this.#lines, problem: this.#problem };
  }

  #planAudio(section: SdpMedia, index: number): PlannedLine {
    if (section.port === 0) return this.#disabled(index);
    if (section.protocol !== 'RTP/AVP') return rejected(index, 'unsupported-transport');
    const address = section.connection ?? this.#offer.connection;
    if (address === null) {
      this.#refuse(400, 'an audio line has no address: add a c= line (RFC 8866 5.7)');
      return rejected(index, 'unsupported-transport');
    }
    if (isIP(address) === 0) return rejected(index, 'unsupported-address');
    const codec = chooseCodec(section, this.#policy.encodings, this.#policy.ownPreference);
    if (codec === null) return rejected(index, 'no-common-codec');
    return {
      kind: 'audio',
      index,
      mid: sdpAttribute(section.attributes, 'mid')?.trim() ?? null,
      remote: { address, port: section.port },
      codec,
      direction: mirroredDirection(statedDirection(section, this.#offer.attributes), address),
      added: this.#previous?.lines[index]?.kind !== 'audio',
    };
  }

  /** RFC 6787 4.2 and 4.4. */
  #planControl(section: SdpMedia, index: number, audio: readonly (PlannedLine | null)[]): PlannedLine {
    if (section.port === 0) return this.#disabled(index);
    if (section.media !== 'application') return rejected(index, 'unsupported-media');
    if (section.protocol !== 'TCP/MRCPv2') return rejected(index, 'unsupported-transport');
    const name = sdpAttribute(section.attributes, 'resource')?.trim();
    const resource = this.#policy.resources.find((known) => known === name);
    if (resource === undefined) return rejected(index, 'unknown-resource');
    if (this.#lines.some((line) => line.kind === 'control' && line.resource === resource))
      return rejected(index, 'duplicate-resource');
    // RFC 4145 section 4: without the attribute the offerer is active; actpass leaves the choice to us.
    const setup = sdpAttribute(section.attributes, 'setup')?.trim() ?? 'active';
    if (setup !== 'active' && setup !== 'actpass') return rejected(index, 'unsupported-setup');
    const cmids = audioTags(section, audio);
    if (cmids === null) return rejected(index, 'no-audio');
    const connection =
      sdpAttribute(section.attributes, 'connection')?.trim() === 'existing' ? 'existing' : 'new';
    const before = this.#previous?.lines[index];
    const added = before?.kind !== 'control' || before.resource !== resource;
    return { kind: 'control', index, resource, cmids, connection, added };
  }

  #disabled(index: number): RejectedLine {
    const before = this.#previous?.lines[index];
    return rejected(index, before === undefined || before.kind === 'rejected' ? 'disabled' : 'removed');
  }

  #judge(): void {
    const wanted = this.#offer.media.filter((section) => section.port !== 0);
    if (wanted.length === 0) {
      if (this.#previous === null) this.#refuse(488, 'the offer has no active m= line');
      return;
    }
    const controlWanted = wanted.some((section) => section.media === 'application');
    const usable = this.#lines.some((line) => line.kind === (controlWanted ? 'control' : 'audio'));
    if (usable) return;
    const causes = this.#lines.flatMap((line) => (line.kind === 'rejected' ? [line.cause] : []));
    if (causes.includes('unknown-resource')) this.#refuse(404, 'no such MRCP resource here');
    else if (causes.includes('no-common-codec')) this.#refuse(488, 'no common codec');
    else this.#refuse(488, `nothing in the offer can be used: ${[...new Set(causes)].join(', ')}`);
  }

  /** The first problem stays. */
  #refuse(status: 400 | 404 | 488, reason: string): void {
    this.#problem ??= { status, reason };
  }
}

function rejected(index: number, cause: RejectionCause): RejectedLine {
  return { kind: 'rejected', index, cause };
}

/**
 * The `cmid` tags of a control line that name accepted audio; null when there is no such audio. A control line without
 * a cmid means the only audio line, when there is just one.
 */
function audioTags(section: SdpMedia, audio: readonly (PlannedLine | null)[]): string[] | null {
  const accepted = audio.filter((line) => line?.kind === 'audio');
  const tags = sdpAttributes(section.attributes, 'cmid').map((tag) => tag.trim());
  if (tags.length === 0) return accepted.length === 1 ? [] : null;
  const matching = tags.filter((tag) => accepted.some((line) => line.mid === tag));
  return matching.length > 0 ? matching : null;
}
