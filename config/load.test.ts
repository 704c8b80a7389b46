import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { configLimits } from './limits.js';
import { loadConfig } from './load.js';
import type { ConfigResult } from './load.js';
import { formatProblem } from './problem.js';

const key = 'k'.repeat(16);
let directory = '';

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'parley-config-'));
  mkdirSync(join(directory, 'templates'));
  writeFileSync(join(directory, 'bot.yaml'), 'tree: bot\n');
  writeFileSync(join(directory, 'key'), `${key}\n`);
});
afterAll(() => rmSync(directory, { recursive: true }));

function load(yaml: string, env: Record<string, string> = {}): ConfigResult {
  writeFileSync(join(directory, 'parley.yaml'), yaml);
  return loadConfig({ file: 'parley.yaml', env, cwd: directory });
}

describe('no file is needed', () => {
  test('the defaults are complete and listen on this machine only', () => {
    const { config, problems } = loadConfig({ env: {}, cwd: directory });
    expect(problems).toEqual([]);
    expect(config).toMatchObject({
      listen: { public: false, address: null, advertised: null },
      http: { port: 8080 },
      sip: { udp: true, tcp: true, port: 5060, allowFrom: [], sessionExpiresSeconds: 600, maxCalls: 500 },
      mrcp: { port: 1544, playoutDelayMs: 80, requestIds: 'strict', mode: 'auto' },
      rtp: { from: 30_000, to: 31_999, jitterMs: 40, ptimeMs: 20 },
      tiers: { default: { recognizers: ['soundswallower'], synthesizers: ['flite', 'espeak'] } },
      dialog: { tree: 'demo-en' },
      similarity: { scorer: 'ngram', url: null, timeoutMs: 150 },
      logging: { level: 'info', pii: false },
      security: { apiKeys: [] },
    });
  });

  test.each(['', '{}\n', '# nothing\n', 'sip:\n  # port: 5070\n', 'sip: {}\ntiers:\n'])(
    'a file with nothing in it (%j) means the defaults',
    (yaml) => {
      const { config, problems } = load(yaml);
      expect(problems).toEqual([]);
      expect(config).toEqual(loadConfig({ env: {}, cwd: directory }).config);
    },
  );
});

