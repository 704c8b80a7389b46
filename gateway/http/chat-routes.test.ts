import { gzipSync } from 'node:zlib';

import { fastify } from 'fastify';
import type { FastifyInstance, LightMyRequestResponse } from 'fastify';
import { beforeAll, describe, expect, test } from 'vitest';

import { readChatFiles } from './chat-files.js';
import { chatRoutes } from './chat-routes.js';

let app: FastifyInstance;
let page: LightMyRequestResponse;
beforeAll(async () => {
  app = fastify();
  chatRoutes({ enabled: true, origins: ['https://shop.example', 'http://127.0.0.1:9'] })(app);
  page = await app.inject('/chat');
});

function addressesIn(html: string): readonly string[] {
  return [...html.matchAll(/(?:href|src)="([^"]+)"/g)].map(([, address = '']) => address);
}

describe('the page', () => {
  test('loads nothing but files that are there, from this server', async () => {
    const addresses = addressesIn(page.body);
    expect(addresses.length).toBeGreaterThan(20);
    for (const address of addresses) {
      expect(address).toMatch(/^chat\/assets\/[\w-]{16}\/[a-z/.-]+$/);
      const answer = await app.inject(`/${address}`);
      expect([address, answer.statusCode]).toEqual([address, 200]);
      expect(answer.headers['cache-control']).toBe('public, max-age=31536000, immutable');
    }
  });

  test('every module that a module imports is preloaded', async () => {
    const addresses = new Set(addressesIn(page.body));
    for (const address of addresses) {
      const { body } = await app.inject(`/${address}`);
      for (const [, imported = ''] of body.matchAll(/from '([^']+)'/g))
        expect(addresses).toContain(new URL(imported, `http://x/${address}`).pathname.slice(1));
    }
  });

  test('its policy names the sites that may show it and admits nothing inline', () => {
    const policy = String(page.headers['content-security-policy']);
    expect(policy).toContain("default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'");
    expect(policy).toContain("frame-ancestors 'self' https://shop.example http://127.0.0.1:9;");
    expect(policy).toContain("require-trusted-types-for 'script'");
    expect(policy).not.toContain('unsafe');
    expect(page.body).not.toMatch(/<style|<script(?! type="module" src=)|\sstyle=|\son\w+=/);
    expect(page.body).toContain(
      '<meta name="parley-origins" content="https://shop.example http://127.0.0.1:9"',
    );
  });

  test('is small: scripts and style under 40 KB gzipped', async () => {
    let bytes = gzipSync(page.rawPayload).length;
    for (const address of new Set(addressesIn(page.body)))
      bytes += gzipSync((await app.inject(`/${address}`)).rawPayload).length;
    console.info(`the chat page is ${(bytes / 1_024).toFixed(1)} KB gzipped`);
    expect(bytes).toBeLessThan(40 * 1_024);
    expect(gzipSync(readChatFiles().widget.body).length).toBeLessThan(5 * 1_024);
  });
});

describe('caching', () => {
  test.each(['/chat', '/chat/widget.js'])('%s: asked for again, it is answered 304', async (url) => {
    const first = await app.inject(url);
    const etag = String(first.headers['etag']);
    for (const header of [etag, `W/${etag}`, `"x", ${etag}`, '*']) {
      const again = await app.inject({ url, headers: { 'if-none-match': header } });
      expect([again.statusCode, again.body]).toEqual([304, '']);
    }
    const other = await app.inject({ url, headers: { 'if-none-match': '"x"' } });
    expect([other.statusCode, other.body]).toEqual([200, first.body]);
  });

  test('modules of another version are given, but not kept', async () => {
    const answer = await app.inject('/chat/assets/0000000000000000/console/chat/main.js');
    expect([answer.statusCode, answer.headers['cache-control']]).toEqual([200, 'no-cache']);
    expect(answer.headers['content-type']).toBe('text/javascript; charset=utf-8');
  });

  test('the widget may be loaded by other sites and is a classic script', async () => {
    const { body, headers } = await app.inject('/chat/widget.js');
    expect(headers['cross-origin-resource-policy']).toBe('cross-origin');
    expect(headers['cache-control']).toBe('public, max-age=300');
    expect(body).not.toMatch(/^(?:import|export)\b/m);
  });
});

describe('nothing else is served', () => {
  test.each([
    '/chat/',
    '/chat/assets/v/../../../../package.json',
    '/chat/assets/v/..%2f..%2fpackage.json',
    '/chat/assets/v/console/chat/links.test.js',
    '/chat/assets/v/console/testing/scripted-chat.js',
    '/chat/assets/v/console/chat/chat-page.ts',
    '/chat/assets/v/gateway/main.js',
    '/chat/assets/v/',
  ])('%s', async (url) => {
    expect((await app.inject(url)).statusCode).toBe(404);
  });

  test('chat.enabled: false serves nothing at all', async () => {
    const off = fastify();
    chatRoutes({ enabled: false, origins: [] })(off);
    expect((await off.inject('/chat')).statusCode).toBe(404);
  });

  test('every route is open to all', () => {
    const open: boolean[] = [];
    const watched = fastify();
    watched.addHook('onRoute', ({ config }) => {
      open.push(config?.openToAll === true);
    });
    chatRoutes({ enabled: true, origins: [] })(watched);
    expect(open.length).toBeGreaterThan(30);
    expect(open).not.toContain(false);
  });
});

test('origins cannot leave their attribute', async () => {
  const other = fastify();
  chatRoutes({ enabled: true, origins: ['https://a"><script>'] })(other);
  expect((await other.inject('/chat')).body).toContain('content="https://a&quot;>&lt;script>"');
});
