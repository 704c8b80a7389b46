/**
 * What the frame on another site and the site's widget say to each other. Nothing of the conversation is ever in it.
 *
 * `parley` names the message, so that others on the same page are told apart.
 */
export type ToFrame =
  | { readonly parley: 'shown'; readonly open: boolean }
  /** Null: the site's user is not logged in. */
  | { readonly parley: 'token'; readonly id: number; readonly token: string | null };

export type FromFrame =
  /** The person wants the frame closed. */
  | { readonly parley: 'close' }
  /** Messages that came while the frame was hidden. */
  | { readonly parley: 'unread'; readonly count: number }
  | { readonly parley: 'token'; readonly id: number; readonly need: 'connect' | 'renew' | 'rejected' };
