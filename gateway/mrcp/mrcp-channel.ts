import type { Logger } from '../../config/logger.js';
import type { MrcpMessage, MrcpRequest } from './message.js';
import { headerValue } from './message.js';
import { checkRequestFields } from './params.js';
import { eventOn, responseTo } from './reply-message.js';
import { failure, verdictReply } from './resource.js';
import type { EventSink, MrcpResource, OutgoingEvent, Reply } from './resource.js';
import { status } from './status.js';

/** Where a channel's messages go: the TCP connection it was first heard on. */
export interface ChannelConnection {
  send(message: MrcpMessage): void;
  detach(channel: MrcpChannel): void;
}

/** How the channel's session hears of what happens to it. */
export interface ChannelOwner {
  /** An event was sent. */
  onChannelEvent(): void;
  onChannelConnectionLost(channel: MrcpChannel): void;
}

/** One control channel: `<id>@<resource>` (RFC 6787 6.2.1), its resource and, once heard from, its connection. */
export class MrcpChannel implements EventSink {
  readonly id: string;
  readonly #owner: ChannelOwner;
  readonly #logger: Logger;
  #resource: MrcpResource | null = null;
  #connection: ChannelConnection | null = null;
  /** The highest request-id seen here, -1 before the first (RFC 6787 5.2). */
  lastRequestId = -1;

  constructor(id: string, owner: ChannelOwner, logger: Logger) {
    this.id = id;
    this.#owner = owner;
    this.#logger = logger;
  }

  get connection(): ChannelConnection | null {
    return this.#connection;
  }

  /** Completes construction: a resource needs its channel to send events through. */
  use(resource: MrcpResource): void {
    this.#resource = resource;
  }

  attachTo(connection: ChannelConnection): void {
    this.#connection = connection;
  }

  /** Called by the connection when its TCP is gone. */
  onConnectionLost(): void {
    this.#connection = null;
    this.#owner.onChannelConnectionLost(this);
  }

  /** Answers one request whose request-id was accepted. */
  receive(request: MrcpRequest): void {
    const reply = this.#answer(request);
    const { method, requestId } = request;
    this.#logger.debug('MRCP request', {
      channel: this.id,
      method,
      requestId,
      status: reply.status,
      state: reply.state,
    });
    this.#connection?.send(responseTo(request, reply, this.id));
    reply.afterwards?.();
  }

  /** Answers `request` without looking at it. */
  refuse(request: MrcpRequest, reply: Reply): void {
    this.#connection?.send(responseTo(request, reply, this.id));
  }

  sendEvent(event: OutgoingEvent): void {
    this.#owner.onChannelEvent();
    this.#logger.debug('MRCP event', { channel: this.id, event: event.name, requestId: event.requestId });
    if (this.#connection) this.#connection.send(eventOn(this.id, event));
    else this.#logger.warn('MRCP event dropped: the channel has no connection', { event: event.name });
  }

  close(): void {
    this.#resource?.close();
    this.#resource = null;
    const connection = this.#connection;
    this.#connection = null;
    connection?.detach(this);
  }

  #answer(request: MrcpRequest): Reply {
    const resource = this.#resource;
    if (!resource) return failure(status.noSuchResource);
    try {
      return this.#dispatch(resource, request);
    } catch (err) {
      this.#logger.error('MRCP request failed inside the server', { method: request.method, err });
      return failure(status.internalError);
    }
  }

  #dispatch(resource: MrcpResource, request: MrcpRequest): Reply {
    const { method, headers } = request;
    if (method === 'SET-PARAMS') return verdictReply(resource.params.set(headers));
    if (method === 'GET-PARAMS') return verdictReply(resource.params.get(headers));
    if (resource.unimplemented.has(method)) return failure(status.internalError);
    if (!resource.methods.has(method)) return failure(status.methodNotAllowed);
    const bad = checkRequestFields(resource.fields, headers);
    if (bad) return verdictReply(bad);
    // Logging-Tag stays in force until it is changed, whichever request carried it (RFC 6787 6.2.14).
    const loggingTag = headerValue(headers, 'Logging-Tag');
    if (loggingTag !== null) resource.params.set([{ name: 'Logging-Tag', value: loggingTag }]);
    return resource.handle(request);
  }
}
