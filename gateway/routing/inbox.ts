import type { Logger } from '../../config/logger.js';
import type { UserKey } from '../ports/router.js';
import type { Json, NodeIdentity } from '../ports/session-log.js';
import { parseEnvelope, type Envelope, type UserMessage } from './envelope.js';
import type { RoutingCounts } from './readings.js';

export type TopicHandler = (payload: Json, from: NodeIdentity, user: UserKey | null) => boolean;

export interface InboxOptions {
  readonly counts: RoutingCounts;
  readonly logger: Logger;
  readonly onNack: (message: UserMessage, from: NodeIdentity) => void;
  /** A handler said that the user of a message is not here. */
  readonly onAbsent: (message: UserMessage, from: NodeIdentity) => void;
  readonly onKick: (user: UserKey, device: string, epoch: number) => void;
  readonly onProbe: (id: number) => void;
}

/** Reads what other nodes send, and hands it to who handles its topic. Never throws. */
export class Inbox {
  readonly #options: InboxOptions;
  readonly #handlers = new Map<string, TopicHandler>();

  constructor(options: InboxOptions) {
    this.#options = options;
  }

  on(topic: string, handler: TopicHandler): void {
    this.#handlers.set(topic, handler);
  }

  receive(text: string): void {
    const envelope = parseEnvelope(text);
    if (envelope) this.deliver(envelope);
    else this.#options.counts.badEnvelopes++;
  }

  deliver(envelope: Envelope): void {
    const { counts } = this.#options;
    switch (envelope.kind) {
      case 'message':
        counts.received++;
        this.#handle(envelope.topic, envelope.payload, envelope.from, null);
        break;
      case 'user':
        counts.received++;
        if (!this.#handle(envelope.topic, envelope.payload, envelope.from, envelope.user))
          this.#options.onAbsent(userMessage(envelope), envelope.from);
        break;
      case 'nack':
        counts.nacksReceived++;
        this.#options.onNack(userMessage(envelope), envelope.from);
        break;
      case 'kick':
        counts.kicksReceived++;
        this.#options.onKick(envelope.user, envelope.device, envelope.epoch);
        break;
      case 'probe':
        this.#options.onProbe(envelope.id);
        break;
    }
  }

  /** False only when a handler says that the user is not here. */
  #handle(topic: string, payload: Json, from: NodeIdentity, user: UserKey | null): boolean {
    const handler = this.#handlers.get(topic);
    if (!handler) {
      this.#options.counts.unknownTopics++;
      return true;
    }
    try {
      return handler(payload, from, user);
    } catch (err) {
      this.#options.counts.handlerErrors++;
      this.#options.logger.error('a message of another node could not be handled', { err, topic });
      return true;
    }
  }
}

function userMessage({ user, topic, payload, again, others }: UserMessage): UserMessage {
  return { user, topic, payload, again, others };
}
