import { emptyBody } from './message.js';
import type { HeaderField, MrcpEvent, MrcpRequest, MrcpResponse } from './message.js';
import type { OutgoingEvent, Reply } from './resource.js';

const version = '2.0';

function withChannel(channelId: string | null, headers: readonly HeaderField[]): HeaderField[] {
  return channelId === null ? [...headers] : [{ name: 'Channel-Identifier', value: channelId }, ...headers];
}

/** The response to `request`; Channel-Identifier is there unless the request had none (RFC 6787 6.2.1). */
export function responseTo(
  request: Pick<MrcpRequest, 'requestId'>,
  reply: Reply,
  channelId: string | null,
): MrcpResponse {
  return {
    kind: 'response',
    version,
    requestId: request.requestId,
    statusCode: reply.status,
    requestState: reply.state,
    headers: withChannel(channelId, reply.headers),
    body: reply.body ?? emptyBody,
  };
}

/** An event on `channelId` (RFC 6787 5.5). */
export function eventOn(channelId: string, event: OutgoingEvent): MrcpEvent {
  return {
    kind: 'event',
    version,
    eventName: event.name,
    requestId: event.requestId,
    requestState: event.state,
    headers: withChannel(channelId, event.headers),
    body: event.body ?? emptyBody,
  };
}
