import { describe, expect, it } from 'vitest';
import { mrcpLimits } from '../../config/limits.js';
import { FakeRecogBackend } from './testing/fake-backends.js';
import { causeOf, listOf, openRecogChannel, srgs } from './testing/recog-fixture.js';
import { ServerFixture } from './testing/server-fixture.js';

describe('RECOGNIZE (RFC 6787 9.9)', () => {
  it('is answered IN-PROGRESS before the backend hears of it', () => {
    const { recog, peer, recognize } = openRecogChannel();
    let answeredFirst = false;
    recog.onRecognize = () => {
      answeredFirst = peer.socket.written.length === 1;
    };
    expect(recognize()).toBe('200 IN-PROGRESS');
    expect(answeredFirst).toBe(true);
  });

  it('ends with RECOGNITION-COMPLETE and the result (9.14), octet lengths of Chinese text exact', () => {
    const { recog, peer, recognize } = openRecogChannel();
    recognize();
    recog.find(1).listener.onStartOfInput('speech');
    recog.find(1).listener.onComplete({ cause: 'success', body: '<result>查话费</result>' });
    const [start, end] = peer.take();
    expect(start).toMatchObject({ name: 'START-OF-INPUT', requestId: 1, state: 'IN-PROGRESS' });
    expect(end).toMatchObject({ name: 'RECOGNITION-COMPLETE', body: '<result>查话费</result>' });
    expect(causeOf(end)).toBe('000 success');
    expect(end?.headers.get('content-type')).toBe('application/nlsml+xml');
  });

  it.each([
    ['no-match', '001 no-match'],
    ['no-input-timeout', '002 no-input-timeout'],
    ['recognizer-error', '006 recognizer-error'],
    ['success-maxtime', '008 success-maxtime'],
    ['partial-match', '013 partial-match'],
    ['no-match-maxtime', '015 no-match-maxtime'],
  ] as const)('names cause %s as %s, and sends no body when there is none (9.4.11)', (cause, expected) => {
    const { recog, peer, recognize } = openRecogChannel();
    recognize();
    recog.find(1).listener.onComplete({ cause, reason: 'because' });
    const [event] = peer.take();
    expect([causeOf(event), event?.body]).toEqual([expected, '']);
    expect(event?.headers.has('content-type')).toBe(false);
    expect(event?.headers.get('completion-reason')).toBe('"because"');
  });

  it('gives the backend its defaults, the session’s parameters and the request’s, in that order (6.1.1)', () => {
    const { recog, request, recognize } = openRecogChannel();
    request('SET-PARAMS', {
      'No-Input-Timeout': '7000',
      'Recognition-Timeout': '9000',
      'Vendor-Specific-Parameters': 'tree=a',
    });
    recognize({
      'No-Input-Timeout': '3000',
      'N-Best-List-Length': '99',
      'Start-Input-Timers': 'false',
      'Speech-Language': 'zh-CN',
    });
    const { grammars, vendorParameters, ...rest } = recog.find(2).request;
    expect(rest).toEqual({
      requestId: 2,
      speechLanguage: 'zh-CN',
      noInputTimeoutMs: 3_000,
      recognitionTimeoutMs: 9_000,
      speechCompleteTimeoutMs: 400,
      speechIncompleteTimeoutMs: 800,
      dtmfInterdigitTimeoutMs: 3_000,
      dtmfTermTimeoutMs: 3_000,
      dtmfTermChar: '#',
      dtmfBufferTimeMs: 150,
      startInputTimers: false,
      confidenceThreshold: 0.5,
      nBestListLength: 10,
    });
    expect(grammars).toEqual([
      { kind: 'transcribe', uri: 'builtin:speech/transcribe', mode: 'voice', language: 'zh-CN' },
    ]);
    expect(Object.fromEntries(vendorParameters)).toEqual({ tree: 'a' });
  });

  it('hands on how long typed-ahead keys count, and forgets them on Clear-DTMF-Buffer (9.4.31, 9.4.32)', () => {
    const { recog, request, recognize } = openRecogChannel();
    request('SET-PARAMS', { 'DTMF-Buffer-Time': '2000' });
    const times = [{}, { 'DTMF-Buffer-Time': '500' }, { 'Clear-DTMF-Buffer': 'true' }].map((headers) => {
      recognize(headers);
      const running = recog.recognitions.at(-1);
      running?.listener.onComplete({ cause: 'success' });
      return running?.request.dtmfBufferTimeMs;
    });
    expect(times).toEqual([2_000, 500, 0]);
  });

  it('reads a Confidence-Threshold above 1 as a percentage, as MRCPv1 clients send it, and logs it (9.4.1)', () => {
    const { fixture, recog, recognize } = openRecogChannel();
    recognize({ 'Confidence-Threshold': '40' });
    expect(recog.find(1).request.confidenceThreshold).toBe(0.4);
    expect(fixture.logger.lines.map(({ message }) => message)).toContain(
      'Confidence-Threshold above 1 was read as a percentage',
    );
  });

  it('takes a missing Cancel-If-Queue as false, and answers 406 by option (9.4.27)', () => {
    const headers = { 'Content-Type': 'text/uri-list' };
    expect(openRecogChannel().request('RECOGNIZE', headers, 'builtin:x').state).toBe('IN-PROGRESS');
    expect(
      openRecogChannel({ strictCancelIfQueue: true }).request('RECOGNIZE', headers, 'builtin:x').status,
    ).toBe(406);
  });

  it('says with an empty Waveform-URI that nothing was recorded, when asked to record (9.4.8)', () => {
    const { recog, peer, recognize } = openRecogChannel();
    recognize({ 'Save-Waveform': 'true' });
    recog.find(1).listener.onComplete({ cause: 'success' });
    recognize();
    recog.find(2).listener.onComplete({ cause: 'success' });
    expect(peer.take().map(({ headers }) => headers.get('waveform-uri'))).toEqual(['', undefined]);
  });

  it.each([
    ['no body', { 'Content-Type': srgs }, '', 406, undefined],
    ['no Content-Type', {}, 'x', 406, undefined],
    ['an unknown type (5.4)', { 'Content-Type': 'application/pdf' }, 'x', 408, '004 grammar-load-failure'],
    ['a broken grammar (5.4)', { 'Content-Type': srgs }, 'BROKEN', 407, '005 grammar-compilation-failure'],
    [
      'an undefined reference',
      { 'Content-Type': 'text/uri-list' },
      'session:none',
      407,
      '004 grammar-load-failure',
    ],
    ['hotword mode (9.4.26)', { 'Content-Type': srgs, 'Recognition-Mode': 'hotword' }, 'x', 409, undefined],
    ['an illegal timeout', { 'Content-Type': srgs, 'No-Input-Timeout': 'x' }, 'x', 404, undefined],
  ])('with %s is refused at once and starts nothing', (_, headers, body, status, cause) => {
    const { recog, request } = openRecogChannel();
    const response = request('RECOGNIZE', headers, body);
    expect([response.status, response.state, causeOf(response)]).toEqual([status, 'COMPLETE', cause]);
    expect(recog.recognitions).toEqual([]);
  });

  it('answers 501 when the compiler itself fails, and goes on', () => {
    const { request, recognize } = openRecogChannel();
    expect(request('RECOGNIZE', { 'Content-Type': srgs }, 'THROW').status).toBe(501);
    expect(recognize()).toBe('200 IN-PROGRESS');
  });

  it('reports a backend that throws as 006 recognizer-error', () => {
    const { recog, peer, recognize } = openRecogChannel();
    recog.onRecognize = () => {
      throw new Error('defect');
    };
    recognize();
    expect(peer.takeLines()).toEqual(['RECOGNITION-COMPLETE 1 COMPLETE 006 recognizer-error']);
  });

  it('survives a backend that completes from inside recognize', () => {
    const { recog, peer, recognize } = openRecogChannel();
    recog.onRecognize = ({ listener }) => listener.onComplete({ cause: 'no-match' });
    recognize();
    recog.find(1).listener.onComplete({ cause: 'success' });
    expect(peer.takeLines()).toEqual(['RECOGNITION-COMPLETE 1 COMPLETE 001 no-match']);
    expect(recog.find(1).calls).toEqual(['stop']);
  });
});

