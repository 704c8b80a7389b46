import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { loadConfig, type ConfigResult } from './load.js';
import { formatProblem } from './problem.js';

let directory = '';
beforeAll(() => (directory = mkdtempSync(join(tmpdir(), 'parley-services-'))));
afterAll(() => rmSync(directory, { recursive: true }));

function load(shop: string, env: Record<string, string> = {}): ConfigResult {
  writeFileSync(join(directory, 'parley.yaml'), `services: { shop: ${shop} }\n`);
  return loadConfig({ file: 'parley.yaml', env, cwd: directory });
}

test('a URL is enough: no private address, no redirect', () => {
  const { config, problems } = load('{ url: "https://shop.test/api" }');
  expect(problems).toEqual([]);
  expect(config?.services['shop']).toMatchObject({
    type: 'http',
    timeoutMs: 5_000,
    maxConcurrent: 32,
    maxResponseBytes: 65_536,
    allowPrivate: [],
    redirects: 0,
    allowHosts: [],
    retryOn: [429, 502, 503, 504],
    circuit: { failures: 5, openMs: 10_000 },
  });
});

test('headers are credentials: references are resolved, and nothing prints them', () => {
  const { config, problems } = load('{ url: "https://shop.test", headers: { Authorization: "${TOKEN}" } }', {
    TOKEN: 'Bearer hunter2',
  });
  expect(problems).toEqual([]);
  expect(config?.services['shop']?.headers['Authorization']?.reveal()).toBe('Bearer hunter2');
  expect(`${JSON.stringify(config)}${inspect(config, { depth: 9 })}`).not.toContain('hunter2');
});

test('the proto file is found from the directory of the configuration', () => {
  const { config } = load('{ type: grpc, url: "http://shop.test:1", protoFile: ./a.proto }');
  expect(config?.services['shop']?.protoFile).toBe(join(directory, 'a.proto'));
});

describe('each mistake is named', () => {
  test.each([
    ['{ url: "https://shop.test", timeout: 3 }', 'unknown key "timeout"'],
    ['{ }', 'expected text, found nothing'],
    ['{ url: "ftp://shop.test" }', 'not the base URL of a service'],
    ['{ url: "https://user:pw@shop.test" }', 'not the base URL of a service'],
    ['{ url: "https://shop.test/a?b=1" }', 'not the base URL of a service'],
    ['{ url: "https://shop.test/a/../b" }', 'not the base URL of a service'],
    ['{ url: "https://shop.test/a/%2e%2e/b" }', 'not the base URL of a service'],
    ['{ url: "https://shop.test", allowPrivate: [intranet] }', 'not an address range'],
    ['{ url: "https://shop.test", redirects: 4 }', '4 is too large (at most 3)'],
    ['{ url: "https://shop.test", maxResponseBytes: 2000000 }', 'too large (at most 1048576)'],
    ['{ url: "https://shop.test", allowHosts: ["https://a.test"] }', 'not a host name'],
    [
      '{ url: "https://shop.test", headers: { Host: "${T}" } }',
      '"Host" is not a header field that can be set here',
    ],
    [
      '{ url: "https://shop.test", headers: { "a b": "${T}" } }',
      '"a b" is not a header field that can be set here',
    ],
    [
      '{ url: "https://shop.test", headers: { A: "${BROKEN}" } }',
      'this secret is not usable as a header value',
    ],
    ['{ url: "https://shop.test", protoFile: a.proto }', 'not used by an http service'],
    ['{ type: grpc, url: "https://shop.test" }', 'missing, without it a gRPC service cannot be asked'],
    ['{ type: grpc, url: "https://shop.test/x", protoFile: a.proto }', 'not just a host and a port'],
  ])('%s: %s', (shop, message) => {
    const { config, problems } = load(shop, { T: 'x', BROKEN: 'a\r\nHost: evil.test' });
    expect(config).toBeNull();
    expect(problems.map(formatProblem).join('\n')).toContain(message);
    expect(problems.map(formatProblem).join('\n')).not.toContain('evil');
  });
});
