import type { Finding } from './problem.js';
import type { Config } from './schema.js';

const needed = {
  single: 'the host:port of the server',
  sentinel: 'the host:port of each sentinel',
  cluster: 'the host:port of some masters',
} as const;

/** What a mode of `redis` needs beside its name. */
export function checkRedis({ redis }: Config): Finding[] {
  const { mode, nodes, username, password } = redis;
  if (mode === 'none') return [];
  const findings: Finding[] = [];
  if (nodes.length === 0)
    findings.push(finding(['nodes'], `redis.mode ${mode} needs addresses`, `write ${needed[mode]}`));
  if (mode === 'single' && nodes.length > 1)
    findings.push(
      finding(
        ['nodes', 1],
        'redis.mode single takes one address',
        'leave one, or set redis.mode: sentinel or cluster',
      ),
    );
  for (const [i, node] of nodes.entries()) {
    const port = Number(node.slice(node.lastIndexOf(':') + 1));
    if (port < 1 || port > 65_535)
      findings.push(finding(['nodes', i], `there is no port ${port}`, 'write one from 1 to 65535'));
  }
  if (username !== '' && password === null)
    findings.push(
      finding(['password'], 'redis.username needs a password', 'write one, such as ${PARLEY_REDIS_PASSWORD}'),
    );
  return findings;
}

function finding(path: readonly PropertyKey[], message: string, fix: string): Finding {
  return { severity: 'error', part: 'value', path: ['redis', ...path], message, fix };
}
