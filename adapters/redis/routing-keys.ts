import type { Route, UserKey } from '../../gateway/ports/router.js';
import type { RouteHolder } from '../../gateway/ports/routing-store.js';

/** Separators and the brackets of a hash tag, so that a part of a key cannot pose as two, or move to another slot. */
function escapePart(text: string): string {
  return text.replaceAll(/[%:{}]/g, (character) => `%${character.charCodeAt(0).toString(16)}`);
}

/** Everything of one user, in one slot of a cluster. */
export function userKey(prefix: string, { tenant, userId }: UserKey): string {
  return `${prefix}:u:{${escapePart(tenant)}:${escapePart(userId)}}`;
}

/** All nodes: a hash of node id to record. */
export function nodesKey(prefix: string): string {
  return `${prefix}:{nodes}`;
}

/** What one incarnation of a node receives; `incarnation` null: what every one does. Both in one slot. */
export function nodeChannel(prefix: string, nodeId: string, incarnation: string | null): string {
  const channel = `${prefix}:n:{${escapePart(nodeId)}}`;
  return incarnation === null ? channel : `${channel}:${escapePart(incarnation)}`;
}

export function sameHolder(a: RouteHolder, b: RouteHolder): boolean {
  return a.connectionId === b.connectionId && a.incarnation === b.incarnation && a.nodeId === b.nodeId;
}

/** A holder as the scripts compare and keep it; the connection comes last, as it may hold blanks. */
export function serializeHolder({ nodeId, incarnation, connectionId }: RouteHolder): string {
  return `${nodeId} ${incarnation} ${connectionId}`;
}

/** `<epoch> <node> <incarnation> <connection>`; null for anything else. */
export function parseSlot(device: string, slot: string): Route | null {
  const [epoch = '', nodeId, incarnation, ...connection] = slot.split(' ');
  if (!/^\d{1,16}$/.test(epoch) || !nodeId || !incarnation) return null;
  return { device, epoch: Number(epoch), nodeId, incarnation, connectionId: connection.join(' ') };
}
