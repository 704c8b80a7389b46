import { describe, expect, it } from 'vitest';
import { mrcpLimits } from '../../config/limits.js';
import { MemoryLogger } from '../../config/logger.js';
import { SeededRandom } from '../../config/random.js';
import { recogDefaults } from './recog-parameters.js';
import { RecogResource } from './recog-resource.js';
import type { MrcpServerOptions } from './server.js';
import { FakeRecogBackend, fakeCompiler } from './testing/fake-backends.js';
import { ServerFixture } from './testing/server-fixture.js';
import type { StrictMessage } from './testing/strict-message.js';

type Headers = Readonly<Record<string, string>>;

const srgs = 'application/srgs+xml';

function setup(options: Partial<MrcpServerOptions> = {}) {
  const fixture = new ServerFixture(options);
  const { recog, recogId, session } = fixture.openSession();
  const peer = fixture.connect();
  const request = (method: string, headers: Headers = {}, body?: string): StrictMessage =>
    peer.request({ method, channelId: recogId, headers, ...(body !== undefined && { body }) });
  const recognizeWith = (headers: Headers = {}, body = 'builtin:speech/transcribe'): StrictMessage =>
    request('RECOGNIZE', { 'Content-Type': 'text/uri-list', 'Cancel-If-Queue': 'false', ...headers }, body);
  const recognize = (headers: Headers = {}, body?: string): string => {
    const { status, state } = recognizeWith(headers, body);
    return `${status} ${state}`;
  };
  const define = (contentId: string, body = '<grammar/>') =>
    request('DEFINE-GRAMMAR', { 'Content-Type': srgs, 'Content-ID': contentId }, body);
  return { fixture, recog, session, peer, request, recognize, recognizeWith, define };
}

function listOf(message: StrictMessage): string | undefined {
  return message.headers.get('active-request-id-list');
}

function causeOf(message: StrictMessage | undefined): string | undefined {
  return message?.headers.get('completion-cause');
}

describe('RECOGNIZE (RFC 6787 9.9)', () => {
  it('is answered IN-PROGRESS before the backend hears of it', () => {
    const { recog, peer, recognize } = setup();
    let answeredFirst = false;
    recog.onRecognize = () => {
      answeredFirst = peer.socket.written.length === 1;
    };
    expect(recognize()).toBe('200 IN-PROGRESS');
    expect(answeredFirst).toBe(true);
  });

  it('ends with RECOGNITION-COMPLETE and the result (9.14), octet lengths of Chinese text exact', () => {
    const { recog, peer, recognize } = setup();
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
    const { recog, peer, recognize } = setup();
    recognize();
    recog.find(1).listener.onComplete({ cause, reason: 'because' });
    const [event] = peer.take();
    expect([causeOf(event), event?.body]).toEqual([expected, '']);
    expect(event?.headers.has('content-type')).toBe(false);
    expect(event?.headers.get('completion-reason')).toBe('"because"');
  });

  it('gives the backend its defaults, the session’s parameters and the request’s, in that order (6.1.1)', () => {
    const { recog, request, recognize } = setup();
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
      startInputTimers: false,
      confidenceThreshold: 0.5,
      nBestListLength: 10,
    });
    expect(grammars).toEqual([
      { kind: 'transcribe', uri: 'builtin:speech/transcribe', mode: 'voice', language: 'zh-CN' },
    ]);
    expect(Object.fromEntries(vendorParameters)).toEqual({ tree: 'a' });
  });

  it('reads a Confidence-Threshold above 1 as a percentage, as MRCPv1 clients send it, and logs it (9.4.1)', () => {
    const { fixture, recog, recognize } = setup();
    recognize({ 'Confidence-Threshold': '40' });
    expect(recog.find(1).request.confidenceThreshold).toBe(0.4);
    expect(fixture.logger.lines.map(({ message }) => message)).toContain(
      'Confidence-Threshold above 1 was read as a percentage',
    );
  });

  it('takes a missing Cancel-If-Queue as false, and answers 406 by option (9.4.27)', () => {
    const headers = { 'Content-Type': 'text/uri-list' };
    expect(setup().request('RECOGNIZE', headers, 'builtin:x').state).toBe('IN-PROGRESS');
    expect(setup({ strictCancelIfQueue: true }).request('RECOGNIZE', headers, 'builtin:x').status).toBe(406);
  });

  it('says with an empty Waveform-URI that nothing was recorded, when asked to record (9.4.8)', () => {
    const { recog, peer, recognize } = setup();
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
    const { recog, request } = setup();
    const response = request('RECOGNIZE', headers, body);
    expect([response.status, response.state, causeOf(response)]).toEqual([status, 'COMPLETE', cause]);
    expect(recog.recognitions).toEqual([]);
  });

  it('answers 501 when the compiler itself fails, and goes on', () => {
    const { request, recognize } = setup();
    expect(request('RECOGNIZE', { 'Content-Type': srgs }, 'THROW').status).toBe(501);
    expect(recognize()).toBe('200 IN-PROGRESS');
  });

  it('reports a backend that throws as 006 recognizer-error', () => {
    const { recog, peer, recognize } = setup();
    recog.onRecognize = () => {
      throw new Error('defect');
    };
    recognize();
    expect(peer.takeLines()).toEqual(['RECOGNITION-COMPLETE 1 COMPLETE 006 recognizer-error']);
  });

  it('survives a backend that completes from inside recognize', () => {
    const { recog, peer, recognize } = setup();
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
    const { recog, peer, recognize } = setup();
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
    const { recog, peer, recognize } = setup();
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
      const { recog, peer, recognize } = setup();
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
    const { recog, peer, recognize } = setup();
    recognize({ 'Cancel-If-Queue': 'true' });
    expect(recognize()).toBe('200 IN-PROGRESS');
    expect(peer.takeLines()).toEqual(['RECOGNITION-COMPLETE 1 COMPLETE 011 cancelled']);
    expect(recog.find(1).calls).toEqual(['stop']);
    expect(recog.recognitions.at(-1)?.request.requestId).toBe(2);
  });

  it('keeps order when the cancelled one had others behind it', () => {
    const { recog, peer, recognize } = setup();
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
    const { recog, recognize } = setup();
    recognize({ 'Cancel-If-Queue': 'true' });
    expect(recognize({ 'Content-Type': srgs }, 'BROKEN')).toBe('407 COMPLETE');
    expect(recog.find(1).calls).toEqual([]);
  });

  it('is bounded: one more is answered 407', () => {
    const { recognize } = setup();
    recognize();
    for (let i = 0; i < mrcpLimits.requestQueue; i++) expect(recognize()).toBe('200 PENDING');
    expect(recognize()).toBe('407 COMPLETE');
  });
});

