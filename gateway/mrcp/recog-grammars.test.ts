import { describe, expect, it } from 'vitest';
import { mrcpLimits } from '../../config/limits.js';
import { MemoryLogger } from '../../config/logger.js';
import { SeededRandom } from '../../config/random.js';
import { recogDefaults } from './recog-parameters.js';
import { RecogResource } from './recog-resource.js';
import { FakeRecogBackend, fakeCompiler } from './testing/fake-backends.js';
import { causeOf, openRecogChannel, srgs } from './testing/recog-fixture.js';

describe('DEFINE-GRAMMAR (RFC 6787 9.8)', () => {
  it('defines what RECOGNIZE refers to as session:<Content-ID>, with and without brackets', () => {
    const { recog, recognize, define } = openRecogChannel();
    const response = define('<request1@form-level>');
    expect([response.status, causeOf(response)]).toEqual([200, '000 success']);
    expect(recognize({}, 'session:request1@form-level')).toBe('200 IN-PROGRESS');
    expect(recog.find(2).request.grammars.map(({ uri }) => uri)).toEqual(['session:request1@form-level']);
  });

  it('is refused while recognizing (402)', () => {
    const { recognize, define } = openRecogChannel();
    recognize();
    expect(define('a').status).toBe(402);
  });

  it('returns a recognized resource to idle (9.1)', () => {
    const { recog, request, recognize, define } = openRecogChannel();
    recognize();
    recog.find(1).listener.onComplete({ cause: 'success' });
    define('a');
    expect(request('GET-RESULT').status).toBe(402);
  });

  it('frees the grammar when the body is empty', () => {
    const { request, recognize, define } = openRecogChannel();
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
    const { request } = openRecogChannel();
    const response = request('DEFINE-GRAMMAR', headers, body);
    expect([response.status, causeOf(response)]).toEqual([status, cause]);
  });

  it('that fails leaves the grammar of that name as it was', () => {
    const { recognize, define } = openRecogChannel();
    define('a');
    define('a', 'BROKEN');
    expect(recognize({}, 'session:a')).toBe('200 IN-PROGRESS');
  });

  it('is bounded by grammarsPerSession; replacing and freeing make room', () => {
    const { request, define } = openRecogChannel();
    for (let i = 0; i < mrcpLimits.grammarsPerSession; i++) expect(define(`g${i}`).status).toBe(200);
    const refused = define('one-more');
    expect([refused.status, causeOf(refused)]).toEqual([407, '016 grammar-definition-failure']);
    expect(define('g0').status).toBe(200);
    request('DEFINE-GRAMMAR', { 'Content-ID': 'g1' });
    expect(define('one-more').status).toBe(200);
  });

  it('is done by a RECOGNIZE with Content-ID too (9.9), and by the named parts of a multipart body', () => {
    const { request, recognize, recog } = openRecogChannel();
    recognize({ 'Content-Type': srgs, 'Content-ID': 'inline' }, '<grammar/>');
    for (let i = 0; i < 5; i++) recognize({ 'Content-Type': 'multipart/mixed; boundary=b' }, '--b--');
    recognize({ 'Content-Type': 'multipart/mixed; boundary=b', 'Content-ID': 'all' }, '--b--');
    request('STOP');
    recognize({}, 'session:inline\r\nsession:part-1');
    expect(recog.recognitions.at(-1)?.request.grammars.map(({ uri }) => uri)).toEqual([
      'session:inline',
      'session:part-1',
    ]);
    request('STOP');
    recognize({}, 'session:all');
    expect(recog.recognitions.at(-1)?.request.grammars).toHaveLength(3);
    request('STOP');
    expect(recognize({}, 'session:recognize-2')).toBe('407 COMPLETE');
  });

  it('does not fill the store with unnamed bodies', () => {
    const { request, recognize, define } = openRecogChannel();
    for (let i = 0; i <= mrcpLimits.grammarsPerSession; i++) {
      expect(recognize({ 'Content-Type': 'multipart/mixed; boundary=b' }, '--b--')).toBe('200 IN-PROGRESS');
      request('STOP');
    }
    expect(define('a').status).toBe(200);
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
});
