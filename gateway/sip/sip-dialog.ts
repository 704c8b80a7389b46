import { isIP } from 'node:net';
import { getCSeq, getHeader, getHeaders } from './header-fields.js';
import type { SipHeader, SipRequest, SipResponse } from './message.js';
import { tagOf } from './response.js';
import { parseNameAddress, parseNameAddressList, parseUri } from './uri.js';
import type { SipRemote } from './user-agent-api.js';
import { topVia } from './via.js';

/** The key of a dialog in a table (RFC 3261 12). */
function dialogId(callId: string, localTag: string, remoteTag: string): string {
  return `${callId}|${localTag}|${remoteTag}`;
}

/** The key of the dialog a request claims to belong to, or null when its To has no tag. */
export function dialogIdOf(request: SipRequest): string | null {
  const localTag = tagOf(request, 'To');
  if (localTag === null) return null;
  return dialogId(getHeader(request, 'Call-ID') ?? '', localTag, tagOf(request, 'From') ?? '');
}

/** What a dialog must know about the transports to choose its next hop. */
export interface Reachability {
  isConnected(remote: SipRemote): boolean;
  supports(transport: 'udp' | 'tcp', address: string): boolean;
}

interface DialogState {
  readonly callId: string;
  readonly localTag: string;
  readonly remoteTag: string;
  /** Values of From and To as we send them. */
  readonly localAddress: string;
  readonly remoteAddress: string;
  readonly routeSet: readonly string[];
  readonly remoteTarget: string;
  readonly localSequence: number;
  readonly remoteSequence: number | null;
  /** Where the peer's messages come from. */
  readonly source: SipRemote;
  /** The peer's own address cannot be reached as it is written. */
  readonly behindNat: boolean;
}

/** A dialog (RFC 3261 12): who the two are, the way between them, and the order of requests. */
export class SipDialog {
  readonly callId: string;
  readonly localTag: string;
  readonly remoteTag: string;
  readonly localUri: string;
  readonly remoteUri: string;
  readonly source: SipRemote;
  readonly #localAddress: string;
  readonly #remoteAddress: string;
  readonly #routeSet: readonly string[];
  readonly #behindNat: boolean;
  #remoteTarget: string;
  #localSequence: number;
  #remoteSequence: number | null;

  private constructor(state: DialogState) {
    this.callId = state.callId;
    this.localTag = state.localTag;
    this.remoteTag = state.remoteTag;
    this.#localAddress = state.localAddress;
    this.#remoteAddress = state.remoteAddress;
    this.localUri = parseNameAddress(state.localAddress)?.uri ?? '';
    this.remoteUri = parseNameAddress(state.remoteAddress)?.uri ?? '';
    this.source = state.source;
    this.#routeSet = state.routeSet;
    this.#behindNat = state.behindNat;
    this.#remoteTarget = state.remoteTarget;
    this.#localSequence = state.localSequence;
    this.#remoteSequence = state.remoteSequence;
  }

  /** The dialog of an INVITE we received (RFC 3261 12.1.1), whose Record-Route passed the checks. */
  static fromRequest(request: SipRequest, localTag: string, source: SipRemote, random: number): SipDialog {
    const remoteAddress = getHeader(request, 'From') ?? '';
    const via = topVia(request);
    return new SipDialog({
      callId: getHeader(request, 'Call-ID') ?? '',
      localTag,
      remoteTag: tagOf(request, 'From') ?? '',
      localAddress: `${getHeader(request, 'To') ?? ''};tag=${localTag}`,
      remoteAddress,
      routeSet: routesOf(request),
      // Sofia's MRCP clients send no Contact; the only URI of theirs that is known is the one in From.
      remoteTarget: contactOf(request) ?? parseNameAddress(remoteAddress)?.uri ?? '',
      localSequence: random,
      remoteSequence: getCSeq(request).number,
      source,
      behindNat: contactOf(request) === null || (via !== null && via.host !== source.address),
    });
  }

  /** The dialog that a 2xx to our INVITE makes (RFC 3261 12.1.2). */
  static fromResponse(invite: SipRequest, response: SipResponse, remote: SipRemote): SipDialog {
    const remoteAddress = getHeader(response, 'To') ?? '';
    return new SipDialog({
      callId: getHeader(invite, 'Call-ID') ?? '',
      localTag: tagOf(invite, 'From') ?? '',
      remoteTag: tagOf(response, 'To') ?? '',
      localAddress: getHeader(invite, 'From') ?? '',
      remoteAddress,
      routeSet: routesOf(response).reverse(),
      remoteTarget: contactOf(response) ?? invite.uri,
      localSequence: getCSeq(invite).number,
      remoteSequence: null,
      source: remote,
      behindNat: contactOf(response) === null,
    });
  }

