import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { FliteSynthesizer } from '../adapters/flite/synthesizer.js';
import { SystemClock } from '../config/clock.js';
import { resample } from '../media/codec/resampler.js';
import { allZero, sessionGauges, settledGauges } from './testing/gauges.js';
import { MediaClient, type ClientMode, type MediaClientOptions } from './testing/media-client.js';
import { ParleyProcess, type ProcessLogLine } from './testing/parley-process.js';
import { speakLine } from './testing/speech-kit.js';

const synthesizer = new FliteSynthesizer({ clock: new SystemClock() });
let parley: ParleyProcess;

beforeAll(async () => {
  ({ parley } = await ParleyProcess.start());
});

afterAll(async () => {
  const code = await parley.stop();
  await synthesizer.close();
  expect(code).toBe(0);
});

function rateOf(mode: ClientMode): number {
  return mode.mode === 'l16' ? mode.rateHz : 8_000;
}

async function speech(mode: ClientMode, text: string): Promise<Int16Array> {
  const samples = await speakLine(synthesizer, text);
  return rateOf(mode) === 8_000 ? samples : resample(samples, 8_000, rateOf(mode));
}

/** Waits until the bot says something in a session that started after `from`. */
function said(text: string, from: number): Promise<ProcessLogLine> {
  return parley.waitForLine(
    (line) =>
      parley.lines.indexOf(line) >= from &&
      line.msg === 'bot says' &&
      (line['pii'] as { text: string }).text.includes(text),
    20_000,
  );
}

function open(mode: ClientMode, more: Partial<MediaClientOptions> = {}): Promise<MediaClient> {
  return MediaClient.open({ port: parley.ports.http, mode, ...more });
}

/** The mark of the prompt that is said now: what the client has to hear before it answers. */
async function heardOut(client: MediaClient, text: string, from: number): Promise<void> {
  const before = client.received.length;
  await said(text, from);
  await client.waitFor(({ type }) => type === 'mark', 15_000, before);
  await new Promise((resolve) => setTimeout(resolve, 600));
}

const modes: [string, ClientMode][] = [
  ['media streams, mu-law', { mode: 'media-streams' }],
  ['raw L16 at 8 kHz', { mode: 'l16', rateHz: 8_000 }],
  ['raw L16 at 16 kHz', { mode: 'l16', rateHz: 16_000 }],
];

describe.each(modes)('%s', (_name, mode) => {
  test('speech walks the tree to the goodbye, after which the socket closes with 1000', async () => {
    const from = parley.lines.length;
    const client = await open(mode, { parameters: { caller: '+15550100' } });
    await heardOut(client, 'You can say', from);
    client.say(await speech(mode, 'my internet is down'));
    await heardOut(client, 'Is there a red light', from);
    client.say(await speech(mode, 'yes'));
    await said('Please switch the router off', from);
    await heardOut(client, 'Is there anything else', from);
    client.say(await speech(mode, 'no thank you'));
    await said('Thank you for calling', from);
    expect(await client.closed(15_000)).toBe(1_000);

    expect(client.faults).toEqual([]);
    expect(client.received.at(-1)?.type).toBe(mode.mode === 'l16' ? 'stop' : 'mark');
    const decided = parley.lines.slice(from).filter((line) => line.msg === 'decided');
    expect(decided.map((line) => line['nextNodeId'])).toEqual(['ask_light', 'fix_router', 'goodbye']);
    if (mode.mode !== 'l16') return;
    const texts = client.received.filter(({ type }) => type === 'transcript').map(({ text }) => text);
    expect(texts).toEqual(['my internet is down', 'yes', 'no thank you']);
    const prompts = client.received.filter(({ type }) => type === 'prompt').map(({ text }) => text);
    expect(prompts.at(-1)).toBe('Thank you for calling. Goodbye.');
  });

  test('speech over a prompt: clear comes, and no audio of the old prompt follows it', async () => {
    const from = parley.lines.length;
    const client = await open(mode);
    await client.waitFor(({ type }) => type === 'audio', 5_000);
    await said('You can say', from);
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    client.say(await speech(mode, 'when are you open'));
    const cleared = await client.waitFor(({ type }) => type === 'clear', 5_000);
    const at = client.received.indexOf(cleared);
    await said('We are open from nine to six', from);
    const next = await client.waitFor(({ type }) => type === 'audio', 5_000, at);
    const utteranceMs = (await speech(mode, 'when are you open')).length / (rateOf(mode) / 1_000);
    // Only the answer can be what follows: the rest of the question and its endpoint lie between.
    expect(next.atMs - cleared.atMs).toBeGreaterThan(utteranceMs / 3);
    client.stop();
    expect(await client.closed(5_000)).toBe(1_000);
    expect(client.faults).toEqual([]);
  });

  test('keys interrupt, choose and end', async () => {
    const from = parley.lines.length;
    const client = await open(mode);
    await said('You can say', from);
    await client.waitFor(({ type }) => type === 'audio', 5_000);
    client.press('3');
    await client.waitFor(({ type }) => type === 'clear', 5_000);
    await said('Is there anything else', from);
    await client.waitFor(({ type }) => type === 'mark', 10_000, client.received.length);
    client.press('2');
    await said('Thank you for calling', from);
    expect(await client.closed(15_000)).toBe(1_000);
    const zones = parley.lines
      .slice(from)
      .filter((line) => line.msg === 'decided')
      .map((line) => line['zone']);
    expect(zones).toEqual(['dtmf', 'dtmf']);
    expect(client.faults).toEqual([]);
  });
});

test('a client that never echoes gets the whole conversation all the same', async () => {
  const from = parley.lines.length;
  const client = await open({ mode: 'media-streams' }, { echo: false });
  await said('You can say', from);
  client.press('3');
  await said('Is there anything else', from);
  client.press('2');
  await said('Thank you for calling', from);
  expect(await client.closed(15_000)).toBe(1_000);
});

test('a handover without a phone network: the bot says so and goes on', async () => {
  const from = parley.lines.length;
  const client = await open({ mode: 'media-streams' });
  await said('You can say', from);
  client.press('0');
  await said('nobody is free at the moment', from);
  await said('Is there anything else', from);
  client.cut();
});

test('nothing is left when the sockets are closed', async () => {
  expect(await settledGauges(parley, sessionGauges, 5_000)).toEqual(allZero(sessionGauges));
  expect(await parley.metric('parley_audio_socket_ends_total{ending="ended"}')).toBeGreaterThanOrEqual(7);
  expect(await parley.metric('parley_audio_socket_ends_total{ending="left"}')).toBeGreaterThanOrEqual(1);
  expect(parley.errors).toEqual([]);
});
