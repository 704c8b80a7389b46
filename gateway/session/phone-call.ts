import type { Logger } from '../../config/logger.js';
import type { MediaStream, RtpCodec, StreamStats } from '../../media/worker/media-host.js';
import {
  planAnswer,
  type AnswerPlan,
  type AnswerPolicy,
  type AudioLine,
  type PlannedLine,
} from '../sip/offer-answer.js';
import type { ReinviteAnswer, SipSession, SipSessionDelegate, SipSessionEnd } from '../sip/user-agent-api.js';
import type { SessionMedia } from './session-media.js';
import type { BotCall, VoiceBot } from './voice-bot.js';

/** What a call needs of its bot. */
export type CallBot = Pick<VoiceBot, 'start' | 'codecChanged' | 'close'>;

export interface PhoneCallDeps {
  readonly media: SessionMedia;
  readonly policy: AnswerPolicy;
  readonly ptimeMs: number;
  readonly logger: Logger;
  /** The bot for the call's first audio line. */
  createBot(stream: MediaStream, codec: RtpCodec, call: BotCall): CallBot;
  /** What the tree knows of the caller. */
  readonly variables: Readonly<Record<string, string>>;
  /** Exactly once, after everything was released. */
  onClosed(reason: string, stats: readonly StreamStats[]): void;
}

/**
 * One plain SIP call: the SIP session, one audio line and the bot on it.
 *
 * The bot starts when the caller confirmed our answer (ACK), so that nothing is said into a call that is not up.
 */
export class PhoneCall implements SipSessionDelegate, BotCall {
  readonly #deps: PhoneCallDeps;
  /** Null until the far end answered our offer (a delayed offer). */
  #plan: AnswerPlan | null;
  #bot: CallBot | null = null;
  #sip: SipSession | null = null;
  #closed = false;

  constructor(plan: AnswerPlan | null, deps: PhoneCallDeps) {
    this.#plan = plan;
    this.#deps = deps;
  }

  /** Opens the audio; resolves with our answer, or with our offer where there was none. Rejects when no port is left. */
  async open(): Promise<string> {
    const { media, policy } = this.#deps;
    if (this.#plan) return this.#apply(this.#plan);
    const offer = await media.offer(policy.encodings, this.#deps.ptimeMs);
    if (this.#closed) throw new Error('the call ended while its media was being opened');
    return offer;
  }

  /** The 200 was sent. */
  accepted(sip: SipSession): void {
    this.#sip = sip;
    if (this.#closed) sip.end();
  }

  hangUp(reason: string): void {
    this.end(reason);
  }

  /** Sends BYE and releases everything; idempotent. */
  end(reason: string): void {
    // Before BYE, whose `onEnded` would put its own reason in the place of ours.
    this.#close(reason);
    this.#sip?.end();
  }

  transfer(target: string): Promise<void> {
    return this.#sip ? this.#sip.refer(target) : Promise.reject(new Error('the call is not up'));
  }

  onConfirmed(sdp: string | null): void {
    if (!this.#plan) {
      this.#takeAnswer(sdp);
      return;
    }
    this.#startBot();
    if (sdp !== null) this.#takeChange(sdp, this.#plan);
  }

  onReinvite(offer: string | null): ReinviteAnswer {
    if (!this.#plan) return { accept: false, status: 491 };
    if (offer === null) return { accept: true, sdp: this.#deps.media.answer(this.#plan) };
    const plan = planAnswer(offer, this.#deps.policy, this.#plan);
    if (plan.problem) return { accept: false, status: plan.problem.status, reason: plan.problem.reason };
    // The bot has ears and a mouth on one stream: without it (all lines disabled, or another one offered) the call stays as it was (RFC 3261 14.2).
    if (!this.#audioOf(plan)) return { accept: false, status: 488 };
    return this.#apply(plan).then(
      (sdp) => {
        this.#tellCodec();
        return { accept: true as const, sdp };
      },
      (err: unknown) => {
        this.#deps.logger.warn('re-INVITE could not be served', { err });
        return { accept: false as const, status: 500 };
      },
    );
  }

  onEnded(reason: SipSessionEnd): void {
    this.#close(reason);
  }

  #startBot(): void {
    const [audio] = this.#deps.media.lines;
    if (!audio || this.#bot) return;
    this.#bot = this.#deps.createBot(audio.stream, audio.line.codec, this);
    this.#bot.start(this.#deps.variables);
  }

  /** The ACK answers our offer; what it says about its audio reads like an offer of the far end. */
  #takeAnswer(sdp: string | null): void {
    const plan = sdp === null ? null : planAnswer(sdp, this.#deps.policy);
    if (!plan || plan.problem) {
      this.end(
        plan?.problem ? `unusable answer: ${plan.problem.reason}` : 'ACK without an answer to our offer',
      );
      return;
    }
    this.#apply(plan).then(
      () => this.#startBot(),
      (err: unknown) => {
        this.#deps.logger.warn('answer could not be applied', { err });
        this.end('answer could not be applied');
      },
    );
  }

  /** The answer to what we offered in a re-INVITE without an offer (RFC 3261 14.2); a bad one changes nothing. */
  #takeChange(sdp: string, inForce: AnswerPlan): void {
    const plan = planAnswer(sdp, this.#deps.policy, inForce);
    if (plan.problem) {
      this.#deps.logger.warn('answer to our re-offer is not usable', { ...plan.problem });
      return;
    }
    this.#apply(plan).then(
      () => this.#tellCodec(),
      (err: unknown) => this.#deps.logger.warn('answer to our re-offer could not be applied', { err }),
    );
  }

  #tellCodec(): void {
    const [audio] = this.#deps.media.lines;
    if (audio) this.#bot?.codecChanged(audio.line.codec);
  }

  /** One audio line serves a call; the rest of a re-offer is refused. */
  async #apply(plan: AnswerPlan): Promise<string> {
    const audio = this.#audioOf(plan);
    await this.#deps.media.apply(plan, (line) => line.index === audio?.index);
    if (this.#closed) throw new Error('the call ended while its media was being opened');
    this.#plan = plan;
    return this.#deps.media.answer(plan);
  }

  /** The line the call is on already, or the first one that can be had. */
  #audioOf(plan: AnswerPlan): AudioLine | null {
    const open = this.#deps.media.lines[0]?.line.index;
    const fits = (line: PlannedLine): line is AudioLine =>
      line.kind === 'audio' && (open === undefined || line.index === open);
    return plan.lines.find(fits) ?? null;
  }

  #close(reason: string): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#bot?.close();
    this.#deps.media.close().then(
      (stats) => {
        this.#deps.logger.info('call ended', { reason, rtp: stats[0] ?? null });
        this.#deps.onClosed(reason, stats);
      },
      (err: unknown) => {
        this.#deps.logger.warn('media did not close', { err });
        this.#deps.onClosed(reason, []);
      },
    );
  }
}
