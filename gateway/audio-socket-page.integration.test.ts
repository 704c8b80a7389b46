import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { chromium, type Browser, type Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';

import { FliteSynthesizer } from '../adapters/flite/synthesizer.js';
import { SystemClock } from '../config/clock.js';
import { allZero, sessionGauges, settledGauges } from './testing/gauges.js';
import { ParleyProcess } from './testing/parley-process.js';
import { speakLine, timeline, writeSpeech } from './testing/speech-kit.js';

const synthesizer = new FliteSynthesizer({ clock: new SystemClock() });
const directory = mkdtempSync(join(tmpdir(), 'parley-page-'));
let parley: ParleyProcess;
let browser: Browser;

beforeAll(async () => {
  ({ parley } = await ParleyProcess.start());
  const question = await speakLine(synthesizer, 'when are you open');
  const file = join(directory, 'microphone.wav');
  // The browser plays it from the moment the microphone is opened: the question comes into the greeting.
  writeSpeech(file, timeline([{ atMs: 4_000, samples: question }], 120_000));
  browser = await chromium.launch({
    executablePath: process.env['CHROMIUM'] ?? '/usr/bin/chromium',
    args: [
      '--no-sandbox',
      '--use-fake-device-for-media-stream',
      '--use-fake-ui-for-media-stream',
      `--use-file-for-fake-audio-capture=${file}%noloop`,
    ],
  });
});

afterAll(async () => {
  await browser.close();
  await synthesizer.close();
  rmSync(directory, { recursive: true, force: true });
  expect(await parley.stop()).toBe(0);
});

async function texts(page: Page): Promise<string[]> {
  return page.locator('#log li').allTextContents();
}

test('a page talks to the bot: speech over the greeting, a key, the goodbye', async () => {
  const page = await browser.newPage();
  const errors: string[] = [];
  page.on('pageerror', (error) => errors.push(error.message));
  page.on('console', (message) => {
    if (message.type() === 'error') errors.push(message.text());
  });
  await page.goto(`http://127.0.0.1:${parley.ports.http}/media/demo`);
  await page.getByRole('button', { name: 'Start' }).click();
  await page.getByText('You can say').waitFor({ timeout: 15_000 });
  await page.locator('#log li.you').waitFor({ timeout: 20_000 });
  await page.getByText('Is there anything else').waitFor({ timeout: 20_000 });
  await page.getByRole('button', { name: '2', exact: true }).click();
  await page.getByText('Ended (1000').waitFor({ timeout: 20_000 });
  const said = await texts(page);
  expect(said).toContain('when are you open');
  expect(said.at(-1)).toBe('Thank you for calling. Goodbye.');
  expect(errors).toEqual([]);
  expect(await settledGauges(parley, sessionGauges, 5_000)).toEqual(allZero(sessionGauges));
});

test('a page of another site is refused where no key is asked for', async () => {
  const other = createServer((_request, response) => response.end('elsewhere'));
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
  const page = await browser.newPage();
  await page.goto(`http://127.0.0.1:${(other.address() as AddressInfo).port}/`);
  const url = `ws://127.0.0.1:${parley.ports.http}/media`;
  const code = await page.evaluate(
    `new Promise((resolve) => { new WebSocket(${JSON.stringify(url)}).onclose = (event) => resolve(event.code); })`,
  );
  expect(code).toBe(1_006);
  expect(await parley.metric('parley_audio_socket_refused_total{cause="unauthorized"}')).toBe(1);
  await page.close();
  other.close();
});
