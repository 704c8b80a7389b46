import type { Rule } from './rule.js';
import type { SessionLogFixture } from './session-log-fixture.js';
import { jobRules } from './session-log-job-rules.js';
import { messageRules } from './session-log-message-rules.js';
import { ownerRules } from './session-log-owner-rules.js';

/** Every rule that `gateway/ports/session-log.ts` states. */
export const sessionLogRules: readonly Rule<SessionLogFixture>[] = [
  ...messageRules,
  ...ownerRules,
  ...jobRules,
];
