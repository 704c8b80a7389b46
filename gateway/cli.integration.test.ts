import { spawn } from 'node:child_process';

import { afterAll, beforeAll, expect, test } from 'vitest';

import { projectPath } from '../config/paths.js';
import { ParleyProcess } from './testing/parley-process.js';

interface Finished {
  readonly code: number | null;
  readonly output: string;
}

function parleyCommand(args: readonly string[], input = ''): Promise<Finished> {
  const child = spawn(process.execPath, [projectPath('dist/gateway/main.js'), ...args], { stdio: 'pipe' });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => (output += text));
  child.stdin.end(input);
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, output }));
  });
}

let parley: ParleyProcess;

beforeAll(async () => {
  parley = (await ParleyProcess.start()).parley;
});

afterAll(async () => {
  expect(await parley.stop()).toBe(0);
});

test('parley call says its lines, writes down what the bot says with times, and ends with 0', async () => {
  const target = `sip:bot@127.0.0.1:${parley.ports.sip}`;
  const { code, output } = await parleyCommand([
    'call',
    target,
    '--say',
    'when are you open',
    '--say',
    'no thank you',
  ]);
  expect(output).toMatch(/answered after 0\.\d\d s/);
  expect(output).toMatch(
    /^bot {4}welcome to the broadband support line .*\[after \d+\.\d\d s, \d+\.\d\d s long\]$/m,
  );
  expect(output).toContain('caller when are you open');
  expect(output).toMatch(/^bot {4}we are open from nine to six/m);
  expect(output).toMatch(/^the bot hung up after/m);
  expect(code).toBe(0);
});

test('parley call to a port where nobody answers says so and ends with 1', async () => {
  const { code, output } = await parleyCommand([
    'call',
    'sip:bot@127.0.0.1:9',
    '--say',
    'hello',
    '--seconds',
    '2',
  ]);
  expect(output).toMatch(/no answer|no end after 2\.00 s/);
  expect(code).toBe(1);
});

test('parley chat follows the tree from piped lines and shows the scores', async () => {
  const { code, output } = await parleyCommand(['chat'], 'my internet is down\nyes\nno thank you\n');
  expect(output).toContain('bot: Is there a red light on your router?');
  expect(output).toMatch(/menu -> ask_light: accept fault 0\.\d+/);
  expect(output).toContain('[the conversation is over]');
  expect(code).toBe(0);
});

test('parley check finds nothing wrong with the defaults', async () => {
  expect(await parleyCommand(['check'])).toMatchObject({ code: 0 });
});

test('an unknown verb names the nearest one and ends with 2', async () => {
  const { code, output } = await parleyCommand(['cal']);
  expect(output).toContain('did you mean "call"?');
  expect(code).toBe(2);
});
