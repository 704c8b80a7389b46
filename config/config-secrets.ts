import type { Config } from './schema.js';
import { Secret } from './secret.js';

/** Every credential of the configuration, wherever it stands: what no log line may show. */
export function secretsOf(config: Config): Secret[] {
  const found: Secret[] = [];
  const visit = (value: unknown): void => {
    if (value instanceof Secret) found.push(value);
    else if (typeof value === 'object' && value !== null)
      for (const item of Object.values(value)) visit(item);
  };
  visit(config);
  return found;
}
