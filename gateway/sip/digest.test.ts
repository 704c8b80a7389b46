import { describe, expect, it } from 'vitest';
import { answerChallenge, findChallenge, parseChallenge } from './digest.js';
import { testRequest, testResponse } from './test-messages.js';

const credentials = { username: 'Mufasa', password: 'Circle of Life' };
const request = {
  method: 'GET',
  uri: '/dir/index.html',
  cnonce: 'f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ',
  nonceCount: 1,
};
const challengeText = (algorithm: string): string =>
  `Digest realm="http-auth@example.org", qop="auth, auth-int", algorithm=${algorithm}, ` +
  'nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"';

function answer(text: string, password = credentials.password): string {
  const challenge = parseChallenge(text);
  if (!challenge) throw new Error('not parsed');
  return answerChallenge(challenge, { ...credentials, password }, request);
}

describe('Digest', () => {
  it.each([
    ['MD5', '8ca523f5e9506fed4657c9700eebdbec'],
    ['SHA-256', '753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1'],
  ])('%s gives the response of the example in RFC 7616 3.9.1', (algorithm, response) => {
    const value = answer(challengeText(algorithm));
    expect(value).toContain(`response="${response}"`);
    expect(value).toContain('nc=00000001');
    expect(value).toContain('opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"');
  });

  it('without qop it is the computation of RFC 2069, as in the example of RFC 2617 errata', () => {
    const value = answer(
      'Digest realm="testrealm@host.com", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093"',
      'CircleOfLife',
    );
    expect(value).toContain('response="1949323746fe6a43ef61f9606e7febea"');
    expect(value).not.toContain('nc=');
  });

  it.each([
    'Basic realm="x"',
    'Digest realm="x"',
    'Digest nonce="x"',
    'Digest realm="r", nonce="n',
    'Digest realm="r", nonce="n", algorithm=SHA-512-256',
    'Digest realm="r", nonce="n", qop="auth-int"',
  ])('%j cannot be answered', (text) => expect(parseChallenge(text)).toBeNull());

  it('the first challenge that can be answered wins, RFC 8760 2.4', () => {
    const response = testResponse(testRequest('INVITE'), 407);
    for (const algorithm of ['SHA-512-256', 'SHA-256', 'MD5'])
      response.headers.push({ name: 'Proxy-Authenticate', value: challengeText(algorithm) });
    expect(findChallenge(response, credentials)).toMatchObject({
      challenge: { algorithm: 'SHA-256' },
      answerHeader: 'Proxy-Authorization',
    });
    expect(findChallenge(response, { ...credentials, realm: 'elsewhere' })).toBeNull();
  });
});
