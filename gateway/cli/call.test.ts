import { Writable } from 'node:stream';

import { describe, expect, test } from 'vitest';

import { FakeClock } from '../../config/clock.js';
import { SeededRandom } from '../../config/random.js';
import { SpeechError } from '../../media/speech/errors.js';
import { phraseGrammar } from '../../media/speech/grammar/phrases.js';
import type { ListenOutcome } from '../../media/worker/media-host.js';
import { SipError } from '../sip/errors.js';
import type { OutgoingCallDelegate, SipSession } from '../sip/user-agent-api.js';
import { FakeSpeaker } from '../session/testing/fake-speaker.js';
import { audio, FakeSipSession, portsOf, sdp } from '../session/testing/fake-sip.js';
import { FakeHost, FakeStream, heard, outcome } from '../session/testing/fake-media.js';
import { settled } from '../session/testing/kit.js';
import { runCall, type CallOptions } from './call.js';

const maxMs = 60_000;
const expected = phraseGrammar('session:prompts', ['welcome'], 'en-US');

/** A user agent that keeps its one call for the test to carry on. */
class FakeCaller {
  readonly sip = new FakeSipSession();
  offer = '';
  refusal: SipError | null = null;
  #delegate: OutgoingCallDelegate | null = null;

  get delegate(): OutgoingCallDelegate {
    if (!this.#delegate) throw new Error('nobody was called');
    return this.#delegate;
  }

  invite(_target: string, offer: string, delegate: OutgoingCallDelegate): SipSession {
    if (this.refusal) throw this.refusal;
    this.offer = offer;
    this.#delegate = delegate;
    this.sip.delegate = delegate;
    return this.sip;
  }
}

function fixture(more: Partial<CallOptions> = {}) {
  const clock = new FakeClock();
  const host = new FakeHost();
  const speaker = new FakeSpeaker();
  const userAgent = new FakeCaller();
  let text = '';
  const output = new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      text += chunk.toString();
      done();
    },
  });
  const options: CallOptions = {
    target: 'sip:bot@127.0.0.1',
    lines: ['my bill'],
    language: 'en-US',
    expected,
    localAddress: '127.0.0.1',
    maxMs,
    ...more,
  };
  let code: number | null = null;
  const start = async () => {
    void runCall(options, {
      host,
      userAgent,
      speaker,
      recognizer: 'ears',
      output,
      clock,
      random: new SeededRandom(1),
    }).then((result) => {
      code = result;
    });
    await settled();
    return host.streams[0] ?? new FakeStream();
  };
  const lines = () => text.trimEnd().split('\n');
  return { clock, host, lines, result: () => code, speaker, start, userAgent };
}

/** A call that was answered. */
async function answered(more: Partial<CallOptions> = {}) {
  const parts = fixture(more);
  const stream = await parts.start();
  parts.userAgent.delegate.onAnswered(sdp(audio()));
  const hear = (result: ListenOutcome) => stream.lastListen.listener.onComplete(result);
  return { ...parts, hear, stream };
}

/** What must hold when a call is over. */
function expectReleased({ clock, host }: ReturnType<typeof fixture>): void {
  expect([clock.pendingTimers, host.openStreams]).toEqual([0, 0]);
}

describe('a call', () => {
  test('is printed with what was said and how long it took, and ends with 0 when the bot hangs up', async () => {
    const parts = await answered();
    const { clock, hear, lines, result, speaker, stream, userAgent } = parts;
    expect(portsOf(userAgent.offer)).toEqual([stream.localPort]);
    expect(stream.updates).toMatchObject([{ codec: { encoding: 'PCMU' }, remote: { port: 4_000 } }]);
    hear({ ...heard('welcome'), inputStartedAtMs: 300, endpointAtMs: 2_500, resultAtMs: 2_600 });
    clock.advance(3_000);
    speaker.prompt('my bill').end();
    hear({ ...heard('goodbye'), inputStartedAtMs: 3_500, endpointAtMs: 5_200, resultAtMs: 5_300 });
    clock.advance(3_000);
    userAgent.sip.endedBy('remote-bye');
    await settled();
    expect(lines()).toEqual([
      'calling sip:bot@127.0.0.1',
      '  answered after 0.00 s',
      'bot    welcome   [after 0.30 s, 1.00 s long]',
      'caller my bill',
      'bot    goodbye   [after 0.50 s, 0.50 s long]',
      'caller (has nothing more to say)',
      'the bot hung up after 6.00 s',
    ]);
    expect(result()).toBe(0);
    expectReleased(parts);
  });

  test('listens with the grammar of what the bot may say', async () => {
    const { stream } = await answered();
    expect(stream.lastListen.request).toMatchObject({
      recognizer: 'ears',
      recognition: { grammars: [expected], language: 'en-US' },
      dtmf: null,
      bargeIn: 'none',
      startInputTimers: true,
    });
  });

  test.each([
    [expected, heard('welcome'), 'welcome'],
    [expected, outcome(), '(not understood)'],
    [null, heard('hello'), '(speech)'],
  ])(
    'with grammar %j the bot is written down as what was understood of it',
    async (grammar, result, text) => {
      const { hear, lines } = await answered({ expected: grammar });
      hear(result);
      expect(lines().find((line) => line.startsWith('bot'))).toContain(`bot    ${text}   [`);
    },
  );

  test.each([
    [expected, 'bot    welcome to'],
    [null, 'bot    (speech)'],
  ])('what the bot was saying when it hung up is printed: with grammar %j', async (grammar, line) => {
    const { lines, stream, userAgent } = await answered({ lines: [], expected: grammar });
    const { listener } = stream.lastListen;
    listener.onStartOfInput('speech');
    listener.onPartial('welcome to');
    userAgent.sip.endedBy('remote-bye');
    await settled();
    expect(lines().slice(-2)).toEqual([line, 'the bot hung up after 0.00 s']);
  });

  test('a line that starts with # is pressed', async () => {
    const { hear, lines, speaker, stream } = await answered({ lines: ['#12*'] });
    hear(heard('welcome'));
    expect([stream.dtmf, speaker.texts, stream.listens.length]).toEqual([['12*'], [], 2]);
    expect(lines()).toContain('caller #12*');
  });

  test('a bot that stays silent is told, and the caller goes on', async () => {
    const { hear, lines, speaker } = await answered();
    hear(outcome({ cause: 'no-input-timeout' }));
    expect(lines()).toContain('bot    (silent for 15.00 s)');
    expect(speaker.texts).toEqual(['my bill']);
  });
});

