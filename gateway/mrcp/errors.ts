/** Why a peer's byte stream cannot be read any further; each one names the bound in `mrcpLimits` that was passed. */
export type MrcpStreamErrorCode =
  | 'start-line-too-long'
  | 'header-line-too-long'
  | 'too-many-headers'
  | 'message-too-large'
  | 'too-much-garbage';

/** A stream that lost its framing: the connection is closed, after a 504 where a request was recognised. */
export interface MrcpStreamError {
  readonly code: MrcpStreamErrorCode;
  readonly message: string;
}

/** Why a connection was closed by us; logged and counted. */
export type ConnectionCloseReason =
  | MrcpStreamErrorCode
  | 'peer-closed'
  | 'socket-error'
  | 'slow-peer'
  | 'partial-message-timeout'
  | 'too-much-buffered'
  | 'no-channel'
  | 'too-many-connections'
  | 'server-closed';