describe('STOP (RFC 6787 9.10)', () => {
  it('ends all, lists them, and no RECOGNITION-COMPLETE follows (6.2.3)', () => {
    const { recog, peer, request, recognize } = setup();
    recognize();
    recognize();
    expect(listOf(request('STOP'))).toBe('1,2');
    recog.find(1).listener.onComplete({ cause: 'success' });
    recog.find(1).listener.onStartOfInput('speech');
    expect(peer.takeLines()).toEqual([]);
    expect(recog.find(1).calls).toEqual(['stop']);
  });

  it('of the active one alone starts the next (9.4.27)', () => {
    const { recog, request, recognize } = setup();
    recognize();
    recognize();
    expect(listOf(request('STOP', { 'Active-Request-Id-List': '1' }))).toBe('1');
    expect(recog.recognitions.at(-1)?.request.requestId).toBe(2);
  });

  it('answers 200 without a list when idle, and ends the recognized state (9.1)', () => {
    const { recog, request, recognize } = setup();
    expect(listOf(request('STOP'))).toBeUndefined();
    recognize();
    recog.find(2).listener.onComplete({ cause: 'success' });
    request('STOP');
    expect(request('GET-RESULT').status).toBe(402);
  });
});

describe('START-INPUT-TIMERS (RFC 6787 9.13)', () => {
  it('reaches the active recognition, and is 402 otherwise', () => {
    const { recog, request, recognize } = setup();
    expect(request('START-INPUT-TIMERS').status).toBe(402);
    recognize({ 'Start-Input-Timers': 'false' });
    expect(request('START-INPUT-TIMERS').status).toBe(200);
    expect(recog.find(2).calls).toEqual(['startInputTimers']);
  });
});

describe('GET-RESULT (RFC 6787 9.11)', () => {
  it('repeats the last result while recognized, and is 402 in the other states', () => {
    const { recog, request, recognize } = setup();
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
    const { recog, request, recognize } = setup();
    recognize();
    recog.find(1).listener.onComplete({ cause: 'success', body: 'x'.repeat(mrcpLimits.resultBytes + 1) });
    const result = request('GET-RESULT');
    expect([result.status, result.body]).toEqual([200, '']);
  });
});

