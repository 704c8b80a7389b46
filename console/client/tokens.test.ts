import { beforeEach, describe, expect, test } from 'vitest';

import { FakeStore } from '../testing/fake-network.js';
import { clientLimits } from './limits.js';
import { TokenRefusedError } from './ports.js';
import { SafeStorage } from './safe-storage.js';
import { SiteTokens, VisitorTokens } from './tokens.js';

let store: FakeStore;
let nowMs: number;
let asked: (string | null)[];
let status: number;
beforeEach(() => {
  store = new FakeStore();
  nowMs = 1_000_000;
  asked = [];
  status = 200;
});

function visitors(): VisitorTokens {
  const post = (token: string | null) => {
    asked.push(token);
    return Promise.resolve({
      status,
      body: { token: `t${asked.length}`, user: 'v', expires: nowMs + 600_000 },
    });
  };
  return new VisitorTokens(post, new SafeStorage(store), () => nowMs);
}

describe('visitors', () => {
  test('are known again while the token is good, and renew it with the old one', async () => {
    expect(await visitors().get('connect')).toMatchObject({ token: 't1' });
    expect(await visitors().get('connect')).toMatchObject({ token: 't1' });
    nowMs += 600_000 - clientLimits.renewBeforeMs;
    expect(await visitors().get('connect')).toMatchObject({ token: 't2' });
    expect(await visitors().get('renew')).toMatchObject({ token: 't3' });
    expect(asked).toEqual([null, 't1', 't2']);
  });

  test('with a rejected token begin anew', async () => {
    await visitors().get('connect');
    await visitors().get('rejected');
    expect(asked).toEqual([null, null]);
  });

  test('use a token that has not ended while the endpoint is away', async () => {
    await visitors().get('connect');
    nowMs += 600_000 - clientLimits.renewBeforeMs;
    status = 503;
    expect(await visitors().get('connect')).toMatchObject({ token: 't1' });
    nowMs += clientLimits.renewBeforeMs;
    await expect(visitors().get('connect')).rejects.toThrow(/503|no token|answered/);
  });

  test.each([401, 403, 404])('are told %i: it is no use to ask again', async (refusal) => {
    const tokens = visitors();
    status = refusal;
    await expect(tokens.get('connect')).rejects.toThrow(TokenRefusedError);
  });
});

describe('the site', () => {
  test('gives a token', async () => {
    const tokens = new SiteTokens((need) => Promise.resolve(`jwt-${need}`));
    expect(await tokens.get('renew')).toEqual({ token: 'jwt-renew', expires: null });
  });

  test.each([null, '', 'x'.repeat(clientLimits.tokenCharacters + 1), 5 as never])(
    'gives none: %#',
    async (token) => {
      await expect(new SiteTokens(() => Promise.resolve(token)).get('connect')).rejects.toThrow(
        TokenRefusedError,
      );
    },
  );
});
