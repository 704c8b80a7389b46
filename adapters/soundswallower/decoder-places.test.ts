import { getEventListeners } from 'node:events';
import { describe, expect, it } from 'vitest';
import { FakeClock } from '../../config/clock.js';
import { speechLimits } from '../../config/limits.js';
import { SpeechError } from '../../media/speech/errors.js';
import { DecoderPlaces } from './decoder-places.js';
import { DecoderRun, type DecoderRunOwner } from './decoder-run.js';
import { decoderRateHz, type DecoderCommand } from './protocol.js';

const frameSamples = decoderRateHz / 50;

/** Runs over `decoders` places and `queue` waiting ones, with a thread that only notes what it is told. */
function setUp(decoders: number, queue: number) {
  const clock = new FakeClock();
  const places = new DecoderPlaces(decoders, queue);
  const posted: DecoderCommand[] = [];
  const stuck: number[] = [];
  const owner: DecoderRunOwner = {
    post: (command) => posted.push(command),
    onOver: (run) => places.leave(run),
    onStuck: () => stuck.push(clock.nowMs()),
  };
  const open = (id: number) => {
    const abort = new AbortController();
    const ends: string[] = [];
    const listener = {
      onPartial: () => undefined,
      onWarning: () => undefined,
      onFinal: () => ends.push('final'),
      onError: ({ code }: SpeechError) => ends.push(code),
    };
    const start = { type: 'start', id, line: '', grammars: [], interimResults: false } as const;
    const run = new DecoderRun(start, listener, abort.signal, owner, clock);
    places.enter(run);
    /** So many frames whose samples are the run's id. */
    const hear = (frames: number) => {
      const samples = new Int16Array(frameSamples).fill(id);
      for (let i = 0; i < frames; i++) run.writeFrame({ samples, sampleRateHz: decoderRateHz, timestamp: 0 });
    };
    const finish = () => run.onReport({ type: 'final', id, words: [] });
    return { run, abort, ends, hear, finish };
  };
  /** What the thread was told, as `type id`. */
  const told = () =>
    posted.map((command) => (command.type === 'warm' ? 'warm' : `${command.type} ${command.id}`));
  const heardOf = (id: number) =>
    posted.flatMap((command) => (command.type === 'audio' && command.id === id ? [...command.samples] : []));
  return { clock, places, stuck, open, told, heardOf };
}

describe('recognitions beyond the decoders', () => {
  it('wait with their audio, whole and in order, and catch up when a decoder is free', () => {
    const { clock, open, told, heardOf } = setUp(1, 2);
    const [first, second] = [open(1), open(2)];
    second.hear(12);
    expect(told()).toEqual(['start 1']);
    first.finish();
    expect(told()).toEqual(['start 1', 'start 2', 'audio 2', 'audio 2']);
    second.hear(3);
    second.run.stop();
    expect(told().slice(4)).toEqual(['audio 2', 'stop 2']);
    expect(heardOf(2)).toEqual(Array.from({ length: 15 * frameSamples }, () => 2));
    second.finish();
    expect(second.ends).toEqual(['final']);
    expect(clock.pendingTimers).toBe(0);
  });

  it('keep no more audio than one recognition may be long', () => {
    const { open, heardOf } = setUp(1, 1);
    const [first, second] = [open(1), open(2)];
    second.hear(speechLimits.recognitionMs / 20 + 50);
    first.finish();
    expect(heardOf(2)).toHaveLength((speechLimits.recognitionMs * decoderRateHz) / 1_000);
  });

  it('are served in order, but those whose audio is complete go first', () => {
    const { open, told } = setUp(1, 4);
    const runs = [1, 2, 3, 4, 5].map(open);
    runs[4]?.run.stop();
    runs[2]?.run.stop();
    for (const id of [1, 3, 5, 2, 4]) runs[id - 1]?.finish();
    expect(told().filter((command) => command.startsWith('start'))).toEqual([
      'start 1',
      'start 3',
      'start 5',
      'start 2',
      'start 4',
    ]);
  });

  it('are refused when the queue is full', () => {
    const { places, open } = setUp(2, 3);
    const runs = [1, 2, 3, 4].map(open);
    expect([places.isFull, places.count]).toEqual([false, 4]);
    runs.push(open(5));
    expect([places.isFull, places.count]).toEqual([true, 5]);
    runs[3]?.abort.abort();
    expect([places.isFull, places.count]).toEqual([false, 4]);
  });

  it('leave nothing behind when they are aborted, and the thread never hears of them', () => {
    const { clock, places, open, told } = setUp(1, 2);
    const [first, second] = [open(1), open(2)];
    second.hear(20);
    second.run.stop();
    second.abort.abort();
    second.hear(20);
    expect(getEventListeners(second.abort.signal, 'abort')).toEqual([]);
    expect([clock.pendingTimers, places.count, second.ends]).toEqual([0, 1, []]);
    first.abort.abort();
    expect(told()).toEqual(['start 1', 'abort 1']);
    expect(places.count).toBe(0);
  });

  it('begin only after the thread was told that the decoder is free', () => {
    const { open, told } = setUp(1, 1);
    const [first] = [open(1), open(2)];
    first.abort.abort();
    expect(told()).toEqual(['start 1', 'abort 1', 'start 2']);
  });

  it('wait as long as they listen, and after the end of audio until the deadline: the thread is not to blame', () => {
    const { clock, places, stuck, open } = setUp(1, 1);
    const [, second] = [open(1), open(2)];
    clock.advance(10 * speechLimits.recognizerFinalMs);
    second.run.stop();
    clock.advance(speechLimits.recognizerFinalMs - 1);
    expect(second.ends).toEqual([]);
    clock.advance(1);
    expect(second.ends).toEqual(['capacity']);
    expect([stuck, places.count, clock.pendingTimers]).toEqual([[], 1, 0]);
  });

  it('give a decoder that they got late its own time to answer', () => {
    const { clock, stuck, open } = setUp(1, 1);
    const [first, second] = [open(1), open(2)];
    second.run.stop();
    clock.advance(speechLimits.recognizerFinalMs - 1);
    first.finish();
    clock.advance(speechLimits.recognizerFinalMs - 1);
    expect([stuck, second.ends]).toEqual([[], []]);
    clock.advance(1);
    expect(stuck).toHaveLength(1);
    second.finish();
    expect(clock.pendingTimers).toBe(0);
  });

  it('go on when the decoders die, and end when the recognizer closes', () => {
    const { clock, places, open, told } = setUp(1, 2);
    const runs = [1, 2, 3].map(open);
    places.failRunning(new SpeechError('unavailable', 'died'));
    expect(told()).toEqual(['start 1', 'start 2']);
    places.failAll(new SpeechError('unavailable', 'closed', false));
    expect(runs.map(({ ends }) => ends)).toEqual([['unavailable'], ['unavailable'], ['unavailable']]);
    expect(told()).toEqual(['start 1', 'start 2']);
    expect([places.count, clock.pendingTimers]).toEqual([0, 0]);
  });
});
