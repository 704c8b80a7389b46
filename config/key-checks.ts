import type { Finding } from './problem.js';
import type { Config } from './schema.js';
import type { Secret } from './secret.js';

/** What keys without a name are called where a name is needed. */
export const namelessKey = 'api';

/** Names and keys tell callers apart, so that none may stand twice. */
export function checkKeys({ security }: Config): Finding[] {
  const findings: Finding[] = [];
  const names = security.keys.map(({ name }) => name);
  const place = (index: number, field: string) => ['security', 'keys', index, field];
  const seen = new Set(security.apiKeys.map(revealed));
  security.keys.forEach((key, index) => {
    if (key.name === namelessKey)
      findings.push(
        error(place(index, 'name'), `"${namelessKey}" stands for security.apiKeys`, 'choose another name'),
      );
    else if (names.indexOf(key.name) !== index)
      findings.push(error(place(index, 'name'), `"${key.name}" is taken already`, 'choose another name'));
    const value = revealed(key.key);
    if (seen.has(value))
      findings.push(error(place(index, 'key'), 'this key stands twice', 'give each entry a key of its own'));
    seen.add(value);
    if (key.tenant !== null && key.scopes.includes('trees:write'))
      findings.push({
        ...error(
          place(index, 'scopes'),
          `trees belong to no tenant: "${key.name}" changes them for all`,
          'leave out trees:write',
        ),
        severity: 'warning',
      });
  });
  return findings;
}

/** The log keeps what waits for a webhook under its name. */
export function checkWebhooks({ webhooks }: Config): Finding[] {
  const names = webhooks.map(({ name }) => name);
  return names.flatMap((name, index) =>
    names.indexOf(name) === index
      ? []
      : [error(['webhooks', index, 'name'], `"${name}" is taken already`, 'choose another name')],
  );
}

function revealed(secret: Secret): string {
  return secret.reveal();
}

function error(path: readonly PropertyKey[], message: string, fix: string): Finding {
  return { severity: 'error', part: 'value', path, message, fix };
}
