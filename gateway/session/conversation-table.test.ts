import { describe, expect, test } from 'vitest';

import { ScriptedScorer } from '../../adapters/fake/scripted-scorer.js';
import { FakeClock } from '../../config/clock.js';
import { gatewayLimits } from '../../config/limits.js';
import { MemoryLogger } from '../../config/logger.js';
import { Conversation } from './conversation.js';
import { FakeTrees } from '../trees/testing/fake-trees.js';
import { ConversationTable, type KeptConversation } from './conversation-table.js';
import { treeOf } from './testing/kit.js';

const idleMs = 60_000;
const tree = treeOf();

function fixture() {
  const clock = new FakeClock();
  const table = new ConversationTable(clock, idleMs);
  const scorers = { primary: new ScriptedScorer(), fallback: null, timeoutMs: 1_000 };
  const trees = new FakeTrees({ id: 't', tree, scorers });
  const create = () => ({
    conversation: new Conversation({ sessionId: 's1', tree, scorers, clock, logger: new MemoryLogger() }),
    lease: trees.lease('t'),
    lastTurn: null,
  });
  const acquire = (key: string): KeptConversation => {
    const kept = table.acquire(key, create);
    if (!kept) throw new Error('the table is full');
    return kept;
  };
  return { clock, table, create, acquire, trees };
}

describe('ConversationTable', () => {
  test('one key is one conversation, and another key another', () => {
    const { acquire, table } = fixture();
    expect(acquire('a')).toBe(acquire('a'));
    expect(acquire('b')).not.toBe(acquire('a'));
    expect(table.size).toBe(2);
  });

  test(`holds ${gatewayLimits.sessions} conversations; one more is refused, a known one is not`, () => {
    const { acquire, table, create } = fixture();
    for (let i = 0; i < gatewayLimits.sessions; i++) acquire(String(i));
    expect(table.acquire('more', create)).toBeNull();
    expect(table.acquire('0', create)).not.toBeNull();
  });

  test('a conversation nobody uses is kept for the idle time, then closed and forgotten', () => {
    const { acquire, clock, table } = fixture();
    const kept = acquire('a');
    table.release(kept, false);
    clock.advance(idleMs - 1);
    expect([table.size, kept.conversation.closed]).toEqual([1, false]);
    clock.advance(1);
    expect([table.size, kept.conversation.closed]).toEqual([0, true]);
  });

  test('taking it again stops the expiry', () => {
    const { acquire, clock, table } = fixture();
    const kept = acquire('a');
    table.release(kept, false);
    clock.advance(idleMs - 1);
    expect(acquire('a')).toBe(kept);
    clock.advance(idleMs * 2);
    expect([kept.conversation.closed, clock.pendingTimers]).toEqual([false, 0]);
  });

  test('while someone else uses it, neither the idle time nor its end forgets it', () => {
    const { acquire, clock, table } = fixture();
    const kept = acquire('a');
    acquire('a');
    table.release(kept, true);
    clock.advance(idleMs * 2);
    expect([table.size, kept.conversation.closed]).toEqual([1, false]);
    table.release(kept, true);
    expect([table.size, kept.conversation.closed]).toEqual([0, true]);
  });

  test('restarting closes the old conversation; giving that one back does not touch the new one', () => {
    const { acquire, clock, table } = fixture();
    const old = acquire('a');
    table.restart('a');
    const fresh = acquire('a');
    expect([old.conversation.closed, fresh === old]).toEqual([true, false]);
    table.release(old, true);
    clock.advance(idleMs * 2);
    expect([table.size, fresh.conversation.closed]).toEqual([1, false]);
  });

  test('giving back twice counts once', () => {
    const { acquire, table, clock } = fixture();
    const kept = acquire('a');
    table.release(kept, false);
    table.release(kept, false);
    expect(clock.pendingTimers).toBe(1);
  });

  test('each conversation holds its tree version until it is forgotten: expired, ended or restarted', () => {
    const { acquire, clock, table, trees } = fixture();
    const [idle, ended] = [acquire('a'), acquire('b')];
    acquire('c');
    acquire('c');
    expect(trees.held).toBe(3);
    table.restart('c');
    expect(trees.held).toBe(2);
    table.release(ended, true);
    expect(trees.held).toBe(1);
    table.release(idle, false);
    expect(trees.held).toBe(1);
    clock.advance(idleMs);
    expect(trees.held).toBe(0);
  });

  test('closing closes every conversation and leaves no timer', () => {
    const { acquire, clock, table } = fixture();
    const all = ['a', 'b', 'c'].map(acquire);
    table.release(all[0] as KeptConversation, false);
    table.close();
    expect([table.size, clock.pendingTimers]).toEqual([0, 0]);
    expect(all.every(({ conversation }) => conversation.closed)).toBe(true);
  });
});
