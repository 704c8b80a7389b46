import { describe, expect, it } from 'vitest';
import { mrcpLimits } from '../../config/limits.js';
import { ServerFixture } from './testing/server-fixture.js';
import type { StrictMessage } from './testing/strict-message.js';

function setup() {
  const fixture = new ServerFixture();
  const { synth, synthId, session } = fixture.openSession();
  const peer = fixture.connect();
  const request = (
    method: string,
    headers: Readonly<Record<string, string>> = {},
    body?: string,
  ): StrictMessage =>
    peer.request({ method, channelId: synthId, headers, ...(body !== undefined && { body }) });
  const speak = (headers: Readonly<Record<string, string>> = {}, body = 'Hello'): string => {
    const { status, state } = request('SPEAK', { 'Content-Type': 'text/plain', ...headers }, body);
    return `${status} ${state}`;
  };
  return { fixture, synth, session, peer, request, speak };
}

function listOf(message: StrictMessage): string | undefined {
  return message.headers.get('active-request-id-list');
}

describe('SPEAK (RFC 6787 8.6)', () => {
  it('is answered IN-PROGRESS before the backend hears of it', () => {
    const { synth, peer, speak } = setup();
    let answeredFirst = false;
    synth.onSpeak = () => {
      answeredFirst = peer.socket.written.length === 1;
    };
    expect(speak()).toBe('200 IN-PROGRESS');
    expect(answeredFirst).toBe(true);
  });

  it('ends with SPEAK-COMPLETE 000 normal, and the resource is idle again', () => {
    const { synth, peer, speak } = setup();
    speak();
    synth.find(1).listener.onComplete('normal');
    expect(peer.takeLines()).toEqual(['SPEAK-COMPLETE 1 COMPLETE 000 normal']);
    expect(speak()).toBe('200 IN-PROGRESS');
  });

  it('gives the backend the text and the parameters in force (6.1.1)', () => {
    const { synth, request, speak } = setup();
    request('SET-PARAMS', {
      'Voice-Name': 'Li',
      'Prosody-Rate': 'slow',
      'Vendor-Specific-Parameters': 'a=1;b=2',
    });
    speak(
      {
        'Content-Type': 'Application/SSML+XML; charset=utf-8',
        'Prosody-Rate': '+10%',
        'Vendor-Specific-Parameters': 'b=3',
        'Speech-Language': 'zh-CN',
      },
      '<speak>你好</speak>',
    );
    const { vendorParameters, ...rest } = synth.find(2).request;
    expect(rest).toEqual({
      requestId: 2,
      contentType: 'application/ssml+xml',
      body: '<speak>你好</speak>',
      speechLanguage: 'zh-CN',
      voiceName: 'Li',
      voiceGender: null,
      prosodyRate: '+10%',
      prosodyVolume: null,
    });
    expect(Object.fromEntries(vendorParameters)).toEqual({ a: '1', b: '3' });
  });

  it.each([
    ['no body (6.2.6)', { 'Content-Type': 'text/plain' }, '', 406],
    ['no Content-Type (6.2.6)', {}, 'Hello', 406],
    ['a type nobody knows (5.4)', { 'Content-Type': 'application/pdf' }, 'Hello', 408],
    [
      'text/uri-list, which is not fetched (5.4)',
      { 'Content-Type': 'text/uri-list' },
      'http://a/b.ssml',
      409,
    ],
    ['an illegal header value (5.4)', { 'Content-Type': 'text/plain', 'Voice-Age': 'abc' }, 'Hello', 404],
    ['an encoded body (5.4)', { 'Content-Type': 'text/plain', 'Content-Encoding': 'gzip' }, 'Hello', 409],
  ] as const)('with %s is answered and speaks nothing', (_, headers, body, status) => {
    const { synth, request } = setup();
    const response = request('SPEAK', headers, body);
    expect([response.status, response.state]).toEqual([status, 'COMPLETE']);
    expect(synth.speaks).toEqual([]);
  });

  it('echoes the offending field of a 404 (6.1.1)', () => {
    const { request } = setup();
    const response = request('SPEAK', { 'Content-Type': 'text/plain', 'Voice-Age': 'abc' }, 'Hello');
    expect(response.headers.get('voice-age')).toBe('abc');
  });

  it('reports a backend failure as SPEAK-COMPLETE 004 with its reason (8.4.4)', () => {
    const { synth, peer, speak } = setup();
    speak();
    synth.find(1).listener.onComplete('error', 'no "voice"\r\nX: injected');
    const [event] = peer.take();
    expect(event?.headers.get('completion-cause')).toBe('004 error');
    expect(event?.headers.get('completion-reason')).toBe(`"no 'voice' X: injected"`);
  });

  it('reports a backend that throws as SPEAK-COMPLETE 004 and goes on', () => {
    const { synth, peer, speak } = setup();
    synth.onSpeak = () => {
      throw new Error('defect');
    };
    expect(speak()).toBe('200 IN-PROGRESS');
    expect(peer.takeLines()).toEqual(['SPEAK-COMPLETE 1 COMPLETE 004 error']);
  });

  it('survives a backend that completes from inside speak, and stops what it returned', () => {
    const { synth, peer, speak } = setup();
    synth.onSpeak = ({ listener }) => listener.onComplete('parse-failure');
    speak();
    expect(peer.takeLines()).toEqual(['SPEAK-COMPLETE 1 COMPLETE 002 parse-failure']);
    expect(synth.find(1).calls).toEqual(['stop']);
  });

  it('ignores what a backend says after completion', () => {
    const { synth, peer, speak } = setup();
    speak();
    const { listener } = synth.find(1);
    listener.onComplete('normal');
    listener.onComplete('normal');
    listener.onMark('late');
    expect(peer.takeLines()).toHaveLength(1);
  });
});

