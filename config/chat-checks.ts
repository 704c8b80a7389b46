import { isLoopback } from './cidr.js';
import { bindAddress } from './network-plan.js';
import type { Finding } from './problem.js';
import type { Config } from './schema.js';

/** `iss` of the tokens that visitors get from us. */
const ownIssuer = 'parley';

/** Who may chat, and whether all nodes agree on it. Expects a completed config. */
export function checkChat(config: Config): Finding[] {
  const { chat, listen, redis } = config;
  if (!chat.enabled) return [];
  const { tokens, visitors } = chat;
  const findings: Finding[] = [];
  const mayStart = listen.public || isLoopback(bindAddress(config, 'http'));
  if (mayStart && !visitors.enabled && tokens.secret === null && tokens.jwksUrl === null)
    findings.push(
      finding(
        'warning',
        ['visitors', 'enabled'],
        'nobody can chat: there are no tokens, and visitors are not admitted',
        'set chat.visitors.enabled: true to admit everybody, give chat.tokens.secret or chat.tokens.jwksUrl, or set chat.enabled: false',
      ),
    );
  if (visitors.enabled && redis.mode !== 'none' && visitors.secret === null)
    findings.push(
      finding(
        'error',
        ['visitors', 'secret'],
        `with redis.mode ${redis.mode} all nodes must know the visitors of each other`,
        'give all nodes the same, such as ${PARLEY_VISITOR_SECRET}',
      ),
    );
  if (tokens.issuer === ownIssuer)
    findings.push(
      finding(
        'error',
        ['tokens', 'issuer'],
        `"${ownIssuer}" names our own tokens`,
        'name your application otherwise',
      ),
    );
  if (tokens.jwksUrl !== null && isPlain(tokens.jwksUrl))
    findings.push(
      finding(
        'warning',
        ['tokens', 'jwksUrl'],
        'keys that come without encryption can be exchanged on the way',
        'use https://',
      ),
    );
  return findings;
}

function isPlain(text: string): boolean {
  const { hostname, protocol } = new URL(text);
  return protocol === 'http:' && hostname !== 'localhost' && !isLoopback(hostname.replace(/^\[|\]$/g, ''));
}

function finding(
  severity: Finding['severity'],
  path: readonly PropertyKey[],
  message: string,
  fix: string,
): Finding {
  return { severity, part: 'value', path: ['chat', ...path], message, fix };
}
