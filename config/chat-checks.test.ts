import { describe, expect, test } from 'vitest';

import { loadConfig } from './load.js';

const secret = 'x'.repeat(40);
const open = {
  PARLEY__listen__public: 'true',
  PARLEY__security__apiKeys: 'a-key-of-sixteen',
  PARLEY__sip__allowFrom: '10.0.0.0/8',
};

/** Findings about chat, apart from credentials in clear. */
function check(env: Record<string, string>) {
  const { config, problems } = loadConfig({ env, cwd: '/' });
  const found = problems.filter(
    ({ message, path }) => path.startsWith('chat.') && !message.includes('in clear'),
  );
  return { config, found: found.map(({ path, severity }) => `${severity} ${path}`) };
}

describe('visitors', () => {
  test.each([
    ['on this machine', {}, true],
    ['on a node that others reach', open, false],
    ['where http stays on this machine', { ...open, PARLEY__http__address: '127.0.0.1' }, true],
    ['who were admitted by name', { ...open, PARLEY__chat__visitors__enabled: 'true' }, true],
    ['who were sent away by name', { PARLEY__chat__visitors__enabled: 'false' }, false],
  ])('%s', (_, env, enabled) => {
    expect(check(env).config?.chat.visitors.enabled).toBe(enabled);
  });
});

test.each<[string, Record<string, string>, string[]]>([
  ['the defaults', {}, []],
  ['a node that others reach and nobody can chat on', open, ['warning chat.visitors.enabled']],
  ['the same without chat', { ...open, PARLEY__chat__enabled: 'false' }, []],
  ['the same with tokens', { ...open, PARLEY__chat__tokens__secret: secret }, []],
  ['the same with visitors', { ...open, PARLEY__chat__visitors__enabled: 'true' }, []],
  [
    'nodes that do not know the visitors of each other',
    { PARLEY__redis__mode: 'single' },
    ['error chat.visitors.secret'],
  ],
  ['nodes that do', { PARLEY__redis__mode: 'single', PARLEY__chat__visitors__secret: secret }, []],
  [
    'nodes without visitors',
    {
      PARLEY__redis__mode: 'single',
      PARLEY__chat__visitors__enabled: 'false',
      PARLEY__chat__tokens__secret: secret,
    },
    [],
  ],
  [
    'an issuer that is called as we are',
    { PARLEY__chat__tokens__issuer: 'parley' },
    ['error chat.tokens.issuer'],
  ],
  [
    'keys over http',
    { PARLEY__chat__tokens__jwksUrl: 'http://issuer.test/jwks' },
    ['warning chat.tokens.jwksUrl'],
  ],
  ['keys over http on this machine', { PARLEY__chat__tokens__jwksUrl: 'http://[::1]:9/jwks' }, []],
])('%s: %s', (_, env, expected) => {
  expect(check(env).found).toEqual(expected);
});
