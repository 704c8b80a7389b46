import { spawn } from 'node:child_process';

import {
  Client,
  credentials,
  Metadata,
  status,
  type handleUnaryCall,
  type MethodDefinition,
} from '@grpc/grpc-js';
import { afterEach, describe, expect, it } from 'vitest';

import { SystemClock } from '../../config/clock.js';
import { projectPath } from '../../config/paths.js';
import { Secret } from '../../config/secret.js';
import type { ScorerFault, ScorerFixture } from '../conformance/scorer-rules.js';
import { scorerSets } from '../conformance/scorer-rules.js';
import { describeScorer } from '../conformance/scorer-suite.js';
import { EmbeddingScorer } from './embedding/embedding-scorer.js';
import { ExampleVectors } from './embedding/example-vectors.js';
import { GrpcService } from './grpc/grpc-service.js';
import { loadRankService } from './rank/rank-proto.js';
import { RankScorer } from './rank/rank-scorer.js';
import { RankService } from './rank/rank-service.js';
import { startRankServer } from './rank/reference-server.js';
import { SimilarityError } from './similarity-error.js';
import { TeiGrpcClient } from './tei/tei-grpc-client.js';
import { realTime } from './testing/real-time.js';
import { grpcFaults, TeiGrpcSimulator } from './testing/tei-grpc-simulator.js';

const clock = new SystemClock();
const key = 'a-key-of-the-service';
const epochMs = () => clock.epochMs();
const never = (): AbortSignal => new AbortController().signal;
const url = (port: number): string => `grpc://127.0.0.1:${port}`;

const closers: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

async function teiFixture(): Promise<ScorerFixture> {
  const simulator = await TeiGrpcSimulator.start(key);
  const client = new TeiGrpcClient({ url: url(simulator.port), apiKey: new Secret(key), epochMs });
  const examples = new ExampleVectors(client, null, clock);
  return {
    ...realTime,
    scorer: new EmbeddingScorer({ client, examples, queryPrefix: '' }),
    faults: grpcFaults.map((fault) => ({ fault, survived: false })),
    failNext: (fault) => simulator.failNext(fault),
    close: async () => {
      examples.close();
      await client.close();
      simulator.close();
      expect(simulator.breaches).toEqual([]);
    },
  };
}

describeScorer('tei-grpc', teiFixture);

type Handle = handleUnaryCall<unknown, object>;

/** The reference service with faults before its answers. */
class FaultyRankService extends RankService {
  fault: ScorerFault | null = null;

