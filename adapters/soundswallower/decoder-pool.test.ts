import { describe, expect, it } from 'vitest';
import type { GrammarDecoder } from './decoder.js';
import { DecoderPool } from './decoder-pool.js';

interface FakeDecoder {
  grammar: string;
  line: string;
  isWorn: boolean;
  deleted: boolean;
}

function setUp(max: number) {
  const made: FakeDecoder[] = [];
  const create = () => {
    const fake = {
      grammar: '',
      line: '-',
      isWorn: false,
      deleted: false,
      delete: () => void (fake.deleted = true),
    };
    made.push(fake);
    return Promise.resolve(fake as unknown as GrammarDecoder);
  };
  const pool = new DecoderPool(create, max);
  const used: GrammarDecoder[] = [];
  const acquire = async (grammar = '', line = '') => {
    pool.acquire(line, grammar, (decoder) => used.push(decoder));
    await new Promise((resolve) => setImmediate(resolve));
    return used.at(-1);
  };
  return { pool, made, used, acquire };
}

const fakeOf = (decoder: GrammarDecoder | undefined) => decoder as unknown as FakeDecoder;

describe('DecoderPool', () => {
  it('makes decoders one by one up to its bound, and then lets callers wait in order', async () => {
    const { pool, made, used, acquire } = setUp(2);
    const first = await acquire();
    await acquire();
    await acquire();
    expect([made.length, used.length]).toEqual([2, 2]);
    if (first) pool.release(first);
    expect(used[2]).toBe(first);
  });

  it('keeps what is released, and prefers the one that has the grammar already', async () => {
    const { pool, made, acquire } = setUp(3);
    const [a, b] = [await acquire(), await acquire()];
    fakeOf(a).grammar = 'menu';
    if (a && b) [a, b].forEach((decoder) => pool.release(decoder));
    expect(await acquire('menu')).toBe(a);
    expect(await acquire('menu')).toBe(b);
    expect(made).toHaveLength(2);
  });

  it('prefers the one that last heard this line, and otherwise the one that is idle for longest', async () => {
    const { pool, acquire } = setUp(3);
    const [a, b, c] = [await acquire(), await acquire(), await acquire()];
    for (const decoder of [a, b, c]) if (decoder) pool.release(decoder);
    fakeOf(c).line = 'caller 7';
    expect(await acquire('menu', 'caller 7')).toBe(c);
    expect(await acquire('menu', 'caller 8')).toBe(a);
    expect(await acquire('menu', 'caller 9')).toBe(b);
  });

  it.each(['worn', 'discarded'])('replaces one that is %s when it is needed again', async (how) => {
    const { pool, made, acquire } = setUp(1);
    const first = await acquire();
    fakeOf(first).isWorn = how === 'worn';
    if (first && how === 'worn') pool.release(first);
    if (first && how === 'discarded') pool.discard(first);
    expect(fakeOf(first).deleted).toBe(true);
    expect(made).toHaveLength(1);
    expect(await acquire()).not.toBe(first);
    expect(made).toHaveLength(2);
  });
});
