import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { expect, test } from 'vitest';

import { loadConfig } from './load.js';
import { projectPath } from './paths.js';

const file = projectPath('config', 'cluster', 'node.yaml');

test("a cluster's node file has no problem where its secrets are set", () => {
  const env = {
    PARLEY_API_KEY: 'k'.repeat(24),
    PARLEY_VISITOR_SECRET: 'v'.repeat(32),
    PARLEY_POSTGRES_URL: 'postgres://parley:parley@postgres:5432/parley',
  };
  const { config, problems } = loadConfig({ env, cwd: '/', file });
  expect(problems).toEqual([]);
  expect(config?.redis.mode).toBe('single');
  expect(config?.store.kind).toBe('postgres');
});

test('compose gives the nodes every secret that their file names, and nginx every node', () => {
  const compose = parse(readFileSync(projectPath('config', 'cluster', 'compose.yaml'), 'utf8'), {
    merge: true,
  }) as {
    readonly services: Readonly<Record<string, { readonly environment?: Readonly<Record<string, string>> }>>;
  };
  const names = [...readFileSync(file, 'utf8').matchAll(/\$\{([A-Z_]+)\}/g)].map(([, name]) => name);
  const nodes = Object.entries(compose.services).filter(([name]) => /^node\d$/.test(name));
  expect(nodes).toHaveLength(2);
  for (const [, { environment = {} }] of nodes)
    expect(Object.keys(environment).sort()).toEqual([...names].sort());
  const nginx = readFileSync(projectPath('config', 'cluster', 'nginx.conf'), 'utf8');
  expect([...nginx.matchAll(/^ +server 127\.0\.0\.1:\d+ max_fails/gm)]).toHaveLength(nodes.length);
});
