import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, describe, expect, it } from 'vitest';

import { SystemClock } from '../../config/clock.js';
import { similarityLimits } from '../../config/limits.js';
import { MemoryLogger } from '../../config/logger.js';
import { Secret } from '../../config/secret.js';
import type { ScorerFixture } from '../conformance/scorer-rules.js';
import { scorerSets } from '../conformance/scorer-rules.js';
import { describeScorer } from '../conformance/scorer-suite.js';
import type { EmbeddingClient } from './embedding/embedding-client.js';
import { EmbeddingScorer } from './embedding/embedding-scorer.js';
import { ExampleVectors } from './embedding/example-vectors.js';
import { VectorCache } from './embedding/vector-cache.js';
import { OllamaClient } from './ollama/ollama-client.js';
import { OpenAiClient } from './openai/openai-client.js';
import { SimilarityError } from './similarity-error.js';
import { TeiClient } from './tei/tei-client.js';
import { embeddingFaults, ollamaService, openAiService, teiService } from './testing/embedding-services.js';
import { HttpSimulator, type SimulatedService } from './testing/http-simulator.js';
import { realTime } from './testing/real-time.js';

const clock = new SystemClock();
const key = 'sk-0123456789abcdef';
const model = 'toy-letters';

type Connect = (baseUrl: string, apiKey?: Secret | null) => EmbeddingClient;
const epochMs = () => clock.epochMs();
const connect: Readonly<Record<'openai' | 'tei' | 'ollama', Connect>> = {
  openai: (url, apiKey = null) => new OpenAiClient({ baseUrl: `${url}/v1`, model, apiKey, epochMs }),
  tei: (url, apiKey = null) => new TeiClient({ baseUrl: url, apiKey, epochMs }),
  ollama: (url, apiKey = null) => new OllamaClient({ baseUrl: `${url}/`, model, apiKey, epochMs }),
};

/** A fault that one more attempt gets over: a connection that closes as it is taken again. */
const survived = (fault: string): boolean => fault === 'disconnect';

async function fixtureOf(service: SimulatedService, create: Connect): Promise<ScorerFixture> {
  const simulator = await HttpSimulator.start(service, key);
  const client = create(simulator.url, new Secret(key));
  const examples = new ExampleVectors(client, null, clock);
  return {
    ...realTime,
    scorer: new EmbeddingScorer({ client, examples, queryPrefix: '' }),
    faults: embeddingFaults.map((fault) => ({ fault, survived: survived(fault) })),
    failNext: (fault) => simulator.failNext(fault),
    close: async () => {
      examples.close();
      await client.close();
      await simulator.close();
      expect(simulator.breaches).toEqual([]);
      expect(examples.pending).toBe(0);
    },
  };
}

describeScorer('openai (base64)', () => fixtureOf(openAiService({ model, base64: true }), connect.openai));
describeScorer('openai (lists)', () => fixtureOf(openAiService({ model, base64: false }), connect.openai));
describeScorer('tei', () => fixtureOf(teiService(), connect.tei));
describeScorer('ollama', () => fixtureOf(ollamaService(model), connect.ollama));

const closers: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

async function simulate(service: SimulatedService, apiKey: string | null = null): Promise<HttpSimulator> {
  const simulator = await HttpSimulator.start(service, apiKey);
  closers.push(() => simulator.close());
  return simulator;
}

function clientOf(create: Connect, simulator: HttpSimulator, apiKey: Secret | null = null): EmbeddingClient {
  const client = create(simulator.url, apiKey);
  closers.push(() => client.close());
  return client;
}

const never = (): AbortSignal => new AbortController().signal;

async function failure(work: Promise<unknown>): Promise<SimilarityError> {
  const err: unknown = await work.then(
    () => null,
    (reason: unknown) => reason,
  );
  if (err instanceof SimilarityError) return err;
  throw new Error(`expected a SimilarityError, got ${String(err)}`);
}

