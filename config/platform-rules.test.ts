import { describe, expect, test } from 'vitest';

import { loadConfig } from './load.js';
import { PlatformRules, vendorParameter } from './platform-rules.js';
import type { PlatformFacts } from './platform-rules.js';

function rulesOf(env: Record<string, string>): PlatformRules {
  const { config, problems } = loadConfig({ env, cwd: '/' });
  if (config === null) throw new Error(JSON.stringify(problems));
  return new PlatformRules(config);
}

function facts(some: Partial<PlatformFacts> & { vendor?: Record<string, string> } = {}): PlatformFacts {
  return {
    source: '192.0.2.1',
    fromUser: 'alice',
    toUser: 'bot',
    callHeader: () => undefined,
    vendorParameters: new Map(Object.entries(some.vendor ?? {})),
    ...some,
  };
}

const when = (conditions: object, rest: object = {}) => ({
  PARLEY__templates__rules: JSON.stringify([{ when: conditions, template: 'own', ...rest }]),
});

describe('mrcp.mode decides what RECOGNITION-COMPLETE carries', () => {
  const always = when({});
  test.each([
    ['auto', {}, {}, 'recognition'],
    ['auto', {}, { 'parley.mode': 'dialogue' }, 'dialogue'],
    ['auto', {}, { 'Parley-Mode': 'Dialogue' }, 'dialogue'],
    ['auto', {}, { 'parley.mode': 'nonsense' }, 'recognition'],
    ['auto', {}, { 'parley-tree': 'demo-en' }, 'dialogue'],
    ['auto', {}, { 'parley-tree': 'unknown' }, 'dialogue'],
    ['auto', {}, { 'parley-tree': 'demo-en', 'parley-mode': 'recognition' }, 'recognition'],
    ['auto', always, {}, 'dialogue'],
    ['auto', when({}, { mode: 'recognition' }), {}, 'recognition'],
    ['auto', when({}, { mode: 'recognition' }), { 'parley-tree': 'demo-en' }, 'dialogue'],
    ['auto', always, { 'parley.mode': 'recognition' }, 'recognition'],
    ['dialogue', {}, { 'parley.mode': 'recognition' }, 'dialogue'],
    ['recognition', always, { 'parley.mode': 'dialogue' }, 'recognition'],
  ] as const)('%s with rules %j and parameters %j: %s… %s', (mode, rules, vendor, expected) => {
    const choice = rulesOf({ PARLEY__mrcp__mode: mode, ...rules }).choose(facts({ vendor }));
    expect(choice.mode).toBe(expected);
  });
});

describe('a rule holds when all its conditions hold', () => {
  const header: Partial<PlatformFacts> = {
    callHeader: (name) => (name.toLowerCase() === 'user-agent' ? 'FreeSWITCH' : undefined),
  };
  test.each([
    [{ source: '192.0.2.0/24' }, {}, true],
    [{ source: '192.0.3.0/24' }, {}, false],
    [{ fromUser: 'alice' }, {}, true],
    [{ fromUser: 'Alice' }, {}, false],
    [{ toUser: 'bot' }, {}, true],
    [{ toUser: 'bot', fromUser: 'bob' }, {}, false],
    [{ callHeader: { name: 'User-Agent', value: 'FreeSWITCH' } }, header, true],
    [{ callHeader: { name: 'User-Agent', value: 'Asterisk' } }, header, false],
    [{ callHeader: { name: 'User-Agent', value: 'FreeSWITCH' } }, {}, false],
    [
      { vendorParameter: { name: 'com.acme.tenant', value: '7' } },
      { vendor: { 'COM.acme.tenant': '7' } },
      true,
    ],
    [{ vendorParameter: { name: 'com.acme.tenant', value: '7' } }, {}, false],
  ])('%j', (conditions, some, holds) => {
    const { template } = rulesOf(when(conditions)).choose(facts(some));
    expect(template).toBe(holds ? 'own' : 'nlsml-dialogue');
  });

  test('the first one that holds decides', () => {
    const rules = JSON.stringify([
      { when: { toUser: 'other' }, template: 'a' },
      { when: { toUser: 'bot' }, template: 'b' },
      { template: 'c' },
    ]);
    expect(rulesOf({ PARLEY__templates__rules: rules }).choose(facts()).template).toBe('b');
  });
});

describe('the tree', () => {
  const twoTrees = {
    PARLEY__dialog__tree: 'demo-en',
    PARLEY__dialog__trees: JSON.stringify({ other: import.meta.filename }),
  };

  test.each([
    [{}, {}, 'demo-en', null],
    [{}, { 'parley.tree': 'other' }, 'other', null],
    [{}, { 'parley.tree': 'nope' }, 'demo-en', 'nope'],
    [{}, { 'parley.tree': '__proto__' }, 'demo-en', '__proto__'],
    [when({}, { tree: 'other' }), {}, 'other', null],
    [when({}, { tree: 'other' }), { 'parley.tree': 'demo-en' }, 'demo-en', null],
    [when({}, { tree: 'other' }), { 'parley.tree': 'nope' }, 'other', 'nope'],
  ])('rules %j and parameters %j choose %s', (rules, vendor, tree, unknownTree) => {
    expect(rulesOf({ ...twoTrees, ...rules }).choose(facts({ vendor }))).toMatchObject({ tree, unknownTree });
  });
});

test.each(['parley.session', 'Parley-Session', 'PARLEY.SESSION'])(
  'a vendor parameter is found however a platform has to write it: %s',
  (name) => {
    expect(vendorParameter(new Map([[name, 'a1']]), 'parley.session')).toBe('a1');
  },
);
