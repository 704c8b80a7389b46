import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, expect, test } from 'vitest';

import { teiService } from '../adapters/similarity/testing/embedding-services.js';
import { HttpSimulator } from '../adapters/similarity/testing/http-simulator.js';
import { startRankServer } from '../adapters/similarity/rank/reference-server.js';
import { projectPath } from '../config/paths.js';
import { freeTcpPort } from './testing/free-ports.js';
import { ParleyProcess } from './testing/parley-process.js';

const closers: (() => Promise<unknown> | void)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

async function serve(settings: Readonly<Record<string, string>>): Promise<ParleyProcess> {
  const { parley } = await ParleyProcess.start({ settings });
  closers.push(async () => expect(await parley.stop()).toBe(0));
  return parley;
}

/** What /readyz says of the scorer. */
async function similarity(parley: ParleyProcess): Promise<unknown> {
  const { ready, checks } = (await parley.getJson('/readyz')) as {
    ready: boolean;
    checks: readonly { name: string; detail: string }[];
  };
  return [ready, checks.find(({ name }) => name === 'similarity')?.detail];
}

function call(parley: ParleyProcess, says: string): Promise<string> {
  const target = `sip:bot@127.0.0.1:${parley.ports.sip}`;
  const child = spawn(
    process.execPath,
    [projectPath('dist/gateway/main.js'), 'call', target, '--say', says, '--say', 'no thank you'],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
  return new Promise((resolve) => child.once('close', () => resolve(output)));
}

test('callers are understood by an embedding service, whose vectors of examples are kept', async () => {
  const simulator = await HttpSimulator.start(teiService(), 'a-secret-of-the-service');
  closers.push(() => simulator.close());
  const parley = await serve({
    'similarity.scorer': 'tei',
    'similarity.url': simulator.url,
    'similarity.apiKey': 'a-secret-of-the-service',
    'similarity.timeoutMs': '2000',
  });
  await parley.waitForLine(({ msg }) => msg === 'similarity scorer is ready', 10_000);
  const prepared = simulator.requests.length;
  expect(await call(parley, 'when are you open')).toMatch(/^bot {4}we are open from nine to six/m);
  const asked = simulator.requests.slice(prepared).map(({ body }) => (body as { inputs: unknown }).inputs);
  expect(asked).toContainEqual(['when are you open']);
  expect(await similarity(parley)).toEqual([true, 'tei: ready']);
  expect(simulator.breaches).toEqual([]);
  const directory = join(parley.directory, 'data', 'vectors');
  expect(existsSync(directory) && readdirSync(directory).length).toBe(1);
  expect(JSON.stringify(parley.lines)).not.toContain('a-secret-of-the-service');
});

test('a service that is away at start stops nobody, and is taken when it comes', async () => {
  const port = await freeTcpPort();
  const parley = await serve({ 'similarity.scorer': 'rank', 'similarity.url': `grpc://127.0.0.1:${port}` });
  await parley.waitForLine(({ msg }) => msg.startsWith('similarity scorer cannot be prepared'), 10_000);
  expect(await similarity(parley)).toEqual([
    true,
    'rank: rank answered PutCandidates with UNAVAILABLE; the built-in matcher decides',
  ]);
  const server = await startRankServer(port);
  closers.push(() => server.close());
  await parley.waitForLine(({ msg }) => msg === 'similarity scorer is ready', 20_000);
  const status = (await parley.getJson('/api/v1/status')) as { engines: readonly { kind: string }[] };
  expect(status.engines.find(({ kind }) => kind === 'scorer')).toMatchObject({
    name: 'rank',
    available: true,
  });
});

test('a model that is not there is told with what it needs', async () => {
  const parley = await serve({
    'similarity.scorer': 'onnx',
    'similarity.directory': 'nowhere',
  });
  const line = await parley.waitForLine(
    ({ msg }) => msg.startsWith('similarity scorer cannot be prepared'),
    10_000,
  );
  expect(JSON.stringify(line)).toContain('has no ONNX model');
});

/** `parley test` with the shipped Chinese stories and a configuration of its own. */
function testStories(settings: readonly string[], ...words: string[]): Promise<[number | null, string]> {
  const directory = mkdtempSync(join(tmpdir(), 'parley-test-'));
  closers.push(() => rmSync(directory, { recursive: true }));
  const config = join(directory, 'parley.yaml');
  writeFileSync(config, ['similarity:', ...settings.map((line) => `  ${line}`), ''].join('\n'));
  const child = spawn(
    process.execPath,
    [
      ...[projectPath('dist/gateway/main.js'), 'test', projectPath('config/stories/demo-zh.yaml')],
      ...['--config', config, ...words],
    ],
    { cwd: directory, stdio: ['ignore', 'pipe', 'pipe'] },
  );
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => (output += text));
  return new Promise((resolve) => child.once('close', (code) => resolve([code, output])));
}

test('stories are held with the embedding service, noise included, or with the in-box matcher where that is wanted', async () => {
  const simulator = await HttpSimulator.start(teiService());
  closers.push(() => simulator.close());
  const settings = ['scorer: tei', `url: ${simulator.url}`, 'cache: { maxMegabytes: 0 }'];
  const [, output] = await testStories(settings, '--noise', '0.1');
  expect(output).toMatch(/stories hold \(scored by tei\)$/m);
  expect(output).toMatch(/10 % of the words misheard: \d+ % right/);
  const inputs = simulator.requests.flatMap(
    ({ body }) => (body as { inputs?: string[] } | null)?.inputs ?? [],
  );
  expect(inputs).toContain('网断了');
  expect(simulator.breaches).toEqual([]);
  const asked = simulator.requests.length;
  const [code, local] = await testStories(settings, '--scorer', 'ngram');
  expect([code, simulator.requests.length]).toEqual([0, asked]);
  expect(local).toMatch(/stories hold \(scored by the in-box matcher\)$/m);
});

test('stories are not held with another scorer than the configured one, without a word', async () => {
  const tei = teiService();
  const simulator = await HttpSimulator.start({
    ...tei,
    // The first sentence of a story, and no example.
    answer: (request, fault) =>
      JSON.stringify(request.body).includes('我家里网断了') ? tei.failed : tei.answer(request, fault),
  });
  closers.push(() => simulator.close());
  const settings = ['scorer: tei', `url: ${simulator.url}`, 'cache: { maxMegabytes: 0 }'];
  const [code, output] = await testStories(settings);
  expect(output).toMatch(/demo-zh\.yaml: cannot be scored by tei: .*424/);
  expect(code).toBe(2);
});
