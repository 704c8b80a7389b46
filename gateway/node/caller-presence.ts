import type { Logger } from '../../config/logger.js';
import type { Router } from '../ports/router.js';

/** Puts people who are on the line into the user-to-node mapping, beside their chats. */
export type CallerPresence = (userId: string, device: string) => { readonly leave: () => void };

/** Not the names of anybody (RFC 3323 4.1.1.3, and what gateways write). */
const nobody: readonly string[] = ['', 'anonymous', 'restricted', 'unavailable', 'unknown'];
const longestUserId = 128;

/**
 * Claims devices for callers without making them wait: a call never depends on the mapping.
 *
 * `leave` may come before the claim has been answered. A caller who is nobody in particular is not put there.
 */
export function callerPresence(
  router: Pick<Router, 'claim'>,
  tenant: string,
  logger: Logger,
): CallerPresence {
  return (userId, device) => {
    // Letters and signs that a key can hold; what a gateway makes of a withheld number is not worth an error.
    const isSomebody = userId.length <= longestUserId && !/[\p{Cc}\p{Cs}]/u.test(userId);
    if (!isSomebody || nobody.includes(userId.toLowerCase())) return { leave: () => undefined };
    const claimed = router.claim({ tenant, userId }, device, device, () => undefined);
    claimed.catch((err: unknown) => logger.warn('a caller is not in the mapping', { device, err }));
    return {
      leave: () =>
        void claimed.then(
          (lease) => lease.release(),
          // Told above; there is nothing to give back.
          () => undefined,
        ),
    };
  };
}
