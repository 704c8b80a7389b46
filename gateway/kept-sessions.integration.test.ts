import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';

import { treeText } from './session/testing/kit.js';
import type { UserAgent } from './sip/user-agent.js';
import { MrcpCaller } from './testing/mrcp-caller.js';
import { ParleyProcess } from './testing/parley-process.js';
import { largeTree } from './trees/testing/large-tree.js';

let directory = '';
let userAgent: UserAgent;
beforeAll(async () => {
  userAgent = await MrcpCaller.createUserAgent();
});
afterAll(() => userAgent.close());
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'parley-kept-'));
  writeFileSync(join(directory, 'desk.yaml'), numbered(1));
  return () => rmSync(directory, { recursive: true, force: true });
});

/** The tree of the test kit, whose n-th version asks for the number in its own words and reads it out at the end. */
const numbered = (version: number): string =>
  treeText
    .replace('language:', `version: ${version}\nlanguage:`)
    .replace('prompts: [Your number?]', `prompts: ["Your number, please, ${version}?"]`)
    .replace('say: Goodbye.', `say: 'Thank you {phone} from version ${version}.'`);

async function start(more: Record<string, string> = {}): Promise<ParleyProcess> {
  const settings = {
    'dialog.tree': join(directory, 'desk.yaml'),
    'dialog.dataDirectory': join(directory, 'data'),
    'dialog.keepSessions': 'true',
    'speech.warm': 'false',
    ...more,
  };
  return (await ParleyProcess.start({ settings })).parley;
}

async function kill(parley: ParleyProcess): Promise<void> {
  parley.child.kill('SIGKILL');
  await parley.stop();
}

/** One turn of the conversation `call-7` over an MRCP session of its own, by keys. */
async function press(parley: ParleyProcess, keys: readonly number[], parameters = ''): Promise<string> {
  const caller = await MrcpCaller.open(userAgent, parley.ports.sip, ['speechrecog']);
  const channelId = caller.channel('speechrecog');
  const headers = {
    'Content-Type': 'text/uri-list',
    'DTMF-Interdigit-Timeout': '600',
    'Vendor-Specific-Parameters': `parley.mode=dialogue;parley.session=call-7${parameters}`,
  };
  await caller.mrcp.request({ method: 'RECOGNIZE', channelId, headers, body: 'builtin:speech/transcribe' });
  for (const key of keys) await caller.press(key);
  let event = await caller.mrcp.nextEvent(channelId, 10_000);
  while (event.name !== 'RECOGNITION-COMPLETE') event = await caller.mrcp.nextEvent(channelId, 10_000);
  caller.close();
  return event.body;
}

const upload = (parley: ParleyProcess, text: string, name = 'desk'): Promise<Response> =>
  fetch(`http://127.0.0.1:${parley.ports.http}/api/v1/trees/${name}/versions`, {
    method: 'POST',
    headers: { 'content-type': 'application/yaml' },
    body: text,
  });

async function activate(parley: ParleyProcess, version: number): Promise<void> {
  const response = await fetch(`http://127.0.0.1:${parley.ports.http}/api/v1/trees/desk/activate`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ version }),
  });
  expect(response.status).toBe(200);
}

const sessionFiles = (): string[] => {
  const path = join(directory, 'data', 'sessions');
  return existsSync(path) ? readdirSync(path) : [];
};

/** Nodes of the conversations on disk, as they are after the writer has come round. */
const keptNodes = (): (string | undefined)[] =>
  sessionFiles()
    .filter((file) => file.endsWith('.json'))
    .map(
      (file) => /"nodeId":"(\w+)"/.exec(readFileSync(join(directory, 'data', 'sessions', file), 'utf8'))?.[1],
    );

describe('an MRCP conversation', () => {
  test('half-way through, killed and started again, goes on at the same node with its slots', async () => {
    const first = await start();
    expect(await press(first, [1])).toContain('Your number, please, 1?');
    await expect.poll(keptNodes).toEqual(['phone']);
    await kill(first);
    const second = await start();
    const silent = await press(second, [1, 2, 3, 4]);
    expect(silent).toContain('Thank you 1 2 3 4 from version 1.');
    const taken = second.lines.find(({ msg }) => msg === 'conversation taken up');
    expect(taken).toMatchObject({ tree: 'desk', version: 1, on: 1, node: 'phone' });
    await expect.poll(sessionFiles).toEqual([]);
    expect(await second.stop()).toBe(0);
  });

  test('stays on its version over a restart although another is live meanwhile', async () => {
    const first = await start();
    await press(first, [1]);
    expect((await upload(first, numbered(2))).status).toBe(201);
    await activate(first, 2);
    await expect.poll(keptNodes).toEqual(['phone']);
    await kill(first);
    const second = await start();
    expect(await press(second, [1, 2, 3, 4])).toContain('from version 1.');
    expect(await second.stop()).toBe(0);
  });

  test('whose version is gone goes on in the one in force, at its node', async () => {
    const first = await start();
    await press(first, [1]);
    await expect.poll(keptNodes).toEqual(['phone']);
    await kill(first);
    writeFileSync(join(directory, 'desk.yaml'), numbered(5));
    const second = await start();
    expect(await press(second, [1, 2, 3, 4])).toContain('from version 5.');
    expect(await second.stop()).toBe(0);
  });

  test('is on disk only when dialog.keepSessions says so', async () => {
    const parley = await start({ 'dialog.keepSessions': 'false' });
    await press(parley, [1]);
    expect(await parley.stop()).toBe(0);
    expect(existsSync(join(directory, 'data', 'sessions'))).toBe(false);
  });
});

describe('a process killed in the middle of deploys', () => {
  test.each([30, 120, 250, 400])(
    'after %i ms leaves a store that the next one starts from',
    async (afterMs) => {
      const parley = await start({
        'dialog.tree': 'desk',
        'dialog.trees': JSON.stringify({ desk: join(directory, 'desk.yaml') }),
      });
      await upload(parley, numbered(2));
      await activate(parley, 2);
      const large = largeTree(10, 3).replace('tree: large', 'tree: desk');
      const sent = Promise.allSettled([upload(parley, large), activate(parley, 3)]);
      await new Promise((resolve) => setTimeout(resolve, afterMs));
      await kill(parley);
      await sent;
      const again = await start();
      const { active } = (await again.getJson('/api/v1/trees/desk')) as { active: { version: number } };
      expect([2, 3]).toContain(active.version);
      expect(again.errors).toEqual([]);
      const live = readFileSync(join(directory, 'data', 'trees', 'desk', 'live.json'), 'utf8');
      expect(JSON.parse(live)).toMatchObject({ active });
      expect(
        readdirSync(join(directory, 'data', 'trees', 'desk')).filter((name) => name.startsWith('.')),
      ).toEqual([]);
      expect(await again.stop()).toBe(0);
    },
  );
});
