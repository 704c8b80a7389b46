import { describe, expect, test } from 'vitest';

import { FakeClock } from '../../config/clock.js';
import { MemoryLogger } from '../../config/logger.js';
import { SpeechError } from '../../media/speech/errors.js';
import type { SpeakRequest } from '../mrcp/backend.js';
import { planAnswer } from '../sip/offer-answer.js';
import { SessionMedia } from './session-media.js';
import { SpeakingBackend } from './synth-backend.js';
import { FakeSpeaker } from './testing/fake-speaker.js';
import { addresses, audio, policy, sdp } from './testing/fake-sip.js';
import { FakeHost } from './testing/fake-media.js';
import { RecordingMetrics } from './testing/kit.js';

const playoutDelayMs = 120;

async function fixture() {
  const clock = new FakeClock();
  const logger = new MemoryLogger();
  const speaker = new FakeSpeaker();
  const host = new FakeHost();
  const media = new SessionMedia(
    { sessionId: 's1', addresses, continuous: false, sdpSessionId: '7' },
    { host, logger, onLost: () => undefined },
  );
  await media.apply(planAnswer(sdp(audio()), policy));
  const deps = {
    media,
    lineIndex: 0,
    speaker,
    language: 'en-US',
    playoutDelayMs,
    metrics: new RecordingMetrics(),
    clock,
    logger,
  };
  const backend = new SpeakingBackend(deps);
  const events: string[] = [];
  const speak = (body: string, more: Partial<SpeakRequest> = {}) =>
    backend.speak(
      {
        requestId: 1,
        contentType: body.startsWith('<') ? 'application/ssml+xml' : 'text/plain',
        body,
        speechLanguage: null,
        voiceName: null,
        voiceGender: null,
        prosodyRate: null,
        prosodyVolume: null,
        vendorParameters: new Map(),
        ...more,
      },
      {
        onMark: (name) => events.push(`mark ${name}`),
        onComplete: (cause, reason) => events.push(reason === undefined ? cause : `${cause}: ${reason}`),
      },
    );
  return { backend, clock, deps, events, host, logger, media, speak, speaker };
}

describe('a SPEAK', () => {
  test('is said on the channel’s line and completes after the playout delay', async () => {
    const { clock, events, host, speak, speaker } = await fixture();
    speak('hello');
    expect(speaker.prompts[0]).toMatchObject({
      options: { text: 'hello', language: 'en-US', voice: '', speed: 1, volume: 1 },
      format: { encoding: 'PCMU', sampleRateHz: 8_000 },
    });
    expect(speaker.prompts[0]?.stream).toBe(host.streams[0]);
    speaker.prompt('hello').end();
    clock.advance(playoutDelayMs - 1);
    expect(events).toEqual([]);
    clock.advance(1);
    expect(events).toEqual(['normal']);
  });

  test('takes language, voice and prosody from its header fields (RFC 6787 8.4)', async () => {
    const { speak, speaker } = await fixture();
    speak('hello', {
      speechLanguage: 'zh-CN',
      voiceName: 'ann',
      prosodyRate: 'fast',
      prosodyVolume: 'silent',
    });
    const options = speaker.prompt('hello').options;
    expect(options).toMatchObject({ language: 'zh-CN', voice: 'ann', volume: 0 });
    expect(options.speed).toBeGreaterThan(1);
  });

  test('keeps what its document says against the header fields', async () => {
    const { speak, speaker } = await fixture();
    speak(
      '<speak version="1.0" xml:lang="en-GB"><voice name="bob"><prosody rate="0.5">hi</prosody></voice></speak>',
      { speechLanguage: 'zh-CN', voiceName: 'ann', prosodyRate: 'fast' },
    );
    expect(speaker.prompt('hi').options).toMatchObject({ language: 'en-GB', voice: 'bob', speed: 0.5 });
  });

  test('marks fall between the pieces of text they stand between (RFC 6787 8.4.3)', async () => {
    const { clock, events, speak, speaker } = await fixture();
    speak('<speak><mark name="a"/>one<mark name="b"/>two<mark name="c"/><mark name="d"/></speak>');
    expect([events, speaker.texts]).toEqual([['mark a'], ['one']]);
    speaker.prompt('one').end();
    expect([events, speaker.texts]).toEqual([
      ['mark a', 'mark b'],
      ['one', 'two'],
    ]);
    speaker.prompt('two').end();
    expect(events).toEqual(['mark a', 'mark b', 'mark c', 'mark d']);
    clock.advance(playoutDelayMs);
    expect(events.at(-1)).toBe('normal');
  });

  test('that is stopped from inside a mark says nothing more', async () => {
    const { backend, clock, deps, speaker } = await fixture();
    const events: string[] = [];
    const control = backend.speak(
      {
        requestId: 1,
        contentType: 'application/ssml+xml',
        body: '<speak>one<mark name="b"/>two</speak>',
        speechLanguage: null,
        voiceName: null,
        voiceGender: null,
        prosodyRate: null,
        prosodyVolume: null,
        vendorParameters: new Map(),
      },
      { onMark: () => control.stop(), onComplete: (cause) => events.push(cause) },
    );
    speaker.prompt('one').end();
    clock.advance(deps.playoutDelayMs);
    expect([speaker.texts, events, clock.pendingTimers]).toEqual([['one'], [], 0]);
  });
});

