import { createContext, runInContext } from 'node:vm';
import { beforeEach, describe, expect, test } from 'vitest';

import { statusScript } from './status-page-assets.js';
import type { StatusBody } from './status.js';

/** As much of a DOM element as the page's script uses; `text` is what a reader sees. */
class FakeElement {
  className = '';
  hidden = true;
  readonly attributes = new Map<string, string>();
  children: (FakeElement | string)[] = [];

  append(...children: (FakeElement | string)[]): void {
    this.children.push(...children);
  }

  replaceChildren(...children: (FakeElement | string)[]): void {
    this.children = children;
  }

  setAttribute(name: string, value: string): void {
    this.attributes.set(name, value);
  }

  set textContent(text: string) {
    this.children = [text];
  }

  get text(): string {
    return this.children.map((child) => (typeof child === 'string' ? child : child.text)).join('|');
  }

  find(className: string): FakeElement[] {
    const elements = this.children.filter((child) => typeof child !== 'string');
    return elements.flatMap((child) => [
      ...(child.className.split(' ').includes(className) ? [child] : []),
      ...child.find(className),
    ]);
  }
}

const status: StatusBody = {
  name: 'Parley',
  node: 'v20.1.0',
  version: '0.1.0',
  uptimeSeconds: 3_725,
  readiness: { ready: true, draining: false, checks: [{ name: 'model', ok: true, detail: 'loaded' }] },
  listeners: [{ protocol: 'sip', transport: 'udp', address: '127.0.0.1', ports: '5060' }],
  engines: [
    {
      kind: 'synthesizer',
      name: 'espeak',
      languages: ['zh'],
      available: false,
      detail: '<b>not installed</b>',
    },
  ],
  trees: [{ id: 'demo-en', language: 'en-US', nodes: 12, active: true }],
  chat: {
    page: '/chat',
    socket: '/ws',
    store: 'postgres',
    routing: { connected: true, livingNodes: 3 },
  },
  live: [
    { label: 'Calls', value: 3, most: 500 },
    { label: 'Hits', value: 0.934, unit: 'percent' },
    { label: 'Cache', value: 3_145_728, unit: 'bytes' },
  ],
};

let elements: Map<string, FakeElement>;
let timers: { delayMs: number }[];

function element(id: string): FakeElement {
  const found = elements.get(id) ?? new FakeElement();
  elements.set(id, found);
  return found;
}

async function run(
  answer: () => Promise<{ ok: boolean; status: number; json(): Promise<unknown> }>,
): Promise<void> {
  const page = createContext({
    document: { getElementById: element, createElement: () => new FakeElement() },
    location: { origin: 'http://127.0.0.1:8080' },
    fetch: answer,
    AbortSignal,
    setTimeout: (_: () => void, delayMs: number) => timers.push({ delayMs }),
  });
  runInContext(statusScript, page);
  for (let i = 0; i < 10; i++) await Promise.resolve();
}

const answering = (body: unknown) => () =>
  Promise.resolve({ ok: true, status: 200, json: () => Promise.resolve(body) });

beforeEach(() => {
  elements = new Map();
  timers = [];
});

describe('the page shows the status', () => {
  test.each([
    ['version', '0.1.0, Node v20.1.0, up 1 h 2 min'],
    ['state', 'ready'],
    ['listeners', 'SIP|127.0.0.1 : 5060|udp'],
    ['trees', 'demo-en|en-US|12 nodes|active'],
    ['checks', 'model|loaded|ok'],
    ['chat', 'Page|/chat|WebSocket|/ws|Log|postgres|Routing|3 nodes live |connected'],
    ['live', 'Calls|3| of 500||Hits|93 %|Cache|3 MB'],
  ])('%s', async (id, text) => {
    await run(answering(status));
    expect(element(id).text).toBe(text);
  });

  test('what comes from outside stays text', async () => {
    await run(answering(status));
    expect(element('engines').text).toBe('espeak|synthesizer|zh|<b>not installed</b>|missing');
    expect(element('engines').find('bad')).toHaveLength(1);
  });

  test.each([
    [{ ready: false, draining: true, checks: [] }, 'draining'],
    [{ ready: false, draining: false, checks: [{ name: 'a', ok: false, detail: 'x' }] }, 'not ready'],
  ])('a node that is not ready says why: %j', async (readiness, text) => {
    await run(answering({ ...status, readiness }));
    expect(element('state').text).toBe(text);
    expect(element('state').find('bad')).toHaveLength(1);
  });

  test.each([
    ['switched off', null, 'switched off'],
    [
      'alone',
      { page: '/chat', socket: '/ws', store: 'sqlite', routing: null },
      'Page|/chat|WebSocket|/ws|Log|sqlite|Routing|this node is alone',
    ],
    [
      'cut off',
      { page: '/chat', socket: '/ws', store: 'postgres', routing: { connected: false, livingNodes: 1 } },
      'Page|/chat|WebSocket|/ws|Log|postgres|Routing|1 node lives |cut off',
    ],
  ])('chat that is %s', async (_, chat, text) => {
    await run(answering({ ...status, chat }));
    expect(element('chat').text).toBe(text);
  });

  test('an empty list says so', async () => {
    await run(answering({ ...status, trees: [] }));
    expect(element('trees').text).toBe('none');
  });
});

describe('it keeps asking, every two seconds', () => {
  test('after an answer', async () => {
    await run(answering(status));
    expect(timers).toEqual([{ delayMs: 2_000 }]);
    expect(element('problem').hidden).toBe(true);
  });

  test.each([
    [
      'an error answer',
      () => Promise.resolve({ ok: false, status: 503, json: () => Promise.resolve({}) }),
      /answers 503/,
    ],
    ['no answer', () => Promise.reject(new Error('connection refused')), /connection refused/],
  ])('after %s, which it shows', async (_, answer, message) => {
    await run(answer);
    expect(timers).toEqual([{ delayMs: 2_000 }]);
    expect(element('problem').hidden).toBe(false);
    expect(element('problem').text).toMatch(message);
  });
});
