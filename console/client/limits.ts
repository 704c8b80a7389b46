/** Every bound of the chat client in one table; the server tells its own with `ready`. */
export const clientLimits = {
  /** Own messages that wait; more are refused. */
  outboxMessages: 100,
  /** UTF-16 units of all own messages that wait. */
  outboxCharacters: 200_000,
  /** What another tab left unsent is taken over when it was not touched for this long. */
  outboxOrphanMs: 60_000,
  /** Outboxes of other tabs that are looked at. */
  outboxOrphans: 20,
  /** Messages held; the oldest go first. */
  messages: 2_000,
  /** Messages asked for after a reload; older ones come when they are scrolled to. */
  reloadMessages: 100,
  historyMessages: 50,
  /** Readers whose marks are held, people who are typing. */
  readers: 64,
  typists: 8,
  /** Characters of a text before `ready` has told the server's bound. */
  textCharacters: 4_000,
  tokenCharacters: 4_096,
  backoffBaseMs: 500,
  backoffCapMs: 30_000,
  /** A connection that was open for this long was a good one: the back-off starts anew. */
  stableMs: 10_000,
  /** Token, connection and `ready` together. */
  connectMs: 20_000,
  /** A message without its `ack` for this long: the connection is taken for dead. */
  ackMs: 15_000,
  pongMs: 5_000,
  /** Silence after which a visible page asks whether the connection lives. */
  idlePingMs: 45_000,
  /** `reconnect` may ask for this much. */
  reconnectMs: 300_000,
  /** Pause after a refusal that does not say how long. */
  retryMs: 2_000,
  retryMostMs: 60_000,
  /** Before its end a token is renewed; between two tries. */
  renewBeforeMs: 60_000,
  renewAgainMs: 30_000,
  markMs: 1_000,
  typingAgainMs: 3_000,
  typingIdleMs: 5_000,
  /** Somebody else's typing ends by itself. */
  typingShownMs: 10_000,
  rememberMs: 1_000,
  /** Longer timers fire at once in browsers. */
  timerMs: 2_147_483_647,
} as const;
