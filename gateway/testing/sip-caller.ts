import { SystemClock } from '../../config/clock.js';
import { MemoryLogger } from '../../config/logger.js';
import { systemRandom } from '../../config/random.js';
import { UserAgent } from '../sip/user-agent.js';
import type { SipSession, SipSessionEnd } from '../sip/user-agent-api.js';

/** A call that was answered. */
export interface AnsweredCall {
  readonly accepted: true;
  readonly answer: string;
  readonly session: SipSession;
  /** How it ended, once it has. */
  readonly ended: Promise<SipSessionEnd>;
}

export interface RefusedCall {
  readonly accepted: false;
  /** 0: no answer at all. */
  readonly status: number;
  readonly reason: string;
}

/** A caller with its own SIP port on 127.0.0.1, for any number of calls over one transport. */
export class SipCaller {
  readonly #userAgent: UserAgent;
  readonly #transport: 'udp' | 'tcp';

  private constructor(userAgent: UserAgent, transport: 'udp' | 'tcp') {
    this.#userAgent = userAgent;
    this.#transport = transport;
  }

  static async start(transport: 'udp' | 'tcp' = 'udp'): Promise<SipCaller> {
    const userAgent = new UserAgent(
      { bind: [{ transport, address: '127.0.0.1', port: 0 }], userAgentName: 'tester' },
      {
        clock: new SystemClock(),
        random: systemRandom,
        logger: new MemoryLogger(),
        delegate: { onInvite: (invitation) => invitation.reject(486), onOptions: () => null },
      },
    );
    await userAgent.start();
    return new SipCaller(userAgent, transport);
  }

  /** Calls the SIP port with an offer; resolves with its final response. */
  call(port: number, offer: string): Promise<AnsweredCall | RefusedCall> {
    let tellEnd: (reason: SipSessionEnd) => void = () => undefined;
    const ended = new Promise<SipSessionEnd>((resolve) => {
      tellEnd = resolve;
    });
    return new Promise((resolve) => {
      const session = this.#userAgent.invite(
        `sip:bot@127.0.0.1:${port};transport=${this.#transport}`,
        offer,
        {
          onProvisional: () => undefined,
          // After `invite` has returned, whatever the transport: the caller needs the session with the answer.
          onAnswered: (answer) => queueMicrotask(() => resolve({ accepted: true, answer, session, ended })),
          onRejected: (response) =>
            resolve({ accepted: false, status: response?.status ?? 0, reason: response?.reason ?? '' }),
          onConfirmed: () => undefined,
          onReinvite: () => ({ accept: false, status: 488 }),
          onEnded: (reason) => tellEnd(reason),
        },
      );
    });
  }

  /** Like `call`, for calls that have to be answered. */
  async callAnswered(port: number, offer: string): Promise<AnsweredCall> {
    const call = await this.call(port, offer);
    if (!call.accepted) throw new Error(`the call was refused: ${call.status} ${call.reason}`);
    return call;
  }

  /** Ends every call with BYE. */
  close(): Promise<void> {
    return this.#userAgent.close();
  }
}