describe('an embedding client', () => {
  it.each([
    ['openai', openAiService({ model, base64: true }), 'overloaded'],
    ['tei', teiService(), 'overloaded'],
    ['ollama', ollamaService(model), 'overloaded'],
  ] as const)('%s says that the service is overloaded, and until when', async (name, service, fault) => {
    const simulator = await simulate(service);
    simulator.retryAfter = '7';
    const client = clientOf(connect[name], simulator);
    simulator.failNext('overloaded');
    const error = await failure(client.embed(['x'], never()));
    expect([error.fault, error.retryAfterMs]).toEqual([fault, 7_000]);
  });

  it('names the key to check when the service refuses it, and never shows it', async () => {
    const simulator = await simulate(openAiService({ model, base64: true }), key);
    const client = clientOf(connect.openai, simulator, new Secret('sk-wrong-wrong-wrong'));
    const error = await failure(client.embed(['x'], never()));
    expect(error.fault).toBe('refused');
    expect(error.message).toContain('check similarity.apiKey');
    expect(`${error.message}${error.stack ?? ''}`).not.toContain('sk-wrong');
  });

  it('keeps its connection, and gets over a server that closed it', async () => {
    const simulator = await simulate(teiService());
    const client = clientOf(connect.tei, simulator);
    for (let i = 0; i < 5; i++) await client.embed(['x'], never());
    expect(simulator.connections).toBe(1);
    simulator.dropConnections();
    await expect(client.embed(['x'], never())).resolves.toHaveLength(1);
    expect(simulator.connections).toBe(2);
  });

  it('does not take an answer without end', async () => {
    const endless = { status: 200, body: 'x'.repeat(similarityLimits.responseBytes) };
    const simulator = await simulate({ ...ollamaService(model), answer: () => endless });
    const error = await failure(clientOf(connect.ollama, simulator).embed(['x'], never()));
    expect([error.fault, error.message]).toEqual(['garbage', 'ollama sent more than 33554432 bytes']);
  });

  it('goes to no other address than its own', async () => {
    const simulator = await simulate({ ...ollamaService(model), answer: () => ({ status: 307, body: {} }) });
    const error = await failure(clientOf(connect.ollama, simulator).embed(['x'], never()));
    expect([error.fault, simulator.requests.length]).toEqual(['refused', 1]);
  });

  it('says that nobody listens there', async () => {
    const simulator = await simulate(teiService());
    const client = clientOf(connect.tei, simulator);
    await simulator.close();
    const error = await failure(client.embed(['x'], never()));
    expect([error.fault, error.message]).toEqual(['unreachable', 'tei cannot be reached (ECONNREFUSED)']);
  });

  it('of OpenAI counts the tokens that are billed', async () => {
    const simulator = await simulate(openAiService({ model, base64: true }));
    const client = new OpenAiClient({ baseUrl: `${simulator.url}/v1/`, model, apiKey: null, epochMs });
    closers.push(() => client.close());
    await client.embed(['a', 'b', 'c'], never());
    expect(client.tokens).toBe(3);
  });
});

describe('examples of a tree', () => {
  it('are embedded once over restarts and trees, in batches that the service takes', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'parley-vectors-'));
    closers.push(() => rmSync(directory, { recursive: true }));
    const simulator = await simulate(teiService(4));
    const embedded = () =>
      simulator.requests.flatMap(({ body }) => (body as { inputs?: string[] } | null)?.inputs ?? []);
    for (const round of [1, 2]) {
      const cache = new VectorCache({ directory, maxBytes: 1e6 }, { clock, logger: new MemoryLogger() });
      const client = clientOf(connect.tei, simulator);
      const examples = new ExampleVectors(client, cache, clock);
      const scorers = [1, 2].map(() => new EmbeddingScorer({ client, examples, queryPrefix: '' }));
      await Promise.all(scorers.map((scorer) => scorer.prepareAll(scorerSets)));
      const distinct = new Set(
        scorerSets.flatMap((set) => set.candidates.flatMap((branch) => branch.examples)),
      );
      expect([round, embedded().length, new Set(embedded()).size]).toEqual([
        round,
        distinct.size,
        distinct.size,
      ]);
    }
  });

  it('are embedded in smaller batches when the service finds one too large', async () => {
    // The limit that the service tells is not the one it has.
    const lying = teiService(2);
    const simulator = await simulate({
      ...lying,
      answer: (request, fault) =>
        request.path === '/info' ? teiService(8).answer(request, fault) : lying.answer(request, fault),
    });
    const client = clientOf(connect.tei, simulator);
    const vectors = await new ExampleVectors(client, null, clock).embedAll([
      'a',
      'b',
      'c',
      'd',
      'e',
      'f',
      'g',
    ]);
    expect([...vectors.keys()]).toEqual(['a', 'b', 'c', 'd', 'e', 'f', 'g']);
  });

  it('wait as long as the service asks for', async () => {
    const simulator = await simulate(teiService());
    simulator.retryAfter = '0';
    const client = clientOf(connect.tei, simulator);
    const examples = new ExampleVectors(client, null, clock);
    await examples.embedAll(['warm']);
    simulator.failNext('overloaded');
    const asked = simulator.requests.length;
    // The fault hits /info, which is not repeated; the next attempt goes through.
    await expect(examples.embedAll(['a'])).rejects.toThrow('429');
    await expect(examples.embedAll(['a'])).resolves.toHaveProperty('size', 1);
    expect(simulator.requests.length).toBeGreaterThan(asked + 1);
  });

  it('of another model at the same address are another model’s, and a turn then notices', async () => {
    const first = await simulate(teiService());
    const client = clientOf(connect.tei, first);
    const scorer = new EmbeddingScorer({
      client,
      examples: new ExampleVectors(client, null, clock),
      queryPrefix: '',
    });
    await scorer.prepareAll(scorerSets);
    first.failNext('wrong-dimension');
    const error = await failure(scorer.score('menu', 'hello', ['bill'], never()));
    expect(error.fault).toBe('stale');
  });
});
