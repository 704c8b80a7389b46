import { LogError, type AppendResult, type CommitResult } from '../../../gateway/ports/session-log.js';
import type { PreparedMessage } from '../prepared.js';
import { headOf, messageOf, ownerOf, type SessionRow } from '../rows.js';

/** What `append_message`, `commit_turn` and `acquire_session` answer. */
export interface Answer {
  readonly outcome:
    | 'appended'
    | 'duplicate'
    | 'conflict'
    | 'committed'
    | 'fenced'
    | 'other-turn'
    | 'acquired'
    | 'held'
    | 'unknown-session'
    | 'ended'
    | 'full';
  /** Of the first message. */
  readonly seq?: number;
  readonly at_ms?: number;
  readonly session?: SessionRow;
}

/** The message that was sent is the one that was kept, so only its number and time come back. */
export function appendResult(answer: Answer, message: PreparedMessage): AppendResult {
  const { outcome, seq = 0, at_ms = 0, session } = answer;
  switch (outcome) {
    case 'appended':
    case 'duplicate':
      if (!session) break;
      return { outcome, message: messageOf(rowOf(message, seq, at_ms)), head: headOf(session) };
    case 'conflict':
      return { outcome, seq };
    case 'unknown-session':
    case 'ended':
    case 'full':
      return { outcome };
    default:
      break;
  }
  throw new LogError(`append was answered ${outcome}`);
}

export function commitResult(answer: Answer, messages: readonly PreparedMessage[]): CommitResult {
  const { outcome, seq = 0, at_ms = 0, session } = answer;
  switch (outcome) {
    case 'committed':
      if (!session) break;
      return {
        outcome,
        messages: messages.map((message, i) => messageOf(rowOf(message, seq + i, at_ms))),
        head: headOf(session),
      };
    case 'fenced':
      return { outcome, owner: session ? ownerOf(session) : null };
    case 'unknown-session':
    case 'ended':
    case 'full':
      return { outcome };
    default:
      break;
  }
  throw new LogError(`commit was answered ${outcome}`);
}

function rowOf({ author, senderId, clientId, body }: PreparedMessage, seq: number, atMs: number) {
  return { seq, author, sender_id: senderId, client_id: clientId, body, at_ms: atMs };
}
