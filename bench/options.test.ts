import { describe, expect, test } from 'vitest';

import { parseOptions } from './options.js';

const suites = ['setup', 'speak'];
const defaults = { suites: [], quick: false, peer: null, dataDirectory: null, peerModules: null };

describe('parseOptions', () => {
  test.each([
    { words: [], expected: {} },
    { words: ['speak', 'setup'], expected: { suites: ['speak', 'setup'] } },
    { words: ['--quick', 'setup'], expected: { suites: ['setup'], quick: true } },
    { words: ['--peer-modules', '/peers'], expected: { peerModules: '/peers' } },
    { words: ['--data', '/data'], expected: { dataDirectory: '/data' } },
    {
      words: ['--peer', '127.0.0.1:8060'],
      expected: { peer: { address: '127.0.0.1', sipPort: 8_060, pid: null } },
    },
    {
      words: ['--peer-pid', '42', '--peer', 'localhost:5060'],
      expected: { peer: { address: '127.0.0.1', sipPort: 5_060, pid: 42 } },
    },
  ])('$words', ({ words, expected }) => {
    expect(parseOptions(words, suites)).toEqual({ ok: true, options: { ...defaults, ...expected } });
  });

  test.each([
    { words: ['spaek'], names: '"spaek"' },
    { words: ['--data'], names: '--data wants a value' },
    { words: ['--peer', '127.0.0.1'], names: '--peer' },
    { words: ['--peer', '127.0.0.1:0'], names: '--peer' },
    { words: ['--peer', '127.0.0.1:65536'], names: '--peer' },
    { words: ['--peer', '192.0.2.1:5060'], names: 'loopback' },
    { words: ['--peer', '127.0.0.999:5060'], names: 'loopback' },
    { words: ['--peer', '127.0.0.1:5060', '--peer-pid', 'x'], names: '--peer-pid' },
    { words: ['--peer-pid', '42'], names: '--peer-pid belongs to --peer' },
  ])('$words is refused, and the message names $names', ({ words, names }) => {
    const parsed = parseOptions(words, suites);
    expect(parsed.ok ? '' : parsed.message).toContain(names);
  });
});