describe('SPEECH-MARKER (RFC 6787 8.14)', () => {
  it('is sent for a mark, with an NTP timestamp and its name (8.4.8), and never unasked', () => {
    const { synth, peer, speak, fixture } = setup();
    speak();
    fixture.clock.advance(500);
    synth.find(1).listener.onMark('here');
    const [event, ...more] = peer.take();
    expect(more).toEqual([]);
    const [, timestamp, mark] =
      /^timestamp=(\d+);(.*)$/.exec(event?.headers.get('speech-marker') ?? '') ?? [];
    expect(mark).toBe('here');
    const ntpSeconds = Number(BigInt(timestamp ?? 0) >> 32n);
    expect(ntpSeconds).toBe(1_700_000_000 + 2_208_988_800);
    expect(BigInt(timestamp ?? 0) & 0xffff_ffffn).toBe(0x8000_0000n);
  });
});

describe('SPEAK queue (RFC 6787 8.1, 8.6)', () => {
  it('keeps later SPEAKs PENDING and starts them in order, each announced by SPEECH-MARKER', () => {
    const { synth, peer, speak } = setup();
    expect([speak(), speak(), speak()]).toEqual(['200 IN-PROGRESS', '200 PENDING', '200 PENDING']);
    expect(synth.speaks).toHaveLength(1);
    synth.find(1).listener.onComplete('normal');
    expect(peer.takeLines()).toEqual(['SPEAK-COMPLETE 1 COMPLETE 000 normal', 'SPEECH-MARKER 2 IN-PROGRESS']);
    synth.find(2).listener.onComplete('error');
    expect(peer.takeLines()).toEqual(['SPEAK-COMPLETE 2 COMPLETE 004 error', 'SPEECH-MARKER 3 IN-PROGRESS']);
    synth.find(3).listener.onComplete('normal');
    expect(peer.takeLines()).toEqual(['SPEAK-COMPLETE 3 COMPLETE 000 normal']);
  });

  it('is bounded: one more is answered 407 and nothing is lost', () => {
    const { speak } = setup();
    speak();
    for (let i = 0; i < mrcpLimits.requestQueue; i++) expect(speak()).toBe('200 PENDING');
    expect(speak()).toBe('407 COMPLETE');
  });

  it('runs through a queue of prompts that all fail at once', () => {
    const { synth, peer, speak } = setup();
    for (let i = 0; i <= mrcpLimits.requestQueue; i++) speak();
    synth.onSpeak = ({ listener }) => listener.onComplete('error');
    synth.find(1).listener.onComplete('error');
    expect(peer.takeLines().filter((line) => line.startsWith('SPEAK-COMPLETE'))).toHaveLength(
      mrcpLimits.requestQueue + 1,
    );
  });
});

describe('STOP (RFC 6787 8.7)', () => {
  it('ends all, lists every id (6.2.3) and no SPEAK-COMPLETE follows', () => {
    const { synth, peer, request, speak } = setup();
    speak();
    speak();
    speak();
    const response = request('STOP');
    expect([response.status, listOf(response)]).toEqual([200, '1,2,3']);
    expect(synth.find(1).calls).toEqual(['stop']);
    synth.find(1).listener.onComplete('normal');
    expect(peer.takeLines()).toEqual([]);
    expect(speak()).toBe('200 IN-PROGRESS');
  });

  it('ends the ones it selects; the next becomes IN-PROGRESS', () => {
    const { synth, peer, request, speak } = setup();
    speak();
    speak();
    speak();
    expect(listOf(request('STOP', { 'Active-Request-Id-List': '1, 2' }))).toBe('1,2');
    expect(peer.takeLines()).toEqual(['SPEECH-MARKER 3 IN-PROGRESS']);
    expect(synth.speaks.map((each) => each.request.requestId)).toEqual([1, 3]);
  });

  it('takes a waiting one out and leaves the active one alone', () => {
    const { synth, peer, request, speak } = setup();
    speak();
    speak();
    expect(listOf(request('STOP', { 'Active-Request-Id-List': '2' }))).toBe('2');
    expect(synth.find(1).calls).toEqual([]);
    synth.find(1).listener.onComplete('normal');
    expect(peer.takeLines()).toEqual(['SPEAK-COMPLETE 1 COMPLETE 000 normal']);
  });

  it.each([[{}], [{ 'Active-Request-Id-List': '77' }]])(
    'answers 200 without a list when nothing was ended (%j)',
    (headers) => {
      const { request } = setup();
      const response = request('STOP', headers);
      expect([response.status, listOf(response)]).toEqual([200, undefined]);
    },
  );

  it('of a paused SPEAK leaves the next one paused', () => {
    const { synth, request, speak } = setup();
    speak();
    speak();
    request('PAUSE');
    request('STOP', { 'Active-Request-Id-List': '1' });
    expect(synth.find(2).calls).toEqual(['pause']);
    expect(listOf(request('RESUME'))).toBe('2');
    expect(synth.find(2).calls).toEqual(['pause', 'resume']);
  });
});

