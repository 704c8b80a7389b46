import { describe, expect, it } from 'vitest';

import { ScriptedScorer } from '../../adapters/fake/scripted-scorer.js';
import { FakeClock } from '../../config/clock.js';
import { similarityLimits } from '../../config/limits.js';
import { loadConfig } from '../../config/load.js';
import { MemoryLogger } from '../../config/logger.js';
import { SeededRandom } from '../../config/random.js';
import { releaseTree } from '../../dialog/candidates.js';
import { defaultThresholds } from '../../dialog/tree.js';
import type { ScorerEngine, TreeScoring } from '../node/scorer-catalog.js';
import { releaseScorers } from '../trees/tree-scorers.js';
import { Conversation } from './conversation.js';
import { Similarity } from './similarity.js';
import { treeOf } from './testing/kit.js';

const settings = loadConfig({ env: { PARLEY__similarity__timeoutMs: '200' }, cwd: '/' }).config?.similarity;
if (!settings) throw new Error('the configuration of this test is not usable');
const usable = settings;

async function settle(): Promise<void> {
  for (let i = 0; i < 3; i++) await new Promise((resolve) => setImmediate(resolve));
}

function create(engine: Partial<ScorerEngine> | null) {
  const clock = new FakeClock();
  const logger = new MemoryLogger();
  const state = { closed: 0 };
  const similarity = new Similarity(usable, {
    catalog: {
      createEngine: () =>
        engine && {
          name: 'remote',
          createScorer: () => new ScriptedScorer(),
          close: () => Promise.resolve(void state.closed++),
          ...engine,
        },
    },
    clock,
    random: new SeededRandom(1),
    logger,
  });
  return { clock, logger, similarity, state };
}

describe('Similarity', () => {
  it('is the in-box matcher alone when nothing else is configured', async () => {
    const { similarity } = create(null);
    const { primary, fallback } = await similarity.scorersFor(treeOf());
    expect([primary.name, fallback]).toEqual(['ngram', null]);
    expect(similarity.report()).toEqual({
      name: 'ngram',
      available: true,
      detail: 'n-gram matcher, in this process',
    });
    await similarity.close();
  });

  it('is waited for where somebody wants it ready, but not for ever', async () => {
    const soon = create({});
    expect((await soon.similarity.readyScorersFor(treeOf())).primary.name).toBe('scripted');
    const never = { prepareAll: () => new Promise<void>(() => undefined) };
    const { clock, similarity } = create({
      createScorer: () => Object.assign(new ScriptedScorer(), never),
    });
    let waiting = true;
    const scorers = similarity.readyScorersFor(treeOf()).finally(() => (waiting = false));
    for (let ms = 0; ms < similarityLimits.readyMs; ms += 50) {
      await settle();
      expect(waiting).toBe(true);
      clock.advance(50);
    }
    releaseScorers(await scorers, treeOf());
    expect(clock.pendingTimers).toBe(0);
  });

  it('has the in-box matcher behind whatever is configured, within its time', async () => {
    const { similarity, state } = create({});
    const { primary, fallback, timeoutMs } = await similarity.scorersFor(treeOf());
    expect([primary.name, fallback?.name, timeoutMs]).toEqual(['scripted', 'ngram', 200]);
    await settle();
    expect(similarity.report()).toEqual({ name: 'remote', available: true, detail: 'ready' });
    await similarity.close();
    expect(state.closed).toBe(1);
  });

  it('does not let a scorer that cannot be prepared stop the node, and shows it', async () => {
    const scorer = new ScriptedScorer();
    scorer.prepare = () => Promise.reject(new Error('nobody answers'));
    const { clock, similarity } = create({ createScorer: () => scorer });
    const tree = treeOf();
    const { primary, fallback } = await similarity.scorersFor(tree);
    await settle();
    expect(similarity.report()).toMatchObject({
      available: false,
      detail: 'nobody answers; the built-in matcher decides',
    });
    expect(similarity.check()).toEqual({
      ok: true,
      detail: 'remote: nobody answers; the built-in matcher decides',
    });
    if (fallback) releaseTree(fallback, tree);
    releaseTree(primary, tree);
    expect(clock.pendingTimers).toBe(0);
    expect(similarity.report().available).toBe(true);
  });

  it('decides a turn by the in-box matcher while the scorer is away, marks it, and takes the scorer when it is there', async () => {
    const remote = new ScriptedScorer({ 'my bill': { fault: 0.9, bill: 0.1 } });
    const prepare = remote.prepare.bind(remote);
    let away = true;
    remote.prepare = (...set) => (away ? Promise.reject(new Error('away')) : prepare(...set));
    const { clock, logger, similarity } = create({ createScorer: () => remote });
    const tree = treeOf();
    const scorers = await similarity.scorersFor(tree);
    const say = async () => {
      const conversation = new Conversation({ sessionId: 's', tree, scorers, clock, logger });
      await conversation.handle({ type: 'started', nowMs: 0, channel: 'chat', variables: {} });
      const turn = await conversation.handle({ type: 'text', nowMs: 0, text: 'my bill', confidence: 1 });
      conversation.close();
      return [turn?.degraded, turn?.decisions[0]?.branchId];
    };
    await settle();
    expect(await say()).toEqual([true, 'bill']);
    away = false;
    clock.advance(10_000);
    await settle();
    expect(await say()).toEqual([false, 'fault']);
  });

  it('tells the scorer the in-box thresholds, but not those that an author chose', async () => {
    const seen: TreeScoring[] = [];
    const { similarity } = create({
      createScorer: (scoring) => {
        seen.push(scoring);
        return new ScriptedScorer();
      },
    });
    const tree = treeOf();
    await similarity.scorersFor(tree);
    expect(tree.nodes.get('menu')).toMatchObject({ thresholds: { accept: 0.5, source: 'tree' } });
    expect(seen[0]?.thresholdsOf('menu')).toEqual(defaultThresholds);
  });
});
