import { describe, expect, it } from 'vitest';
import type { ListenOutcome, ListenRequest, PlayListener, StreamStats } from './media-host.js';
import { HostStream } from './host-stream.js';
import type { StreamCommand } from './protocol.js';

const stats: StreamStats = {
  packetsSent: 3,
  octetsSent: 480,
  packetsReceived: 0,
  lost: 0,
  late: 0,
  duplicates: 0,
  malformed: 0,
  strangers: 0,
  underruns: 0,
  jitterMs: 0,
};
const request = {} as ListenRequest;

function create(requestClose: () => Promise<StreamStats> = () => Promise.resolve(stats)) {
  const posted: StreamCommand[] = [];
  const log: string[] = [];
  const faults: unknown[] = [];
  let gone = 0;
  const stream = new HostStream(4, 30_000, (reason) => log.push(`closed ${reason}`), {
    post: (command) => posted.push(command),
    requestClose,
    toClockMs: (absoluteMs) => absoluteMs - 1_000,
    onFault: (err) => void faults.push(err),
    onGone: () => gone++,
  });
  const play = (name: string): PlayListener => ({
    onStarted: (atMs) => log.push(`${name} started ${atMs}`),
    onMark: (mark) => log.push(`${name} mark ${mark}`),
    onEnded: (reason) => log.push(`${name} ${reason}`),
  });
  const outcomes: ListenOutcome[] = [];
  const listen = (name: string) => ({
    onStartOfInput: (mode: string) => log.push(`${name} start ${mode}`),
    onPartial: (text: string) => log.push(`${name} partial ${text}`),
    onWarning: (message: string) => log.push(`${name} ${message}`),
    onComplete: (outcome: ListenOutcome) => {
      outcomes.push(outcome);
      log.push(`${name} ${outcome.cause}`);
    },
  });
  return { stream, posted, log, play, listen, outcomes, gone: () => gone, faults };
}

const outcome = {
  cause: 'success',
  mode: 'speech',
  result: { alternatives: [] },
  digits: '',
  error: null,
  inputStartedAtMs: 5_000,
  endpointAtMs: null,
  resultAtMs: 6_000,
} as const;

describe('HostStream', () => {
  it('numbers plays and passes their events on, in the time of the caller', () => {
    const { stream, posted, log, play } = create();
    const handle = stream.play(null, play('a'));
    handle.pause();
    stream.handle({ type: 'play-started', stream: 4, play: 1, atMs: 1_500 });
    stream.handle({ type: 'play-ended', stream: 4, play: 1, reason: 'done', playedMs: 20 });
    handle.stop();
    handle.finish(true);
    expect(posted.map((c) => c.type)).toEqual(['play', 'pause']);
    expect(log).toEqual(['a started 500', 'a done']);
  });

  it('events that come twice or too late are dropped', () => {
    const { stream, log, play, listen } = create();
    stream.play(null, play('a'));
    for (let i = 0; i < 2; i++)
      stream.handle({ type: 'play-ended', stream: 4, play: 1, reason: 'done', playedMs: 20 });
    const first = stream.listen(request, listen('x'));
    stream.listen(request, listen('y'));
    stream.handle({ type: 'complete', stream: 4, listen: 2, outcome });
    first.stop();
    stream.handle({ type: 'complete', stream: 4, listen: 3, outcome });
    stream.handle({ type: 'partial', stream: 4, listen: 3, text: 'late' });
    expect(log).toEqual(['a done', 'y success']);
  });

  it('times of an outcome are those of the caller', () => {
    const { stream, outcomes, listen } = create();
    stream.listen(request, listen('x'));
    stream.handle({ type: 'complete', stream: 4, listen: 1, outcome });
    expect(outcomes[0]).toMatchObject({ inputStartedAtMs: 4_000, endpointAtMs: null, resultAtMs: 5_000 });
  });

  it('stop ends a listen without an outcome', () => {
    const { stream, posted, log, listen } = create();
    const handle = stream.listen(request, listen('x'));
    handle.stop();
    handle.stop();
    stream.handle({ type: 'complete', stream: 4, listen: 1, outcome });
    expect(posted.map((c) => c.type)).toEqual(['listen', 'stop-listen']);
    expect(log).toEqual([]);
  });

  it('close gives the counters, ends what the worker left open and is gone once', async () => {
    const { stream, log, play, listen, gone } = create();
    stream.play(null, play('a'));
    stream.listen(request, listen('x'));
    const closing = stream.close();
    expect(stream.close()).toBe(closing);
    expect(await closing).toEqual(stats);
    stream.lose('too late');
    expect(log).toEqual(['a closed', 'x cancelled']);
    expect(gone()).toBe(1);
  });

  it('a worker that dies ends everything and tells the owner; close gives zeros then', async () => {
    const { stream, log, play, listen, outcomes, gone } = create();
    stream.play(null, play('a'));
    stream.listen(request, listen('x'));
    stream.lose('crash');
    stream.lose('crash');
    expect(log).toEqual(['a closed', 'x recognizer-error', 'closed crash']);
    expect(outcomes[0]?.error?.code).toBe('unavailable');
    expect((await stream.close()).packetsSent).toBe(0);
    expect(gone()).toBe(1);
  });

  it('a worker that dies during close is no news', async () => {
    const { stream, log } = create(() => Promise.reject(new Error('gone')));
    const closing = stream.close();
    stream.lose('crash');
    expect((await closing).packetsSent).toBe(0);
    expect(log).toEqual([]);
  });

  it('nothing throws after close: plays and listens end later, not from inside the call', async () => {
    const { stream, log, play, listen, posted } = create();
    await stream.close();
    const handle = stream.play(null, play('a'));
    stream.listen(request, listen('x')).startInputTimers();
    handle.append(new Uint8Array(new SharedArrayBuffer(1)), []);
    stream.sendDtmf('1');
    stream.update({ direction: 'inactive' });
    expect(log).toEqual([]);
    await Promise.resolve();
    expect(log).toEqual(['a closed', 'x cancelled']);
    expect(posted).toEqual([]);
  });

  it('at most 64 plays are open', async () => {
    const { stream, log, play, posted } = create();
    for (let i = 0; i < 65; i++) stream.play(null, play(String(i)));
    await Promise.resolve();
    expect([posted.length, log]).toEqual([64, ['64 failed']]);
  });
});

it('a listener that throws loses its own stream, once, and is told to the log', async () => {
  const { stream, faults, log } = create();
  const broken = {
    onStarted: () => {
      throw new Error('a defect');
    },
    onMark: () => undefined,
    onEnded: (reason: string) => log.push(`ended ${reason}`),
  };
  stream.play(null, broken);
  const play = 1;
  stream.handle({ type: 'play-started', stream: 4, play, atMs: 2_000 });
  stream.handle({ type: 'play-started', stream: 4, play, atMs: 2_020 });
  await stream.close();
  await Promise.resolve();
  expect(faults).toHaveLength(2);
  expect(log.filter((line) => line.startsWith('ended'))).toEqual(['ended closed']);
  expect(log).toContain('closed a listener failed');
});