describe('languages of RECOGNIZE (RFC 6787 9.4.24)', () => {
  it('the backend hears of one only when the client names it; grammars are taken for the channel’s', () => {
    const fixture = new ServerFixture();
    const session = fixture.server.openSession({
      onConnectionLost: () => undefined,
      onInactive: () => undefined,
    });
    const recog = new FakeRecogBackend();
    const channelId = session.addRecog(recog, 'zh-CN');
    const peer = fixture.connect();
    const headers = { 'Content-Type': 'text/uri-list', 'Cancel-If-Queue': 'true' };
    peer.request({ method: 'RECOGNIZE', channelId, headers, body: 'builtin:grammar/digits' });
    const named = { ...headers, 'Speech-Language': 'en-GB' };
    peer.request({ method: 'RECOGNIZE', channelId, headers: named, body: 'builtin:grammar/digits' });
    const languages = recog.recognitions.map(({ request }) => [
      request.speechLanguage,
      request.grammars[0]?.language,
    ]);
    expect(languages).toEqual([
      [null, 'zh-CN'],
      ['en-GB', 'en-GB'],
    ]);
  });
});

describe('START-OF-INPUT (RFC 6787 9.12)', () => {
  it('carries a new Proxy-Sync-Id and the Input-Type (9.4.5), once for each RECOGNIZE', () => {
    const { recog, peer, recognize } = openRecogChannel();
    recognize();
    recog.find(1).listener.onStartOfInput('dtmf');
    recog.find(1).listener.onStartOfInput('speech');
    recog.find(1).listener.onComplete({ cause: 'success' });
    recog.find(1).listener.onStartOfInput('speech');
    recognize();
    recog.find(2).listener.onStartOfInput('speech');
    const starts = peer.take().filter(({ name }) => name === 'START-OF-INPUT');
    expect(starts.map(({ headers }) => headers.get('input-type'))).toEqual(['dtmf', 'speech']);
    const ids = starts.map(({ headers }) => headers.get('proxy-sync-id'));
    expect(ids[0]).toMatch(/^[0-9a-f]{16}$/);
    expect(new Set(ids).size).toBe(2);
  });
});

