import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';

import { ChatServer } from '../testing/chat-server.js';
import { Visitor, launchBrowser, until } from '../testing/browser.js';
import type { ChatTab } from '../testing/browser.js';

const testMs = 60_000;

let browser: Browser;
let server: ChatServer;
const visitors: Visitor[] = [];
beforeAll(async () => {
  browser = await launchBrowser();
});
afterAll(async () => {
  await browser.close();
});
beforeEach(async () => {
  server = new ChatServer({
    greeting: [
      {
        type: 'text',
        text: '您好，这里是宽带客服。 Hello, this is the broadband desk.',
        quickReplies: [
          { title: '网断了', value: 'fault' },
          { title: 'My bill', value: 'bill' },
        ],
      },
    ],
    reply: (text, value) => [{ type: 'text', text: `Answer: ${value ?? text}` }],
  });
  await server.start();
});
afterEach(async () => {
  await server.close();
  for (const visitor of visitors.splice(0)) {
    await visitor.context.close();
    expect(visitor.faults).toEqual([]);
  }
  expect(server.chat.violations).toEqual([]);
});

async function opened(options: Parameters<typeof Visitor.come>[1] = {}): Promise<ChatTab> {
  const visitor = await Visitor.come(browser, options);
  visitors.push(visitor);
  const tab = await visitor.open(`${server.url}/chat`);
  await tab.connected();
  await tab.sees('broadband desk');
  return tab;
}

describe('without a mouse', () => {
  test(
    'every part is reached with Tab in order, and a whole conversation is held',
    async () => {
      const tab = await opened();
      const { keyboard } = tab.page;
      const order: string[] = [];
      for (let step = 0; step < 6; step++) {
        await keyboard.press('Tab');
        order.push(await tab.run<string>('document.activeElement.id || document.activeElement.textContent'));
      }
      expect(order).toEqual(['end', 'scroll', '网断了', 'My bill', 'text', 'send']);
      await keyboard.press('Shift+Tab');
      await keyboard.type('first line');
      await keyboard.press('Shift+Enter');
      await keyboard.type('second line');
      await keyboard.press('Enter');
      await tab.sees('Answer: first line\nsecond line');
      expect(await tab.field.inputValue()).toBe('');
      await tab.page.locator('#end').focus();
      await keyboard.press('Enter');
      await tab.page.getByRole('dialog').waitFor();
      await keyboard.press('Escape');
      expect(await tab.run('document.activeElement.id')).toBe('end');
      await keyboard.press('Enter');
      await keyboard.press('Tab');
      await keyboard.press('Enter');
      await tab.page.getByText('This conversation has ended.').waitFor();
      await tab.page.getByRole('button', { name: 'Start a new conversation' }).focus();
      await keyboard.press('Enter');
      await until(
        'the field has the focus',
        async () => (await tab.run('document.activeElement.id')) === 'text',
      );
    },
    testMs,
  );
});

