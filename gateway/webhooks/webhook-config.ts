import type { Config } from '../../config/schema.js';

/** One entry of `webhooks`. */
export type WebhookConfig = Config['webhooks'][number];