describe('each mistake is named with its line and what to write', () => {
  test.each([
    // one key
    ['sip:\n  prot: 1\n', '2:3: error: unknown key "prot" (did you mean "port"?)'],
    ['spi: {}\n', '1:1: error: unknown key "spi" (did you mean "sip"?)'],
    ['sip: { port: many }\n', '1:14: error: expected a number, found "many"'],
    ['sip: { port: 5060.5 }\n', '1:14: error: expected a whole number, found 5060.5'],
    ['sip: { port: 65536 }\n', '1:14: error: 65536 is too large (at most 65535)'],
    ['sip: { sessionExpiresSeconds: 30 }\n', '1:31: error: 30 is too small (at least 90)'],
    ['listen: { public: yes }\n', '1:19: error: expected true or false, found "yes"'],
    ['sip: { userAgent: 1 }\n', '1:19: error: expected text, found 1 (put it in quotes: "1")'],
    [
      'sip: { userAgent: "a\\r\\nb" }\n',
      '1:19: error: "a\\r\\nb" is not printable ASCII without outer spaces',
    ],
    [
      'sip:\n  port:\n',
      '2:8: error: expected a number, found an empty value (write a value, or remove the key for its default)',
    ],
    ['sip: 5060\n', '1:6: error: expected a section of keys, found 5060'],
    ['- sip\n', '1:1: error: expected a section of keys, found a list'],
    ['mrcp: { requestIds: strikt }\n', '1:21: error: unknown value "strikt" (did you mean "strict"?)'],
    ['rtp: { ptimeMs: 25 }\n', '1:17: error: unknown value 25 (use one of: 10, 20, 30, 40, 60)'],
    [
      'listen: { address: localhost }\n',
      '1:20: error: "localhost" is not an IPv4 or IPv6 address (write an address such as 127.0.0.1, 0.0.0.0 or ::1)',
    ],
    [
      'sip: { allowFrom: 10.0.0.0/8 }\n',
      '1:19: error: expected a list, found "10.0.0.0/8" (write one entry on each line after "- ")',
    ],
    [
      'sip:\n  allowFrom:\n    - 10.0.0.0/8\n    - 10.0.0.0/40\n',
      '4:7: error: "10.0.0.0/40" is not an address range (write CIDR such as 10.0.0.0/8, or one address)',
    ],
    [
      'speech: { recognizers: [{ engine: soundswallower }] }\n',
      '1:25: error: expected text, found nothing (add name)',
    ],
    [
      'speech: { recognizers: [{ name: a, engine: soundswalower }] }\n',
      '1:44: error: unknown value "soundswalower" (did you mean "soundswallower"?)',
    ],
    [
      'tiers: { "go ld": {} }\n',
      '1:10: error: "go ld" is not a valid name: letters, digits, ".", "_" and "-" only, 64 characters at most (rename it)',
    ],
    [
      'templates:\n  rules:\n    - template: a\n      when: { callHeader: { name: A, value: b, nam: c } }\n',
      '4:48: error: unknown key "nam" (did you mean "name"?)',
    ],
    // between keys
    [
      'listen: { address: 0.0.0.0 }\nsip: { address: 127.0.0.1 }\nmrcp: { address: 127.0.0.1 }\nrtp: { address: 127.0.0.1 }\n',
      '1:20: error: 0.0.0.0 can be reached by other machines (http) (set listen.public: true as well, or use 127.0.0.1)',
    ],
    [
      'sip: { udp: false, tcp: false }\n',
      '1:25: error: sip has neither UDP nor TCP (set sip.udp or sip.tcp to true)',
    ],
    [
      'sip: { port: 8080 }\n',
      '1:14: error: sip and http both want tcp port 8080 (give sip.port another number)',
    ],
    [
      'http: { port: 1544 }\n',
      '1:1: error: mrcp and http both want tcp port 1544 (give mrcp.port another number)',
    ],
    [
      'sip: { port: 30100 }\n',
      '1:14: error: sip and rtp both want udp port 30100 (move sip.port out of rtp.from to rtp.to)',
    ],
    [
      'rtp: { from: 30001 }\n',
      '1:14: error: 30001 is odd (start at 30002: RTP takes even ports (RFC 3550 11))',
    ],
    ['rtp: { from: 31000, to: 30999 }\n', '1:25: error: 30999 is not above rtp.from (at least 31001)'],
    [
      'rtp: { to: 30998 }\n',
      '1:12: error: 30000 to 30998 carries 499 calls, sip.maxCalls is 500 (set rtp.to: 30999 or lower sip.maxCalls)',
    ],
    [
      'tiers: { gold: { recognizers: [soundswallow] } }\n',
      '1:32: error: speech.recognizers has no "soundswallow" (did you mean "soundswallower"?)',
    ],
    ['bot: { tier: gold }\n', '1:14: error: tiers has no "gold" (use one of: default)'],
    [
      'speech: { synthesizers: [{ name: a, engine: flite }, { name: a, engine: espeak }] }\n',
      '1:62: error: "a" is taken already (choose another name)',
    ],
    [
      'dialog: { tree: demo-de }\n',
      '1:17: error: there is no tree "demo-de" (did you mean "demo-en"?; a path ends in .yaml)',
    ],
    [
      'templates: { rules: [{ template: a, tree: bot }] }\n',
      '1:43: error: dialog.trees has no "bot" (use one of: demo-en)',
    ],
  ])('%j', (yaml, expected) => {
    const { config, problems } = load(yaml);
    expect(problems.map((problem) => formatProblem(problem).replace(/^parley\.yaml:/, ''))).toEqual([
      expected,
    ]);
    expect(config).toBeNull();
  });

  test('files and directories that are not there', () => {
    const { problems } = load(
      'dialog: { tree: ./nope.yaml, trees: { a: bot.yaml, b: templates } }\ntemplates: { directories: [templates, nope] }\n',
    );
    expect(problems.map(({ path, message }) => [path, message.replace(directory, '.')])).toEqual([
      ['dialog.tree', 'there is no file ./nope.yaml'],
      ['dialog.trees.b', 'there is no file ./templates'],
      ['templates.directories[1]', 'there is no directory ./nope'],
    ]);
  });

  test('all of them at once, in the order of the file', () => {
    const { problems } = load('rtp2: 1\nsip: { port: x, prot: 1 }\nhttp: { port: y }\n');
    expect(problems.map(({ line, column }) => `${line}:${column}`)).toEqual(['1:1', '2:14', '2:17', '3:15']);
  });

  test('no more of them than the limit', () => {
    const many = Array.from({ length: 500 }, (_, i) => `unknown${i}: 1\n`).join('');
    expect(load(many).problems).toHaveLength(configLimits.problems);
  });
});

