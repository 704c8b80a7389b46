import { describe, expect, test } from 'vitest';

import { SessionTable, type SessionEntry, type SessionKind } from './session-table.js';
import { settled } from './testing/kit.js';

function entry(id: string, kind: SessionKind = 'call', end: () => void = () => undefined): SessionEntry {
  return { id, kind, callId: id, remote: '192.0.2.1:5060', startedAtMs: 0, end };
}

describe('SessionTable', () => {
  test('admits sessions up to its bound and again when one has left', () => {
    const table = new SessionTable(2);
    table.add(entry('a'));
    expect(table.admits).toBe(true);
    table.add(entry('b', 'mrcp'));
    expect(table.admits).toBe(false);
    expect([table.size, table.count('call'), table.count('mrcp')]).toEqual([2, 1, 1]);
    table.remove('a');
    expect(table.admits).toBe(true);
    expect(table.list().map(({ id }) => id)).toEqual(['b']);
  });

  test('draining admits nothing more and resolves for everyone who waits when the last session is gone', async () => {
    const table = new SessionTable(2);
    table.add(entry('a'));
    table.add(entry('b'));
    let drained = 0;
    for (let i = 0; i < 2; i++) void table.drain().then(() => drained++);
    expect([table.draining, table.admits]).toEqual([true, false]);
    table.remove('a');
    await settled();
    expect(drained).toBe(0);
    table.remove('b');
    await settled();
    expect(drained).toBe(2);
    expect(table.admits).toBe(false);
  });

  test('draining an empty table resolves at once', async () => {
    await expect(new SessionTable(1).drain()).resolves.toBeUndefined();
  });

  test('ends every session, also when ending removes it', () => {
    const table = new SessionTable(3);
    for (const id of ['a', 'b', 'c']) table.add(entry(id, 'call', () => table.remove(id)));
    table.endAll();
    expect(table.size).toBe(0);
  });
});
