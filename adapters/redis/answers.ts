import type { NodeRecord, Route } from '../../gateway/ports/router.js';
import type { StoredClaim, StoredNodes, StoredRenewal } from '../../gateway/ports/routing-store.js';
import { parseSlot } from './routing-keys.js';

/** `claimScript`'s: the epoch, then device and slot of who had it. */
export function parseClaim([epoch, device, slot]: readonly unknown[]): StoredClaim {
  const ousted = typeof device === 'string' && typeof slot === 'string' ? parseSlot(device, slot) : null;
  return { epoch: parseCount(epoch), ousted: ousted ? [ousted] : [] };
}

/** `renewScript`'s. */
export function parseRenewal(device: string, answer: readonly unknown[]): StoredRenewal {
  const [outcome, epoch, slot] = answer;
  if (outcome !== 'kept' && outcome !== 'restored' && outcome !== 'lost') throw strange();
  return { outcome, epoch: parseCount(epoch), ousted: parseSlot(device, String(slot)) };
}

/** The fields `d:<device>` of a user; what cannot be read is left out. */
export function parseRoutes(fields: Readonly<Record<string, string>>): Route[] {
  const routes: Route[] = [];
  for (const [field, slot] of Object.entries(fields)) {
    const route = field.startsWith('d:') ? parseSlot(field.slice(2), slot) : null;
    if (route) routes.push(route);
  }
  return routes;
}

/** `beatScript`'s: the time, whether another incarnation has the id, records. */
export function parseNodes([nowMs, superseded, ...records]: readonly unknown[]): StoredNodes {
  const nodes = records.map(parseRecord).filter((record) => record !== null);
  return { nowMs: parseCount(nowMs), superseded: superseded === 1, nodes };
}

function parseRecord(text: unknown): NodeRecord | null {
  const value: unknown = JSON.parse(String(text));
  if (typeof value !== 'object' || value === null) return null;
  const { nodeId, incarnation, address, state, load } = value as Readonly<Record<string, unknown>>;
  if (typeof nodeId !== 'string' || typeof incarnation !== 'string' || typeof address !== 'string')
    return null;
  if ((state !== 'up' && state !== 'draining') || typeof load !== 'number') return null;
  return { nodeId, incarnation, address, state, load };
}

function parseCount(value: unknown): number {
  const count = Number(value);
  if (!Number.isSafeInteger(count)) throw strange();
  return count;
}

function strange(): Error {
  return new Error('the answer is not of these scripts: is the key prefix used by something else?');
}
