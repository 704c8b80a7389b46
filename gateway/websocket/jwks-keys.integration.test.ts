import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from 'vitest';

import { tokenLimits } from '../../config/limits.js';
import { fetchJwks } from './jwks-keys.js';

let server: Server;

async function serve(answer: RequestListener): Promise<string> {
  server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/jwks`;
}

afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

test('reads the keys', async () => {
  const url = await serve((_request, response) => response.end('{"keys":[]}'));
  expect(await fetchJwks(url)).toEqual({ keys: [] });
});

test.each<[string, RequestListener, RegExp]>([
  ['an error', (_request, response) => response.writeHead(500).end(), /answered 500/],
  [
    'a redirect',
    (_request, response) => response.writeHead(302, { location: 'http://127.0.0.1:1/' }).end(),
    /fetch failed/,
  ],
  ['what is no JSON', (_request, response) => response.end('<html>'), /JSON/],
  ['too much', (_request, response) => response.end('x'.repeat(tokenLimits.jwksBytes + 1)), /more than/],
])('refuses %s', async (_, answer, message) => {
  await expect(fetchJwks(await serve(answer))).rejects.toThrow(message);
});

test('gives up an issuer that does not answer', async () => {
  const url = await serve(() => undefined);
  await expect(fetchJwks(url)).rejects.toThrow(/timeout/);
});
