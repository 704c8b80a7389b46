import { describe, expect, test } from 'vitest';

import type { ChatMessage } from '../../gateway/websocket/protocol.js';
import { clientLimits } from './limits.js';
import { MessageWindow } from './message-window.js';

function message(seq: number): ChatMessage {
  return { seq, author: 'bot', at: seq, body: { type: 'text', text: `${seq}` } };
}

function windowOf(base: number, last: number): MessageWindow {
  const window = new MessageWindow();
  window.restart(base);
  for (let seq = base + 1; seq <= last; seq++) window.append(message(seq));
  return window;
}

function held(window: MessageWindow): readonly number[] {
  return window.messages.map(({ seq }) => seq);
}

describe('append', () => {
  test.each([
    [4, 'known'],
    [5, 'known'],
    [6, 'appended'],
    [7, 'gap'],
  ])('after 3 to 5, message %i is %s', (seq, outcome) => {
    const window = windowOf(2, 5);
    expect(window.append(message(seq))).toBe(outcome);
    expect(held(window)).toEqual(outcome === 'appended' ? [3, 4, 5, 6] : [3, 4, 5]);
  });

  test('at the bound the oldest leaves', () => {
    const window = windowOf(0, clientLimits.messages + 3);
    expect([window.messages.length, window.first, window.hasOlder, window.full]).toEqual([
      clientLimits.messages,
      4,
      true,
      true,
    ]);
    expect(window.at(4)?.seq).toBe(4);
    expect(window.prepend([message(3)])).toEqual([]);
  });
});

describe('prepend takes what joins up', () => {
  test.each([
    ['all', [1, 2, 3], [1, 2, 3]],
    ['what is new of an overlap', [2, 3, 4, 5], [2, 3]],
    ['what follows a hole', [1, 3], [3]],
    ['nothing past a hole at the end', [1, 2], []],
    ['nothing of nothing', [], []],
  ])('%s', (_, older, added) => {
    const window = windowOf(3, 6);
    expect(window.prepend(older.map(message)).map(({ seq }) => seq)).toEqual(added);
    expect(held(window)).toEqual([...added, 4, 5, 6]);
  });
});

describe('truncate', () => {
  test.each([
    [6, false, [4, 5, 6]],
    [9, false, [4, 5, 6]],
    [5, true, [4, 5]],
    [3, true, []],
    [0, true, []],
  ])('to %i', (seq, dropped, left) => {
    const window = windowOf(3, 6);
    expect(window.truncate(seq)).toBe(dropped);
    expect(held(window)).toEqual(left);
    expect(window.last).toBe(dropped ? seq : 6);
  });
});
