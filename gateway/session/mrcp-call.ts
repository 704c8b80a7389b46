import type { Logger } from '../../config/logger.js';
import type { StreamStats } from '../../media/worker/media-host.js';
import type { RecogBackend, SynthBackend } from '../mrcp/backend.js';
import type { MrcpSession } from '../mrcp/mrcp-session.js';
import type { MrcpServer } from '../mrcp/server.js';
import { planAnswer, type AnswerPlan, type AnswerPolicy, type ControlLine } from '../sip/offer-answer.js';
import type { ReinviteAnswer, SipSession, SipSessionDelegate, SipSessionEnd } from '../sip/user-agent-api.js';
import type { OpenLine, SessionMedia } from './session-media.js';

/** Makes the backend of a channel on the audio line it controls. */
export interface BackendFactory {
  synth(audio: OpenLine): SynthBackend;
  recog(audio: OpenLine): RecogBackend;
}

export interface MrcpCallDeps {
  readonly media: SessionMedia;
  readonly server: Pick<MrcpServer, 'openSession'>;
  readonly policy: AnswerPolicy;
  readonly backends: BackendFactory;
  readonly logger: Logger;
  /** Exactly once, after everything was released. */
  onClosed(reason: string, stats: readonly StreamStats[]): void;
}

/**
 * One MRCPv2 session: the SIP dialog, its control channels and its audio (RFC 6787 4).
 *
 * The SIP side and the TCP side end each other: BYE closes the channels, a lost connection sends BYE (4.6).
 */
export class MrcpCall implements SipSessionDelegate {
  readonly #deps: MrcpCallDeps;
  readonly #session: MrcpSession;
  readonly #channels = new Map<number, string>();
  #plan: AnswerPlan;
  #sip: SipSession | null = null;
  #closed = false;

  constructor(plan: AnswerPlan, deps: MrcpCallDeps) {
    this.#deps = deps;
    this.#plan = plan;
    // One identifier for log lines, templates (channelId) and the wire.
    this.#session = deps.server.openSession(
      {
        onConnectionLost: () => this.end('MRCP connection lost'),
        onInactive: () => this.end('MRCP inactivity'),
      },
      deps.media.sessionId,
    );
  }

  /** Opens audio and channels; resolves with our answer. Rejects when there is no port left. */
  open(): Promise<string> {
    return this.#apply(this.#plan);
  }

  /** The 200 was sent. */
  accepted(sip: SipSession): void {
    this.#sip = sip;
    if (this.#closed) sip.end();
  }

  /** Sends BYE and releases everything; idempotent. */
  end(reason: string): void {
    // Before BYE, whose `onEnded` would put its own reason in the place of ours.
    this.#close(reason);
    this.#sip?.end();
  }

  onConfirmed(): void {
    this.#deps.logger.debug('MRCP session confirmed', { channels: this.#channels.size });
  }

  onReinvite(offer: string | null): ReinviteAnswer {
    // Without an offer we repeat what is in force (RFC 3261 14.2).
    if (offer === null) return { accept: true, sdp: this.#deps.media.answer(this.#plan, this.#channels) };
    const plan = planAnswer(offer, this.#deps.policy, this.#plan);
    if (plan.problem) return { accept: false, status: plan.problem.status, reason: plan.problem.reason };
    return this.#apply(plan).then(
      (sdp) => ({ accept: true as const, sdp }),
      (err: unknown) => {
        this.#deps.logger.warn('re-INVITE could not be served', { err });
        return { accept: false as const, status: 500 };
      },
    );
  }

  onEnded(reason: SipSessionEnd): void {
    this.#close(reason);
  }

  async #apply(plan: AnswerPlan): Promise<string> {
    await this.#deps.media.apply(plan);
    this.#plan = plan;
    if (this.#closed) throw new Error('the session ended while its media was being opened');
    this.#removeChannels(plan);
    for (const line of plan.lines) {
      if (line.kind === 'control' && !this.#channels.has(line.index)) this.#addChannel(line);
    }
    return this.#deps.media.answer(plan, this.#channels);
  }

  #removeChannels(plan: AnswerPlan): void {
    for (const [index, channelId] of this.#channels) {
      const line = plan.lines[index];
      // A line that now asks for another resource is `added`: its old channel goes (RFC 3264 8.3).
      if (line?.kind === 'control' && !line.added) continue;
      this.#session.removeChannel(channelId);
      this.#channels.delete(index);
    }
  }

  #addChannel(line: ControlLine): void {
    const audio = this.#deps.media.lineOf(line.cmids);
    if (!audio) return;
    const channelId =
      line.resource === 'speechsynth'
        ? this.#session.addSynth(this.#deps.backends.synth(audio))
        : this.#session.addRecog(this.#deps.backends.recog(audio));
    if (line.connection === 'existing') this.#session.expectExistingConnection();
    this.#channels.set(line.index, channelId);
  }

  #close(reason: string): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#session.close();
    this.#channels.clear();
    this.#deps.media.close().then(
      (stats) => this.#deps.onClosed(reason, stats),
      (err: unknown) => {
        this.#deps.logger.warn('media did not close', { err });
        this.#deps.onClosed(reason, []);
      },
    );
  }
}