describe('RECOGNIZE queue (RFC 6787 9.4.27)', () => {
  it('keeps later ones PENDING and starts the next after a match', () => {
    const { recog, peer, recognize } = openRecogChannel();
    expect([recognize(), recognize(), recognize()]).toEqual([
      '200 IN-PROGRESS',
      '200 PENDING',
      '200 PENDING',
    ]);
    recog.find(1).listener.onComplete({ cause: 'success' });
    expect(recog.recognitions).toHaveLength(2);
    recog.find(2).listener.onComplete({ cause: 'success-maxtime' });
    recog.find(3).listener.onComplete({ cause: 'success' });
    expect(peer.takeLines()).toEqual([
      'RECOGNITION-COMPLETE 1 COMPLETE 000 success',
      'RECOGNITION-COMPLETE 2 COMPLETE 008 success-maxtime',
      'RECOGNITION-COMPLETE 3 COMPLETE 000 success',
    ]);
  });

  it.each(['no-input-timeout', 'no-match', 'recognizer-error'] as const)(
    'a failure (%s) cancels all that wait',
    (cause) => {
      const { recog, peer, recognize } = openRecogChannel();
      recognize();
      recognize();
      recognize();
      recog.find(1).listener.onComplete({ cause });
      expect(peer.takeLines().slice(1)).toEqual([
        'RECOGNITION-COMPLETE 2 COMPLETE 011 cancelled',
        'RECOGNITION-COMPLETE 3 COMPLETE 011 cancelled',
      ]);
      expect(recog.recognitions).toHaveLength(1);
      expect(recognize()).toBe('200 IN-PROGRESS');
    },
  );

  it('Cancel-If-Queue: true ends the active one with 011 as soon as another comes, which starts', () => {
    const { recog, peer, recognize } = openRecogChannel();
    recognize({ 'Cancel-If-Queue': 'true' });
    expect(recognize()).toBe('200 IN-PROGRESS');
    expect(peer.takeLines()).toEqual(['RECOGNITION-COMPLETE 1 COMPLETE 011 cancelled']);
    expect(recog.find(1).calls).toEqual(['stop']);
    expect(recog.recognitions.at(-1)?.request.requestId).toBe(2);
  });

  it('keeps order when the cancelled one had others behind it', () => {
    const { recog, peer, recognize } = openRecogChannel();
    recognize();
    recognize({ 'Cancel-If-Queue': 'true' });
    recognize();
    recog.find(1).listener.onComplete({ cause: 'success' });
    expect(recognize()).toBe('200 PENDING');
    expect(peer.takeLines()).toEqual([
      'RECOGNITION-COMPLETE 1 COMPLETE 000 success',
      'RECOGNITION-COMPLETE 2 COMPLETE 011 cancelled',
    ]);
    expect(recog.recognitions.at(-1)?.request.requestId).toBe(3);
  });

  it('a refused RECOGNIZE cancels nothing', () => {
    const { recog, recognize } = openRecogChannel();
    recognize({ 'Cancel-If-Queue': 'true' });
    expect(recognize({ 'Content-Type': srgs }, 'BROKEN')).toBe('407 COMPLETE');
    expect(recog.find(1).calls).toEqual([]);
  });

  it('is bounded: one more is answered 407', () => {
    const { recognize } = openRecogChannel();
    recognize();
    for (let i = 0; i < mrcpLimits.requestQueue; i++) expect(recognize()).toBe('200 PENDING');
    expect(recognize()).toBe('407 COMPLETE');
  });
});

