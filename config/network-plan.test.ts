import { describe, expect, test } from 'vitest';

import { loadConfig } from './load.js';
import { advertisedAddress, bindAddress, rtpStreams, workerCount } from './network-plan.js';
import type { Config } from './schema.js';

function configOf(env: Record<string, string>): Config {
  const open = { PARLEY__sip__allowFrom: '10.0.0.0/8', PARLEY__security__apiKeys: 'file:' };
  const { config, problems } = loadConfig({
    env: { ...open, ...env, PARLEY__security__apiKeys: 'x'.repeat(16) },
    cwd: '/',
  });
  if (config === null) throw new Error(JSON.stringify(problems));
  return config;
}

const interfaces = () => ({
  lo: [
    {
      address: '127.0.0.1',
      netmask: '255.0.0.0',
      family: 'IPv4' as const,
      mac: '',
      internal: true,
      cidr: null,
    },
  ],
  eth0: [
    {
      address: 'fd00::5',
      netmask: '',
      family: 'IPv6' as const,
      mac: '',
      internal: false,
      cidr: null,
      scopeid: 0,
    },
    {
      address: '10.0.0.5',
      netmask: '255.0.0.0',
      family: 'IPv4' as const,
      mac: '',
      internal: false,
      cidr: null,
    },
  ],
});

describe('addresses', () => {
  const everywhere = { PARLEY__listen__public: 'true' };
  test.each([
    [{}, '127.0.0.1', '127.0.0.1'],
    [{ PARLEY__listen__address: '127.0.0.2' }, '127.0.0.2', '127.0.0.2'],
    [{ PARLEY__listen__address: '127.0.0.2', PARLEY__sip__address: '::1' }, '::1', '::1'],
    [everywhere, '0.0.0.0', '10.0.0.5'],
    [{ ...everywhere, PARLEY__listen__address: '::' }, '::', 'fd00::5'],
    [{ ...everywhere, PARLEY__listen__advertised: '203.0.113.7' }, '0.0.0.0', '203.0.113.7'],
    [{ ...everywhere, PARLEY__sip__address: '10.9.9.9' }, '10.9.9.9', '10.9.9.9'],
  ])('%j: bound to %s, advertised as %s', (env, bound, advertised) => {
    const config = configOf(env);
    expect(bindAddress(config, 'sip')).toBe(bound);
    expect(advertisedAddress(config, 'sip', interfaces)).toBe(advertised);
  });

  test('a machine without another interface advertises loopback', () => {
    expect(advertisedAddress(configOf(everywhere), 'rtp', () => ({}))).toBe('127.0.0.1');
  });
});

test.each([
  [0, 1, 1],
  [0, 2, 1],
  [0, 8, 7],
  [3, 8, 3],
])('rtp.workers %i on %i cores starts %i', (workers, cores, expected) => {
  expect(workerCount(configOf({ PARLEY__rtp__workers: String(workers) }), cores)).toBe(expected);
});

test('a stream takes two ports (RFC 3550 11)', () => {
  expect(rtpStreams(configOf({}))).toBe(1_000);
});