describe('for a screen reader', () => {
  test(
    'parts have roles and names, messages have authors, and ticks have words',
    async () => {
      const tab = await opened();
      await tab.say('Hi');
      await tab.sees('Answer: Hi');
      await tab.page.locator('.own .ticks[data-tick="read"]').waitFor();
      const tree = await tab.page.locator('body').ariaSnapshot();
      for (const part of [
        '- heading "Chat" [level=1]',
        '- status: Online',
        '- button "End conversation"',
        '- region "Conversation"',
        '- log "Conversation"',
        '- textbox "Your message"',
        '- button "Send"',
        '- img "Read"',
      ])
        expect(tree).toContain(part);
      expect(tree).toMatch(/You :"\n\s+- paragraph: Hi/);
      expect(tree).toMatch(/Assistant :"\n\s+- paragraph: .*broadband desk/);
      expect(await tab.log.getAttribute('aria-live')).toBe('polite');
      expect(await tab.page.getAttribute('html', 'lang')).toBe('en');
    },
    testMs,
  );
});

describe('an input method', () => {
  test(
    'Enter that takes a word over does not send; the next one does',
    async () => {
      const tab = await opened({ locale: 'zh-CN' });
      await tab.field.focus();
      const devtools = await tab.page.context().newCDPSession(tab.page);
      const enter = { key: 'Enter', code: 'Enter', windowsVirtualKeyCode: 13 };
      await devtools.send('Input.imeSetComposition', {
        text: 'wangduanle',
        selectionStart: 10,
        selectionEnd: 10,
      });
      await devtools.send('Input.dispatchKeyEvent', { type: 'rawKeyDown', ...enter });
      await devtools.send('Input.dispatchKeyEvent', { type: 'keyUp', ...enter });
      expect(await tab.page.locator('#outbox .message, .message.own').count()).toBe(0);
      await devtools.send('Input.insertText', { text: '网断了' });
      expect(await tab.field.inputValue()).toBe('网断了');
      // Browsers that end the composition before the key is told say with 229 that it was the input method's.
      await devtools.send('Input.dispatchKeyEvent', {
        type: 'rawKeyDown',
        ...enter,
        windowsVirtualKeyCode: 229,
      });
      expect(await tab.field.inputValue()).toBe('网断了');
      expect(server.chat.frames.some(({ type }) => type === 'message')).toBe(false);
      await tab.field.press('Enter');
      await tab.sees('Answer: 网断了');
      expect(await tab.page.getAttribute('html', 'lang')).toBe('zh-CN');
      await tab.page.getByRole('button', { name: '结束对话' }).waitFor();
      await tab.picture('chinese');
    },
    testMs,
  );
});

describe('wherever it is read', () => {
  test.each([
    ['dark', { colorScheme: 'dark', viewport: { width: 800, height: 700 } }],
    ['320px', { viewport: { width: 320, height: 568 } }],
    // 200 % zoom of a small window: half as many CSS pixels, twice as many dots each.
    ['zoom-200', { viewport: { width: 400, height: 350 }, deviceScaleFactor: 2 }],
    ['zoom-400', { viewport: { width: 320, height: 256 }, deviceScaleFactor: 4 }],
    ['forced-colours', { forcedColors: 'active', viewport: { width: 800, height: 700 } }],
  ] as const)(
    '%s: nothing is cut off, and there is room to read and to write',
    async (name, options) => {
      const tab = await opened(options);
      await tab.say(`A long word: ${'x'.repeat(200)} and https://example.com/${'y'.repeat(120)}`);
      await tab.sees('Answer: A long word');
      const overflow = await tab.run<number>('document.documentElement.scrollWidth - innerWidth');
      const inLog = await tab.run<number>(
        '(() => { const box = document.querySelector("#scroll"); return box.scrollWidth - box.clientWidth; })()',
      );
      expect([overflow, inLog]).toEqual([0, 0]);
      const box = await tab.page.locator('#scroll').boundingBox();
      const field = await tab.field.boundingBox();
      expect(box?.height).toBeGreaterThan(80);
      expect((field?.y ?? 0) + (field?.height ?? 0)).toBeLessThanOrEqual(options.viewport.height);
      await tab.picture(name);
    },
    testMs,
  );

  test(
    'with reduced motion the dots stand still',
    async () => {
      const tab = await opened({ reducedMotion: 'reduce' });
      const [{ user }] = server.chat.frames.flatMap((frame) =>
        frame.type === 'hello' ? [{ user: server.chat.userOf(frame.token) }] : [],
      ) as [{ user: string }];
      server.chat.signal(user, { type: 'typing', author: 'bot', on: true });
      await tab.page.getByText('Assistant is typing').waitFor();
      const motion = await tab.run('getComputedStyle(document.querySelector(".dots i")).animationName');
      expect(motion).toBe('none');
    },
    testMs,
  );
});

test(
  'without storage the chat works',
  async () => {
    const visitor = await Visitor.come(browser);
    visitors.push(visitor);
    const forbidden = `{ get() { throw new DOMException('no', 'SecurityError'); } }`;
    await visitor.context.addInitScript(
      `for (const name of ['localStorage', 'sessionStorage']) Object.defineProperty(window, name, ${forbidden});`,
    );
    const tab = await visitor.open(`${server.url}/chat`);
    await tab.connected();
    await tab.say('Hi');
    await tab.sees('Answer: Hi');
    server.refusing = true;
    server.chat.closeAll(1006);
    await tab.say('waits');
    await tab.page.getByText('do not close this page yet').waitFor();
  },
  testMs,
);
