import type { Clock } from '../../config/clock.js';
import type { Logger } from '../../config/logger.js';
import type { Random } from '../../config/random.js';
import type { MediaHost } from '../../media/worker/media-host.js';
import { SpeechError } from '../../media/speech/errors.js';
import { capabilitiesSdp } from '../sip/descriptions.js';
import { canonicalHeaderName, getHeader } from '../sip/header-fields.js';
import type { SipRequest } from '../sip/message.js';
import { planAnswer, type AnswerPlan, type AnswerPolicy } from '../sip/offer-answer.js';
import { serializeSdp } from '../sip/sdp.js';
import { parseNameAddress, parseUri } from '../sip/uri.js';
import type { Invitation, SipSession, SipSessionDelegate, UserAgentDelegate } from '../sip/user-agent-api.js';
import { SessionMedia, type SessionAddresses } from './session-media.js';
import type { SessionKind, SessionTable } from './session-table.js';

/** What the INVITE says about a session; platform rules and the tree's variables are made of it. */
export interface CallFacts {
  readonly sessionId: string;
  readonly callId: string;
  readonly sourceAddress: string;
  readonly fromUser: string;
  readonly toUser: string;
  header(name: string): string | null;
}

/** A session being set up or running, of either kind. */
export interface IncomingSession extends SipSessionDelegate {
  open(): Promise<string>;
  accepted(sip: SipSession): void;
  /** Ends it with BYE; idempotent. */
  end(reason: string): void;
}

/** What a new session is given; `onClosed` must be called exactly once. */
export interface IncomingSessionParts {
  readonly facts: CallFacts;
  readonly media: SessionMedia;
  readonly policy: AnswerPolicy;
  readonly logger: Logger;
  onClosed(reason: string): void;
}

export interface CallIngressDeps {
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly host: MediaHost;
  readonly table: SessionTable;
  readonly policy: AnswerPolicy;
  addresses(): SessionAddresses;
  /** `plan` is null for a delayed offer. */
  createCall(plan: AnswerPlan | null, parts: IncomingSessionParts): IncomingSession;
  createMrcp(plan: AnswerPlan, parts: IncomingSessionParts): IncomingSession;
}

/**
 * Where INVITEs enter: an offer with MRCP control lines becomes an MRCP session, any other audio a plain call.
 *
 * Everything a session holds is released by its own `end`; a refused INVITE holds nothing.
 */
export class CallIngress implements UserAgentDelegate {
  readonly #deps: CallIngressDeps;

  constructor(deps: CallIngressDeps) {
    this.#deps = deps;
  }

  onInvite(invitation: Invitation): void {
    const plan = invitation.offer === null ? null : planAnswer(invitation.offer, this.#deps.policy);
    if (plan?.problem) {
      this.#deps.logger.info('offer refused', { callId: invitation.callId, ...plan.problem });
      invitation.reject(plan.problem.status, plan.problem.reason);
      return;
    }
    this.#open(invitation, plan);
  }

  onOptions(_request: SipRequest): string | null {
    if (!this.#deps.table.admits) return null;
    const { policy } = this.#deps;
    return serializeSdp(
      capabilitiesSdp({
        origin: { sessionId: String(this.#deps.random.integer(2 ** 40)), version: '1' },
        address: this.#deps.addresses().mediaAddress,
        encodings: policy.encodings,
        resources: policy.resources,
      }),
    );
  }

  #open(invitation: Invitation, plan: AnswerPlan | null): void {
    const { random, table } = this.#deps;
    const sessionId = random.hex(8);
    const kind: SessionKind = plan?.lines.some((line) => line.kind === 'control') ? 'mrcp' : 'call';
    const facts = factsOf(sessionId, invitation);
    const logger = this.#deps.logger.child({ sessionId });
    let session: IncomingSession | null = null;
    const media = new SessionMedia(
      {
        sessionId,
        addresses: this.#deps.addresses(),
        continuous: kind === 'call',
        sdpSessionId: String(random.integer(2 ** 40)),
      },
      { host: this.#deps.host, logger, onLost: (reason) => session?.end(`media: ${reason}`) },
    );
    const parts: IncomingSessionParts = {
      facts,
      media,
      policy: this.#deps.policy,
      logger,
      onClosed: (reason) => {
        logger.info('session ended', { kind, reason });
        table.remove(sessionId);
      },
    };
    const opened =
      plan && kind === 'mrcp' ? this.#deps.createMrcp(plan, parts) : this.#deps.createCall(plan, parts);
    session = opened;
    table.add({
      id: sessionId,
      kind,
      callId: invitation.callId,
      remote: `${invitation.remote.address}:${invitation.remote.port}`,
      startedAtMs: this.#deps.clock.epochMs(),
      end: () => opened.end('ended by the operator'),
    });
    logger.info('session started', { kind, callId: invitation.callId, remote: invitation.remote.address });
    this.#answer(invitation, opened, logger);
  }

  #answer(invitation: Invitation, session: IncomingSession, logger: Logger): void {
    let cancelled = false;
    invitation.onCancelled = () => {
      cancelled = true;
      session.end('cancelled');
    };
    session
      .open()
      .then((sdp) => {
        if (!cancelled) session.accepted(invitation.accept(sdp, session));
      })
      .catch((err: unknown) => {
        session.end('could not be opened');
        if (cancelled) return;
        const full = err instanceof SpeechError && err.code === 'capacity';
        logger.warn('session could not be opened', { err });
        if (full) invitation.reject(503, 'No media port is free', [['Retry-After', '5']]);
        else invitation.reject(500);
      });
  }
}

function factsOf(sessionId: string, { callId, remote, request }: Invitation): CallFacts {
  const userOf = (name: string): string => {
    const address = parseNameAddress(getHeader(request, name) ?? '');
    return (address && parseUri(address.uri)?.user) ?? '';
  };
  return {
    sessionId,
    callId,
    sourceAddress: remote.address,
    fromUser: userOf('From'),
    toUser: userOf('To'),
    header: (name) => getHeader(request, canonicalHeaderName(name)),
  };
}
