import type { Browser, FrameLocator } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';

import { ChatServer, serveSite } from '../testing/chat-server.js';
import type { ChatTab } from '../testing/browser.js';
import { Visitor, launchBrowser, until } from '../testing/browser.js';

const testMs = 60_000;

let browser: Browser;
const closing: (() => Promise<void>)[] = [];
beforeAll(async () => {
  browser = await launchBrowser();
});
afterAll(async () => {
  await browser.close();
});
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

/** What the site's own scripts can reach of the chat. */
const frameWindow = `document.querySelector('parley-chat').shadowRoot.querySelector('iframe').contentWindow`;

interface Shop {
  readonly server: ChatServer;
  readonly visitor: Visitor;
  readonly tab: ChatTab;
  readonly frame: FrameLocator;
}

/** A page of another site with the widget's tag; `allowed`: its origin is in `chat.origins`. */
async function openShop(attributes: string, { allowed = true, script = '' } = {}): Promise<Shop> {
  let chatUrl = '';
  const site = await serveSite(
    () =>
      `<h1>Shop</h1><p>Our best offers.</p><script>window.heard = []; addEventListener('message', (event) => ` +
      `heard.push([event.origin, JSON.stringify(event.data)]));${script}</script>` +
      `<script src="${chatUrl}/chat/widget.js" ${attributes} async></script>`,
  );
  closing.push(() => site.close());
  const server = new ChatServer({
    origins: allowed ? [site.url] : [],
    greeting: [{ type: 'text', text: 'Welcome to the shop' }],
    reply: (text) => [{ type: 'text', text: `Answer: ${text}` }],
  });
  await server.start();
  closing.push(() => server.close());
  chatUrl = server.url;
  const visitor = await Visitor.come(browser);
  closing.push(() => visitor.context.close());
  const tab = await visitor.open(site.url);
  return { server, visitor, tab, frame: tab.page.frameLocator('iframe') };
}

test(
  'one tag puts a button on another site, which opens the chat; Escape closes it',
  async () => {
    const { frame, server, tab, visitor } = await openShop(
      'data-title="Help desk" data-colour="#0b7a43" data-tree="shop"',
    );
    const button = tab.page.getByRole('button', { name: 'Open chat' });
    await button.waitFor();
    expect(server.chat.connections).toBe(0);
    await button.click();
    await frame.getByText('Welcome to the shop').waitFor();
    expect(await frame.getByRole('heading').innerText()).toBe('Help desk');
    expect(server.chat.frames[0]).toMatchObject({ type: 'hello', tree: 'shop' });
    await frame.locator('#text').fill('Where is my parcel?');
    await frame.locator('#text').press('Enter');
    await frame.getByText('Answer: Where is my parcel?').waitFor();
    await tab.picture('widget');
    await frame.locator('#text').press('Escape');
    await tab.page.locator('iframe').waitFor({ state: 'hidden' });
    expect(await tab.page.getByRole('button', { name: 'Open chat' }).getAttribute('aria-expanded')).toBe(
      'false',
    );
    const user =
      server.chat.frames.flatMap((f) => (f.type === 'hello' ? [server.chat.userOf(f.token)] : []))[0] ?? '';
    server.chat.say(user, 'bot', { type: 'text', text: 'It is on its way' });
    await tab.page.getByRole('button', { name: 'Open chat, 1 unread messages' }).click();
    await frame.getByText('It is on its way').waitFor();
    await tab.page.getByRole('button', { name: 'Close chat', exact: true }).waitFor();
    expect(visitor.faults).toEqual([]);
    expect(server.chat.violations).toEqual([]);
  },
  testMs,
);

test(
  "the site's page learns nothing of the conversation",
  async () => {
    const { frame, server, tab } = await openShop('');
    await tab.page.getByRole('button', { name: 'Open chat' }).click();
    await frame.locator('#text').fill('my secret');
    await frame.locator('#text').press('Enter');
    await frame.getByText('Answer: my secret').waitFor();
    await frame.locator('#text').press('Escape');
    const heard = await tab.run<readonly (readonly [string, string])[]>('heard');
    expect(heard.length).toBeGreaterThan(0);
    for (const [origin, data] of heard) {
      expect(origin).toBe(server.url);
      expect(Object.keys(JSON.parse(data) as object)).toEqual(expect.arrayContaining(['parley']));
      expect(data).not.toContain('secret');
    }
    const read = await tab.run(
      `(() => { try { return ${frameWindow}.document.body.innerText; } catch (e) { return e.name; } })()`,
    );
    expect(read).toBe('SecurityError');
  },
  testMs,
);

test(
  'messages of others do nothing: neither to the frame nor to the widget',
  async () => {
    const { frame, tab } = await openShop('');
    await tab.page.getByRole('button', { name: 'Open chat' }).click();
    await frame.getByText('Welcome to the shop').waitFor();
    await tab.run(
      `postMessage({ parley: 'close' }, '*'); ${frameWindow}.postMessage({ parley: 'nonsense' }, '*')`,
    );
    await tab.run(`${frameWindow}.postMessage({ parley: 'token', id: 1, token: 'x' }, '*')`);
    await frame.locator('#text').fill('still here');
    await frame.locator('#text').press('Enter');
    await frame.getByText('Answer: still here').waitFor();
    expect(await tab.page.locator('iframe').isVisible()).toBe(true);
  },
  testMs,
);

describe('tokens of the site', () => {
  test(
    'come from its function, and again when one is rejected',
    async () => {
      const script = `window.asked = []; window.chatToken = async (need) => { asked.push(need);
        return need === 'rejected' ? window.goodToken : 'old'; };`;
      const { frame, server, tab } = await openShop('data-token="chatToken" data-position="left"', {
        script,
      });
      await tab.run(`window.goodToken = ${JSON.stringify(server.chat.giveToken('customer-7').token)}`);
      await tab.page.getByRole('button', { name: 'Open chat' }).click();
      await frame.getByText('Welcome to the shop').waitFor();
      await tab.page.setViewportSize({ width: 360, height: 640 });
      const box = await tab.page.locator('iframe').boundingBox();
      expect(box).toEqual({ x: 0, y: 0, width: 360, height: 640 });
      await tab.picture('widget-phone');
      expect(await tab.run('asked')).toEqual(['connect', 'rejected']);
      expect(server.chat.session('customer-7')).toBeDefined();
    },
    testMs,
  );

  test(
    'that are none: the chat says so, and a button tries again',
    async () => {
      const script = `window.chatToken = () => window.goodToken ?? null;`;
      const { frame, server, tab } = await openShop('data-token="chatToken"', { script });
      await tab.page.getByRole('button', { name: 'Open chat' }).click();
      await frame.getByText('You are not signed in any more.').waitFor();
      await tab.run(`window.goodToken = ${JSON.stringify(server.chat.giveToken('customer-8').token)}`);
      await frame.getByRole('button', { name: 'Try again' }).click();
      await frame.getByText('Welcome to the shop').waitFor();
    },
    testMs,
  );
});

test(
  'a site that is not in chat.origins cannot show the chat',
  async () => {
    const { server, tab, visitor } = await openShop('', { allowed: false });
    await tab.page.getByRole('button', { name: 'Open chat' }).click();
    await until('the browser refuses the frame', () =>
      visitor.complaints.some((text) => text.includes('frame-ancestors')),
    );
    expect(server.chat.connections).toBe(0);
  },
  testMs,
);
