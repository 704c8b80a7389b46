import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { configLimits } from './limits.js';
import { configOutline } from './schema-outline.js';
import { maskSecrets, Secret } from './secret.js';
import { resolveSecrets } from './secret-references.js';

const value = 'correct horse battery';

describe('a secret is never printed', () => {
  const secret = new Secret(value);
  const holder = { nested: { secret } };

  test.each([
    ['String()', () => String(secret)],
    ['a template', () => `${secret.toString()}`],
    ['JSON', () => JSON.stringify(holder)],
    ['inspect', () => inspect(holder, { depth: 9, showHidden: true, getters: true })],
    ['its keys', () => JSON.stringify(Reflect.ownKeys(secret))],
    ['a copy of its fields', () => JSON.stringify({ ...secret })],
  ])('by %s', (_, print) => {
    expect(print()).not.toContain(value);
  });

  test('and is there for who asks', () => {
    expect(secret.reveal()).toBe(value);
  });
});

test('maskSecrets hides every occurrence, but not words as short as anyone may write', () => {
  expect(maskSecrets(`k=${value}&${value}`, [new Secret(value)])).toBe('k=[secret]&[secret]');
  expect(maskSecrets('a b a', [new Secret('a')])).toBe('a b a');
});

describe('references', () => {
  let directory = '';
  beforeAll(() => {
    directory = mkdtempSync(join(tmpdir(), 'parley-secret-'));
    writeFileSync(join(directory, 'key'), `${value}\n`);
    writeFileSync(join(directory, 'empty'), '\n');
    writeFileSync(join(directory, 'huge'), 'x'.repeat(configLimits.secretFileBytes + 1));
  });
  afterAll(() => rmSync(directory, { recursive: true }));

  function resolve(text: string) {
    const data = { security: { apiKeys: [text] }, sip: { userAgent: text } };
    return resolveSecrets(data, configOutline(), { env: { KEY: value, EMPTY: '' }, directory });
  }

  test.each(['${KEY}', 'file:key', 'file:./key'])(
    '%s is replaced, only where a secret is expected',
    (text) => {
      const { data, findings } = resolve(text);
      expect(findings).toEqual([]);
      expect(data).toEqual({ security: { apiKeys: [value] }, sip: { userAgent: text } });
    },
  );

  test.each([
    ['${NOPE}', /NOPE is not set/],
    ['${EMPTY}', /EMPTY is not set/],
    ['file:missing', /cannot be read \(ENOENT\)/],
    ['file:.', /cannot be read|is empty/],
    ['file:empty', /is empty/],
    ['file:huge', /larger than/],
    ['Bearer ${KEY}', /one whole reference/],
  ])('%s is an error', (text, message) => {
    const { findings } = resolve(text);
    expect(findings).toHaveLength(1);
    expect(findings[0]).toMatchObject({ severity: 'error', path: ['security', 'apiKeys', 0] });
    expect(findings[0]?.message).toMatch(message);
  });

  test('a secret in clear is a warning that does not quote it', () => {
    const { findings } = resolve(value);
    expect(findings).toMatchObject([{ severity: 'warning' }]);
    expect(JSON.stringify(findings)).not.toContain(value);
  });
});
