import { describe, expect, test } from 'vitest';

import { loadConfig } from './load.js';
import { formatProblem } from './problem.js';

function problemsOf(settings: Readonly<Record<string, string>>): string[] {
  const env = Object.fromEntries(
    Object.entries(settings).map(([key, value]) => [`PARLEY__similarity__${key}`, value]),
  );
  return loadConfig({ env, cwd: '/' }).problems.map(formatProblem);
}

describe('a scorer that lacks what it needs is an error that names the key', () => {
  test.each([
    [{ scorer: 'tei' }, 'similarity.scorer tei needs an address (write one such as http://127.0.0.1:8081)'],
    [
      { scorer: 'rank', url: 'http://a:1' },
      'rank is not asked over http:// (write one such as grpc://127.0.0.1:8081)',
    ],
    [
      { scorer: 'tei', url: 'grpc://a:1' },
      'tei is not asked over grpc:// (write one such as http://127.0.0.1:8081)',
    ],
    [{ scorer: 'tei', url: 'nonsense' }, '"nonsense" is no URL (write one such as http://127.0.0.1:8081)'],
    [
      { scorer: 'tei', url: 'http://user:pass@a:1' },
      'the address contains a credential (move it to similarity.apiKey)',
    ],
    [{ scorer: 'ollama', url: 'http://a:1' }, 'similarity.scorer ollama needs a model (write its name)'],
    [{ scorer: 'onnx' }, 'similarity.scorer onnx needs a model (write the directory it is in)'],
    [{ scorer: 'ngrams' }, 'unknown value "ngrams" (did you mean "ngram"?)'],
  ])('%j', (settings, expected) => {
    const problems = problemsOf(settings);
    expect(problems).toHaveLength(1);
    expect(problems[0]).toContain(`error: ${expected}`);
  });
});

describe('what is complete is taken', () => {
  test.each([
    [{ scorer: 'tei', url: 'http://127.0.0.1:8081' }],
    [{ scorer: 'rank', url: 'grpcs://scores.example:443' }],
    [{ scorer: 'openai', url: 'https://api.example/v1', model: 'small' }],
    [{ scorer: 'onnx', directory: 'models/bge' }],
    [{ scorer: 'ngram', url: 'kept for later' }],
  ])('%j', (settings) => {
    expect(problemsOf(settings as Record<string, string>)).toEqual([]);
  });
});

test('paths are absolute, and the key is never shown', () => {
  const { config } = loadConfig({
    env: {
      KEY: 'a-very-secret-key',
      PARLEY__similarity__apiKey: '${KEY}',
      PARLEY__similarity__directory: 'models/bge',
    },
    cwd: '/etc/parley',
  });
  expect(config?.similarity.directory).toBe('/etc/parley/models/bge');
  expect(config?.similarity.cache.directory).toBe('/etc/parley/data/vectors');
  expect(config?.similarity.apiKey?.reveal()).toBe('a-very-secret-key');
  expect(JSON.stringify(config)).not.toContain('a-very-secret-key');
});

test.each([
  ['http://scores.example/v1', 1],
  ['https://scores.example/v1', 0],
  ['http://127.0.0.1:8081', 0],
  ['http://localhost:8081', 0],
  ['http://[::1]:8081', 0],
])('a key that is sent to %s in clear draws %d warnings', (url, warnings) => {
  const { problems } = loadConfig({
    env: {
      KEY: 'a-very-secret-key',
      PARLEY__similarity__apiKey: '${KEY}',
      PARLEY__similarity__scorer: 'tei',
      PARLEY__similarity__url: url,
    },
    cwd: '/',
  });
  expect(problems.map(({ severity }) => severity)).toEqual(Array.from({ length: warnings }, () => 'warning'));
});