  get id(): string {
    return dialogId(this.callId, this.localTag, this.remoteTag);
  }

  /** Whether a request is in order, and remembers its number (RFC 3261 12.2.2: a lower one is answered 500). */
  takeRemoteSequence(request: SipRequest): boolean {
    const { number } = getCSeq(request);
    if (this.#remoteSequence !== null && number <= this.#remoteSequence) return false;
    this.#remoteSequence = number;
    return true;
  }

  /** A target refresh (RFC 3261 12.2): re-INVITE, UPDATE and their 2xx replace the remote target. */
  refreshTarget(message: SipRequest | SipResponse): void {
    this.#remoteTarget = contactOf(message) ?? this.#remoteTarget;
  }

  /** A request within the dialog (RFC 3261 12.2.1.1) with the next sequence number; Via is added on sending. */
  createRequest(
    method: string,
    headers: readonly (readonly [string, string])[] = [],
    sdp: string | null = null,
  ): SipRequest {
    this.#localSequence++;
    return this.#create(method, this.#localSequence, headers, sdp);
  }

  /** The ACK of a 2xx to that INVITE of ours; it shows the same credentials (RFC 3261 22.1). */
  createAck(invite: SipRequest, userAgentName: string): SipRequest {
    const credentials = invite.headers.filter(
      ({ name }) => name === 'Authorization' || name === 'Proxy-Authorization',
    );
    const headers = credentials.map(({ name, value }) => [name, value] as const);
    return this.#create('ACK', getCSeq(invite).number, [...headers, ['User-Agent', userAgentName]], null);
  }

  /**
   * Where requests go: the connection the peer opened while it lives, else the first route or the remote target.
   *
   * A host name there, and any address when the peer sits behind a NAT or gave none, means where its messages come
   * from: that address works, and nothing has to be resolved.
   */
  nextHop(transports: Reachability): SipRemote {
    if (this.source.transport === 'tcp' && transports.isConnected(this.source)) return this.source;
    const [route] = this.#routeSet;
    const target = parseUri(
      (route === undefined ? null : parseNameAddress(route)?.uri) ?? this.#remoteTarget,
    );
    if (!target || isIP(target.host) === 0 || (this.#behindNat && route === undefined)) return this.source;
    const named = target.parameters.get('transport')?.toLowerCase();
    const transport = named === 'tcp' || !transports.supports('udp', target.host) ? 'tcp' : 'udp';
    return { transport, address: target.host, port: target.port ?? 5060 };
  }

  #create(
    method: string,
    sequence: number,
    extra: readonly (readonly [string, string])[],
    sdp: string | null,
  ): SipRequest {
    const { uri, routes } = this.#way();
    const headers: SipHeader[] = [{ name: 'Max-Forwards', value: '70' }];
    for (const value of routes) headers.push({ name: 'Route', value });
    headers.push({ name: 'From', value: this.#localAddress }, { name: 'To', value: this.#remoteAddress });
    headers.push({ name: 'Call-ID', value: this.callId }, { name: 'CSeq', value: `${sequence} ${method}` });
    for (const [name, value] of extra) headers.push({ name, value });
    if (sdp !== null) headers.push({ name: 'Content-Type', value: 'application/sdp' });
    return { kind: 'request', method, uri, headers, body: Buffer.from(sdp ?? '', 'utf8') };
  }

  /** Request-URI and Route; a first hop without `lr` is a strict router (RFC 3261 12.2.1.1, 16.12). */
  #way(): { uri: string; routes: readonly string[] } {
    const [first, ...others] = this.#routeSet;
    const firstUri = first === undefined ? undefined : parseNameAddress(first)?.uri;
    if (firstUri === undefined || parseUri(firstUri)?.parameters.has('lr') !== false)
      return { uri: this.#remoteTarget, routes: this.#routeSet };
    return { uri: firstUri, routes: [...others, `<${this.#remoteTarget}>`] };
  }
}

function contactOf(message: SipRequest | SipResponse): string | null {
  const uri = parseNameAddress(getHeader(message, 'Contact') ?? '')?.uri ?? null;
  return uri !== null && parseUri(uri) ? uri : null;
}

function routesOf(message: SipRequest | SipResponse): string[] {
  const values = getHeaders(message, 'Record-Route').map((header) => header.value);
  const addresses = parseNameAddressList(values) ?? [];
  return addresses.map((address) => `<${address.uri}>`);
}
