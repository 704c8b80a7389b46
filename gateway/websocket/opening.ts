import type { Attachment, ChatSessions, Subscriber } from '../chat/chat-sessions.js';
import type { RouteLease, Router } from '../ports/router.js';
import type { SessionRecord } from '../ports/session-log.js';
import { closeCodes, type HelloFrame } from './protocol.js';
import type { TokenHolder, TokenVerifier } from './token-verdict.js';
import type { UserPlace, UserTable } from './user-table.js';

/** Where a user comes from, in the log. */
const ingress = 'chat';

export interface OpeningDeps {
  readonly tokens: TokenVerifier;
  readonly sessions: ChatSessions;
  readonly router: Pick<Router, 'claim'>;
  readonly users: UserTable;
  /** Whether clients may ask for this key of `dialog.trees`. */
  readonly knowsTree: (name: string) => boolean;
}

/** The connection that is being opened. */
export interface Opener {
  readonly id: string;
  readonly subscriber: Subscriber;
  /** The client went, or was closed, meanwhile. */
  gone(): boolean;
  onLost(): void;
}

/** Everything a connection holds once it is open; given back by its owner. */
export interface Opened {
  readonly holder: TokenHolder;
  readonly record: SessionRecord;
  readonly attachment: Attachment;
  readonly lease: RouteLease;
  readonly place: UserPlace;
}

export type CloseCode = (typeof closeCodes)[keyof typeof closeCodes];

/** Why a connection was not opened; `err` for the log. */
export interface Closing {
  readonly code: CloseCode;
  readonly reason: string;
  readonly err?: unknown;
}

export type Opening =
  | { readonly outcome: 'opened'; readonly opened: Opened }
  | { readonly outcome: 'refused'; readonly closing: Closing }
  | { readonly outcome: 'gone' };

const tokenCodes = {
  unauthorized: closeCodes.unauthorized,
  expired: closeCodes.tokenExpired,
  unavailable: closeCodes.internal,
} as const;

/**
 * From hello to an open connection: who is it, which session, which route, from which message?
 *
 * Whatever was taken on the way is given back when it does not come to that. Who gets `opened` looks whether the client
 * is still there, and else calls `giveBack`.
 */
export async function open(hello: HelloFrame, opener: Opener, deps: OpeningDeps): Promise<Opening> {
  const verdict = await deps.tokens.verify(hello.token);
  if (opener.gone()) return { outcome: 'gone' };
  if (!verdict.ok) return refused(tokenCodes[verdict.code], verdict.reason);
  const place = deps.users.enter(verdict.user, hello.device, opener);
  if (!place) return refused(closeCodes.overloaded, 'this user has too many connections');
  const opening = await attach(hello, verdict, place, opener, deps);
  if (opening.outcome !== 'opened') place.leave();
  return opening;
}

/** The route stands before the first message is looked at, so that what comes meanwhile is told to this node. */
async function attach(
  hello: HelloFrame,
  holder: TokenHolder,
  place: UserPlace,
  opener: Opener,
  deps: OpeningDeps,
): Promise<Opening> {
  let lease: RouteLease | null = null;
  try {
    const record = await findSession(hello, holder, deps);
    if (opener.gone()) return { outcome: 'gone' };
    if (!record) return unknown();
    const claimed = await claim(hello, holder, opener, deps);
    if ('code' in claimed) return { outcome: 'refused', closing: claimed };
    lease = claimed;
    const attachment = opener.gone()
      ? null
      : await deps.sessions.attach(record.ref, sinceOf(hello), opener.subscriber);
    if (attachment) return { outcome: 'opened', opened: { holder, record, attachment, lease, place } };
    void lease.release();
    return opener.gone() ? { outcome: 'gone' } : unknown();
  } catch (err) {
    void lease?.release();
    return refused(closeCodes.internal, 'the session cannot be read now', err);
  }
}

/** Lets go of everything that an open connection holds; idempotent. */
export function giveBack({ attachment, lease, place }: Opened): void {
  attachment.detach();
  place.leave();
  void lease.release();
}

async function claim(
  { device }: HelloFrame,
  { user }: TokenHolder,
  opener: Opener,
  { router }: OpeningDeps,
): Promise<RouteLease | Closing> {
  try {
    return await router.claim(user, `web.${device}`, opener.id, () => opener.onLost());
  } catch (err) {
    return { code: closeCodes.routeLost, reason: 'this node routes no more', err };
  }
}

/** Null: there is none, or it is somebody else's; which of both is not told. */
async function findSession(
  { session, tree }: HelloFrame,
  { user }: TokenHolder,
  { sessions }: OpeningDeps,
): Promise<SessionRecord | null> {
  if (session === undefined) return (await sessions.open({ user, ingress, tree: tree ?? null })).record;
  const record = await sessions.session({ tenant: user.tenant, sessionId: session });
  return record?.userId === user.userId ? record : null;
}

/** A number counts only in the session that it was counted in. */
function sinceOf({ session, since }: HelloFrame): number {
  return session === undefined ? 0 : (since ?? 0);
}

function unknown(): Opening {
  return refused(closeCodes.unknownSession, 'this user has no such session');
}

function refused(code: CloseCode, reason: string, err?: unknown): Opening {
  return { outcome: 'refused', closing: { code, reason, ...(err === undefined ? {} : { err }) } };
}
