import { configSchema, type Config } from '../../../config/schema.js';
import type { WebhookConfig } from '../webhook-config.js';

/** What hooks of tests sign with. */
export const hookSecret = 'hook-secret-0123456789';

/** An entry of `webhooks` as the configuration reads it; loopback is allowed unless `more` says otherwise. */
export function hookConfig(name: string, url: string, more: Record<string, unknown> = {}): WebhookConfig {
  const entry = { name, url, secret: hookSecret, allowPrivate: ['127.0.0.0/8'], ...more };
  const { webhooks } = configSchema.parse({ webhooks: [entry] }) as Config;
  const [hook] = webhooks;
  if (!hook) throw new Error('there is no hook');
  return hook;
}
