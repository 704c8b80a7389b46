import type { z } from 'zod';

import type { NodeRecord, Route } from '../ports/router.js';
import type { LogMessage, SessionRecord } from '../ports/session-log.js';
import type { MessageBody } from '../websocket/protocol.js';
import type {
  messageAnswer,
  NewMessageInput,
  nodesAnswer,
  presenceAnswer,
  sessionAnswer,
} from './session-schemas.js';

/** A session as answers have it. */
export function viewSession(record: SessionRecord): z.input<typeof sessionAnswer> {
  const { owner, ownerLives, ref } = record;
  return {
    id: ref.sessionId,
    tenant: ref.tenant,
    user: record.userId,
    ingress: record.ingress,
    tree: record.tree,
    state: record.state,
    toType: record.toType,
    lastSeq: record.lastSeq,
    createdAt: record.createdAtMs,
    lastAt: record.lastAtMs,
    endedAt: record.endedAtMs,
    owner: owner && { node: owner.nodeId, lives: ownerLives },
  };
}

export function viewMessage(message: LogMessage): z.input<typeof messageAnswer> {
  const { atMs, author, body, clientId, senderId, seq } = message;
  return { seq, author, sender: senderId, id: clientId, at: atMs, body };
}

type DeviceView = z.input<typeof presenceAnswer>['devices'][number];

/** The ingress is what stands before the first point of a device: `web.<device>`, `wechat`. */
export function viewDevice({ device, nodeId }: Route): DeviceView {
  const [ingress = ''] = device.split('.', 1);
  return { device, ingress, node: nodeId };
}

export function viewNode(
  { address, load, nodeId, state }: NodeRecord,
  self: string,
): z.input<typeof nodesAnswer>['nodes'][number] {
  return { id: nodeId, address, state, connections: load, self: nodeId === self };
}

/** A message as the log keeps it. */
export function bodyOf({ card, quickReplies, text }: NewMessageInput): MessageBody {
  return {
    type: 'text',
    text,
    ...(quickReplies === undefined ? {} : { quickReplies }),
    ...(card === undefined ? {} : { card }),
  };
}