describe('STOP (RFC 6787 9.10)', () => {
  it('ends all, lists them, and no RECOGNITION-COMPLETE follows (6.2.3)', () => {
    const { recog, peer, request, recognize } = openRecogChannel();
    recognize();
    recognize();
    expect(listOf(request('STOP'))).toBe('1,2');
    recog.find(1).listener.onComplete({ cause: 'success' });
    recog.find(1).listener.onStartOfInput('speech');
    expect(peer.takeLines()).toEqual([]);
    expect(recog.find(1).calls).toEqual(['stop']);
  });

  it('of the active one alone starts the next (9.4.27)', () => {
    const { recog, request, recognize } = openRecogChannel();
    recognize();
    recognize();
    expect(listOf(request('STOP', { 'Active-Request-Id-List': '1' }))).toBe('1');
    expect(recog.recognitions.at(-1)?.request.requestId).toBe(2);
  });

  it('answers 200 without a list when idle, and ends the recognized state (9.1)', () => {
    const { recog, request, recognize } = openRecogChannel();
    expect(listOf(request('STOP'))).toBeUndefined();
    recognize();
    recog.find(2).listener.onComplete({ cause: 'success' });
    request('STOP');
    expect(request('GET-RESULT').status).toBe(402);
  });
});

describe('START-INPUT-TIMERS (RFC 6787 9.13)', () => {
  it('reaches the active recognition, and is 402 otherwise', () => {
    const { recog, request, recognize } = openRecogChannel();
    expect(request('START-INPUT-TIMERS').status).toBe(402);
    recognize({ 'Start-Input-Timers': 'false' });
    expect(request('START-INPUT-TIMERS').status).toBe(200);
    expect(recog.find(2).calls).toEqual(['startInputTimers']);
  });
});

describe('GET-RESULT (RFC 6787 9.11)', () => {
  it('repeats the last result while recognized, and is 402 in the other states', () => {
    const { recog, request, recognize } = openRecogChannel();
    expect(request('GET-RESULT').status).toBe(402);
    recognize();
    expect(request('GET-RESULT').status).toBe(402);
    recog.find(2).listener.onComplete({ cause: 'success', body: '<result/>', contentType: 'text/xml' });
    const result = request('GET-RESULT');
    expect([result.status, result.body, result.headers.get('content-type')]).toEqual([
      200,
      '<result/>',
      'text/xml',
    ]);
    recognize();
    expect(request('GET-RESULT').status).toBe(402);
  });

  it('does not keep a result over the bound', () => {
    const { recog, request, recognize } = openRecogChannel();
    recognize();
    recog.find(1).listener.onComplete({ cause: 'success', body: 'x'.repeat(mrcpLimits.resultBytes + 1) });
    const result = request('GET-RESULT');
    expect([result.status, result.body]).toEqual([200, '']);
  });
});

describe('methods of speechrecog (RFC 6787 9.2, 5.4)', () => {
  it.each([
    ['SPEAK', 401],
    ['RECORD', 401],
    ['START-PHRASE-ENROLLMENT', 401],
    ['INTERPRET', 501],
  ])('%s is answered %i', (method, status) => {
    expect(openRecogChannel().request(method).status).toBe(status);
  });
});

describe('closing a speechrecog channel', () => {
  it('stops, closes the backend once and says nothing more', () => {
    const { fixture, recog, closeSession, peer, recognize, define } = openRecogChannel();
    define('a');
    recognize();
    recognize();
    closeSession();
    recog.find(2).listener.onComplete({ cause: 'no-match' });
    expect([recog.find(2).calls, recog.closed]).toEqual([['stop'], 1]);
    expect(peer.takeLines()).toEqual([]);
    expect(fixture.server.stats().channels).toBe(0);
  });
});