  override handlers(): ReturnType<RankService['handlers']> {
    return Object.fromEntries(
      Object.entries(super.handlers()).map(([name, handle]) => [name, this.#faulty(handle as Handle)]),
    );
  }

  #faulty(handle: Handle): Handle {
    return (call, answer) => {
      const fault = this.fault;
      this.fault = null;
      if (fault === 'hang') return;
      if (fault === 'overloaded') answer({ code: status.RESOURCE_EXHAUSTED, details: 'busy' });
      else if (fault === 'server-error') answer({ code: status.UNAVAILABLE, details: 'starting' });
      else if (fault === 'garbage') answer(null, { ranking: [{ id: 'somebody else', score: 1 }] });
      else if (fault === 'bad-score') answer(null, { ranking: [{ id: 'bill', score: Number.NaN }] });
      else if (fault === 'forgotten') answer({ code: status.NOT_FOUND, details: 'restarted' });
      else handle(call, answer);
    };
  }
}

async function rankFixture(): Promise<ScorerFixture> {
  const service = new FaultyRankService();
  const server = await startRankServer(0, '127.0.0.1', service);
  const grpc = new GrpcService({ name: 'rank', url: url(server.port), apiKey: null, epochMs });
  const closing = new AbortController();
  const faults: readonly ScorerFault[] = [
    'overloaded',
    'server-error',
    'hang',
    'garbage',
    'bad-score',
    'forgotten',
  ];
  return {
    ...realTime,
    scorer: new RankScorer({ grpc, timeoutMs: 4_000, closing: closing.signal }),
    faults: faults.map((fault) => ({ fault, survived: fault === 'forgotten' })),
    failNext: (fault) => {
      service.fault = fault;
    },
    close: () => {
      closing.abort(new Error('closed'));
      grpc.close();
      server.close();
      return Promise.resolve();
    },
  };
}

describeScorer('rank', rankFixture);

async function connectRank(service: RankService) {
  const server = await startRankServer(0, '127.0.0.1', service);
  const grpc = new GrpcService({ name: 'rank', url: url(server.port), apiKey: null, epochMs });
  const closing = new AbortController();
  closers.push(() => {
    closing.abort(new Error('closed'));
    grpc.close();
    server.close();
  });
  return { scorer: new RankScorer({ grpc, timeoutMs: 2_000, closing: closing.signal }), grpc, server };
}

describe('a Rank server', () => {
  it('that was started anew is given all sets again by the first turn', async () => {
    const first = await connectRank(new RankService());
    await first.scorer.prepareAll(scorerSets);
    first.server.close();
    const anew = new RankService();
    const server = await startRankServer(first.server.port, '127.0.0.1', anew);
    closers.push(() => server.close());
    const ask = () => first.scorer.score('menu', 'my bill', ['bill', 'fault'], never());
    const scores = await ask().catch(ask);
    expect(scores[0]?.branchId).toBe('bill');
    expect(anew.size).toBe(2);
  });

  it('forgets the set that was not asked for longest when it is full', async () => {
    const service = new RankService(2);
    const { scorer } = await connectRank(service);
    for (const setId of ['a', 'b', 'c'])
      await scorer.prepare(setId, [{ id: 'x', examples: [`example ${setId}`] }]);
    expect(service.size).toBe(2);
    await expect(scorer.score('a', 'example a', ['x'], never())).resolves.toHaveLength(1);
  });

  it('is told of released sets', async () => {
    const service = new RankService();
    const { scorer } = await connectRank(service);
    await scorer.prepareAll(scorerSets);
    for (const { setId } of scorerSets) scorer.release(setId);
    for (let i = 0; i < 100 && service.size > 0; i++) await realTime.wait(10);
    expect(service.size).toBe(0);
  });

  it('refuses a question without a deadline', async () => {
    const { port } = (await connectRank(new RankService())).server;
    const client = new Client(`127.0.0.1:${port}`, credentials.createInsecure());
    closers.push(() => client.close());
    const { path, requestSerialize, responseDeserialize } = loadRankService()['Info'] as MethodDefinition<
      object,
      object
    >;
    const code = await new Promise((resolve) => {
      client.makeUnaryRequest(path, requestSerialize, responseDeserialize, {}, new Metadata(), (error) =>
        resolve(error?.code),
      );
    });
    expect(code).toBe(status.INVALID_ARGUMENT);
  });

  it.each([
    ['an empty set id', [{ set_id: '', version: '1', candidates: [] }]],
    ['an empty version', [{ set_id: 'a', version: '', candidates: [] }]],
    ['an id twice', [{ set_id: 'a', version: '1', candidates: [{ id: 'x' }, { id: 'x' }] }]],
  ])('refuses %s', async (_what, sets) => {
    const { grpc } = await connectRank(new RankService());
    const put = grpc.call(loadRankService(), 'PutCandidates', { sets }, 1_000, never());
    await expect(put).rejects.toMatchObject({ fault: 'refused' });
  });

  it('gives the best few when asked for them', async () => {
    const { grpc } = await connectRank(new RankService());
    const service = loadRankService();
    const candidates = [
      { id: 'x', examples: ['one two'] },
      { id: 'y', examples: ['three four'] },
    ];
    await grpc.call(
      service,
      'PutCandidates',
      { sets: [{ set_id: 's', version: '1', candidates }] },
      1_000,
      never(),
    );
    const question = { set_id: 's', version: '1', query: 'three', candidate_ids: ['x', 'y'], top_k: 1 };
    const answer = await grpc.call(service, 'Rank', question, 1_000, never());
    expect(answer).toMatchObject({ ranking: [{ id: 'y' }] });
  });

  it('that nobody runs is unreachable', async () => {
    const grpc = new GrpcService({ name: 'rank', url: url(9), apiKey: null, epochMs });
    closers.push(() => grpc.close());
    const err: unknown = await grpc
      .call(loadRankService(), 'Info', {}, 2_000, never())
      .catch((reason: unknown) => reason);
    expect(err).toBeInstanceOf(SimilarityError);
    expect(err).toMatchObject({ fault: 'unreachable', message: 'rank answered Info with UNAVAILABLE' });
  });

  it('runs as a program', async () => {
    const program = projectPath('dist', 'adapters', 'similarity', 'rank', 'reference-server.js');
    const child = spawn(process.execPath, [program, '--port', '0'], { stdio: ['ignore', 'pipe', 'inherit'] });
    closers.push(() => void child.kill('SIGKILL'));
    const port = await new Promise<number>((resolve) => {
      child.stdout.on('data', (line: Buffer) => resolve(Number(/:(\d+)/.exec(line.toString())?.[1])));
    });
    const grpc = new GrpcService({ name: 'rank', url: url(port), apiKey: null, epochMs });
    closers.push(() => grpc.close());
    const scorer = new RankScorer({ grpc, timeoutMs: 2_000, closing: never() });
    await scorer.prepareAll(scorerSets);
    const scores = await scorer.score('router', 'a red light', ['red', 'green'], never());
    expect(scores[0]?.branchId).toBe('red');
    const ended = new Promise((resolve) => child.on('exit', resolve));
    child.kill('SIGTERM');
    expect(await ended).toBe(0);
  });
});