describe('BARGE-IN-OCCURRED (RFC 6787 8.8)', () => {
  it('ends the active SPEAK and all behind it, and lists them', () => {
    const { synth, request, speak, peer } = setup();
    speak();
    speak({ 'Kill-On-Barge-In': 'false' });
    speak();
    const response = request('BARGE-IN-OCCURRED', { 'Proxy-Sync-Id': 'abc' });
    expect([response.status, listOf(response)]).toEqual([200, '1,2,3']);
    expect(synth.find(1).calls).toEqual(['stop']);
    expect(peer.takeLines()).toEqual([]);
  });

  it('leaves a SPEAK with Kill-On-Barge-In: false alone, whatever the request says (8.4.2)', () => {
    const { synth, request, speak } = setup();
    speak({ 'Kill-On-Barge-In': 'false' });
    const response = request('BARGE-IN-OCCURRED', { 'Kill-On-Barge-In': 'true' });
    expect([response.status, listOf(response)]).toEqual([200, undefined]);
    expect(synth.find(1).calls).toEqual([]);
  });

  it('takes Kill-On-Barge-In from the session when the SPEAK has none', () => {
    const { synth, request, speak } = setup();
    request('SET-PARAMS', { 'Kill-On-Barge-In': 'false' });
    speak();
    speak({ 'Kill-On-Barge-In': 'true' });
    request('BARGE-IN-OCCURRED');
    expect(synth.find(2).calls).toEqual([]);
    synth.find(2).listener.onComplete('normal');
    expect(listOf(request('BARGE-IN-OCCURRED'))).toBe('3');
  });

  it('answers 200 without a list when idle', () => {
    expect(listOf(setup().request('BARGE-IN-OCCURRED'))).toBeUndefined();
  });
});

describe('PAUSE and RESUME (RFC 6787 8.9, 8.10)', () => {
  it.each(['PAUSE', 'RESUME'])('%s is answered 402 when nothing speaks (5.4)', (method) => {
    expect(setup().request(method).status).toBe(402);
  });

  it('list what they touched; a second PAUSE is no error', () => {
    const { synth, request, speak } = setup();
    speak();
    expect(listOf(request('PAUSE'))).toBe('1');
    expect(request('PAUSE').status).toBe(200);
    expect(listOf(request('RESUME'))).toBe('1');
    expect(listOf(request('RESUME'))).toBeUndefined();
    expect(synth.find(1).calls).toEqual(['pause', 'resume']);
  });

  it('keep later SPEAKs PENDING, and STOP ends the pause', () => {
    const { synth, request, speak } = setup();
    speak();
    request('PAUSE');
    expect(speak()).toBe('200 PENDING');
    expect(listOf(request('STOP'))).toBe('1,3');
    expect(speak()).toBe('200 IN-PROGRESS');
    expect(synth.speaks.at(-1)?.calls).toEqual([]);
  });
});

describe('methods of speechsynth (RFC 6787 8.2, 5.4)', () => {
  it.each([
    ['RECOGNIZE', 401],
    ['FLY', 401],
    ['CONTROL', 501],
    ['DEFINE-LEXICON', 501],
  ])('%s is answered %i', (method, status) => {
    expect(setup().request(method).status).toBe(status);
  });
});

describe('closing a speechsynth channel', () => {
  it('stops the active SPEAK, closes the backend once and says nothing more', () => {
    const { fixture, synth, session, peer, speak } = setup();
    speak();
    speak();
    session.close();
    session.close();
    synth.find(1).listener.onComplete('normal');
    expect(synth.find(1).calls).toEqual(['stop']);
    expect(synth.closed).toBe(1);
    expect(peer.takeLines()).toEqual([]);
    expect(fixture.server.stats()).toMatchObject({ sessions: 0, channels: 0 });
  });
});