describe('DEFINE-GRAMMAR (RFC 6787 9.8)', () => {
  it('defines what RECOGNIZE refers to as session:<Content-ID>, with and without brackets', () => {
    const { recog, recognize, define } = setup();
    const response = define('<request1@form-level>');
    expect([response.status, causeOf(response)]).toEqual([200, '000 success']);
    expect(recognize({}, 'session:request1@form-level')).toBe('200 IN-PROGRESS');
    expect(recog.find(2).request.grammars.map(({ uri }) => uri)).toEqual(['session:request1@form-level']);
  });

  it('is refused while recognizing (402)', () => {
    const { recognize, define } = setup();
    recognize();
    expect(define('a').status).toBe(402);
  });

  it('returns a recognized resource to idle (9.1)', () => {
    const { recog, request, recognize, define } = setup();
    recognize();
    recog.find(1).listener.onComplete({ cause: 'success' });
    define('a');
    expect(request('GET-RESULT').status).toBe(402);
  });

  it('frees the grammar when the body is empty', () => {
    const { request, recognize, define } = setup();
    define('a');
    expect(request('DEFINE-GRAMMAR', { 'Content-ID': 'a' }).status).toBe(200);
    expect(recognize({}, 'session:a')).toBe('407 COMPLETE');
  });

  it.each([
    ['no Content-ID', { 'Content-Type': srgs }, 'x', 406, undefined],
    ['no Content-Type', { 'Content-ID': 'a' }, 'x', 406, undefined],
    [
      'a broken grammar',
      { 'Content-ID': 'a', 'Content-Type': srgs },
      'BROKEN',
      407,
      '005 grammar-compilation-failure',
    ],
    [
      'an unknown type',
      { 'Content-ID': 'a', 'Content-Type': 'application/pdf' },
      'x',
      408,
      '004 grammar-load-failure',
    ],
  ])('with %s is refused', (_, headers, body, status, cause) => {
    const { request } = setup();
    const response = request('DEFINE-GRAMMAR', headers, body);
    expect([response.status, causeOf(response)]).toEqual([status, cause]);
  });

  it('that fails leaves the grammar of that name as it was', () => {
    const { recognize, define } = setup();
    define('a');
    define('a', 'BROKEN');
    expect(recognize({}, 'session:a')).toBe('200 IN-PROGRESS');
  });

  it('is bounded by grammarsPerSession; replacing and freeing make room', () => {
    const { request, define } = setup();
    for (let i = 0; i < mrcpLimits.grammarsPerSession; i++) expect(define(`g${i}`).status).toBe(200);
    const refused = define('one-more');
    expect([refused.status, causeOf(refused)]).toEqual([407, '016 grammar-definition-failure']);
    expect(define('g0').status).toBe(200);
    request('DEFINE-GRAMMAR', { 'Content-ID': 'g1' });
    expect(define('one-more').status).toBe(200);
  });

  it('is done by a RECOGNIZE with Content-ID too (9.9), and by parts of a multipart body', () => {
    const { request, recognize } = setup();
    recognize({ 'Content-Type': srgs, 'Content-ID': 'inline' }, '<grammar/>');
    recognize({ 'Content-Type': 'multipart/mixed; boundary=b' }, '--b--');
    request('STOP');
    expect(recognize({}, 'session:inline\r\nsession:part-1')).toBe('200 IN-PROGRESS');
  });
});

describe('methods of speechrecog (RFC 6787 9.2, 5.4)', () => {
  it.each([
    ['SPEAK', 401],
    ['RECORD', 401],
    ['START-PHRASE-ENROLLMENT', 401],
    ['INTERPRET', 501],
  ])('%s is answered %i', (method, status) => {
    expect(setup().request(method).status).toBe(status);
  });
});

describe('closing a speechrecog channel', () => {
  it('frees its grammars', () => {
    const resource = new RecogResource(new FakeRecogBackend(), {
      random: new SeededRandom(1),
      logger: new MemoryLogger(),
      events: { sendEvent: () => undefined },
      compileGrammar: fakeCompiler,
      defaults: recogDefaults,
      strictBuiltins: false,
      strictCancelIfQueue: false,
    });
    const headers = [
      { name: 'Content-ID', value: 'a' },
      { name: 'Content-Type', value: srgs },
    ];
    const body = Buffer.from('<grammar/>');
    resource.handle({
      kind: 'request',
      version: '2.0',
      method: 'DEFINE-GRAMMAR',
      requestId: 1,
      headers,
      body,
    });
    expect(resource.grammarCount).toBe(1);
    resource.close();
    expect(resource.grammarCount).toBe(0);
  });

  it('stops, closes the backend once and says nothing more', () => {
    const { fixture, recog, session, peer, recognize, define } = setup();
    define('a');
    recognize();
    recognize();
    session.close();
    recog.find(2).listener.onComplete({ cause: 'no-match' });
    expect([recog.find(2).calls, recog.closed]).toEqual([['stop'], 1]);
    expect(peer.takeLines()).toEqual([]);
    expect(fixture.server.stats().channels).toBe(0);
  });
});
