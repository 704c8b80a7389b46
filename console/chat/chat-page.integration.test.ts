import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';

import type { MessageBody } from '../../gateway/websocket/protocol.js';
import { ChatServer } from '../testing/chat-server.js';
import { ChatTab, Visitor, launchBrowser, until } from '../testing/browser.js';

const testMs = 60_000;

const greeting: MessageBody = {
  type: 'text',
  text: 'Hello, this is the broadband desk. How can I help?',
  quickReplies: [
    { title: 'My internet is down', value: 'fault' },
    { title: 'What do I owe?', value: 'bill' },
  ],
};

const picture = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 160 90"><rect width="160" height="90" fill="#9cc3ff"/>
<path d="M0 90L50 30l30 36 24-20 56 44z" fill="#2357d8"/></svg>`;

function answer(text: string, value: string | undefined): readonly MessageBody[] {
  if (value !== undefined) return [{ type: 'text', text: `You chose ${value}.` }];
  if (text === 'nothing') return [];
  return [{ type: 'text', text: `You said: ${text}` }];
}

let browser: Browser;
let server: ChatServer;
let visitor: Visitor;
beforeAll(async () => {
  browser = await launchBrowser();
});
afterAll(async () => {
  await browser.close();
});
beforeEach(async () => {
  server = new ChatServer({ reply: answer, greeting: [greeting] });
  await server.start();
  visitor = await Visitor.come(browser);
});
afterEach(async () => {
  await visitor.context.close();
  await server.close();
  expect(visitor.faults).toEqual([]);
  expect(server.chat.violations).toEqual([]);
});

async function opened(): Promise<{ readonly tab: ChatTab; readonly user: string }> {
  const tab = await visitor.open(`${server.url}/chat`);
  await tab.connected();
  await tab.sees('How can I help?');
  const stored = await tab.run<string>(`localStorage.getItem('parley.visitor')`);
  const { token } = JSON.parse(stored) as { readonly token: string };
  const user = server.chat.userOf(token);
  if (user === null) throw new Error('the page holds no token of this server');
  return { tab, user };
}

describe('a conversation', () => {
  test(
    'is held, ticked, and there again after the page is loaded again',
    async () => {
      const { tab } = await opened();
      await tab.say('My line is dead');
      await tab.sees('You said: My line is dead');
      await tab.page.locator('.own .ticks[data-tick="read"]').waitFor();
      const before = await tab.texts();
      await tab.picture('chat-light');
      await tab.page.reload();
      await tab.sees('You said: My line is dead');
      expect(await tab.texts()).toEqual(before);
      expect(await tab.page.locator('.day').allInnerTexts()).toEqual(['Today']);
    },
    testMs,
  );

  test(
    'a second tab sees the same, and both go on',
    async () => {
      const { tab } = await opened();
      const second = await visitor.open(`${server.url}/chat`);
      await second.connected();
      await tab.say('from the first');
      await second.sees('You said: from the first');
      await second.say('from the second');
      await tab.sees('You said: from the second');
      expect(await second.texts()).toEqual(await tab.texts());
      expect(server.chat.connections).toBe(2);
    },
    testMs,
  );

  test(
    'a tab keeps its device when it is loaded again; a duplicated tab is another device',
    async () => {
      const { tab } = await opened();
      await tab.page.reload();
      await tab.connected();
      const duplicated = visitor.context.waitForEvent('page');
      await tab.run('void open(location.href)');
      const duplicate = new ChatTab(await duplicated);
      await duplicate.connected();
      const devices = server.chat.frames.flatMap((frame) => (frame.type === 'hello' ? [frame.device] : []));
      expect(devices[1]).toBe(devices[0]);
      expect(devices[2]).not.toBe(devices[0]);
      expect(await duplicate.run(`sessionStorage.getItem('parley.device')`)).toBe(devices[2]);
      await tab.connected();
    },
    testMs,
  );

  test(
    'quick replies are buttons of the last message alone and send their value',
    async () => {
      const { tab, user } = await opened();
      const replies = tab.page.getByRole('group', { name: 'Suggested answers' });
      expect(await replies.getByRole('button').allInnerTexts()).toEqual([
        'My internet is down',
        'What do I owe?',
      ]);
      await replies.getByRole('button', { name: 'What do I owe?' }).click();
      await tab.sees('You chose bill.');
      expect(await replies.count()).toBe(0);
      expect(server.chat.messages(user)[1]?.body).toEqual({
        type: 'text',
        text: 'What do I owe?',
        value: 'bill',
      });
      expect(await tab.run('document.activeElement.id')).toBe('text');
    },
    testMs,
  );

  test(
    'cards, events, agents, typing and links are shown; markup stays text',
    async () => {
      const { tab, user } = await opened();
      const requests: string[] = [];
      await visitor.context.route(/pictures\.example\.com/, (route, request) => {
        requests.push(request.url());
        return route.fulfill({ contentType: 'image/svg+xml', body: picture });
      });
      const insecure = {
        title: 'Old',
        text: '',
        image: 'http://pictures.example.com/x.svg',
        url: null,
        buttons: [],
      };
      server.chat.say(user, 'bot', { type: 'text', text: 'Our offers', card: insecure });
      server.chat.say(user, 'bot', {
        type: 'text',
        text: '',
        card: {
          title: 'Fibre 500',
          text: 'Five hundred megabits, no contract.',
          image: 'https://pictures.example.com/fibre.svg',
          url: 'https://shop.example.com/fibre',
          buttons: [{ title: 'Order', value: 'order-500' }],
        },
      });
      server.chat.say(user, 'system', { type: 'event', event: 'handover', text: '' });
      const markup = '<img src=x onerror=alert(1)> see https://example.com/help.';
      server.chat.say(user, 'agent', { type: 'text', text: markup }, 'Eve');
      server.chat.signal(user, { type: 'typing', author: 'agent', name: 'Eve', on: true });
      await tab.page.getByText('Eve is typing').waitFor();
      await tab.sees(markup);
      await until('the picture is there', () =>
        tab.run<boolean>(`document.querySelector('.card img')?.complete`),
      );
      expect(requests).toEqual(['https://pictures.example.com/fibre.svg']);
      await tab.picture('card');
      expect(
        await tab.run(`[...document.querySelectorAll('#log a')].map((link) => [link.href, link.rel])`),
      ).toEqual([
        ['https://shop.example.com/fibre', 'noopener noreferrer nofollow'],
        ['https://example.com/help', 'noopener noreferrer nofollow'],
      ]);
      await tab.page.getByText('A person takes over.').waitFor();
      await tab.page.getByRole('button', { name: 'Order' }).click();
      await tab.sees('You chose order-500.');
    },
    testMs,
  );

  test(
    'is ended after a question, and a new one begins',
    async () => {
      const { tab } = await opened();
      await tab.say('nothing');
      await tab.page.getByRole('button', { name: 'End conversation' }).click();
      await tab.page.getByRole('button', { name: 'Cancel' }).click();
      await tab.page.getByRole('button', { name: 'End conversation' }).click();
      await tab.page.getByRole('button', { name: 'End it' }).click();
      await tab.page.getByText('This conversation has ended.').waitFor();
      expect(await tab.field.isVisible()).toBe(false);
      await tab.picture('ended');
      await tab.page.getByRole('button', { name: 'Start a new conversation' }).click();
      await tab.field.waitFor();
      await until('one greeting is left', async () => (await tab.texts()).length === 1);
    },
    testMs,
  );
});

describe('a bad network', () => {
  test(
    'off and on: what was written meanwhile is sent once, in order',
    async () => {
      const { tab, user } = await opened();
      await visitor.context.setOffline(true);
      server.chat.closeAll(1006);
      await tab.page.getByText('You are offline').waitFor();
      for (const text of ['one', 'two', 'three']) await tab.say(text);
      await until('three wait', async () => (await tab.page.locator('#outbox .message').count()) === 3);
      await tab.picture('offline');
      await visitor.context.setOffline(false);
      await tab.sees('You said: three');
      expect(server.chat.textsOf(user)).toEqual(['one', 'two', 'three']);
      expect(await tab.page.locator('#outbox .message').count()).toBe(0);
    },
    testMs,
  );

  test(
    'a page that is loaded again while messages wait sends them',
    async () => {
      const { tab, user } = await opened();
      server.refusing = true;
      server.chat.closeAll(1006);
      await tab.say('one');
      await tab.say('two');
      await tab.page.reload();
      server.refusing = false;
      await tab.sees('You said: two');
      expect(server.chat.textsOf(user)).toEqual(['one', 'two']);
    },
    testMs,
  );

  test(
    'lost before and after the append: each message is there once',
    async () => {
      const { tab, user } = await opened();
      server.chat.faults.push('drop-before-append', 'drop-after-append', 'gap');
      for (const text of ['one', 'two', 'three', 'four']) await tab.say(text);
      await tab.sees('You said: four');
      expect(server.chat.textsOf(user)).toEqual(['one', 'two', 'three', 'four']);
      const shown = (await tab.texts()).filter((text) => /^(one|two|three|four)$/.test(text));
      expect(shown).toEqual(['one', 'two', 'three', 'four']);
    },
    testMs,
  );

  test(
    'a server that has lost messages: they leave the page, too',
    async () => {
      const { tab } = await opened();
      await tab.say('lost');
      await tab.sees('You said: lost');
      server.chat.loseMessages(1);
      await until('one message is left', async () => (await tab.texts()).length === 1);
      await tab.say('after');
      await tab.sees('You said: after');
    },
    testMs,
  );

  test(
    'a refused message can be sent again or deleted',
    async () => {
      const { tab, user } = await opened();
      server.chat.faults.push({ error: 'full' });
      await tab.say('again');
      await tab.page.getByText('this conversation is full').waitFor();
      await tab.picture('failed');
      await tab.page.getByRole('button', { name: 'Try again' }).click();
      await tab.sees('You said: again');
      server.chat.faults.push({ error: 'bad-frame' });
      await tab.say('never');
      await tab.page.getByRole('button', { name: 'Delete' }).click();
      await until('nothing waits', async () => (await tab.page.locator('#outbox .message').count()) === 0);
      expect(server.chat.textsOf(user)).toEqual(['again']);
    },
    testMs,
  );

  test(
    'taken over: the page says so and goes on here when asked',
    async () => {
      const { tab } = await opened();
      server.chat.closeAll(4104);
      await tab.page.getByText('The chat goes on in another window.').waitFor();
      await tab.picture('taken-over');
      await tab.page.getByRole('button', { name: 'Go on here' }).click();
      await tab.connected();
      await tab.say('here');
      await tab.sees('You said: here');
    },
    testMs,
  );
});

/** Mean time of a frame while the person scrolls through everything. */
const scrollAbout = `(async () => {
  const box = document.querySelector('#scroll');
  const startedMs = performance.now();
  for (let step = 0; step < 40; step++) {
    box.scrollTop = (box.scrollHeight * (step % 20)) / 20;
    await new Promise((resolve) => requestAnimationFrame(resolve));
  }
  return (performance.now() - startedMs) / 40;
})()`;

const atEnd = `(() => {
  const box = document.querySelector('#scroll');
  return box.scrollHeight - box.scrollTop - box.clientHeight < 2;
})()`;

test(
  'a thousand messages: the newest are there at once, older ones when scrolled to',
  async () => {
    const { tab, user } = await opened();
    for (let at = 2; at <= 1_001; at++) server.chat.say(user, 'bot', { type: 'text', text: `message ${at}` });
    await tab.sees('message 1001');
    await until('all are drawn', async () => (await tab.page.locator('#log .message').count()) === 1_001);
    const frameMs = await tab.run<number>(scrollAbout);
    expect(frameMs).toBeLessThan(100);

    server.chat.say(user, 'bot', { type: 'text', text: 'while away' });
    await tab.page.getByRole('button', { name: 'New messages: 1' }).waitFor();
    await tab.picture('jump');
    await tab.page.getByRole('button', { name: 'New messages: 1' }).click();
    await until('the end is in sight', () => tab.run<boolean>(atEnd));

    await tab.page.reload();
    await tab.sees('while away');
    expect(await tab.page.locator('#log .message').count()).toBeLessThan(250);
    for (let round = 0; round < 40 && !(await tab.texts()).includes('message 2'); round++) {
      await tab.run(`document.querySelector('#scroll').scrollTo(0, 0)`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    expect((await tab.texts()).filter((text) => text.startsWith('message '))).toHaveLength(1_000);
  },
  testMs,
);
