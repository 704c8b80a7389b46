import { describe, expect, test } from 'vitest';

import { FakeClock } from '../../config/clock.js';
import { AddressTable, rateKey } from './address-table.js';
import { clientAddress } from './client-address.js';
import { OriginRule } from './origin-rule.js';
import { TimerWheel } from './timer-wheel.js';
import { UserTable } from './user-table.js';

const anna = { tenant: 't', userId: 'anna' };

describe('UserTable', () => {
  const create = (maxUsers = 10) => {
    const clock = new FakeClock();
    const wheel = new TimerWheel(clock, 1_000);
    const users = new UserTable({ connectionsPerUser: 2, messagesPer10s: 3, maxUsers }, clock, wheel);
    return { clock, users };
  };

  test('a user has so many devices, and a device that comes again takes its own place', () => {
    const { users } = create();
    const first = users.enter(anna, 'a', {});
    const second = users.enter(anna, 'b', {});
    expect(users.enter(anna, 'c', {})).toBeNull();
    const again = users.enter(anna, 'a', {});
    expect(again).not.toBeNull();
    first?.leave();
    expect(users.enter(anna, 'c', {})).toBeNull();
    for (const place of [again, second, second]) place?.leave();
    expect(users.size).toBe(0);
  });

  test('messages of all connections count together, and leaving does not make them forgotten', () => {
    const { clock, users } = create();
    const one = users.enter(anna, 'a', {});
    const two = users.enter(anna, 'b', {});
    expect([one?.takeMessage(), two?.takeMessage(), one?.takeMessage()]).toEqual([0, 0, 0]);
    expect(two?.takeMessage()).toBe(10_000);
    one?.leave();
    two?.leave();
    const back = users.enter(anna, 'a', {});
    expect(back?.takeMessage()).toBe(10_000);
    back?.leave();
    clock.advance(13_000);
    expect([users.size, clock.pendingTimers]).toEqual([0, 0]);
  });

  test('names are kept apart, however they are spelt', () => {
    const { users } = create();
    users.enter({ tenant: 'a","b', userId: 'c' }, 'd', {});
    users.enter({ tenant: 'a', userId: 'b","c' }, 'd', {});
    expect(users.size).toBe(2);
  });

  test('is bounded', () => {
    const { users } = create(1);
    users.enter(anna, 'a', {});
    expect(users.enter({ ...anna, userId: 'ben' }, 'a', {})).toBeNull();
  });
});

describe('AddressTable', () => {
  const create = () => {
    const clock = new FakeClock();
    const wheel = new TimerWheel(clock, 1_000);
    const options = { connectionsPerIp: 2, helloPerIpPer10s: 3, maxAddresses: 2 };
    return { clock, addresses: new AddressTable(options, clock, wheel) };
  };
  const leave = (admission: ReturnType<AddressTable['admit']>) => {
    if (admission.ok) admission.leave();
  };

  test('bounds connections at a time and connects in ten seconds, and forgets', () => {
    const { addresses, clock } = create();
    const [first, second] = [addresses.admit('10.0.0.1'), addresses.admit('10.0.0.1')];
    expect(addresses.admit('10.0.0.1')).toEqual({ ok: false, reason: 'connections-per-ip' });
    leave(first);
    leave(first);
    const third = addresses.admit('10.0.0.1');
    expect(third.ok).toBe(true);
    leave(third);
    expect(addresses.admit('10.0.0.1')).toEqual({ ok: false, reason: 'connects-per-ip' });
    leave(second);
    clock.advance(13_000);
    expect([addresses.size, clock.pendingTimers]).toEqual([0, 0]);
  });

  test('is bounded', () => {
    const { addresses } = create();
    addresses.admit('10.0.0.1');
    addresses.admit('10.0.0.2');
    expect(addresses.admit('10.0.0.3')).toEqual({ ok: false, reason: 'addresses' });
  });

  test.each([
    ['10.0.0.1', '10.0.0.1'],
    ['::ffff:10.0.0.1', '10.0.0.1'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2'],
    ['2001:0DB8:1:2::9', '2001:db8:1:2'],
    ['2001:db8::1', '2001:db8:0:0'],
    ['::1', '0:0:0:0'],
    ['fe80::1%eth0', 'fe80:0:0:0'],
    ['', ''],
  ])('%s counts as %s', (address, key) => {
    expect(rateKey(address)).toBe(key);
  });
});

describe('the address of a client', () => {
  test.each([
    [undefined, 0, '192.0.2.1'],
    ['10.0.0.9', 0, '192.0.2.1'],
    ['10.0.0.9', 1, '10.0.0.9'],
    ['6.6.6.6, 10.0.0.9', 1, '10.0.0.9'],
    ['6.6.6.6, 10.0.0.9, 10.1.1.1', 2, '10.0.0.9'],
    ['10.0.0.9', 2, '192.0.2.1'],
    ['unknown', 1, '192.0.2.1'],
    ['10.0.0.9:4711', 1, '10.0.0.9'],
    ['[2001:db8::1]:443', 1, '2001:db8::1'],
    ['2001:db8::1', 1, '2001:db8::1'],
    [undefined, 1, '192.0.2.1'],
  ])('X-Forwarded-For %s behind %i proxies: %s', (header, proxies, address) => {
    const headers = header === undefined ? {} : { 'x-forwarded-for': header };
    expect(clientAddress(headers, '192.0.2.1', proxies)).toBe(address);
  });
});

describe('Origin', () => {
  const rule = new OriginRule(['https://shop.example.com']);
  test.each([
    [undefined, 'chat.example.com', true],
    ['https://chat.example.com', 'chat.example.com', true],
    ['http://127.0.0.1:8080', '127.0.0.1:8080', true],
    ['https://chat.example.com', 'chat.example.com:443', true],
    ['https://SHOP.example.com', 'chat.example.com', true],
    ['https://evil.example.com', 'chat.example.com', false],
    ['https://chat.example.com.evil.com', 'chat.example.com', false],
    ['http://127.0.0.1:8081', '127.0.0.1:8080', false],
    ['null', 'chat.example.com', false],
    ['', 'chat.example.com', false],
    ['file://', 'chat.example.com', false],
    ['https://chat.example.com', undefined, false],
  ])('%s at %s: %s', (origin, host, allowed) => {
    const headers = { ...(origin === undefined ? {} : { origin }), ...(host === undefined ? {} : { host }) };
    expect(rule.allows(headers)).toBe(allowed);
  });
});
