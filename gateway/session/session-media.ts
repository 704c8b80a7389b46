import type { Logger } from '../../config/logger.js';
import type { WireEncoding } from '../../media/speech/audio-clip.js';
import type { MediaHost, MediaStream, RtpCodec, StreamStats } from '../../media/worker/media-host.js';
import { buildAnswer, createAudioOffer, type SdpOrigin } from '../sip/descriptions.js';
import type { AnswerPlan, AudioLine } from '../sip/offer-answer.js';
import { serializeSdp } from '../sip/sdp.js';

/** Addresses that go into our answers. */
export interface SessionAddresses {
  /** Where RTP sockets are bound. */
  readonly bindAddress: string;
  /** What the answer names for RTP. */
  readonly mediaAddress: string;
  readonly mrcpAddress: string;
  readonly mrcpPort: number;
}

export interface SessionMediaOptions {
  readonly sessionId: string;
  readonly addresses: SessionAddresses;
  /** Send silence between prompts: phones want it, MRCP clients do not. */
  readonly continuous: boolean;
  /** Decimal session id of our SDP, up to 19 digits. */
  readonly sdpSessionId: string;
}

/** Stands in the place of an address that is not known yet (RFC 863). */
const discardPort = 9;

/** One accepted audio line and the stream behind it. */
export interface OpenLine {
  readonly line: AudioLine;
  readonly stream: MediaStream;
}

/**
 * The RTP streams of one SIP session, kept in step with its negotiated `m=` lines (RFC 3264 section 8).
 *
 * `apply` opens what was added, updates what stayed and closes what was removed; `answer` writes the SDP for it.
 */
export class SessionMedia {
  readonly #host: MediaHost;
  readonly #options: SessionMediaOptions;
  readonly #logger: Logger;
  readonly #onLost: (reason: string) => void;
  readonly #lines = new Map<number, OpenLine>();
  #version = 0;
  #closed = false;

  constructor(
    options: SessionMediaOptions,
    deps: { readonly host: MediaHost; readonly logger: Logger; onLost(reason: string): void },
  ) {
    this.#options = options;
    this.#host = deps.host;
    this.#logger = deps.logger;
    this.#onLost = (reason) => deps.onLost(reason);
  }

  /** Of the session whose media this is. */
  get sessionId(): string {
    return this.#options.sessionId;
  }

  /** Open lines in the order of the offer. */
  get lines(): readonly OpenLine[] {
    return [...this.#lines.values()].sort((a, b) => a.line.index - b.line.index);
  }

  /** The line a control channel with these cmid tags works on: the first tagged, or the only one (RFC 6787 4.4). */
  lineOf(cmids: readonly string[]): OpenLine | null {
    const { lines } = this;
    if (cmids.length === 0) return lines[0] ?? null;
    return lines.find(({ line }) => line.mid !== null && cmids.includes(line.mid)) ?? null;
  }

  /** Makes the streams what the plan says. Rejects with SpeechError `capacity` when no port is free. */
  async apply(plan: AnswerPlan, accepts: (line: AudioLine) => boolean = () => true): Promise<void> {
    for (const line of plan.lines) {
      if (this.#closed) return;
      if (line.kind === 'audio' && accepts(line)) await this.#openOrUpdate(line);
      else this.#drop(line.index);
    }
  }

  /** Opens one audio line that waits for the far end's answer and writes our offer for it (RFC 3261 13.2.1: delayed offer). */
  async offer(encodings: readonly WireEncoding[], ptimeMs: number): Promise<string> {
    const codec: RtpCodec = { encoding: 'PCMU', payloadType: 0, clockRateHz: 8_000, ptimeMs };
    const nowhere = { address: this.#options.addresses.bindAddress, port: discardPort };
    const line: AudioLine = {
      kind: 'audio',
      index: 0,
      mid: null,
      remote: nowhere,
      codec,
      direction: 'inactive',
      added: true,
    };
    await this.#openOrUpdate(line);
    const port = this.#lines.get(0)?.stream.localPort ?? 0;
    const { mediaAddress } = this.#options.addresses;
    const origin = this.nextOrigin();
    return serializeSdp(
      createAudioOffer({ origin, address: mediaAddress, port, encodings, direction: 'sendrecv', ptimeMs }),
    );
  }

  /** Our answer to the plan that was applied last; every one has a new version. */
  answer(plan: AnswerPlan, channelIds: ReadonlyMap<number, string> = new Map()): string {
    const { addresses } = this.#options;
    const audioPorts = new Map([...this.#lines].map(([index, { stream }]) => [index, stream.localPort]));
    return serializeSdp(
      buildAnswer(plan, {
        origin: this.nextOrigin(),
        mediaAddress: addresses.mediaAddress,
        audioPorts,
        mrcpAddress: addresses.mrcpAddress,
        mrcpPort: addresses.mrcpPort,
        channelIds,
      }),
    );
  }

  /** Identity of the next description of this session. */
  nextOrigin(): SdpOrigin {
    return { sessionId: this.#options.sdpSessionId, version: String(++this.#version) };
  }

  /** Releases every port; resolves with the counters of the streams. Idempotent. */
  async close(): Promise<readonly StreamStats[]> {
    this.#closed = true;
    const streams = this.lines.map(({ stream }) => stream);
    this.#lines.clear();
    return Promise.all(streams.map((stream) => stream.close()));
  }

  async #openOrUpdate(line: AudioLine): Promise<void> {
    const open = this.#lines.get(line.index);
    if (open) {
      open.stream.update({ codec: line.codec, remote: line.remote, direction: line.direction });
      this.#lines.set(line.index, { line, stream: open.stream });
      return;
    }
    const stream = await this.#host.openStream(
      {
        sessionId: this.#options.sessionId,
        localAddress: this.#options.addresses.bindAddress,
        codec: line.codec,
        remote: line.remote,
        direction: line.direction,
        continuous: this.#options.continuous,
      },
      (reason) => this.#onLost(reason),
    );
    // The session may have ended while the port was being bound.
    if (this.#closed) await stream.close();
    else this.#lines.set(line.index, { line, stream });
  }

  #drop(index: number): void {
    const open = this.#lines.get(index);
    if (!open) return;
    this.#lines.delete(index);
    open.stream.close().catch((err: unknown) => this.#logger.warn('stream did not close', { err }));
  }
}