describe('a call that fails with 1', () => {
  test('the bot hangs up before the last line', async () => {
    const parts = await answered({ lines: ['one', 'two', 'three'] });
    parts.hear(heard('welcome'));
    parts.userAgent.sip.endedBy('remote-bye');
    await settled();
    expect(parts.lines().slice(-2)).toEqual(['the bot hung up after 0.00 s', 'not said: two | three']);
    expect(parts.result()).toBe(1);
    expectReleased(parts);
  });

  test('the call breaks off', async () => {
    const { lines, result, userAgent } = await answered({ lines: [] });
    userAgent.sip.endedBy('session-timer');
    await settled();
    expect([lines().at(-1), result()]).toEqual(['call ended (session-timer) after 0.00 s', 1]);
  });

  test('it is refused', async () => {
    const parts = fixture();
    await parts.start();
    const response = {
      kind: 'response' as const,
      status: 486,
      reason: 'Busy Here',
      headers: [],
      body: Buffer.alloc(0),
    };
    parts.userAgent.delegate.onProvisional({ ...response, status: 180, reason: 'Ringing' });
    parts.userAgent.delegate.onRejected(response, null);
    await settled();
    expect(parts.lines().slice(1)).toEqual(['  180 Ringing', 'refused: 486 Busy Here']);
    expect(parts.result()).toBe(1);
    expectReleased(parts);
  });

  test('nobody answers', async () => {
    const { lines, result, start, userAgent } = fixture();
    await start();
    userAgent.delegate.onRejected(null, new SipError('timeout', 'no response'));
    await settled();
    expect([lines().at(-1), result()]).toEqual(['no answer', 1]);
  });

  test('it cannot even be placed', async () => {
    const parts = fixture();
    parts.userAgent.refusal = new SipError('bad-target', '"bot" is not a SIP URI');
    await parts.start();
    expect([parts.lines().at(-1), parts.result()]).toEqual(['"bot" is not a SIP URI', 1]);
    expectReleased(parts);
  });

  test.each([
    ['refuses the audio', sdp(audio(0)), 'unusable answer: the audio line was refused'],
    ['is no description', 'hello', 'unusable answer: SDP line 1: a description starts with "v=0"'],
  ])('the answer %s', async (_case, answer, line) => {
    const parts = fixture();
    await parts.start();
    parts.userAgent.delegate.onAnswered(answer);
    await settled();
    expect([parts.lines().at(-1), parts.result(), parts.userAgent.sip.byes]).toEqual([line, 1, 1]);
    expectReleased(parts);
  });

  test('it does not end in time; what comes of hanging up is not printed', async () => {
    const parts = fixture();
    await parts.start();
    parts.clock.advance(maxMs);
    parts.userAgent.delegate.onRejected(null, null);
    await settled();
    expect(parts.lines().slice(1)).toEqual(['no end after 60.00 s']);
    expect([parts.result(), parts.userAgent.sip.byes]).toEqual([1, 1]);
    expectReleased(parts);
  });

  test('the caller’s voice fails', async () => {
    const { hear, lines, result, speaker } = await answered();
    hear(heard('welcome'));
    speaker.prompt('my bill').end('failed', new SpeechError('unsupported', 'no voice for en-US'));
    await settled();
    expect([lines().at(-1), result()]).toEqual(["the caller's voice failed: no voice for en-US", 1]);
  });

  test('its media is lost', async () => {
    const { host, lines, result } = await answered();
    host.lose(0, 'worker exited');
    await settled();
    expect([lines().at(-1), result()]).toEqual(['media lost: worker exited', 1]);
  });
});

describe('nothing goes on after the end', () => {
  test('neither listening, nor speaking, nor printing', async () => {
    const { hear, lines, speaker, stream, userAgent } = await answered({ lines: ['one', 'two'] });
    hear(heard('welcome'));
    userAgent.sip.endedBy('remote-bye');
    await settled();
    const printed = lines().length;
    speaker.prompt('one').end('closed');
    hear(heard('welcome'));
    userAgent.delegate.onAnswered(sdp(audio()));
    await settled();
    expect([stream.listens.length, speaker.texts, lines().length - 1]).toEqual([1, ['one'], printed]);
  });

  test('a recogniser that fails at once is not asked for ever', async () => {
    const { hear, lines, stream } = await answered({ lines: [] });
    hear(outcome({ cause: 'recognizer-error', error: new SpeechError('unavailable', 'no engine') }));
    expect(stream.listens).toHaveLength(1);
    expect(lines().at(-1)).toBe('bot    (not heard: no engine)');
  });
});
