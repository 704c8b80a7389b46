import { mkdirSync } from 'node:fs';
import { join } from 'node:path';

import { chromium } from 'playwright-core';
import type { Browser, BrowserContext, BrowserContextOptions, Locator, Page } from 'playwright-core';

const actionMs = 10_000;

/** Where screenshots go; none are taken without it. */
const pictures = process.env['PARLEY_TEST_PICTURES'];

/** Debian's Chromium, without calls to anywhere. */
export function launchBrowser(): Promise<Browser> {
  return chromium.launch({
    executablePath: '/usr/bin/chromium',
    args: [
      '--headless=new',
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
    timeout: 30_000,
  });
}

/** One person's browser with what it complained of. */
export class Visitor {
  readonly context: BrowserContext;
  /** Errors and warnings of all pages; content security policy violations are among them. */
  readonly complaints: string[] = [];

  private constructor(context: BrowserContext) {
    this.context = context;
    context.setDefaultTimeout(actionMs);
    context.on('console', (message) => {
      if (message.type() === 'error' || message.type() === 'warning') this.complaints.push(message.text());
    });
    context.on('weberror', (error) => this.complaints.push(String(error.error())));
  }

  static async come(browser: Browser, options: BrowserContextOptions = {}): Promise<Visitor> {
    return new Visitor(
      await browser.newContext({ locale: 'en-GB', viewport: { width: 800, height: 700 }, ...options }),
    );
  }

  async open(url: string): Promise<ChatTab> {
    const page = await this.context.newPage();
    await page.goto(url);
    return new ChatTab(page);
  }

  /** Complaints that are not about a network which the test itself took away. */
  get faults(): readonly string[] {
    return this.complaints.filter((text) => !/WebSocket connection to|ERR_INTERNET_DISCONNECTED/.test(text));
  }
}

/** The chat page as a person sees it. */
export class ChatTab {
  readonly page: Page;
  readonly log: Locator;
  readonly field: Locator;
  readonly status: Locator;

  constructor(page: Page) {
    this.page = page;
    this.log = page.locator('#log');
    this.field = page.locator('#text');
    this.status = page.locator('#status');
  }

  async connected(): Promise<void> {
    await this.page.locator('body[data-connection="open"]').waitFor({ state: 'attached' });
  }

  async say(text: string): Promise<void> {
    await this.field.fill(text);
    await this.field.press('Enter');
  }

  /** Texts of all bubbles, those that wait included. */
  async texts(): Promise<readonly string[]> {
    return this.page.locator('.bubble').allInnerTexts();
  }

  /** Waits until a bubble has exactly this text. */
  async sees(text: string): Promise<void> {
    await this.page.locator('#log .bubble', { hasText: text }).last().waitFor();
  }

  /** What an expression is in the page. */
  run<Result>(expression: string): Promise<Result> {
    return this.page.evaluate<Result>(expression);
  }

  async picture(name: string): Promise<void> {
    if (pictures === undefined) return;
    mkdirSync(pictures, { recursive: true });
    await this.page.screenshot({ path: join(pictures, `${name}.png`) });
  }
}

/** Asks again until it is true; rejects after ten seconds with what was wanted. */
export async function until(wanted: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  const endMs = performance.now() + actionMs;
  while (!(await holds())) {
    if (performance.now() > endMs) throw new Error(`this never came true: ${wanted}`);
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}
