import { FakeClock } from '../../config/clock.js';
import { sipLimits } from '../../config/limits.js';
import { MemoryLogger } from '../../config/logger.js';
import { SeededRandom } from '../../config/random.js';
import type { SipError } from './errors.js';
import { FakeNetwork, summarize } from './fake-network.js';
import type { SipMessage, SipRequest, SipResponse } from './message.js';
import { tagOf } from './response.js';
import { serializeMessage } from './serializer.js';
import { testRequest } from './test-messages.js';
import { UserAgent, type UserAgentOptions, type UserAgentParts } from './user-agent.js';
import type {
  Invitation,
  OutgoingCallDelegate,
  ReinviteAnswer,
  SipRemote,
  SipSession,
  SipSessionDelegate,
  UserAgentDelegate,
} from './user-agent-api.js';

/** Where the user agent under test and the hand-driven phone are. */
export const botAddress: SipRemote = { transport: 'udp', address: '192.0.2.1', port: 5060 };
export const phoneAddress: SipRemote = { transport: 'udp', address: '192.0.2.9', port: 5060 };

/** What a closed agent may leave behind. */
export const nothingLeft = { timers: 0, transactions: 0, dialogs: 0 };

/** A network in memory with one clock, and what is needed to put user agents on it. */
export class TestBench {
  readonly clock = new FakeClock();
  readonly network = new FakeNetwork(sipLimits);
  readonly logger = new MemoryLogger();
  #seed = 1;

  async createAgent(
    address: string,
    delegate: UserAgentDelegate,
    options: Partial<UserAgentOptions> = {},
    parts: Partial<UserAgentParts> = {},
  ): Promise<UserAgent> {
    const agent = new UserAgent(
      { bind: [{ transport: 'udp', address, port: 5060 }], userAgentName: 'parley-test', ...options },
      {
        clock: this.clock,
        random: new SeededRandom(this.#seed++),
        logger: this.logger,
        delegate,
        transportFactory: this.network.factory,
        ...parts,
      },
    );
    await agent.start();
    return agent;
  }

  /** Lets time pass in steps, delivering what is sent on the way. */
  pass(ms: number, stepMs = 100): void {
    for (let rest = ms; rest > 0; rest -= stepMs) {
      this.clock.advance(Math.min(stepMs, rest));
      this.network.deliver();
    }
  }

  /** Closes an agent whose peers may be silent; what is left then should be `nothingLeft`. */
  async close(agent: UserAgent): Promise<typeof nothingLeft> {
    const closed = agent.close();
    this.pass(2_000);
    await closed;
    const { transactions, dialogs } = agent.stats();
    return { timers: this.clock.pendingTimers, transactions, dialogs };
  }

  /** Delivers what is under way. */
  settle(): void {
    this.network.deliver();
  }
}

/** An application that keeps invitations and events; `onInvite` may be replaced. */
export class TestApp implements UserAgentDelegate, SipSessionDelegate {
  readonly invitations: Invitation[] = [];
  readonly events: string[] = [];
  session: SipSession | null = null;
  reinviteAnswer: (offer: string | null) => ReinviteAnswer = () => ({ accept: true, sdp: 'new answer' });
  decide: (invitation: Invitation) => void = (invitation) => {
    this.session = invitation.accept('answer', this);
  };

  onInvite(invitation: Invitation): void {
    this.invitations.push(invitation);
    invitation.onCancelled = () => void this.events.push('cancelled');
    this.decide(invitation);
  }

  onOptions(): string | null {
    return 'capabilities';
  }

  onConfirmed(sdp: string | null): void {
    this.events.push(`confirmed ${sdp ?? '-'}`);
  }

  onReinvite(offer: string | null): ReinviteAnswer {
    this.events.push(`reinvite ${offer ?? '-'}`);
    return this.reinviteAnswer(offer);
  }

  onEnded(reason: string): void {
    this.events.push(`ended ${reason}`);
  }

  take(): string[] {
    return this.events.splice(0);
  }
}

/** The application of a caller. */
export class TestCaller extends TestApp implements OutgoingCallDelegate {
  onProvisional(response: SipResponse): void {
    this.events.push(`provisional ${response.status}`);
  }

  onAnswered(sdp: string): void {
    this.events.push(`answered ${sdp}`);
  }

  onRejected(response: SipResponse | null, cause: SipError | null): void {
    this.events.push(`rejected ${response?.status ?? cause?.code ?? '-'}`);
  }
}

/** A peer that a test drives message by message. */
export class TestPhone {
  readonly received: SipMessage[] = [];
  #summarized = 0;
  readonly #bench: TestBench;
  readonly #address: SipRemote;

  constructor(bench: TestBench, address = phoneAddress) {
    this.#bench = bench;
    this.#address = address;
    const transport = bench.network.factory(
      { transport: 'udp', address: address.address, port: address.port },
      { onMessage: (message) => void this.received.push(message), onParseError: () => undefined },
    );
    void transport.open();
  }

  /** Sends, delivers, and returns summaries of what came back. */
  send(message: SipMessage, to = botAddress): string[] {
    this.sendBytes(serializeMessage(message), to);
    return this.takeSummary();
  }

  sendBytes(bytes: Buffer, to = botAddress): void {
    this.#bench.network.send(bytes, this.#address, to);
    this.#bench.settle();
  }

  /** Makes a call with these fields in the INVITE and acknowledges its 200; returns the bot's tag. */
  establish(headers: readonly (readonly [string, string])[] = []): string {
    const contact = ['Contact', '<sip:ann@192.0.2.9>'] as const;
    this.send(testRequest('INVITE', { sdp: 'offer', headers: [contact, ...headers] }));
    const toTag = tagOf(this.response(200), 'To') ?? '';
    this.send(testRequest('ACK', { toTag, branch: 'z9hG4bKack' }));
    return toTag;
  }

  /** Summaries of what came since the last call. */
  takeSummary(): string[] {
    const fresh = this.received.slice(this.#summarized);
    this.#summarized = this.received.length;
    return fresh.map(summarize);
  }

  /** The last response received with that status. */
  response(status: number): SipResponse {
    const found = this.received.findLast(
      (message) => message.kind === 'response' && message.status === status,
    );
    if (found?.kind !== 'response')
      throw new Error(`no ${status} among ${this.received.map(summarize).join()}`);
    return found;
  }

  /** The last request received of that method. */
  request(method: string): SipRequest {
    const found = this.received.findLast(
      (message) => message.kind === 'request' && message.method === method,
    );
    if (found?.kind !== 'request')
      throw new Error(`no ${method} among ${this.received.map(summarize).join()}`);
    return found;
  }
}
