import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';

import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';

import { projectPath } from '../config/paths.js';
import { launchBrowser, until, Visitor, type ChatTab } from '../console/testing/browser.js';
import { serveSite } from '../console/testing/chat-server.js';
import { ChatNodes } from './testing/chat-nodes.js';
import { countingText } from './testing/counting-tree.js';
import { NginxServer } from './testing/nginx-server.js';
import { PostgresServer } from './testing/postgres-server.js';
import { RedisServer } from './testing/redis-server.js';

const testMs = 60_000;
/** Until a person whose node died talks again, at most. */
const backMs = 5_000;
/** A node is dead after four seconds, and its sessions are answered elsewhere. */
const answeredMs = 9_000;

let browser: Browser;
let nodes: ChatNodes;
let nginx: NginxServer;
let site: Awaited<ReturnType<typeof serveSite>>;
let visitor: Visitor;
const closing: (() => Promise<unknown>)[] = [];

beforeAll(async () => {
  const [postgres, redis, parcels] = await Promise.all([
    PostgresServer.start(),
    RedisServer.start(),
    serveParcels(),
  ]);
  closing.push(
    () => postgres.stop(),
    () => redis.close(),
    () => close(parcels),
  );
  site = await serveSite(
    () => `<h1>Shop</h1><script src="${nginx.url}/chat/widget.js" data-tree="demo" async></script>`,
  );
  closing.push(() => site.close());
  nodes = await ChatNodes.start({
    nodes: 2,
    postgresUrl: postgres.url,
    secret: 'a secret of the page test, 32 characters',
    redis: () => ({ 'redis.mode': 'single', 'redis.nodes': redis.address }),
    settings: {
      'chat.trustProxies': '1',
      'chat.origins': site.url,
      'dialog.trees.demo': projectPath('config', 'trees', 'demo-en.yaml'),
      'dialog.trees.tour': projectPath('config', 'trees', 'tour-en.yaml'),
      'services.parcels.allowPrivate': '127.0.0.0/8',
      'services.parcels.url': `http://127.0.0.1:${(parcels.address() as AddressInfo).port}`,
    },
  });
  closing.push(() => nodes.close());
  const [first = 0, second = 0] = nodes.ports;
  nginx = await NginxServer.start([first, second]);
  closing.push(() => nginx.close());
  browser = await launchBrowser();
  closing.push(() => browser.close());
}, testMs);

afterAll(async () => {
  for (const end of closing.splice(0).reverse()) await end();
}, testMs);

beforeEach(async () => {
  visitor = await Visitor.come(browser);
});

afterEach(async () => {
  await visitor.context.close();
  expect(visitor.faults).toEqual([]);
});

