import { beforeEach, describe, expect, test } from 'vitest';

import { FakeStore } from '../testing/fake-network.js';
import { clientLimits } from './limits.js';
import { Outbox } from './outbox.js';
import { SafeStorage } from './safe-storage.js';

let store: FakeStore;
let nowMs: number;
beforeEach(() => {
  store = new FakeStore();
  nowMs = 1_000_000;
});

function outboxOf(device = 'tab'): Outbox {
  return new Outbox(new SafeStorage(store), device, () => nowMs);
}

function texts(outbox: Outbox): readonly (string | null)[] {
  return outbox.entries.map(({ text }) => text);
}

describe('bounds', () => {
  test('messages', () => {
    const outbox = outboxOf();
    for (let at = 0; at < clientLimits.outboxMessages; at++)
      expect(outbox.add(`i${at}`, 'x', null)).toBe(true);
    expect(outbox.add('more', 'x', null)).toBe(false);
    expect(outbox.entries).toHaveLength(clientLimits.outboxMessages);
  });

  test('characters', () => {
    const outbox = outboxOf();
    expect(outbox.add('a', 'x'.repeat(clientLimits.outboxCharacters - 1), null)).toBe(true);
    expect([outbox.add('b', 'xy', null), outbox.add('c', 'x', null)]).toEqual([false, true]);
  });
});

describe('loaded again', () => {
  test('in order, before what was written meanwhile, and storage is empty once all are known', () => {
    const before = outboxOf();
    before.adopt('ann', 's1');
    before.add('a', 'one', null);
    before.add('b', 'two', 'v');
    const outbox = outboxOf();
    expect(outbox.entries).toEqual([]);
    outbox.add('c', 'three', null);
    expect(texts(outboxOf())).toEqual([]);
    outbox.adopt('ann', 's1');
    expect(texts(outbox)).toEqual(['one', 'two', 'three']);
    expect(outbox.find('b')?.value).toBe('v');
    for (const [id, seq] of [
      ['a', 1],
      ['b', 2],
      ['c', 3],
    ] as const)
      outbox.markAcknowledged(id, seq);
    expect(store.texts.size).toBe(0);
    expect(outbox.removeUpTo(3)).toBe(true);
    expect(outbox.entries).toEqual([]);
  });

  test('written twice before there was a connection: nothing is lost', () => {
    const first = outboxOf();
    first.add('a', 'one', null);
    const second = outboxOf();
    second.add('b', 'two', null);
    const third = outboxOf();
    third.adopt('ann', 's1');
    expect(texts(third)).toEqual(['one', 'two']);
  });

  test("another user's texts are dropped", () => {
    const before = outboxOf();
    before.adopt('ann', 's1');
    before.add('a', 'private', null);
    const outbox = outboxOf();
    outbox.adopt('bob', 's2');
    expect([outbox.entries, store.texts.size]).toEqual([[], 0]);
  });

  test('a failed message stays failed', () => {
    const before = outboxOf();
    before.adopt('ann', 's1');
    before.add('a', 'long', null);
    before.markFailed('a', 'too-long');
    const outbox = outboxOf();
    outbox.adopt('ann', 's1');
    expect(outbox.entries).toMatchObject([{ state: 'failed', failure: 'too-long' }]);
  });

  test('in another session: what was on a connection is left to the person, the rest goes', () => {
    const before = outboxOf();
    before.adopt('ann', 's1');
    before.add('a', 'sent', null);
    before.add('b', 'new', null);
    before.markSending('a');
    const outbox = outboxOf();
    outbox.adopt('ann', 's2');
    expect(outbox.entries.map(({ text, failure }) => [text, failure])).toEqual([
      ['sent', 'other-session'],
      ['new', null],
    ]);
  });

  test.each(['', 'null', '[]', '{', '{"entries":[{"id":"a b","text":"x"},5,null]}'])(
    'what others wrote under the key is ignored: %s',
    (text) => {
      store.texts.set('parley.outbox.tab', text);
      const outbox = outboxOf();
      outbox.adopt('ann', 's1');
      expect(outbox.entries).toEqual([]);
    },
  );
});

describe('what a closed tab left', () => {
  test('is taken over when it was not touched for a while', () => {
    const closed = outboxOf('closed');
    closed.adopt('ann', 's1');
    closed.add('a', 'left', null);
    const early = outboxOf('early');
    early.adopt('ann', 's1');
    expect(early.entries).toEqual([]);
    nowMs += clientLimits.outboxOrphanMs;
    const late = outboxOf('late');
    late.adopt('ann', 's1');
    expect(texts(late)).toEqual(['left']);
    expect([...store.texts.keys()]).toEqual(['parley.outbox.late']);
  });

  test('of many, only so many are looked at', () => {
    for (let at = 0; at < clientLimits.outboxOrphans + 5; at++)
      outboxOf(`closed-${at}`).add(`i${at}`, `text ${at}`, null);
    nowMs += clientLimits.outboxOrphanMs;
    const outbox = outboxOf();
    outbox.adopt('ann', 's1');
    expect(outbox.entries).toHaveLength(clientLimits.outboxOrphans);
  });
});

test('storage that comes back to life keeps again', () => {
  store.mode = 'full';
  const storage = new SafeStorage(store);
  const outbox = new Outbox(storage, 'tab', () => nowMs);
  outbox.add('a', 'one', null);
  expect([storage.persistent, store.texts.size]).toEqual([false, 0]);
  store.mode = 'works';
  outbox.add('b', 'two', null);
  expect([storage.persistent, store.texts.size]).toEqual([true, 1]);
});
