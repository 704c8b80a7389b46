import { createHmac } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

import { describe, expect, test } from 'vitest';

import { Secret } from '../../config/secret.js';
import { AdmissionGuard, type AdmissionSettings } from './admission.js';

const none: AdmissionSettings = { tokens: [], apiKeys: [], twilioAuthToken: null, publicUrl: null };
const authToken = 'twilio-auth-token-0123';

function check(settings: Partial<AdmissionSettings>, url: string, headers: Readonly<Record<string, string>>) {
  const request = { url, headers: { host: 'voice.example.com', ...headers } } as unknown as IncomingMessage;
  const admission = new AdmissionGuard({ ...none, ...settings }).check(
    request,
    new URL(url, 'http://localhost'),
  );
  return admission.ok ? 'admitted' : String(admission.status);
}

function signed(url: string): string {
  return createHmac('sha1', authToken).update(url).digest('base64');
}

describe('with keys', () => {
  const keys = { tokens: [new Secret('media-token-0123456')], apiKeys: [new Secret('api-key-0123456789')] };

  test.each([
    ['the token as a header', '/media', { authorization: 'Bearer media-token-0123456' }, 'admitted'],
    ['an API key as a header', '/media', { authorization: 'bearer api-key-0123456789' }, 'admitted'],
    ['the token in the URL', '/media?token=media-token-0123456', {}, 'admitted'],
    ['an API key in the URL', '/media?token=api-key-0123456789', {}, '401'],
    ['nothing', '/media', {}, '401'],
    ['a wrong token', '/media?token=media-token-0123457', {}, '401'],
    ['an empty token', '/media?token=', {}, '401'],
    ['Basic', '/media', { authorization: 'Basic bWVkaWEtdG9rZW4tMDEyMzQ1Ng==' }, '401'],
    ['a signature that counts for nothing', '/media', { 'x-twilio-signature': signed('x') }, '401'],
    [
      'the token from the page of another site',
      '/media?token=media-token-0123456',
      { origin: 'https://evil.example' },
      'admitted',
    ],
  ])('%s', (_case, url, headers, expected) => {
    expect(check(keys, url, headers as Record<string, string>)).toBe(expected);
  });
});

describe("with Twilio's auth token", () => {
  const twilio = { twilioAuthToken: new Secret(authToken) };
  const proxied = { ...twilio, publicUrl: 'wss://proxy.example.com/voice' };

  test.each([
    ['of the URL', twilio, '/media', signed('wss://voice.example.com/media'), 'admitted'],
    [
      'of the URL with its query as sent',
      twilio,
      '/media?a=%7e&b',
      signed('wss://voice.example.com/media?a=%7e&b'),
      'admitted',
    ],
    ['of the URL with a slash', twilio, '/media', signed('wss://voice.example.com/media/'), 'admitted'],
    ['of the public URL', proxied, '/media?a=1', signed('wss://proxy.example.com/voice?a=1'), 'admitted'],
    ['of another URL', twilio, '/media', signed('wss://voice.example.com/other'), '401'],
    ['of another length', twilio, '/media', 'AAAA', '401'],
    ['that is empty', twilio, '/media', '', '401'],
  ])('a signature %s', (_case, settings, url, signature, expected) => {
    expect(check(settings, url, { 'x-twilio-signature': signature })).toBe(expected);
  });

  test('no signature', () => expect(check(twilio, '/media', {})).toBe('401'));
});

describe('without keys', () => {
  test.each([
    ['a program', {}, 'admitted'],
    ['a page of this server', { origin: 'http://voice.example.com' }, 'admitted'],
    ['a page of another site', { origin: 'https://evil.example' }, '403'],
    ['a page of another port', { origin: 'http://voice.example.com:81' }, '403'],
    ['a page without a site', { origin: 'null' }, '403'],
  ])('%s', (_case, headers, expected) => {
    expect(check({}, '/media', headers as Record<string, string>)).toBe(expected);
  });
});