describe('the file itself', () => {
  test('a missing file says so', () => {
    const { config, problems } = loadConfig({ file: 'nope.yaml', env: {}, cwd: directory });
    expect(config).toBeNull();
    expect(problems.map(formatProblem)).toEqual([
      'nope.yaml: error: there is no such file (correct the path, or start without --config for the defaults)',
    ]);
  });

  test('a directory in its place says so', () => {
    expect(loadConfig({ file: '.', env: {}, cwd: directory }).problems[0]?.message).toMatch(/cannot be read/);
  });

  test('a file over the bound is not read', () => {
    expect(load(`# ${'x'.repeat(configLimits.fileBytes)}\n`).problems[0]?.message).toMatch(/larger than/);
  });

  test('broken YAML has its line', () => {
    expect(load('sip:\n  port: [1\nhttp: {}\n').problems[0]).toMatchObject({ line: 3, severity: 'error' });
  });
});

describe('listen.public is refused without authentication', () => {
  const allowed = 'sip: { allowFrom: [10.0.0.0/8] }\n';
  const keys = `security: { apiKeys: ["file:key"] }\n`;

  test.each([
    ['nothing else', '', ['security.apiKeys', 'sip.allowFrom']],
    ['only keys', keys, ['sip.allowFrom']],
    ['only SIP sources', allowed, ['security.apiKeys']],
    ['both', keys + allowed, []],
    ['SIP sources, and HTTP on this machine', `${allowed}http: { address: 127.0.0.1 }\n`, []],
    ['keys, and signalling on this machine', `${keys}sip: { address: ::1 }\nmrcp: { address: ::1 }\n`, []],
    [
      'every protocol on this machine',
      'http: { address: 127.0.0.1 }\nsip: { address: 127.0.0.1 }\nmrcp: { address: 127.0.0.1 }\nrtp: { address: 127.0.0.1 }\n',
      [],
    ],
  ])('%s', (_, yaml, refused) => {
    const { config, problems } = load(`listen: { public: true }\nchat: { enabled: false }\n${yaml}`);
    expect(problems.map((problem) => problem.path).sort()).toEqual(refused);
    expect(config === null).toBe(refused.length > 0);
  });

  test('the whole internet as SIP source is allowed with a warning', () => {
    const { config, problems } = load(
      `listen: { public: true }\nchat: { enabled: false }\n${keys}sip: { allowFrom: [0.0.0.0/0] }\n`,
    );
    expect(config).not.toBeNull();
    expect(problems).toMatchObject([{ severity: 'warning', path: 'sip.allowFrom[0]' }]);
  });
});

test('more warnings than are shown do not hide the error that refuses the start', () => {
  const clear = Array.from({ length: configLimits.problems + 50 }, (_, i) => `key-in-clear-number-${i}`);
  const { config, problems } = load(
    `security: { apiKeys: [${clear.join(', ')}] }\nlisten: { public: true }\n`,
  );
  expect(config).toBeNull();
  expect(problems).toHaveLength(configLimits.problems);
  expect(problems.filter((problem) => problem.severity === 'error').map((problem) => problem.path)).toEqual([
    'sip.allowFrom',
  ]);
});

