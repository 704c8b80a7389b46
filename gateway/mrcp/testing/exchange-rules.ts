import { MrcpViolation } from './strict-message.js';
import type { StrictMessage } from './strict-message.js';

/** A request as the client sent it. */
export interface SentRequest {
  readonly requestId: number;
  readonly method: string;
  /** Null when it was sent without Channel-Identifier on purpose. */
  readonly channelId: string | null;
}

interface Conversation {
  readonly method: string;
  state: 'PENDING' | 'IN-PROGRESS' | 'COMPLETE';
}

const lasting: ReadonlySet<string> = new Set(['SPEAK', 'RECOGNIZE']);

/** Events each method may cause, and the one that ends it (RFC 6787 8.3, 9.3). */
const eventsOf: Readonly<Record<string, { readonly running: string; readonly end: string }>> = {
  SPEAK: { running: 'SPEECH-MARKER', end: 'SPEAK-COMPLETE' },
  RECOGNIZE: { running: 'START-OF-INPUT', end: 'RECOGNITION-COMPLETE' },
};

function describe(message: StrictMessage): string {
  return `${message.name || message.status} ${message.requestId} ${message.state} on ${message.headers.get('channel-identifier')}`;
}

/** What RFC 6787 allows a server to say, given what this client has asked: order, states, mandatory fields. */
export class ExchangeRules {
  readonly #awaited: SentRequest[] = [];
  /** By channel and request-id: the SPEAKs and RECOGNIZEs that were answered. */
  readonly #conversations = new Map<string, Conversation>();

  /** Accepted SPEAKs and RECOGNIZEs that are neither complete nor stopped. */
  get openRequests(): number {
    let open = 0;
    for (const { state } of this.#conversations.values()) if (state !== 'COMPLETE') open++;
    return open;
  }

  sent(request: SentRequest): void {
    this.#awaited.push(request);
  }

  /** Returns the request a response answers; throws MrcpViolation. */
  checkResponse(message: StrictMessage): SentRequest {
    const request = this.#awaited.shift();
    if (request?.requestId !== message.requestId)
      throw new MrcpViolation(
        `response out of order, expected ${request?.requestId} (5.3)`,
        describe(message),
      );
    if (request.channelId !== null && message.headers.get('channel-identifier') !== request.channelId)
      throw new MrcpViolation('response without its Channel-Identifier (6.2.1)', describe(message));
    if (message.status >= 300 && message.state !== 'COMPLETE')
      throw new MrcpViolation('failure that is not COMPLETE (5.3)', describe(message));
    if (message.status < 300) this.#checkSuccess(request, message);
    return request;
  }

  checkEvent(message: StrictMessage): void {
    const channelId = message.headers.get('channel-identifier');
    if (!channelId) throw new MrcpViolation('event without Channel-Identifier (6.2.1)', describe(message));
    const conversation = this.#conversations.get(`${channelId} ${message.requestId}`);
    if (!conversation) throw new MrcpViolation('event for a request never accepted (5.5)', describe(message));
    if (conversation.state === 'COMPLETE')
      throw new MrcpViolation('event after the request was complete (5.5, 6.2.3)', describe(message));
    const allowed = eventsOf[conversation.method];
    if (message.name === allowed?.end) this.#checkEnd(conversation, message);
    else if (message.name === allowed?.running) this.#checkRunning(conversation, message);
    else
      throw new MrcpViolation(
        `event that ${conversation.method} does not have (8.3, 9.3)`,
        describe(message),
      );
  }

  #checkSuccess(request: SentRequest, message: StrictMessage): void {
    const isLasting = lasting.has(request.method);
    if (isLasting === (message.state === 'COMPLETE'))
      throw new MrcpViolation(`${request.method} cannot be answered so (8.6, 9.9)`, describe(message));
    if (isLasting && message.state !== 'COMPLETE') {
      const state = message.state === 'PENDING' ? 'PENDING' : 'IN-PROGRESS';
      this.#conversations.set(`${request.channelId} ${request.requestId}`, { method: request.method, state });
    }
    if (request.method !== 'STOP' && request.method !== 'BARGE-IN-OCCURRED') return;
    for (const id of message.headers.get('active-request-id-list')?.split(',') ?? []) {
      const stopped = this.#conversations.get(`${request.channelId} ${id}`);
      if (!stopped || stopped.state === 'COMPLETE')
        throw new MrcpViolation('Active-Request-Id-List names a request that was not active (6.2.3)', id);
      stopped.state = 'COMPLETE';
    }
  }

  #checkEnd(conversation: Conversation, message: StrictMessage): void {
    if (message.state !== 'COMPLETE')
      throw new MrcpViolation('last event is not COMPLETE (5.5)', describe(message));
    const cause = message.headers.get('completion-cause') ?? '';
    if (!/^0(?:0\d|1[0-6]) [a-z-]+$/.test(cause))
      throw new MrcpViolation('Completion-Cause is not three digits and a name (8.4.4, 9.4.11)', cause);
    conversation.state = 'COMPLETE';
  }

  #checkRunning(conversation: Conversation, message: StrictMessage): void {
    if (message.state !== 'IN-PROGRESS')
      throw new MrcpViolation('event of a running request is not IN-PROGRESS (5.5)', describe(message));
    if (message.name === 'START-OF-INPUT' && !message.headers.get('proxy-sync-id'))
      throw new MrcpViolation('START-OF-INPUT without Proxy-Sync-Id (9.12)', describe(message));
    if (
      message.name === 'SPEECH-MARKER' &&
      !/^timestamp=\d{1,20}(?:;.*)?$/.test(message.headers.get('speech-marker') ?? '')
    )
      throw new MrcpViolation('SPEECH-MARKER without a Speech-Marker timestamp (8.4.8)', describe(message));
    conversation.state = 'IN-PROGRESS';
  }
}
