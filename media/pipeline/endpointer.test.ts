import { describe, expect, it } from 'vitest';
import { defaultOnsetMs, Endpointer, type EndpointerTimeouts } from './endpointer.js';

const timeouts: EndpointerTimeouts = {
  noInputMs: 1_000,
  recognitionMs: 3_000,
  speechCompleteMs: 300,
  speechIncompleteMs: 800,
};

interface Run {
  readonly change?: Partial<EndpointerTimeouts>;
  readonly onsetMs?: number;
  readonly matches?: boolean;
  readonly startTimers?: boolean;
}

/** Feeds 20 ms decisions ('1' speech, '0' none; `0*50` repeats); gives events with the time at which they came. */
function run(
  pattern: string,
  { change, onsetMs = defaultOnsetMs, matches = true, startTimers = true }: Run = {},
): string[] {
  const endpointer = new Endpointer({ ...timeouts, ...change }, startTimers);
  const decisions = pattern
    .split(' ')
    .flatMap((part) => [...(part[0] ?? '').repeat(Number(part.split('*')[1] ?? 1))]);
  return decisions.flatMap((decision, i) => {
    const event = endpointer.frame(decision === '1', 20, onsetMs, matches);
    return event ? [`${event}@${(i + 1) * 20}`] : [];
  });
}

describe('Endpointer', () => {
  it.each<[string, string, Run, readonly string[]]>([
    ['no-input after its timeout (RFC 6787 9.4.6)', '0*100', {}, ['no-input@1000']],
    ['no-input 0 waits for ever', '0*1000', { change: { noInputMs: 0 } }, []],
    ['the timer waits for START-INPUT-TIMERS (9.13)', '0*1000', { startTimers: false }, []],
    ['60 ms of speech are its start', '0*10 1*5', {}, ['speech-start@260']],
    ['a click of 40 ms is not', '0*10 1*2 0*10', {}, []],
    ['speech with gaps adds up', '1 1 0 1 1', {}, ['speech-start@100']],
    ['alternating frames are no speech', '1 0 1 0 1 0 1 0 1 0', {}, []],
    ['barge-in may ask for more', '1*11', { onsetMs: 200 }, ['speech-start@200']],
    ['speech that begins at the deadline is input', '0*48 1*3', {}, ['speech-start@1020']],
    [
      'speech that matches ends after speech-complete (9.4.15)',
      '1*20 0*60',
      { matches: true },
      ['speech-start@60', 'speech-end@700'],
    ],
    [
      'speech that does not ends after speech-incomplete (9.4.16)',
      '1*20 0*60',
      { matches: false },
      ['speech-start@60', 'speech-end@1200'],
    ],
    [
      'a pause within speech does not end it',
      '1*20 0*14 1*10 0*15',
      {},
      ['speech-start@60', 'speech-end@1180'],
    ],
    [
      'a click within the pause does not prolong it',
      '1*20 0*7 1 0*20',
      {},
      ['speech-start@60', 'speech-end@700'],
    ],
    [
      'recognition timeout counts from the start of speech (9.4.7)',
      '0*10 1*200',
      {},
      ['speech-start@260', 'recognition-timeout@3200'],
    ],
    ['recognition timeout 0 is off', '1*400', { change: { recognitionMs: 0 } }, ['speech-start@60']],
    [
      'a speech-complete of 0 still needs a pause longer than a plosive',
      '1*20 0*60',
      { change: { speechCompleteMs: 0 } },
      ['speech-start@60', 'speech-end@520'],
    ],
    ['nothing follows the end', '0*50 1*50 0*100', {}, ['no-input@1000']],
  ])('%s', (_, pattern, options, expected) => {
    expect(run(pattern, options)).toEqual(expected);
  });

  it('the timer counts from startInputTimers, once', () => {
    const endpointer = new Endpointer(timeouts, false);
    for (let i = 0; i < 100; i++) endpointer.frame(false, 20, 60, false);
    endpointer.startInputTimers();
    for (let i = 0; i < 49; i++) expect(endpointer.frame(false, 20, 60, false)).toBeNull();
    endpointer.startInputTimers();
    expect(endpointer.frame(false, 20, 60, false)).toBe('no-input');
    expect(endpointer.state).toBe('ended');
  });
});
