import type { SipRequest } from '../../sip/message.js';
import type {
  Invitation,
  ReinviteAnswer,
  SipRemote,
  SipSession,
  SipSessionDelegate,
  SipSessionEnd,
} from '../../sip/user-agent-api.js';
import type { AnswerPolicy } from '../../sip/offer-answer.js';
import type { SessionAddresses } from '../session-media.js';

export const policy: AnswerPolicy = {
  encodings: ['PCMU', 'PCMA', 'L16'],
  ownPreference: false,
  resources: ['speechsynth', 'speechrecog'],
};

export const addresses: SessionAddresses = {
  bindAddress: '127.0.0.1',
  mediaAddress: '127.0.0.2',
  mrcpAddress: '127.0.0.3',
  mrcpPort: 1_544,
};

const remote: SipRemote = { transport: 'udp', address: '192.0.2.1', port: 5_060 };
const head = ['v=0', 'o=- 1 1 IN IP4 192.0.2.1', 's=-', 'c=IN IP4 192.0.2.1', 't=0 0'];

/** An offer of `m=` sections with the head they need. */
export function sdp(...sections: readonly (readonly string[])[]): string {
  return [...head, ...sections.flat(), ''].join('\r\n');
}

/** An audio section; `port` 0 removes it. */
export function audio(port = 4_000, ...more: readonly string[]): string[] {
  return [`m=audio ${port} RTP/AVP 0 8`, ...more];
}

/** An MRCP control section. */
export function control(resource: string, ...more: readonly string[]): string[] {
  return ['m=application 9 TCP/MRCPv2 1', 'a=setup:active', `a=resource:${resource}`, ...more];
}

/** The ports of the `m=` lines of a description, in their order. */
export function portsOf(description: string): number[] {
  return [...description.matchAll(/^m=\S+ (\d+)/gm)].map((match) => Number(match[1]));
}

type Decision = Exclude<ReinviteAnswer, Promise<ReinviteAnswer>>;

/** What a re-INVITE is answered with, now or later. */
export function decided(answer: ReinviteAnswer): Promise<Decision> {
  return answer instanceof Promise ? answer.then(decided) : Promise.resolve(answer);
}

/** A SIP session that counts what is asked of it, and tells its delegate of its end as the user agent does: at once. */
export class FakeSipSession implements SipSession {
  readonly callId = 'call@test';
  readonly localUri = 'sip:bot@127.0.0.1';
  readonly remoteUri = 'sip:caller@192.0.2.1';
  readonly remote = remote;
  readonly referred: string[] = [];
  byes = 0;
  delegate: SipSessionDelegate | null = null;
  #over = false;
  /** Why REFER fails, or null. */
  referFailure: Error | null = null;

  end(): void {
    if (this.#over) return;
    this.byes++;
    this.#end('local-bye');
  }

  /** BYE from the far end, or a failure. */
  endedBy(reason: SipSessionEnd): void {
    if (!this.#over) this.#end(reason);
  }

  reinvite(): Promise<string> {
    return Promise.reject(new Error('nobody answers re-INVITEs here'));
  }

  refer(target: string): Promise<void> {
    this.referred.push(target);
    return this.referFailure ? Promise.reject(this.referFailure) : Promise.resolve();
  }

  #end(reason: SipSessionEnd): void {
    this.#over = true;
    this.delegate?.onEnded(reason);
  }
}

/** An INVITE that waits for a decision, and what was decided. */
export class FakeInvitation implements Invitation {
  readonly remote = remote;
  readonly callId = 'call@test';
  readonly session = new FakeSipSession();
  readonly request: SipRequest;
  readonly rejections: {
    readonly status: number;
    readonly headers: readonly (readonly [string, string])[];
  }[] = [];
  /** Bodies of our 200s. */
  readonly answers: string[] = [];
  delegate: SipSessionDelegate | null = null;
  onCancelled: (() => void) | null = null;

  constructor(
    readonly offer: string | null,
    headers: readonly (readonly [string, string])[] = [],
  ) {
    this.request = {
      kind: 'request',
      method: 'INVITE',
      uri: 'sip:bot@127.0.0.1',
      headers: headers.map(([name, value]) => ({ name, value })),
      body: Buffer.from(offer ?? ''),
    };
  }

  ringing(): void {
    throw new Error('nothing rings here');
  }

  accept(body: string, delegate: SipSessionDelegate): SipSession {
    this.answers.push(body);
    this.delegate = delegate;
    this.session.delegate = delegate;
    return this.session;
  }

  reject(status: number, _reason?: string, headers: readonly (readonly [string, string])[] = []): void {
    this.rejections.push({ status, headers });
  }
}
