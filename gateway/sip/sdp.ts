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