describe('pause', () => {
  test('before a segment starts holds it', async () => {
    const { speak, speaker } = await fixture();
    const control = speak('<speak>one<mark name="m"/>two</speak>');
    control.pause();
    expect(speaker.prompt('one').calls).toEqual(['pause']);
    speaker.prompt('one').end();
    expect(speaker.prompt('two').calls).toEqual(['pause']);
    control.resume();
    expect(speaker.prompt('two').calls).toEqual(['pause', 'resume']);
  });
});

describe('stopping', () => {
  test('silences what is said, once, and completes nothing', async () => {
    const { clock, events, speak, speaker } = await fixture();
    const control = speak('hello');
    control.stop();
    control.stop();
    speaker.prompt('hello').end('stopped');
    clock.advance(playoutDelayMs);
    expect([speaker.prompt('hello').calls, events, clock.pendingTimers]).toEqual([['stop'], [], 0]);
  });

  test('also during the playout delay', async () => {
    const { clock, events, speak, speaker } = await fixture();
    const control = speak('hello');
    speaker.prompt('hello').end();
    control.stop();
    expect(clock.pendingTimers).toBe(0);
    clock.advance(playoutDelayMs);
    expect(events).toEqual([]);
  });

  test('closing the channel stops what it says', async () => {
    const { backend, speak, speaker, clock } = await fixture();
    speak('hello');
    backend.close();
    expect([speaker.prompt('hello').stopped, clock.pendingTimers]).toEqual([true, 0]);
  });
});

describe('what ends a SPEAK early (RFC 6787 8.4.4)', () => {
  test.each([
    ['barge-in', 'barge-in', null, 'barge-in'],
    [
      'a language nobody speaks',
      'failed',
      new SpeechError('unsupported', 'no zh'),
      'language-unsupported: no zh',
    ],
    ['a failed engine', 'failed', new SpeechError('timeout', 'too slow'), 'error: too slow'],
    ['audio that was stopped', 'stopped', null, 'error: the audio ended'],
    ['audio that is gone', 'closed', null, 'error: the audio ended'],
  ] as const)('%s', async (_case, reason, error, event) => {
    const { clock, events, speak, speaker } = await fixture();
    speak('<speak>one<mark name="m"/>two</speak>');
    speaker.prompt('one').end(reason, error);
    expect(events).toEqual([]);
    clock.advance(0);
    expect([events, speaker.texts]).toEqual([[event], ['one']]);
  });

  test.each([
    ['XML that is not well-formed', '<speak>', 'application/ssml+xml', 'parse-failure'],
    ['another root', '<speech/>', 'application/ssml+xml', 'parse-failure'],
    ['an unknown type', 'hello', 'text/html', 'parse-failure'],
    ['a list of URIs', 'http://example.test/', 'text/uri-list', 'uri-failure'],
  ])('%s', async (_case, body, contentType, cause) => {
    const { clock, events, speak, speaker } = await fixture();
    speak(body, { contentType });
    expect([events, speaker.texts]).toEqual([[], []]);
    clock.advance(0);
    expect(events).toEqual([expect.stringMatching(`^${cause}: .`)]);
  });

  test('a line that was removed', async () => {
    const { clock, events, media, speak, speaker } = await fixture();
    await media.apply(planAnswer(sdp(audio(0), audio(4_002)), policy));
    speak('hello');
    clock.advance(0);
    expect([events, speaker.texts]).toEqual([['error: the audio line of this channel was removed'], []]);
  });
});

test('what could not be honoured in a document is logged', async () => {
  const { logger, speak } = await fixture();
  speak('<speak>one <prosody rate="fast">two</prosody></speak>');
  expect(logger.lines).toMatchObject([{ level: 'info', message: 'SSML not honoured' }]);
});
