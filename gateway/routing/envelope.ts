import { routingLimits } from '../../config/limits.js';
import type { UserKey } from '../ports/router.js';
import type { Json, NodeIdentity } from '../ports/session-log.js';

/** The version of what nodes send each other; a node counts others as bad and drops them. */
const version = 1;

/** A message for a user, as it is sent and as it comes back in a nack. */
export interface UserMessage {
  readonly user: UserKey;
  readonly topic: string;
  readonly payload: Json;
  /** It goes for the second time, and not for a third. */
  readonly again: boolean;
  /** Other nodes that got it, too. */
  readonly others: readonly string[];
}

/** What nodes send each other. */
export type Envelope = { readonly from: NodeIdentity } & (
  | { readonly kind: 'message'; readonly topic: string; readonly payload: Json }
  | ({ readonly kind: 'user' } & UserMessage)
  /** The user is not here. */
  | ({ readonly kind: 'nack' } & UserMessage)
  /** A connection with a smaller epoch has lost its device. */
  | { readonly kind: 'kick'; readonly user: UserKey; readonly device: string; readonly epoch: number }
  /** To itself. */
  | { readonly kind: 'probe'; readonly id: number }
);

/** Null when it is larger than `routingLimits.envelopeBytes`. */
export function serializeEnvelope(envelope: Envelope): string | null {
  const text = JSON.stringify({ v: version, ...envelope });
  if (text.length * 3 <= routingLimits.envelopeBytes) return text;
  return Buffer.byteLength(text) <= routingLimits.envelopeBytes ? text : null;
}

/** Null for anything that no node of this version sends. */
export function parseEnvelope(text: string): Envelope | null {
  if (text.length > routingLimits.envelopeBytes) return null;
  const value = parseJson(text);
  if (!isRecord(value) || value['v'] !== version) return null;
  const from = value['from'];
  if (!isRecord(from) || !isName(from['nodeId']) || !isName(from['incarnation'])) return null;
  return isWellFormed(value) ? (value as unknown as Envelope) : null;
}

function isWellFormed(value: Readonly<Record<string, unknown>>): boolean {
  switch (value['kind']) {
    case 'message':
      return isName(value['topic']) && value['payload'] !== undefined;
    case 'user':
    case 'nack':
      return isUserMessage(value);
    case 'kick':
      return isUser(value['user']) && isName(value['device']) && isCount(value['epoch']);
    case 'probe':
      return isCount(value['id']);
    default:
      return false;
  }
}

function isUserMessage(value: Readonly<Record<string, unknown>>): boolean {
  const { user, topic, payload, again, others } = value;
  return (
    isUser(user) &&
    isName(topic) &&
    payload !== undefined &&
    typeof again === 'boolean' &&
    Array.isArray(others) &&
    others.length <= routingLimits.devicesPerUser &&
    others.every(isName)
  );
}

function isUser(value: unknown): boolean {
  return isRecord(value) && isName(value['tenant']) && isName(value['userId']);
}

function isName(value: unknown): boolean {
  return typeof value === 'string' && value.length <= routingLimits.nameCharacters;
}

function isCount(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
