/** Why a connection is closed, with its code (RFC 6455 7.4; 4000 and up are ours) and what it may tell the client. */
export const closeReasons = {
  /** The bot said goodbye, or the longest conversation is over. */
  ended: { code: 1000, text: 'the conversation ended' },
  /** The client sent stop. */
  stopped: { code: 1000, text: 'stopped by the client' },
  shutdown: { code: 1001, text: 'ended by the operator' },
  internal: { code: 1011, text: 'the conversation failed; the log of the server says why' },
  'media-lost': { code: 1011, text: 'the media worker is gone' },
  full: { code: 1013, text: 'no media worker has room, try again later' },
  'bad-message': { code: 4400, text: 'message not understood' },
  idle: { code: 4408, text: 'no audio came' },
  'no-start': { code: 4408, text: 'no start message came' },
  'wrong-order': { code: 4409, text: 'message out of order' },
  'too-large': { code: 4413, text: 'audio frame too long' },
  'bad-format': { code: 4415, text: 'media format not supported' },
  flood: { code: 4429, text: 'faster than real time' },
  slow: { code: 4430, text: 'too slow a reader' },
} as const satisfies Readonly<Record<string, { readonly code: number; readonly text: string }>>;

export type CloseReason = keyof typeof closeReasons;

/** How a session came to its end: by us with a reason, by the client, or by a broken connection. */
export type SessionEnding = CloseReason | 'left' | 'broken';

/** A reason in a close frame has 123 octets at most (RFC 6455 5.5.1). */
const closeTextBytes = 123;

/** The text of a close frame: what the reason says, then what it is about. */
export function closeText(reason: CloseReason, detail: string): string {
  const { text } = closeReasons[reason];
  const full = detail === '' ? text : `${text}: ${detail}`;
  const ascii = full.replaceAll(/[^\x20-\x7e]/g, '?');
  return ascii.length <= closeTextBytes ? ascii : `${ascii.slice(0, closeTextBytes - 3)}...`;
}
