import { SystemClock } from '../../config/clock.js';
import { createLogger } from '../../config/pino-logger.js';
import { systemRandom } from '../../config/random.js';
import { UserAgent } from '../../gateway/sip/user-agent.js';
import type { SipSession } from '../../gateway/sip/user-agent-api.js';
import type { ServerUnderTest } from '../server-under-test.js';
import { Slot } from './slot.js';

const answerTimeoutMs = 10_000;
const endTimeoutMs = 5_000;

/** A call that was answered. */
export interface AnsweredCall {
  /** Body of the 2xx. */
  readonly answer: string;
  /** From handing the INVITE to our user agent until it hands us the 200, in milliseconds. */
  readonly inviteMs: number;
  /** Resolves with the reason when either side ended it. */
  readonly ended: Slot<string>;
  /** Sends BYE and waits until the session is over. */
  hangUp(): Promise<void>;
}

/** The calling side of SIP: one user agent on a port of its own. */
export class SipClient {
  readonly #userAgent: UserAgent;
  readonly #targetUri: string;

  private constructor(userAgent: UserAgent, targetUri: string) {
    this.#userAgent = userAgent;
    this.#targetUri = targetUri;
  }

  static async open(server: ServerUnderTest): Promise<SipClient> {
    const clock = new SystemClock();
    const userAgent = new UserAgent(
      { bind: [{ transport: 'udp', address: '127.0.0.1', port: 0 }], userAgentName: 'Parley benchmark' },
      {
        clock,
        random: systemRandom,
        logger: createLogger({ level: 'error', format: 'pretty', pii: false, clock, secrets: [] }),
        delegate: { onInvite: (invitation) => invitation.reject(486), onOptions: () => null },
      },
    );
    await userAgent.start();
    return new SipClient(userAgent, `sip:bench@${server.address}:${server.sipPort}`);
  }

  /** Places a call; rejects when it is refused or not answered. */
  async call(offer: string): Promise<AnsweredCall> {
    const answered = new Slot<{ readonly answer: string; readonly atMs: number }>();
    const ended = new Slot<string>();
    const startedAtMs = performance.now();
    const session: SipSession = this.#userAgent.invite(this.#targetUri, offer, {
      onProvisional: () => undefined,
      onAnswered: (answer) => answered.set({ answer, atMs: performance.now() }),
      onRejected: (response) =>
        answered.fail(
          new Error(response ? `INVITE was answered ${response.status} ${response.reason}` : 'no answer'),
        ),
      onConfirmed: () => undefined,
      onReinvite: () => ({ accept: false, status: 488 }),
      onEnded: (reason) => ended.set(reason),
    });
    const { answer, atMs } = await answered.wait(answerTimeoutMs, 'answer to INVITE');
    const hangUp = async (): Promise<void> => {
      session.end();
      await ended.wait(endTimeoutMs, 'end of the call');
    };
    return { answer, inviteMs: atMs - startedAtMs, ended, hangUp };
  }

  close(): Promise<void> {
    return this.#userAgent.close();
  }
}
