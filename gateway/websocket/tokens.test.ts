import { generateKeyPairSync, type KeyObject } from 'node:crypto';

import { exportJWK, SignJWT, UnsecuredJWT, type JWTPayload } from 'jose';
import { describe, expect, test } from 'vitest';

import { FakeClock } from '../../config/clock.js';
import { tokenLimits } from '../../config/limits.js';
import { MemoryLogger } from '../../config/logger.js';
import { SeededRandom } from '../../config/random.js';
import { Secret } from '../../config/secret.js';
import { ApplicationTokens, type TokenOptions } from './tokens.js';
import { VisitorTokens } from './visitor-tokens.js';

const secretText = 'application-secret-of-32-characters';
const visitorSecret = new Secret('visitor-secret-of-at-least-32-characters');
const clock = new FakeClock();
const nowSeconds = clock.epochMs() / 1_000;
const rsa = generateKeyPairSync('rsa', { modulusLength: 2_048 });
const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const stranger = generateKeyPairSync('rsa', { modulusLength: 2_048 });

const defaults: TokenOptions = {
  secret: new Secret(secretText),
  jwksUrl: 'https://issuer.test/jwks',
  issuer: null,
  audience: null,
  tenantClaim: 'tenant',
  tenant: 'default',
};

async function jwks(): Promise<unknown> {
  const keys = [
    { ...(await exportJWK(rsa.publicKey)), kid: 'rsa-1', alg: 'RS256', use: 'sig' },
    { ...(await exportJWK(ec.publicKey)), kid: 'ec-1', alg: 'ES256', use: 'sig' },
  ];
  return { keys };
}

function create(options: Partial<TokenOptions> = {}, fetchKeys: () => Promise<unknown> = jwks, at = clock) {
  const logger = new MemoryLogger();
  const visitors = new VisitorTokens(visitorSecret, 1, at, new SeededRandom(1));
  const deps = { clock: at, logger, visitors, fetchKeys };
  return { tokens: new ApplicationTokens({ ...defaults, ...options }, deps), visitors, logger };
}

interface Signing {
  readonly alg?: string;
  readonly kid?: string;
  readonly key?: KeyObject | Uint8Array;
}

function sign(
  claims: Readonly<Record<string, unknown>>,
  { alg = 'HS256', key = Buffer.from(secretText), kid }: Signing = {},
): Promise<string> {
  const payload = { sub: 'anna', exp: nowSeconds + 600, ...claims };
  const used = Object.fromEntries(Object.entries(payload).filter(([, value]) => value !== undefined));
  return new SignJWT(used).setProtectedHeader({ alg, ...(kid === undefined ? {} : { kid }) }).sign(key);
}

const anna = { ok: true, user: { tenant: 'default', userId: 'anna' }, expiresMs: (nowSeconds + 600) * 1_000 };

describe('a good token', () => {
  test.each([
    ['HS256 by our secret', {}],
    ['RS256 by a key of the issuer', { alg: 'RS256', key: rsa.privateKey, kid: 'rsa-1' }],
    ['ES256 by a key of the issuer', { alg: 'ES256', key: ec.privateKey, kid: 'ec-1' }],
  ])('%s', async (_, signing) => {
    expect(await create().tokens.verify(await sign({}, signing))).toEqual(anna);
  });

  test('names its tenant by the claim that is configured', async () => {
    const { tokens } = create({ tenantClaim: 'org' });
    expect(await tokens.verify(await sign({ org: 'acme', tenant: 'x' }))).toMatchObject({
      user: { tenant: 'acme' },
    });
    expect(await tokens.verify(await sign({ tenant: 'acme' }))).toEqual(anna);
  });

  test('of the issuer and the audience that are wanted', async () => {
    const { tokens } = create({ issuer: 'shop', audience: 'chat' });
    expect(await tokens.verify(await sign({ iss: 'shop', aud: ['chat', 'x'] }))).toEqual(anna);
    for (const claims of [
      { iss: 'shop' },
      { aud: 'chat' },
      { iss: 'shop', aud: 'y' },
      { iss: 'z', aud: 'chat' },
    ])
      expect(await tokens.verify(await sign(claims))).toMatchObject({ ok: false, code: 'unauthorized' });
  });

  test('the clock of the issuer may be off a little', async () => {
    const { tokens } = create();
    const { toleranceSeconds } = tokenLimits;
    const verify = async (claims: JWTPayload) => (await tokens.verify(await sign(claims))).ok;
    expect(await verify({ exp: nowSeconds - toleranceSeconds + 2 })).toBe(true);
    expect(await verify({ nbf: nowSeconds + toleranceSeconds - 2 })).toBe(true);
    expect(await verify({ nbf: nowSeconds + toleranceSeconds + 2 })).toBe(false);
  });
});

