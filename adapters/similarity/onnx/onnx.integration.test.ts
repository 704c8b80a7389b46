import { setMaxListeners } from 'node:events';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, describe, expect, it } from 'vitest';

import { SystemClock } from '../../../config/clock.js';
import { similarityLimits } from '../../../config/limits.js';
import { projectPath } from '../../../config/paths.js';
import { scorerSets, type ScorerFixture } from '../../conformance/scorer-rules.js';
import { describeScorer } from '../../conformance/scorer-suite.js';
import { EmbeddingScorer } from '../embedding/embedding-scorer.js';
import { ExampleVectors } from '../embedding/example-vectors.js';
import { realTime } from '../testing/real-time.js';
import { writeToyModel, type ToyModelOptions } from '../testing/toy-model.js';
import { OnnxClient } from './onnx-client.js';

/** `.ci/test-peers` installs it there. */
const runtimeModule = projectPath('.ci', 'peers', 'node_modules', 'onnxruntime-node');
const clock = new SystemClock();
const never = (): AbortSignal => new AbortController().signal;
const texts = scorerSets.flatMap(({ candidates }) => candidates.flatMap(({ examples }) => examples));

const closers: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

function temporaryDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'parley-onnx-'));
  closers.push(() => rmSync(directory, { recursive: true }));
  return directory;
}

function modelOf(options: ToyModelOptions = {}): string {
  const directory = temporaryDirectory();
  writeToyModel(directory, texts, options);
  return directory;
}

function clientOf(directory: string, module: string | null = runtimeModule): OnnxClient {
  const client = new OnnxClient({ directory, runtimeModule: module }, clock);
  closers.push(() => client.close());
  return client;
}

it('onnxruntime-node is installed for the tests (run .ci/test-peers)', () => {
  expect(existsSync(runtimeModule)).toBe(true);
});

describeScorer('onnx', (): ScorerFixture => {
  const directory = modelOf({ pooling: 'pooling_mode_mean_tokens' });
  const client = new OnnxClient({ directory, runtimeModule }, clock);
  const examples = new ExampleVectors(client, null, clock);
  return {
    ...realTime,
    scorer: new EmbeddingScorer({ client, examples, queryPrefix: '' }),
    faults: [],
    failNext: () => undefined,
    close: async () => {
      examples.close();
      await client.close();
      expect(client.pending).toBe(0);
    },
  };
});

describe('a model directory', () => {
  it.each(['onnx/model.onnx', 'model.onnx', 'onnx/model_quantized.onnx', 'model_quantized.onnx'])(
    'may have its model in %s',
    async (file) => {
      const client = clientOf(modelOf({ file }));
      await client.open(never());
      expect(client.modelId).toMatch(/^onnx [0-9a-f]{64}$/);
    },
  );

  it.each([[[]], [['attention_mask', 'token_type_ids']], [['position_ids']]])(
    'gives its model the inputs it names beside input_ids: %j',
    async (inputs) => {
      const [vector] = await clientOf(modelOf({ inputs })).embed(['my bill'], never());
      expect(vector).toHaveLength(32);
    },
  );

  it('says which input its model wants that no encoder has', async () => {
    const embedding = clientOf(modelOf({ inputs: ['pixel_values'] })).embed(['x'], never());
    await expect(embedding).rejects.toThrow('wants the input pixel_values');
  });

  it('without a model, or with a broken one, says so and goes on saying so', async () => {
    const client = clientOf(temporaryDirectory());
    await expect(client.open(never())).rejects.toThrow('has no ONNX model: it needs one of onnx/model.onnx');
    await expect(client.open(never())).rejects.toThrow('has no ONNX model');
    const broken = modelOf();
    writeFileSync(join(broken, 'onnx/model.onnx'), 'not a model');
    await expect(clientOf(broken).open(never())).rejects.toMatchObject({ fault: 'unavailable' });
  });
});

describe('a local model', () => {
  it('gives a text the same vector alone, and beside longer ones', async () => {
    const client = clientOf(modelOf({ pooling: 'pooling_mode_mean_tokens' }));
    const [alone] = await client.embed(['my bill'], never());
    const [beside] = await client.embed(['my bill', 'the connection does not work'], never());
    alone?.forEach((value, i) => expect(beside?.[i]).toBeCloseTo(value, 5));
  });

  it('pools as the model says: cls is the first token, which all texts share here', async () => {
    const cls = clientOf(modelOf({ pooling: 'pooling_mode_cls_token' }));
    const [one, other] = await cls.embed(['my bill', 'red light'], never());
    expect(one).toEqual(other);
    const max = clientOf(modelOf({ pooling: 'pooling_mode_max_tokens' }));
    const [a, b] = await max.embed(['my bill', 'red light'], never());
    expect(a).not.toEqual(b);
  });

  it('cuts a text that is too long, and keeps its end token', async () => {
    const client = clientOf(modelOf({ maxTokens: 4 }));
    const [cut, whole] = await client.embed(['my bill is my bill', 'my bill'], never());
    expect(cut).toEqual(whole);
  });

  it('has a turn go before the batches of a tree', async () => {
    const client = clientOf(modelOf());
    await client.open(never());
    const order: string[] = [];
    const batch = Array.from({ length: client.maxBatch }, () => 'my bill');
    await Promise.all([
      client.embed(batch, never()).then(() => order.push('running')),
      client.embed(batch, never()).then(() => order.push('batch')),
      client.embed(['my bill'], never()).then(() => order.push('turn')),
    ]);
    expect(order).toEqual(['running', 'turn', 'batch']);
  });

  it('forgets a question whose asker has left, and refuses more than may wait', async () => {
    const client = clientOf(modelOf());
    const abort = new AbortController();
    setMaxListeners(0, abort.signal);
    const asked = Array.from({ length: similarityLimits.modelQueue + 1 }, () =>
      client.embed(['x'], abort.signal),
    );
    const refused = client.embed(['x'], never());
    await expect(refused).rejects.toMatchObject({ fault: 'overloaded' });
    abort.abort(new Error('left'));
    const ends = await Promise.allSettled(asked);
    expect(ends.every(({ status }) => status === 'rejected')).toBe(true);
    await expect(client.embed(['my bill'], never())).resolves.toHaveLength(1);
  });

  it('says how to install the runtime when it is missing', async () => {
    const client = clientOf(modelOf(), join(temporaryDirectory(), 'onnxruntime-node'));
    await expect(client.open(never())).rejects.toThrow(
      'ONNXRUNTIME_NODE_INSTALL=skip npm install onnxruntime-node',
    );
  });
});
