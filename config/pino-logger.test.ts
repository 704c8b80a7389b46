import { describe, expect, test } from 'vitest';

import { FakeClock } from './clock.js';
import { configLimits } from './limits.js';
import { createLogger } from './pino-logger.js';
import type { LoggerOptions } from './pino-logger.js';
import { Secret } from './secret.js';

const key = 'correct-horse-battery';

function capture(options: Partial<LoggerOptions> = {}, isTTY = false) {
  const lines: string[] = [];
  const logger = createLogger({
    level: 'info',
    format: 'json',
    pii: false,
    clock: new FakeClock(),
    secrets: [new Secret(key)],
    sink: { isTTY, write: (text: string) => lines.push(text) },
    ...options,
  });
  return { logger, lines, first: () => JSON.parse(lines[0] ?? '{}') as Record<string, unknown> };
}

describe('a line', () => {
  test('is JSON with level, time, fields and a constant message', () => {
    const { logger, first } = capture();
    logger.child({ sessionId: 's1' }).warn('vendor slow', { vendor: 'flite', waitedMs: 12 });
    expect(first()).toEqual({
      level: 'warn',
      time: '2023-11-14T22:13:20.000Z',
      sessionId: 's1',
      vendor: 'flite',
      waitedMs: 12,
      msg: 'vendor slow',
    });
  });

  test.each([
    ['debug', 4],
    ['info', 3],
    ['warn', 2],
    ['error', 1],
  ] as const)('below %s is not printed', (level, printed) => {
    const { logger, lines } = capture({ level });
    for (const name of ['debug', 'info', 'warn', 'error'] as const) logger[name]('m');
    expect(lines).toHaveLength(printed);
  });

  test('keeps fields called like its own parts under another name', () => {
    const { logger, first } = capture();
    logger.info('m', { level: 9, time: 1, msg: 'x' });
    expect(first()).toMatchObject({
      level: 'info',
      msg: 'm',
      'field.level': 9,
      'field.time': 1,
      'field.msg': 'x',
    });
  });
});

describe('credentials are never printed', () => {
  const nested = new Error(`inner ${key}`);
  test.each([
    ['a Secret', { key: new Secret('short') }, 'short'],
    ['a known one inside a text', { url: `https://x/?k=${key}` }, key],
    ['a known one deep inside', { a: { b: [{ c: key }] } }, key],
    ['a known one in an error', { err: new Error(`bad ${key}`) }, key],
    ['a known one in the cause of an error', { err: new Error('outer', { cause: nested }) }, key],
    ['a known one in a Map', { map: new Map([['a', key]]) }, key],
    ['a field called authorization', { headers: { Authorization: 'Bearer zzz' } }, 'zzz'],
    ['a field called apiKey', { apiKey: 'zzz' }, 'zzz'],
    ['a field called accessToken', { accessToken: 'zzz' }, 'zzz'],
    ['a field called app_secret', { app_secret: 'zzz' }, 'zzz'],
  ])('%s', (_, fields, hidden) => {
    for (const format of ['json', 'pretty'] as const) {
      const { logger, lines } = capture({ format });
      logger.info('m', fields);
      logger.child(fields).info('m');
      expect(lines).toHaveLength(2);
      expect(lines.join('')).not.toContain(hidden);
      expect(lines.join('')).toContain('[secret]');
    }
  });
});

describe('what people said', () => {
  test.each([
    [false, undefined],
    [true, { transcript: 'my number is 5' }],
  ])('is printed when pii is %s', (pii, expected) => {
    const { logger, first } = capture({ pii });
    logger.info('heard', { pii: { transcript: 'my number is 5' } });
    expect(first()['pii']).toEqual(expected);
  });
});

describe('bounds', () => {
  test('long texts, deep and wide objects and bytes are cut', () => {
    const { logger, first } = capture();
    let deep: unknown = 'end';
    for (let i = 0; i < 100; i++) deep = { deep };
    const wide = Array.from({ length: 1_000 }, (_, i) => i);
    logger.info('m', { text: 'x'.repeat(100_000), deep, wide, bytes: new Uint8Array(9), big: 5n });
    const { text, wide: shown, bytes, big } = first();
    expect((text as string).length).toBeLessThan(configLimits.logTextCharacters + 40);
    expect(shown).toHaveLength(configLimits.logEntriesPerObject);
    expect(bytes).toBe('[9 bytes]');
    expect(big).toBe('5');
    expect(JSON.stringify(first()['deep'])).toMatch(/"\[deeper\]"/);
  });

  test('an object that holds itself ends', () => {
    const { logger, lines } = capture();
    const self: Record<string, unknown> = {};
    self['self'] = self;
    logger.info('m', { self });
    expect(lines).toHaveLength(1);
  });
});

describe('the readable form', () => {
  test('is one line: time, level, message, fields', () => {
    const { logger, lines } = capture({ format: 'pretty' });
    logger.info('call started', { sessionId: 's1', peer: 'a b', n: 2 });
    expect(lines).toEqual(['22:13:20.000 INFO  call started sessionId=s1 peer="a b" n=2\n']);
  });

  test('shows an error with its stack, indented', () => {
    const { logger, lines } = capture({ format: 'pretty' });
    logger.error('failed', { err: new TypeError('boom') });
    expect(lines[0]).toMatch(/ERROR failed\n {4}TypeError: boom\n {4}at /);
  });

  test('lets no peer draw on the terminal', () => {
    const { logger, lines } = capture({ format: 'pretty' });
    logger.info('m', { name: '\x1b[2Jx\r\nINFO forged', 'a\x07b': 1 });
    expect(lines[0]).not.toMatch(/[\x00-\x09\x0b-\x1f]/);
    expect(lines[0]?.trimEnd().split('\n')).toHaveLength(1);
  });

  test.each([
    ['auto', true, true, true],
    ['auto', false, false, false],
    ['pretty', false, true, false],
    ['json', true, false, false],
  ] as const)('format %s, terminal %s: readable %s, coloured %s', (format, isTTY, readable, coloured) => {
    const { logger, lines } = capture({ format }, isTTY);
    logger.warn('m');
    expect(lines[0]?.startsWith('{')).toBe(!readable);
    expect(lines[0]?.includes('\x1b[33m')).toBe(coloured);
  });
});