describe('is refused', () => {
  const unsigned = new UnsecuredJWT({ sub: 'anna', exp: nowSeconds + 600 }).encode();
  const publicPem = rsa.publicKey.export({ type: 'spki', format: 'pem' });

  test.each<[string, () => string | Promise<string>]>([
    ['no token', () => ''],
    ['what is not a token', () => 'a.b.c'],
    ['alg none', () => unsigned],
    ['another secret', () => sign({}, { key: Buffer.from('another-secret-of-at-least-32-chars!') })],
    ['HS384 by our secret', () => sign({}, { alg: 'HS384' })],
    ['HS256 by the public key of the issuer', () => sign({}, { key: Buffer.from(publicPem), kid: 'rsa-1' })],
    ['RS256 by a stranger', () => sign({}, { alg: 'RS256', key: stranger.privateKey, kid: 'rsa-1' })],
    ['PS256', () => sign({}, { alg: 'PS256', key: rsa.privateKey, kid: 'rsa-1' })],
    ['no exp', () => sign({ exp: undefined })],
    ['no sub', () => sign({ sub: undefined })],
    ['an empty sub', () => sign({ sub: '' })],
    ['a long sub', () => sign({ sub: 'x'.repeat(tokenLimits.subjectCharacters + 1) })],
    ['a sub with control characters', () => sign({ sub: 'a\nb' })],
    ['a tenant that is no name', () => sign({ tenant: '../x' })],
    ['a tenant that is no text', () => sign({ tenant: 1 })],
    [
      'a changed payload',
      async () =>
        (await sign({})).replace(
          /\.[^.]+\./,
          `.${Buffer.from('{"sub":"ben","exp":9999999999}').toString('base64url')}.`,
        ),
    ],
    ['one that is too long', () => sign({ more: 'x'.repeat(5_000) })],
  ])('%s', async (_, token) => {
    const verdict = await create().tokens.verify(await token());
    expect(verdict).toMatchObject({ ok: false, code: 'unauthorized' });
  });

  test('an expired one, so that the client can fetch another', async () => {
    const token = await sign({ exp: nowSeconds - tokenLimits.toleranceSeconds - 2 });
    expect(await create().tokens.verify(token)).toMatchObject({ ok: false, code: 'expired' });
  });

  test('any, when nothing is configured', async () => {
    const { tokens } = create({ secret: null, jwksUrl: null });
    expect(await tokens.verify(await sign({}))).toMatchObject({ code: 'unauthorized' });
    expect(await tokens.verify(await sign({}, { alg: 'RS256', key: rsa.privateKey }))).toMatchObject({
      code: 'unauthorized',
    });
  });
});

