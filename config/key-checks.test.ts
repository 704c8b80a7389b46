import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { describe, expect, test } from 'vitest';

import { secretsOf } from './config-secrets.js';
import { FakeClock } from './clock.js';
import { webhookLimits } from './limits.js';
import { loadConfig } from './load.js';
import { createLogger } from './pino-logger.js';
import { Secret } from './secret.js';

function load(yaml: string, env: Record<string, string> = {}) {
  const directory = mkdtempSync(join(tmpdir(), 'parley-keys-'));
  try {
    writeFileSync(join(directory, 'parley.yaml'), yaml);
    return loadConfig({ env, cwd: directory, file: 'parley.yaml' });
  } finally {
    rmSync(directory, { recursive: true });
  }
}

const key = (name: string, variable: string, more = '') =>
  `    - { name: ${name}, key: '\${${variable}}', scopes: [sessions:read]${more} }\n`;
const env = { A: 'a'.repeat(16), B: 'b'.repeat(16), C: 'c'.repeat(16), D: 'd'.repeat(16) };

describe('named keys', () => {
  test('are read with their defaults', () => {
    const { config, problems } = load(`security:\n  keys:\n${key('crm', 'A')}`, env);
    expect(problems).toEqual([]);
    expect(config?.security.keys).toMatchObject([
      { name: 'crm', scopes: ['sessions:read'], tenant: null, requestsPer10s: null },
    ]);
    expect(config?.security.keys[0]?.key.reveal()).toBe(env.A);
  });

  test.each([
    ['a name twice', key('crm', 'A') + key('crm', 'B'), 'security.keys[1].name', 'is taken already'],
    ['the name of keys without one', key('api', 'A'), 'security.keys[0].name', 'stands for security.apiKeys'],
    ['a key twice', key('crm', 'A') + key('erp', 'A'), 'security.keys[1].key', 'stands twice'],
    ['a short key', key('crm', 'SHORT'), 'security.keys[0].key', ''],
    ['no scope', `    - { name: crm, key: '\${A}', scopes: [] }\n`, 'security.keys[0].scopes', ''],
    [
      'a scope that is none',
      `    - { name: crm, key: '\${A}', scopes: [session:read] }\n`,
      'security.keys[0].scopes[0]',
      'sessions:read',
    ],
  ])('%s is refused', (_case, keys, path, message) => {
    const { config, problems } = load(`security:\n  keys:\n${keys}`, { ...env, SHORT: 'short' });
    expect(config).toBeNull();
    expect(problems.map((problem) => problem.path)).toEqual([path]);
    expect(`${problems[0]?.message} ${problems[0]?.fix}`).toContain(message);
  });

  test('a key of security.apiKeys is no named one as well', () => {
    const { problems } = load(`security:\n  apiKeys: ['\${A}']\n  keys:\n${key('crm', 'A')}`, env);
    expect(problems).toMatchObject([{ path: 'security.keys[0].key', severity: 'error' }]);
  });

  test('of one tenant that changes trees draws a warning', () => {
    const { config, problems } = load(
      `security:\n  keys:\n    - { name: crm, key: '\${A}', scopes: [trees:write], tenant: shop }\n`,
      env,
    );
    expect(config).not.toBeNull();
    expect(problems).toMatchObject([{ path: 'security.keys[0].scopes', severity: 'warning' }]);
  });

  test('are enough for what other machines reach', () => {
    const open = 'listen: { public: true }\nsip: { allowFrom: [10.0.0.0/8] }\nchat: { enabled: false }\n';
    expect(load(`${open}security:\n  keys:\n${key('crm', 'A')}`, env).problems).toEqual([]);
    expect(load(open).problems.map(({ path }) => path)).toEqual(['security.apiKeys']);
  });
});

const hook = (name: string, secret = 'C') =>
  `  - { name: ${name}, url: 'https://crm.example/hook', secret: '\${${secret}}' }\n`;

test('two webhooks of one name are refused', () => {
  const { problems } = load(`webhooks:\n${hook('crm')}${hook('crm')}`, env);
  expect(problems).toMatchObject([{ path: 'webhooks[1].name', severity: 'error' }]);
});

test(`${webhookLimits.hooks} webhooks may stand, and no more`, () => {
  const hooks = (count: number) => Array.from({ length: count }, (_, i) => hook(`crm${i}`)).join('');
  expect(load(`webhooks:\n${hooks(webhookLimits.hooks)}`, env).problems).toEqual([]);
  expect(load(`webhooks:\n${hooks(webhookLimits.hooks + 1)}`, env).problems).toMatchObject([
    { path: 'webhooks', severity: 'error' },
  ]);
});

test('every credential is found, and none is ever logged or printed', () => {
  const { config } = load(
    `security:\n  apiKeys: ['\${A}']\n  keys:\n${key('crm', 'B')}webhooks:\n${hook('crm', 'C')}` +
      `services: { shop: { url: 'http://shop.example', headers: { X-Token: '\${D}' } } }\n` +
      `store: { url: '\${STORE}' }\nredis: { password: '\${REDIS}' }\n` +
      `chat: { tokens: { secret: '\${TOKENS}' } }\n`,
    { ...env, STORE: 'postgres://a:b@c/d', REDIS: 'redis-password', TOKENS: 't'.repeat(32) },
  );
  if (!config) throw new Error('the configuration was refused');
  const secrets = secretsOf(config);
  const values = secrets.map((secret) => secret.reveal()).sort();
  expect(values).toEqual(
    [...Object.values(env), 'postgres://a:b@c/d', 'redis-password', 't'.repeat(32)].sort(),
  );
  expect(secrets.every((secret) => secret instanceof Secret)).toBe(true);
  const lines: string[] = [];
  const logger = createLogger({
    level: 'info',
    format: 'json',
    pii: true,
    clock: new FakeClock(),
    secrets,
    sink: { isTTY: false, write: (text: string) => lines.push(text) },
  });
  logger.info('config', { security: config.security, webhooks: config.webhooks });
  for (const value of values) logger.info('said', { url: `http://x/?k=${value}`, err: new Error(value) });
  const printed = lines.join('') + JSON.stringify(config);
  for (const value of values) expect(printed).not.toContain(value);
});
