import { describe, expect, it } from 'vitest';
import { FakeClock } from '../../config/clock.js';
import { MemoryLogger } from '../../config/logger.js';
import { loadTree } from '../../dialog/load.js';
import { NgramScorer } from '../../dialog/ngram-scorer.js';
import { Conversation } from './conversation.js';
import { FakeTrees } from '../trees/testing/fake-trees.js';
import { ConversationTable } from './conversation-table.js';

const idleMs = 600_000;

function setUp(maximum = 2) {
  const clock = new FakeClock();
  const table = new ConversationTable(clock, idleMs, maximum);
  const { tree } = loadTree(
    'tree: t\nlanguage: en-US\nstart: a\nnodes: { a: { end: { say: Bye. } } }\n',
    't',
  );
  if (!tree) throw new Error('the tree has an error');
  const scorers = { primary: new NgramScorer(), fallback: null, timeoutMs: 1_000 };
  const trees = new FakeTrees({ id: 't', tree, scorers });
  const acquire = (key: string) =>
    table.acquire(key, () => ({
      conversation: new Conversation({ sessionId: key, tree, scorers, clock, logger: new MemoryLogger() }),
      lease: trees.lease('t'),
      lastTurn: null,
    }));
  const taken = (key: string) => {
    const kept = acquire(key);
    if (!kept) throw new Error(`no room for ${key}`);
    return kept;
  };
  return { clock, table, acquire, taken };
}

describe('ConversationTable', () => {
  it.each([true, false])(
    'keeps a restarted conversation when its predecessor is given back (%s)',
    (ended) => {
      const { clock, table, taken } = setUp();
      const old = taken('k');
      table.restart('k');
      const successor = taken('k');
      table.release(old, ended);
      clock.advance(idleMs);
      expect([old.conversation.closed, successor.conversation.closed, table.size]).toEqual([true, false, 1]);
      table.close();
      expect(clock.pendingTimers).toBe(0);
    },
  );

  it('makes room by forgetting what has been idle for longest, never what is in use', () => {
    const { clock, table, acquire, taken } = setUp();
    const [first, second] = [taken('first'), taken('second')];
    expect(acquire('third')).toBeNull();
    table.release(second, false);
    table.release(first, false);
    taken('third');
    expect([first.conversation.closed, second.conversation.closed]).toEqual([false, true]);
    taken('fourth');
    expect([first.conversation.closed, acquire('fifth')]).toEqual([true, null]);
    table.close();
    expect([table.size, clock.pendingTimers]).toEqual([0, 0]);
  });

  it('forgets an idle conversation after its time, unless it is used again', () => {
    const { clock, table, taken } = setUp();
    table.release(taken('k'), false);
    clock.advance(idleMs - 1);
    const again = taken('k');
    clock.advance(idleMs);
    expect(again.conversation.closed).toBe(false);
    table.release(again, false);
    clock.advance(idleMs);
    expect([again.conversation.closed, table.size, clock.pendingTimers]).toEqual([true, 0, 0]);
  });
});