describe('keys of an issuer', () => {
  const signed = () => sign({}, { alg: 'RS256', key: rsa.privateKey, kid: 'rsa-1' });

  function counted(answers: (() => Promise<unknown>)[]) {
    const at = new FakeClock();
    const reads = { count: 0 };
    const fetchKeys = () => (answers[Math.min(reads.count++, answers.length - 1)] ?? jwks)();
    return { at, reads, ...create({}, fetchKeys, at) };
  }

  test('are read once for all who ask at the same time, and again when they are old', async () => {
    const { at, reads, tokens } = counted([jwks]);
    const token = await signed();
    const verdicts = await Promise.all([1, 2, 3].map(() => tokens.verify(token)));
    expect(verdicts).toEqual([anna, anna, anna]);
    expect(reads.count).toBe(1);
    at.advance(tokenLimits.jwksFreshMs - 1);
    await tokens.verify(token);
    expect(reads.count).toBe(1);
    at.advance(1);
    await tokens.verify(token);
    expect(reads.count).toBe(2);
  });

  test('of another kind than the algorithm are no keys', async () => {
    const { at, tokens } = counted([jwks]);
    await tokens.verify(await signed());
    at.advance(tokenLimits.jwksCoolDownMs);
    const token = await sign({}, { alg: 'RS256', key: rsa.privateKey, kid: 'ec-1' });
    expect(await tokens.verify(token)).toMatchObject({ ok: false, code: 'unauthorized' });
  });

  test('a new key is found by reading again, with a cool-down in which nobody is told to stop', async () => {
    const { at, reads, tokens } = counted([() => Promise.resolve({ keys: [] }), jwks]);
    const token = await signed();
    expect(await tokens.verify(token)).toMatchObject({ code: 'unavailable' });
    expect(reads.count).toBe(1);
    at.advance(tokenLimits.jwksCoolDownMs);
    expect(await tokens.verify(token)).toEqual(anna);
    at.advance(tokenLimits.jwksCoolDownMs);
    const unknown = await sign({}, { alg: 'RS256', key: rsa.privateKey, kid: 'rsa-9' });
    expect(await tokens.verify(unknown)).toMatchObject({ code: 'unauthorized' });
    expect(reads.count).toBe(3);
  });

  test('that cannot be read make nobody enter, and are not asked for all the time', async () => {
    const away = () => Promise.reject(new Error('connect ECONNREFUSED'));
    const { at, logger, reads, tokens } = counted([away, () => Promise.resolve('no keys'), jwks]);
    const token = await signed();
    for (let i = 0; i < 3; i++)
      expect(await tokens.verify(token)).toMatchObject({ ok: false, code: 'unavailable' });
    expect(reads.count).toBe(1);
    expect(logger.lines).toHaveLength(3);
    at.advance(tokenLimits.jwksRetryMs);
    expect(await tokens.verify(token)).toMatchObject({ code: 'unavailable' });
    at.advance(tokenLimits.jwksRetryMs);
    expect(await tokens.verify(token)).toEqual(anna);
  });

  test('that are known count no more once they are old and cannot be read', async () => {
    const { at, tokens } = counted([jwks, () => Promise.reject(new Error('away'))]);
    const token = await signed();
    expect(await tokens.verify(token)).toEqual(anna);
    at.advance(tokenLimits.jwksFreshMs);
    expect(await tokens.verify(token)).toMatchObject({ code: 'unavailable' });
  });
});

describe('visitors', () => {
  test('get a token for a user of our making, and a fresh one for the same user', async () => {
    const at = new FakeClock();
    const { tokens, visitors } = create({}, jwks, at);
    const first = await visitors.issue(null);
    expect(first.user).toMatch(/^visitor\.[0-9a-f]{32}$/);
    expect(first.expiresMs).toBe(at.epochMs() + 3_600_000);
    expect(await tokens.verify(first.token)).toEqual({
      ok: true,
      user: { tenant: 'default', userId: first.user },
      expiresMs: first.expiresMs,
    });
    at.advance(1_800_000);
    const second = await visitors.issue(await visitors.check(first.token));
    expect(second).toMatchObject({ user: first.user, expiresMs: first.expiresMs + 1_800_000 });
    at.advance(1_900_000);
    expect(await tokens.verify(first.token)).toMatchObject({ code: 'expired' });
    expect(await tokens.verify(second.token)).toMatchObject({ ok: true });
  });

  test.each([
    ['no visitor', { iss: 'parley', sub: 'anna', scope: 'visitor' }],
    ['no scope', { iss: 'parley', sub: `visitor.${'0'.repeat(32)}` }],
    ['another scope', { iss: 'parley', sub: `visitor.${'0'.repeat(32)}`, scope: 'agent' }],
  ])('a token of ours that names %s is refused', async (_, claims) => {
    const token = await sign(claims, { key: Buffer.from(visitorSecret.reveal()) });
    expect(await create().tokens.verify(token)).toMatchObject({ code: 'unauthorized' });
  });

  test('an application cannot speak for visitors, nor visitors for users of an application', async () => {
    const { tokens } = create();
    const visitor = { iss: 'parley', sub: `visitor.${'0'.repeat(32)}`, scope: 'visitor' };
    expect(await tokens.verify(await sign(visitor))).toMatchObject({ code: 'unauthorized' });
    const asUser = await sign({}, { key: Buffer.from(visitorSecret.reveal()) });
    expect(await tokens.verify(asUser)).toMatchObject({ code: 'unauthorized' });
  });

  test('are refused where they are not admitted', async () => {
    const { token } = await create().visitors.issue(null);
    const tokens = new ApplicationTokens(defaults, { clock, logger: new MemoryLogger(), visitors: null });
    expect(await tokens.verify(token)).toMatchObject({ code: 'unauthorized' });
  });
});
