import { expect, test } from 'vitest';

import { FakeClock } from '../../config/clock.js';
import { serviceLimits } from '../../config/limits.js';
import { AddressRules } from './address-rules.js';
import { HostResolver, type HostAddress } from './host-resolver.js';

const v4 = (address: string): HostAddress => ({ address, family: 4 });

function fixture(answer: () => Promise<readonly HostAddress[]>, allowed: readonly string[] = []) {
  const clock = new FakeClock();
  const asked: string[] = [];
  const lookup = (host: string): Promise<readonly HostAddress[]> => {
    asked.push(host);
    return answer();
  };
  return { asked, clock, resolver: new HostResolver(new AddressRules(allowed), { lookup, clock }) };
}

test('one private address among public ones refuses the host', async () => {
  const { resolver } = fixture(() => Promise.resolve([v4('8.8.8.8'), v4('10.0.0.1')]));
  const resolution = await resolver.resolve('shop.test');
  expect(resolution).toMatchObject({ ok: false, failure: 'refused' });
  expect(resolution).toMatchObject({ message: expect.stringContaining('10.0.0.1') as string });
});

test.each([
  ['127.0.0.1', 'refused'],
  ['[::1]', 'refused'],
  ['[::ffff:7f00:1]', 'refused'],
  ['169.254.169.254', 'refused'],
])('the address %s in a URL is checked, though nothing is looked up', async (host, failure) => {
  const { asked, resolver } = fixture(() => Promise.resolve([]));
  expect(await resolver.resolve(host)).toMatchObject({ ok: false, failure });
  expect(asked).toEqual([]);
});

test.each([
  ['an error', () => Promise.reject(new Error('ENOTFOUND'))],
  ['no address', () => Promise.resolve([])],
])('%s of the name server is unreachable, and the next call asks again', async (_case, answer) => {
  const { asked, resolver } = fixture(answer);
  expect(await resolver.resolve('shop.test')).toMatchObject({ failure: 'unreachable' });
  await resolver.resolve('shop.test');
  expect(asked).toHaveLength(2);
});

test('calls at the same time share one look-up, however long it takes', async () => {
  const answers: ((found: readonly HostAddress[]) => void)[] = [];
  const { asked, clock, resolver } = fixture(() => new Promise((resolve) => answers.push(resolve)));
  const both = [resolver.resolve('shop.test')];
  clock.advance(60_000);
  both.push(resolver.resolve('shop.test'));
  answers[0]?.([v4('8.8.8.8')]);
  expect(await Promise.all(both)).toMatchObject([{ ok: true }, { ok: true }]);
  expect(asked).toHaveLength(1);
});

test(`an answer is used for ${serviceLimits.addressFreshMs} ms, then checked again`, async () => {
  const answers = [[v4('8.8.8.8')], [v4('127.0.0.1')]];
  const { clock, resolver } = fixture(() => Promise.resolve(answers.shift() ?? []));
  expect(await resolver.resolve('shop.test')).toMatchObject({ ok: true });
  clock.advance(serviceLimits.addressFreshMs - 1);
  expect(await resolver.resolve('shop.test')).toMatchObject({ ok: true });
  clock.advance(1);
  expect(await resolver.resolve('shop.test')).toMatchObject({ ok: false, failure: 'refused' });
});
