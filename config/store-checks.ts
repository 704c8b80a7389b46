import type { Finding } from './problem.js';
import type { Config } from './schema.js';
import type { Secret } from './secret.js';

/** What the log of chat sessions needs beside its kind, and which kinds several nodes can share. */
export function checkStore({ redis, store }: Config): Finding[] {
  if (store.kind === 'postgres') return checkUrl(store.url);
  if (redis.mode === 'none') return [];
  const message = `redis.mode ${redis.mode} joins several nodes, which cannot share store.kind ${store.kind}`;
  return [error('kind', message, 'set store.kind: postgres and store.url, or redis.mode: none')];
}

function checkUrl(url: Secret | null): Finding[] {
  const example = 'write ${PARLEY_POSTGRES_URL} and set it to postgres://user:password@host:5432/database';
  if (url === null) return [error('url', 'store.kind postgres needs an address', example)];
  const text = url.reveal();
  const isPostgres = URL.canParse(text) && /^postgres(ql)?:$/.test(new URL(text).protocol);
  return isPostgres ? [] : [error('url', 'this is no address of a PostgreSQL server', example)];
}

function error(key: string, message: string, fix: string): Finding {
  return { severity: 'error', part: 'value', path: ['store', key], message, fix };
}
