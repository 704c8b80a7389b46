import { beforeEach, describe, expect, test } from 'vitest';

import { FakeClock } from '../../config/clock.js';
import { audioSocketLimits } from '../../config/limits.js';
import { heard } from '../session/testing/fake-media.js';
import type { ListenListener, ListenRequest, PlayListener } from '../../media/worker/media-host.js';
import { ConfirmedStream } from './confirmed-stream.js';
import { FakeFrameStream } from './testing/kit.js';

const leadMs = 100;
const markMs = 1_000;
let clock: FakeClock;
let stream: FakeFrameStream;
let confirmed: ConfirmedStream;
let out: string[];
let ended: string[];

beforeEach(() => {
  clock = new FakeClock();
  out = [];
  ended = [];
  const options = { sessionId: 's', encoding: 'PCMU', sampleRateHz: 8_000, leadMs } as const;
  stream = new FakeFrameStream(options, { onFrame: () => undefined, onClosed: () => undefined });
  confirmed = new ConfirmedStream(stream, {
    clock,
    leadMs,
    markMs,
    output: {
      mark: (name) => out.push(`mark ${name}`),
      clear: () => out.push('clear'),
      transcript: (text, confidence) => out.push(`transcript ${text} ${confidence}`),
    },
  });
});

function listener(name: string): PlayListener {
  return {
    onStarted: () => undefined,
    onMark: () => undefined,
    onEnded: (reason, playedMs) => ended.push(`${name} ${reason} ${playedMs}`),
  };
}

const request = { bargeIn: 'any' } as ListenRequest;
const listening: ListenListener = {
  onStartOfInput: (mode) => ended.push(`input ${mode}`),
  onPartial: () => undefined,
  onWarning: () => undefined,
  onComplete: () => undefined,
};

describe('the end of a prompt', () => {
  test('is the echo of its mark, with those before it', () => {
    confirmed.play(null, listener('a'));
    confirmed.play(null, listener('b'));
    confirmed.play(null, listener('c'));
    for (const play of stream.plays) play.listener.onEnded('done', 500);
    expect([out, ended]).toEqual([['mark prompt-1', 'mark prompt-2', 'mark prompt-3'], []]);
    confirmed.confirm('prompt-2');
    expect(ended).toEqual(['a done 500', 'b done 500']);
    confirmed.confirm('prompt-2');
    confirmed.confirm('nothing of ours');
    confirmed.confirm('prompt-3');
    expect(ended.at(-1)).toBe('c done 500');
    expect(clock.pendingTimers).toBe(0);
  });

  test('is a time where no echo comes, and a short one for a client that never echoes', () => {
    for (const [name, waitMs] of [
      ['a', 1_100],
      ['b', 1_100],
      ['c', 300],
      ['d', 300],
    ] as const) {
      confirmed.play(null, listener(name));
      stream.lastPlay.listener.onEnded('done', 500);
      clock.advance(waitMs - 1);
      expect(ended).not.toContain(`${name} done 500`);
      clock.advance(1);
      expect(ended).toContain(`${name} done 500`);
    }
  });

  test('is waited for in full when the client has echoed once', () => {
    confirmed.play(null, listener('a'));
    stream.lastPlay.listener.onEnded('done', 500);
    confirmed.confirm('prompt-1');
    for (let i = 0; i < 4; i++) {
      confirmed.play(null, listener('b'));
      stream.lastPlay.listener.onEnded('done', 500);
      clock.advance(leadMs + markMs - 1);
      expect(confirmed.unconfirmed).toBe(1);
      clock.advance(1);
      expect(confirmed.unconfirmed).toBe(0);
    }
  });

  test(`at most ${audioSocketLimits.pendingMarks} are waited for; the oldest ends then`, () => {
    for (let i = 0; i <= audioSocketLimits.pendingMarks; i++) {
      confirmed.play(null, listener(`p${i}`));
      stream.lastPlay.listener.onEnded('done', 20);
    }
    expect(ended).toEqual(['p0 done 20']);
    expect(confirmed.unconfirmed).toBe(audioSocketLimits.pendingMarks);
  });

  test('is at once where nothing was sent of it', () => {
    confirmed.play(null, listener('a'));
    stream.lastPlay.listener.onEnded('failed', 0);
    expect([out, ended]).toEqual([[], ['a failed 0']]);
  });

  test('waits for what was sent before it failed', () => {
    confirmed.play(null, listener('a'));
    stream.lastPlay.listener.onEnded('failed', 300);
    confirmed.confirm('prompt-1');
    expect(ended).toEqual(['a failed 300']);
  });
});

describe('an interruption', () => {
  test('while the worker sends: one clear, whatever waits behind', () => {
    confirmed.play(null, listener('a'));
    confirmed.play(null, listener('b'));
    stream.plays[0]?.listener.onEnded('barge-in', 700);
    stream.plays[1]?.listener.onEnded('barge-in', 0);
    expect(out).toEqual(['clear']);
    expect(ended).toEqual(['a barge-in 700', 'b barge-in 0']);
  });

  test('while only the client still plays: clear, and the prompt ends', () => {
    confirmed.play(null, listener('a'));
    stream.lastPlay.listener.onEnded('done', 700);
    confirmed.listen(request, listening);
    stream.lastListen.listener.onStartOfInput('speech');
    expect(out).toEqual(['mark prompt-1', 'clear']);
    expect(ended).toEqual(['a barge-in 700', 'input speech']);
    expect(clock.pendingTimers).toBe(0);
  });

  test('that the listen does not allow changes nothing', () => {
    confirmed.play(null, listener('a'));
    stream.lastPlay.listener.onEnded('done', 700);
    confirmed.listen({ ...request, bargeIn: 'none' }, listening);
    stream.lastListen.listener.onStartOfInput('speech');
    expect([out, ended]).toEqual([['mark prompt-1'], ['input speech']]);
  });

  test('when nothing plays sends nothing', () => {
    confirmed.listen(request, listening);
    stream.lastListen.listener.onStartOfInput('speech');
    expect(out).toEqual([]);
  });

  test('by the bot reaches what was sent already', () => {
    const handle = confirmed.play(null, listener('a'));
    stream.lastPlay.listener.onEnded('done', 700);
    handle.stop();
    expect([out, ended]).toEqual([['mark prompt-1', 'clear'], ['a stopped 700']]);
    handle.stop();
    expect(out.length).toBe(2);
  });

  test('of a prompt that was not begun leaves the one before it alone', () => {
    confirmed.play(null, listener('a'));
    confirmed.play(null, listener('b'));
    stream.plays[0]?.listener.onEnded('done', 700);
    stream.plays[1]?.listener.onEnded('stopped', 0);
    expect([out, ended]).toEqual([['mark prompt-1'], ['b stopped 0']]);
  });
});

test('what was understood is told', () => {
  confirmed.listen(request, listening);
  stream.lastListen.listener.onComplete(heard('my bill', 0.8));
  stream.lastListen.listener.onComplete({ ...heard('noise', 0.1), cause: 'no-match' });
  expect(out).toEqual(['transcript my bill 0.8']);
});

test('close ends everything once and leaves no timer', async () => {
  confirmed.play(null, listener('a'));
  stream.lastPlay.listener.onEnded('done', 700);
  await confirmed.close();
  expect([ended, clock.pendingTimers]).toEqual([['a closed 700'], 0]);
});
