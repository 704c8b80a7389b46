import { describe, expect, test } from 'vitest';

import { applyOverrides, readOverrides } from './env-overrides.js';
import { configLimits } from './limits.js';
import { configOutline } from './schema-outline.js';

function read(env: Record<string, string>, data: unknown = {}) {
  return readOverrides(env, configOutline(), data);
}

describe('a variable sets the key it names, ignoring case, with the type that the key has', () => {
  test.each([
    ['PARLEY__sip__port', '5070', { sip: { port: 5070 } }],
    ['PARLEY__SIP__MAXCALLS', '7', { sip: { maxCalls: 7 } }],
    ['parley__Http__Port', '0', { http: { port: 0 } }],
    ['PARLEY__listen__public', 'TRUE', { listen: { public: true } }],
    ['PARLEY__listen__advertised', 'null', { listen: { advertised: null } }],
    ['PARLEY__listen__advertised', '203.0.113.7', { listen: { advertised: '203.0.113.7' } }],
    ['PARLEY__sip__userAgent', '123', { sip: { userAgent: '123' } }],
    ['PARLEY__sip__allowFrom', '10.0.0.0/8, ::1', { sip: { allowFrom: ['10.0.0.0/8', '::1'] } }],
    ['PARLEY__sip__allowFrom', '["10.0.0.0/8"]', { sip: { allowFrom: ['10.0.0.0/8'] } }],
    ['PARLEY__sip__allowFrom', '', { sip: { allowFrom: [] } }],
    ['PARLEY__security__apiKeys__0', '${KEY}', { security: { apiKeys: ['${KEY}'] } }],
    ['PARLEY__tiers__gold__recognizers', 'a', { tiers: { gold: { recognizers: ['a'] } } }],
    ['PARLEY__dialog__trees__billing', './b.yaml', { dialog: { trees: { billing: './b.yaml' } } }],
    ['PARLEY__templates__rules', '[{"template":"a"}]', { templates: { rules: [{ template: 'a' }] } }],
    [
      'PARLEY__templates__rules__0__when__callHeader__name',
      'X-A',
      { templates: { rules: [{ when: { callHeader: { name: 'X-A' } } }] } },
    ],
  ])('%s=%s', (variable, value, expected) => {
    const { overrides, problems } = read({ [variable]: value });
    expect(problems).toEqual([]);
    expect(applyOverrides({}, overrides)).toEqual(expected);
  });
});

test('a value that does not fit its type is left for validation to name', () => {
  expect(read({ PARLEY__sip__port: 'many' }).overrides[0]?.value).toBe('many');
  expect(read({ PARLEY__sip__port: ' ' }).overrides[0]?.value).toBe(' ');
  expect(read({ PARLEY__templates__rules: '[{' }).overrides[0]?.value).toBe('[{');
});

test('the rest of the file stays, and the input is not changed', () => {
  const data = { sip: { port: 1, maxCalls: 2 }, http: { port: 3 } };
  const { overrides } = read({ PARLEY__sip__port: '9' }, data);
  expect(applyOverrides(data, overrides)).toEqual({ sip: { port: 9, maxCalls: 2 }, http: { port: 3 } });
  expect(data.sip.port).toBe(1);
});

test('a free name that the file has is matched ignoring case', () => {
  const data = { tiers: { Gold: {} } };
  const { overrides } = read({ PARLEY__TIERS__GOLD__RECOGNIZERS: 'a' }, data);
  expect(applyOverrides(data, overrides)).toEqual({ tiers: { Gold: { recognizers: ['a'] } } });
});

describe('an unknown name is an error that names the variable and the nearest key', () => {
  test.each([
    ['PARLEY__sip__prot', 'did you mean "port"?'],
    ['PARLEY__spi__port', 'did you mean "sip"?'],
    ['PARLEY__sip__port__x', 'remove it'],
    ['PARLEY__security__apiKeys__first', 'remove it'],
    ['PARLEY__', /use one of: listen, http/],
    ['PARLEY____proto____x', /use one of/],
    ['PARLEY__tiers____proto__', /./],
  ])('%s', (variable, fix) => {
    const { overrides, problems } = read({ [variable]: '1' });
    expect(overrides).toEqual([]);
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatchObject({ severity: 'error', file: `$${variable}`, line: 0 });
    expect(problems[0]?.fix).toMatch(fix);
  });
});

test('more variables than the bound are refused, not cut', () => {
  const env = Object.fromEntries(
    Array.from({ length: configLimits.overrides + 1 }, (_, i) => [`PARLEY__tiers__t${i}__recognizers`, 'a']),
  );
  const { overrides, problems } = read(env);
  expect(overrides).toEqual([]);
  expect(problems).toMatchObject([
    { severity: 'error', message: expect.stringMatching(/at most/) as string },
  ]);
});

test('other variables are left alone', () => {
  expect(read({ PATH: '/bin', PARLEY_API_KEY: 'x', PARLEYX__a: '1' })).toEqual({
    overrides: [],
    problems: [],
  });
});
