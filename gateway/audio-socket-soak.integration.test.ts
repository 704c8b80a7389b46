import { expect, test } from 'vitest';

import { allZero, sessionGauges, settledGauges } from './testing/gauges.js';
import { MediaClient, type ClientMode } from './testing/media-client.js';
import { ParleyProcess } from './testing/parley-process.js';

const modes: readonly ClientMode[] = [
  { mode: 'media-streams' },
  { mode: 'l16', rateHz: 8_000 },
  { mode: 'l16', rateHz: 16_000 },
];

/** One caller: the greeting with an interruption by a key, an answer, the goodbye. */
async function converse(client: MediaClient): Promise<number> {
  await client.waitFor(({ type }) => type === 'audio', 15_000);
  await new Promise((resolve) => setTimeout(resolve, 1_000 + Math.random() * 1_000));
  const from = client.received.length;
  client.press('3');
  await client.waitFor(({ type }) => type === 'clear', 15_000, from);
  // Opening hours, then the question.
  await client.waitFor(({ type }) => type === 'mark', 20_000, from);
  await client.waitFor(({ type }) => type === 'mark', 20_000, client.received.length);
  client.press('2');
  return client.closed(20_000);
}

test('100 streams at a time talk to the end, and nothing is left of them', async () => {
  const { parley } = await ParleyProcess.start({ rtpPorts: 400 });
  const codes = new Map<number, number>();
  const faults: string[] = [];
  const run = async (index: number): Promise<void> => {
    const mode = modes[index % modes.length] ?? modes[0];
    if (!mode) return;
    const client = await MediaClient.open({ port: parley.ports.http, mode });
    const code = await converse(client);
    codes.set(code, (codes.get(code) ?? 0) + 1);
    faults.push(...client.faults);
  };
  await Promise.all(Array.from({ length: 100 }, (_, index) => run(index)));
  expect([...codes]).toEqual([[1_000, 100]]);
  expect(faults).toEqual([]);
  expect(await settledGauges(parley, sessionGauges, 5_000)).toEqual(allZero(sessionGauges));
  expect(await parley.metric('parley_audio_socket_ends_total{ending="ended"}')).toBe(100);
  expect(parley.errors).toEqual([]);
  expect(await parley.stop()).toBe(0);
}, 100_000);

test('SIGTERM: new sockets get 503, the running one is heard out and closed with 1000, exit code 0', async () => {
  const { parley } = await ParleyProcess.start({ settings: { 'drain.seconds': '20' } });
  const client = await MediaClient.open({ port: parley.ports.http, mode: { mode: 'media-streams' } });
  await client.waitFor(({ type }) => type === 'audio', 5_000);
  const exited = parley.stop();
  await parley.waitForLine((line) => line.msg === 'draining', 5_000);
  const late = MediaClient.open({ port: parley.ports.http, mode: { mode: 'media-streams' } });
  await expect(late).rejects.toThrow('refused: 503');
  expect(await converse(client)).toBe(1_000);
  expect(await exited).toBe(0);
});

test('at drain.seconds the sockets that are left are closed with 1001, and the exit code is 0 all the same', async () => {
  const { parley } = await ParleyProcess.start({ settings: { 'drain.seconds': '1' } });
  const client = await MediaClient.open({ port: parley.ports.http, mode: { mode: 'l16', rateHz: 16_000 } });
  await client.waitFor(({ type }) => type === 'audio', 5_000);
  expect(await parley.stop()).toBe(0);
  expect(await client.closed(1_000)).toBe(1_001);
});
