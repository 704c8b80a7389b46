import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readModelDirectory } from './model-directory.js';
import { pool } from './pooling.js';

let directory = '';
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'parley-model-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

function write(files: Readonly<Record<string, unknown>>): void {
  for (const [name, value] of Object.entries({ 'model.onnx': '', 'tokenizer.json': {}, ...files })) {
    if (value === null) continue;
    mkdirSync(dirname(join(directory, name)), { recursive: true });
    writeFileSync(join(directory, name), typeof value === 'string' ? value : JSON.stringify(value));
  }
}

describe('readModelDirectory', () => {
  it.each<[string, Record<string, unknown>, object]>([
    ['without more', {}, { pooling: 'mean', maxTokens: 512 }],
    [
      'that pools by its first token',
      { '1_Pooling/config.json': { pooling_mode_cls_token: true } },
      { pooling: 'cls' },
    ],
    [
      'that lists what it does not do',
      { '1_Pooling/config.json': { pooling_mode_cls_token: false, pooling_mode_max_tokens: true } },
      { pooling: 'max' },
    ],
    [
      'with a limit that means none',
      {
        'tokenizer_config.json': { model_max_length: 1e30 },
        'config.json': { max_position_embeddings: 256 },
      },
      { maxTokens: 256 },
    ],
    [
      'with several limits',
      {
        'sentence_bert_config.json': { max_seq_length: 128 },
        'config.json': { max_position_embeddings: 512 },
      },
      { maxTokens: 128 },
    ],
    ['with an absurd limit', { 'config.json': { max_position_embeddings: -4 } }, { maxTokens: 512 }],
  ])('reads a model %s', async (_what, files, expected) => {
    write(files);
    expect(await readModelDirectory(directory)).toMatchObject(expected);
  });

  it.each<[string, Record<string, unknown>]>([
    ['has no ONNX model: it needs one of onnx/model.onnx, model.onnx', { 'model.onnx': null }],
    ['has no tokenizer.json: export the model with its fast tokenizer', { 'tokenizer.json': null }],
    ['has a tokenizer.json that is not JSON', { 'tokenizer.json': '{' }],
    ['has a config.json that is not an object', { 'config.json': [1] }],
    [
      'pools by pooling_mode_weightedmean_tokens: only one of cls, mean and max',
      { '1_Pooling/config.json': { pooling_mode_weightedmean_tokens: true } },
    ],
    [
      'pools by pooling_mode_cls_token and pooling_mode_max_tokens',
      { '1_Pooling/config.json': { pooling_mode_cls_token: true, pooling_mode_max_tokens: true } },
    ],
  ])('says that it %s', async (message, files) => {
    write(files);
    await expect(readModelDirectory(directory)).rejects.toThrow(message);
  });
});

describe('pool', () => {
  // Two texts of three tokens and two dimensions; the second text has one token.
  const data = Float32Array.from([1, 2, 3, -4, 5, 0, -7, -8, 90, 90, 90, 90]);
  const vectors = { data, texts: 2, tokens: 3, dimension: 2 };
  const mask = BigInt64Array.from([1n, 1n, 1n, 1n, 0n, 0n]);

  it.each([
    ['cls', [1, 2], [-7, -8]],
    ['mean', [3, -2 / 3], [-7, -8]],
    ['max', [5, 2], [-7, -8]],
  ] as const)('%s never looks at padding', (pooling, first, second) => {
    const pooled = pool(pooling, vectors, mask).map((vector) => [...vector].map((value) => value.toFixed(4)));
    expect(pooled).toEqual([first, second].map((vector) => vector.map((value) => value.toFixed(4))));
  });
});