/** The back office that the tour asks. */
async function serveParcels(): Promise<Server> {
  const server = createServer((_request, response) => {
    response.setHeader('content-type', 'application/json');
    response.end('{"state":"on the way","days":1}');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}

async function openChat(tree?: string): Promise<ChatTab> {
  const tab = await visitor.open(`${nginx.url}/chat${tree === undefined ? '' : `?tree=${tree}`}`);
  await tab.connected();
  return tab;
}

/** Which node holds the only chat connection. */
async function holder(): Promise<number> {
  let found = -1;
  await until('one node has the connection', async () => {
    const open = await Promise.all([0, 1].map((index) => connectionsOf(index)));
    found = open.indexOf(1);
    return open[0] !== open[1] && found >= 0;
  });
  return found;
}

function connectionsOf(index: number): Promise<number> {
  return nodes.node(index).metric('parley_chat_connections');
}

/** The bubbles of a conversation in which every one of `count` messages has come once and has its answer. */
async function expectCounted(tab: ChatTab, count: number): Promise<void> {
  const texts = await tab.texts();
  expect(texts.filter((text) => text === countingText)).toHaveLength(count);
  const answers = texts.filter((text) => text.startsWith('answer'));
  expect(answers).toEqual(Array.from({ length: count }, (_, at) => `answer ${at + 1}`));
}

test(
  'a person talks with the demo; the conversation is whole after a reload, and the same in a second tab',
  async () => {
    const tab = await openChat('demo');
    await tab.say('my internet is down');
    await tab.sees('Is there a red light on your router?');
    await tab.picture('node-chat');
    const before = await tab.texts();
    await tab.page.locator('.own .ticks[data-tick="read"]').waitFor();
    await tab.page.reload();
    await tab.connected();
    await tab.sees('Is there a red light on your router?');
    expect(await tab.texts()).toEqual(before);
    await tab.picture('node-chat-again');

    const second = await openChat('demo');
    await second.sees('Is there a red light on your router?');
    await second.say('yes');
    await until('both show the answer', async () => (await tab.texts()).length > before.length + 1);
    await until('both show the same', async () => {
      const [one, other] = await Promise.all([tab.texts(), second.texts()]);
      return (
        JSON.stringify(one) === JSON.stringify(other) && one.filter((text) => text === 'yes').length === 1
      );
    });
    for (const one of [tab, second])
      expect(await one.page.locator('.own .ticks:not([data-tick="read"])').count()).toBe(0);
  },
  testMs,
);

test(
  'the node that holds the socket is killed: the page goes on by itself, and what was typed meanwhile is sent once',
  async () => {
    const tab = await openChat();
    await tab.say(countingText);
    await tab.sees('answer 1');
    const dead = await holder();
    await nodes.kill(dead);
    await tab.page.locator('body:not([data-connection="open"])').waitFor({ state: 'attached' });
    await tab.picture('node-dead');
    const killedMs = performance.now();
    await tab.say(countingText);
    await tab.connected();
    const awayMs = performance.now() - killedMs;
    expect(await connectionsOf(1 - dead)).toBe(1);
    await tab.sees('answer 2');
    const waitedMs = performance.now() - killedMs;
    await tab.say(countingText);
    await tab.sees('answer 3');
    await expectCounted(tab, 3);
    expect(await tab.page.locator('.pending').count()).toBe(0);
    await tab.picture('node-other');
    console.info(`back after ${Math.round(awayMs)} ms, answered after ${Math.round(waitedMs)} ms`);
    expect(awayMs).toBeLessThan(backMs);
    expect(waitedMs).toBeLessThan(answeredMs);
    await nodes.startNode(dead);
  },
  testMs,
);

test(
  'the network goes and comes back: what was typed meanwhile is sent, once',
  async () => {
    const tab = await openChat();
    await tab.say(countingText);
    await tab.sees('answer 1');
    await visitor.context.setOffline(true);
    await tab.page.locator('body:not([data-connection="open"])').waitFor({ state: 'attached' });
    await tab.say(countingText);
    await tab.page.locator('.pending').waitFor({ state: 'attached' });
    await tab.picture('node-offline');
    const backAtMs = performance.now();
    await visitor.context.setOffline(false);
    await tab.sees('answer 2');
    expect(performance.now() - backAtMs).toBeLessThan(backMs);
    await expectCounted(tab, 2);
  },
  testMs,
);

test(
  'both nodes are restarted in turn while a person talks: nothing is lost',
  async () => {
    const tab = await openChat();
    let said = 0;
    const over = { now: false };
    const talk = (async () => {
      while (!over.now) {
        await tab.say(countingText);
        said++;
        await pause(300);
      }
    })();
    for (const index of [0, 1]) {
      await pause(1_000);
      expect(await nodes.drain(index)).toBe(0);
      await nodes.startNode(index);
    }
    await pause(1_000);
    over.now = true;
    await talk;
    await until('every message has its answer', async () => (await tab.texts()).includes(`answer ${said}`));
    await expectCounted(tab, said);
    console.info(`${said} messages over two restarts`);
  },
  testMs,
);

test(
  'quick replies and a card are shown and pressed',
  async () => {
    const tab = await openChat('tour');
    const replies = tab.page.getByRole('group', { name: 'Suggested answers' });
    await replies.getByRole('button', { name: 'Track a parcel' }).click();
    await tab.sees('What is the number of your parcel?');
    await tab.say('AB123456');
    await tab.sees('I heard AB123456. Is that right?');
    await tab.say('yes');
    const card = tab.page.locator('.card', { hasText: 'Parcel AB123456' });
    await card.waitFor();
    await tab.sees('Is there anything else?');
    await tab.picture('node-card');
    await card.getByRole('button', { name: 'Something else' }).click();
    await replies.getByRole('button', { name: 'Send something' }).waitFor();
    await tab.picture('node-card-pressed');
  },
  testMs,
);

test(
  'a conversation is ended, and a new one is begun',
  async () => {
    const tab = await openChat('demo');
    await tab.say('my internet is down');
    await tab.sees('Is there a red light on your router?');
    await tab.page.locator('#end').click();
    await tab.page.locator('#end-confirm').click();
    await tab.page.locator('#panel-button').waitFor();
    await tab.picture('node-ended');
    await tab.page.reload();
    await tab.connected();
    await tab.picture('node-ended-again');
    if (await tab.page.locator('#panel-button').isVisible()) await tab.page.locator('#panel-button').click();
    await tab.field.waitFor();
    await tab.say('what do i owe');
    await until('the new bot answers', async () => (await tab.texts()).length >= 3);
    await tab.picture('node-new');
    expect(await tab.texts()).not.toContain('my internet is down');
  },
  testMs,
);

test(
  'the widget talks on a page of another site that chat.origins names',
  async () => {
    const tab = await visitor.open(site.url);
    await tab.page.getByRole('button', { name: 'Open chat' }).click();
    const frame = tab.page.frameLocator('iframe');
    await frame.locator('body[data-connection="open"]').waitFor({ state: 'attached' });
    await frame.locator('#text').fill('my internet is down');
    await frame.locator('#text').press('Enter');
    await frame.getByText('Is there a red light on your router?').waitFor();
    await tab.picture('node-widget');
  },
  testMs,
);