describe('the environment wins over the file', () => {
  test('a good value is taken', () => {
    expect(load('sip: { port: 5070 }\n', { PARLEY__SIP__PORT: '5080' }).config?.sip.port).toBe(5080);
  });

  test('a bad value is reported against the variable', () => {
    const { problems } = load('sip: { port: 5070 }\n', {
      PARLEY__SIP__PORT: '70000',
      PARLEY__HTTP__PROT: '1',
    });
    expect(problems.map(formatProblem)).toEqual([
      '$PARLEY__HTTP__PROT: error: the environment variable names an unknown key "PROT" (did you mean "port"?)',
      '$PARLEY__SIP__PORT: error: 70000 is too large (at most 65535)',
    ]);
  });

  test('it corrects a bad value of the file', () => {
    expect(load('sip: { port: many }\n', { PARLEY__SIP__PORT: '5080' }).problems).toEqual([]);
  });
});

describe('secrets', () => {
  test('references are resolved and what is loaded does not print them', () => {
    const { config, problems } = load('security: { apiKeys: ["${API_KEY}", "file:key"] }\n', {
      API_KEY: `env-${key}`,
    });
    expect(problems).toEqual([]);
    expect(config?.security.apiKeys.map((secret) => secret.reveal())).toEqual([`env-${key}`, key]);
    expect(`${JSON.stringify(config)}${inspect(config, { depth: 9 })}`).not.toContain(key);
  });

  test('a short one is an error that does not quote it', () => {
    const { problems } = load('security: { apiKeys: ["${API_KEY}"] }\n', { API_KEY: 'hunter2' });
    expect(problems.map(formatProblem)).toEqual([
      'parley.yaml:1:23: error: this secret is too small (at least 16 characters)',
    ]);
  });

  test('one that cannot be resolved is one error, not two', () => {
    const { problems } = load('security: { apiKeys: ["${NO}"] }\n');
    expect(problems.map((problem) => problem.message)).toEqual(['the environment variable NO is not set']);
  });

  test('one in clear is a warning, and works', () => {
    const { config, problems } = load(`security: { apiKeys: [${key}] }\n`);
    expect(config?.security.apiKeys[0]?.reveal()).toBe(key);
    expect(problems.map((problem) => problem.severity)).toEqual(['warning']);
  });
});

describe('what the operator left out is completed', () => {
  test.each([
    ['{}', 'demo-en', /config\/trees\/demo-en\.yaml$/],
    ['dialog: { tree: demo-zh }', 'demo-zh', /config\/trees\/demo-zh\.yaml$/],
    ['dialog: { tree: ./bot.yaml }', 'bot', /parley-config-\w+\/bot\.yaml$/],
    ['dialog: { tree: a, trees: { a: bot.yaml } }', 'a', /parley-config-\w+\/bot\.yaml$/],
    ['dialog: { tree: ./bot.yaml, trees: { bot: bot.yaml } }', './bot.yaml', /parley-config-\w+\/bot\.yaml$/],
  ])('%s: the tree is a key of dialog.trees with an absolute path', (yaml, id, file) => {
    const { config, problems } = load(yaml);
    expect(problems).toEqual([]);
    expect(config?.dialog.tree).toBe(id);
    expect(config?.dialog.trees[id]).toMatch(file);
  });

  test('a tier without names has every engine in order, and the default tier exists', () => {
    const { config } = load('tiers: { gold: { synthesizers: [espeak] } }\n');
    expect(config?.tiers).toEqual({
      default: { recognizers: ['soundswallower'], synthesizers: ['flite', 'espeak'] },
      gold: { recognizers: ['soundswallower'], synthesizers: ['espeak'] },
    });
  });

  test('template directories are absolute', () => {
    expect(load('templates: { directories: [templates] }\n').config?.templates.directories).toEqual([
      join(directory, 'templates'),
    ]);
  });

  test('a rule that hides the next ones draws a warning', () => {
    const { problems } = load(
      'templates: { rules: [{ template: a }, { template: b, when: { fromUser: x } }] }\n',
    );
    expect(problems).toMatchObject([
      { severity: 'warning', path: 'templates.rules[0]', line: 1, column: 22 },
    ]);
  });
});
