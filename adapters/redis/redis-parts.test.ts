import { describe, expect, it } from 'vitest';

import { routingLimits } from '../../config/limits.js';
import { SeededRandom } from '../../config/random.js';
import { Secret } from '../../config/secret.js';
import { parseNodes, parseRenewal, parseRoutes } from './answers.js';
import { backOffMs } from './back-off.js';
import { parseAddress, RedisClients } from './redis-clients.js';
import { nodeChannel, parseSlot, serializeHolder, userKey } from './routing-keys.js';

describe('the parts of the Redis store', () => {
  it.each([
    ['10.0.0.5:6379', '10.0.0.5', 6379],
    ['redis.example.com:1', 'redis.example.com', 1],
    ['[::1]:6380', '::1', 6380],
  ])('read the address %s', (text, host, port) => {
    expect(parseAddress(text)).toEqual({ host, port });
  });

  it('wait longer after each attempt, up to a most, and never the same', () => {
    const random = new SeededRandom(1);
    const waits = [1, 2, 3, 4, 5, 6, 7, 8, 100].map((attempt) => backOffMs(attempt, random));
    for (const [i, wait] of waits.entries()) {
      const full = Math.min(routingLimits.retryMostMs, routingLimits.retryFirstMs * 2 ** i);
      expect(wait).toBeGreaterThanOrEqual(full / 2);
      expect(wait).toBeLessThanOrEqual(full);
    }
    expect(new Set([1, 2, 3, 4, 5].map(() => backOffMs(8, random))).size).toBeGreaterThan(3);
  });

  it('keep the names of keys apart, and one user in one slot', () => {
    expect(userKey('gw', { tenant: 'a', userId: 'b' })).toBe('gw:u:{a:b}');
    expect(userKey('gw', { tenant: 'a:b', userId: '{c}%' })).toBe('gw:u:{a%3ab:%7bc%7d%25}');
    expect(nodeChannel('gw', 'n', null)).toBe('gw:n:{n}');
    expect(nodeChannel('gw', 'n', 'i')).toBe('gw:n:{n}:i');
  });

  it('read what they wrote, and nothing else', () => {
    const holder = { nodeId: 'n', incarnation: 'i', connectionId: 'c d' };
    const slot = `17 ${serializeHolder(holder)}`;
    expect(parseSlot('web', slot)).toEqual({ ...holder, device: 'web', epoch: 17 });
    for (const bad of ['', '17', '17 n', 'x n i c', '-1 n i c']) expect(parseSlot('web', bad)).toBeNull();
    expect(parseRoutes({ 'd:web': slot, 'e:web': '17', 'd:bad': 'x', other: 'y' })).toHaveLength(1);
    expect(() => parseRenewal('web', ['other', '1', ''])).toThrow('key prefix');
    expect(() => parseNodes(['soon', 0])).toThrow('key prefix');
    expect(parseNodes(['5', 0, '{"nodeId":"n"}', '7']).nodes).toEqual([]);
  });

  it('say what went wrong without the password', () => {
    const clients = new RedisClients(
      {
        mode: 'single',
        nodes: ['127.0.0.1:1'],
        sentinelName: 'm',
        username: '',
        password: new Secret('open sesame'),
        tls: false,
        keyPrefix: 'gw',
      },
      new SeededRandom(1),
    );
    expect(clients.reason(new Error('AUTH open sesame failed'))).toBe('AUTH [secret] failed');
    expect(clients.reason('text')).toBe('unknown');
  });
});
