import type { RemoteAddress } from '../worker/media-host.js';

/** What to do with a packet: `restart` means take it, and that its source or SSRC is a new one. */
export type SourceVerdict = 'accept' | 'restart' | 'stranger';

/** The locked source must have been silent for this long before another port or SSRC may take over. */
const takeoverSilenceMs = 1_000;
/** Packets in a row that a source needs to be believed when signalling does not vouch for its IP address. */
const probationPackets = 3;

/**
 * Decides whose packets belong to a stream (symmetric RTP, RFC 4961): the first source is locked, others are strangers.
 *
 * A source at the signalled IP address is locked by its first packet, whatever its port; one elsewhere (a caller behind
 * NAT, or no address signalled yet) by three in a row. After that only the exact signalled address outranks it at once. A
 * locked source that fell silent may be followed, after three packets in a row, by another at its own or at the signalled
 * IP address; a new SSRC at the locked address is a restart (RFC 3550 8.2) and needs three as well.
 *
 * Why so strict: media ports are easily found by sweeping, and a proxy that follows whoever sends (the "RTP bleed" flaw)
 * hands a silent caller's audio to the sweeper and plays the sweeper's to the bot. What a sweep sends to one port is too
 * little for probation, and later no other host gets in; a caller who moves to another IP address has to say so by
 * signalling. Against one who forges addresses, or races a caller behind NAT to the first lock, only SRTP helps (RFC 3711).
 */
export class SourceLock {
  #signalled: RemoteAddress | null;
  #address = '';
  #port = 0;
  #ssrc = 0;
  #lastHeardMs = 0;
  #candidateAddress = '';
  #candidatePort = 0;
  #candidateSsrc = 0;
  #candidatePackets = 0;
  #strangers = 0;
  #remote: RemoteAddress | null = null;

  constructor(signalled: RemoteAddress | null) {
    this.#signalled = signalled;
  }

  /** Packets that were dropped because of where they came from. */
  get strangers(): number {
    return this.#strangers;
  }

  /** Where to send: the locked source, or the signalled address until one is locked. */
  get remote(): RemoteAddress | null {
    return this.#remote ?? this.#signalled;
  }

  /** A new answer or re-INVITE named an address: it is locked anew from the next packet on. */
  signal(remote: RemoteAddress): void {
    if (remote.address === this.#signalled?.address && remote.port === this.#signalled.port) return;
    this.#signalled = remote;
    this.#remote = null;
    this.#candidatePackets = 0;
  }

  judge(address: string, port: number, ssrc: number, nowMs: number): SourceVerdict {
    // Lawful in UDP and never an address to answer to: a stream locked to it could not send any more.
    if (port === 0) {
      this.#strangers++;
      return 'stranger';
    }
    if (!this.#remote) return this.#judgeFirst(address, port, ssrc, nowMs);
    if (port === this.#port && address === this.#address) return this.#judgeLocked(ssrc, nowMs);
    if (this.#isSignalled(address, port) && !this.#isSignalled(this.#address, this.#port))
      return this.#lock(address, port, ssrc, nowMs);
    const mayTakeOver =
      nowMs - this.#lastHeardMs >= takeoverSilenceMs &&
      (address === this.#address || address === this.#signalled?.address);
    if (mayTakeOver && this.#passesProbation(address, port, ssrc))
      return this.#lock(address, port, ssrc, nowMs);
    this.#strangers++;
    return 'stranger';
  }

  #judgeFirst(address: string, port: number, ssrc: number, nowMs: number): SourceVerdict {
    if (address === this.#signalled?.address || this.#passesProbation(address, port, ssrc))
      return this.#lock(address, port, ssrc, nowMs);
    this.#strangers++;
    return 'stranger';
  }

  #judgeLocked(ssrc: number, nowMs: number): SourceVerdict {
    if (ssrc === this.#ssrc) {
      this.#lastHeardMs = nowMs;
      this.#candidatePackets = 0;
      return 'accept';
    }
    if (this.#passesProbation(this.#address, this.#port, ssrc))
      return this.#lock(this.#address, this.#port, ssrc, nowMs);
    this.#strangers++;
    return 'stranger';
  }

  #isSignalled(address: string, port: number): boolean {
    return this.#signalled?.port === port && this.#signalled.address === address;
  }

  #lock(address: string, port: number, ssrc: number, nowMs: number): SourceVerdict {
    this.#address = address;
    this.#port = port;
    this.#ssrc = ssrc;
    this.#lastHeardMs = nowMs;
    this.#candidatePackets = 0;
    this.#remote = { address, port };
    return 'restart';
  }

  #passesProbation(address: string, port: number, ssrc: number): boolean {
    const same =
      ssrc === this.#candidateSsrc && port === this.#candidatePort && address === this.#candidateAddress;
    if (!same) {
      this.#candidateAddress = address;
      this.#candidatePort = port;
      this.#candidateSsrc = ssrc;
      this.#candidatePackets = 0;
    }
    return ++this.#candidatePackets >= probationPackets;
  }
}
