import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, expect, test } from 'vitest';

import { dialogLimits } from '../config/limits.js';
import { treeText } from './session/testing/kit.js';
import type { UserAgent } from './sip/user-agent.js';
import { MrcpCaller } from './testing/mrcp-caller.js';
import { ParleyProcess } from './testing/parley-process.js';
import { runParley, type CommandResult } from './testing/run-parley.js';
import { PhoneCaller } from './testing/phone-caller.js';

const directory = mkdtempSync(join(tmpdir(), 'parley-versions-'));
const file = join(directory, 'desk.yaml');
const dataDirectory = join(directory, 'data');
let parley: ParleyProcess;
let userAgent: UserAgent;

/** The tree of the test kit, whose n-th version welcomes callers in its own words. */
const numbered = (version: number): string =>
  treeText
    .replace('language:', `version: ${version}\nlanguage:`)
    .replace('voice: Welcome.', `voice: Welcome to version ${version}.`);

const settings = (): Record<string, string> => ({
  'dialog.tree': 'desk',
  'dialog.trees': JSON.stringify({ desk: file }),
  'dialog.dataDirectory': dataDirectory,
  'speech.warm': 'false',
});

beforeAll(async () => {
  writeFileSync(file, numbered(1));
  parley = (await ParleyProcess.start({ settings: settings() })).parley;
  userAgent = await MrcpCaller.createUserAgent();
});

afterAll(async () => {
  await userAgent.close();
  expect(await parley.stop()).toBe(0);
  rmSync(directory, { recursive: true, force: true });
});

const url = (): string => `http://127.0.0.1:${parley.ports.http}`;
const cli = (...words: string[]): Promise<CommandResult> =>
  runParley([...words, '--node', url()], { cwd: directory });

/** Writes a version beside the configured file and deploys it. */
async function deploy(version: number, ...options: string[]): Promise<CommandResult> {
  const path = join(directory, `desk-${version}.yaml`);
  writeFileSync(path, numbered(version));
  return cli('deploy', path, ...options);
}

/** The version that welcomes a new MRCP conversation. */
async function welcomed(parameters = ''): Promise<number> {
  const caller = await MrcpCaller.open(userAgent, parley.ports.sip, ['speechrecog']);
  const channelId = caller.channel('speechrecog');
  const headers = {
    'Content-Type': 'text/uri-list',
    'Vendor-Specific-Parameters': `parley.mode=dialogue;parley.event=start${parameters}`,
  };
  await caller.mrcp.request({ method: 'RECOGNIZE', channelId, headers, body: 'builtin:speech/transcribe' });
  const { body } = await caller.mrcp.nextEvent(channelId, 5_000);
  caller.close();
  return Number(/version (\d+)/.exec(body)?.[1]);
}

/** Sessions by version. */
async function sessionsOn(): Promise<Record<number, number>> {
  const { versions } = (await parley.getJson('/api/v1/trees/desk')) as {
    versions: { version: number; sessions: number }[];
  };
  return Object.fromEntries(versions.map(({ version, sessions }) => [version, sessions]));
}

test('a call stays on its version while another is deployed; the next call gets the new one; a rollback undoes it', async () => {
  const before = await PhoneCaller.dial(parley);
  await before.botSays('Welcome to version 1.');
  const deployed = await deploy(2);
  expect(deployed.stdout).toContain(
    'desk: version 2 gets all new sessions; back to version 1: parley rollback desk',
  );
  expect(deployed.code).toBe(0);
  const listed = await cli('versions', 'desk');
  expect(listed.stdout).toMatch(/desk +2 +active +0 .*\ndesk +1 +previous \(file\) +1 /);
  before.audio.press('1');
  await before.botSays('Your number?');
  expect(await welcomed()).toBe(2);
  await before.close();
  const after = await PhoneCaller.dial(parley);
  await after.botSays('Welcome to version 2.');
  await after.close();
  expect((await cli('rollback', 'desk')).stdout).toContain('desk: version 1 gets all new sessions');
  expect(await welcomed()).toBe(1);
  // Both calls have given their version back; the two MRCP conversations wait for their platform's next dialog.
  await expect.poll(sessionsOn, { timeout: 5_000 }).toEqual({ 1: 1, 2: 1 });
});

test('a bad tree is refused with file, line and fix, here and at the node, and changes nothing', async () => {
  const path = join(directory, 'bad.yaml');
  writeFileSync(path, numbered(9).replace('go: menu', 'go: manu'));
  const { code, stdout } = await cli('deploy', path);
  expect([code, stdout]).toEqual([
    1,
    expect.stringMatching(/bad\.yaml:10:\d+: error: there is no node "manu" \(Write "menu"\)/),
  ]);
  const response = await fetch(`${url()}/api/v1/trees/desk/versions?file=bad.yaml`, {
    method: 'POST',
    headers: { 'content-type': 'application/yaml' },
    body: numbered(9).replace('go: menu', 'go: manu'),
  });
  const { error } = (await response.json()) as { error: { code: string; problems: object[] } };
  expect([response.status, error.code]).toEqual([422, 'invalid-tree']);
  expect(error.problems).toContainEqual(
    expect.objectContaining({ file: 'bad.yaml', line: 10, fix: 'Write "menu"' }),
  );
  expect(await welcomed()).toBe(1);
});

test('deploying the same text again is 200, other text under its number 409', async () => {
  const upload = async (text: string): Promise<[number, unknown]> => {
    const response = await fetch(`${url()}/api/v1/trees/desk/versions`, {
      method: 'POST',
      headers: { 'content-type': 'application/yaml' },
      body: text,
    });
    return [response.status, await response.json()];
  };
  const [status, first] = await upload(numbered(3));
  expect(status).toBe(201);
  const again = await upload(numbered(3));
  expect(again).toMatchObject([200, { version: 3, sha256: (first as { sha256: string }).sha256 }]);
  expect(await upload(`${numbered(3)}# more\n`)).toMatchObject([
    409,
    { error: { code: 'version-taken', field: 'version', fix: 'raise version to 4' } },
  ]);
});

test('a canary by rule gets who the rule names', async () => {
  const response = await fetch(`${url()}/api/v1/trees/desk/activate`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      version: 3,
      canary: { rule: { vendorParameter: { name: 'acme.test', value: 'yes' } } },
    }),
  });
  expect(response.status).toBe(200);
  expect([await welcomed(';acme.test=yes'), await welcomed()]).toEqual([3, 1]);
  expect((await cli('versions')).stdout).toMatch(/desk +3 +canary by rule/);
});

test('a canary by percent splits 400 sessions, and parley promote gives it to all', async () => {
  expect((await deploy(3, '--canary', '25')).stdout).toContain(
    'version 3 gets 25 % of new sessions, version 1 the others',
  );
  const counts = new Map<number, number>();
  for (let i = 0; i < 400; i += 20) {
    const agents = await Promise.all(Array.from({ length: 20 }, () => welcomed()));
    for (const version of agents) counts.set(version, (counts.get(version) ?? 0) + 1);
  }
  expect((counts.get(1) ?? 0) + (counts.get(3) ?? 0)).toBe(400);
  expect(counts.get(3)).toBeGreaterThan(60);
  expect(counts.get(3)).toBeLessThan(140);
  expect((await cli('promote', 'desk')).stdout).toContain('desk: version 3 gets all new sessions');
  expect(await welcomed()).toBe(3);
});

/** The answer to a POST with headers that `fetch` would not send, and no body. */
function statusOf(path: string, headers: Record<string, string | number>): Promise<number | undefined> {
  const options = {
    host: '127.0.0.1',
    port: parley.ports.http,
    path: `/api/v1/trees/${path}`,
    method: 'POST',
    headers,
  };
  return new Promise((resolve, reject) => {
    const request = httpRequest(options, (response) => {
      resolve(response.statusCode);
      request.destroy();
    });
    request.once('error', reject);
    request.flushHeaders();
    if (!('content-length' in headers)) request.end();
  });
}

test('a body that is not right is told field and fix', async () => {
  const post = async (path: string, body: string, type = 'application/json') => {
    const response = await fetch(`${url()}/api/v1/trees/${path}`, {
      method: 'POST',
      headers: { 'content-type': type },
      body,
    });
    return [response.status, ((await response.json()) as { error: object }).error];
  };
  expect(await post('desk/activate', '{"version":"3"}')).toMatchObject([400, { field: 'version' }]);
  expect(await post('desk/activate', '{"version":3,"canary":{"percent":100}}')).toMatchObject([
    400,
    { field: 'canary' },
  ]);
  expect(await post('desk/activate', '{"version":77}')).toMatchObject([404, { code: 'unknown-version' }]);
  expect(await post('nobody/rollback', '{}')).toMatchObject([404, { code: 'unknown-tree' }]);
  expect(await post('desk/versions', 'a: 1', 'text/plain')).toMatchObject([415, {}]);
  const large = { 'content-type': 'application/yaml', 'content-length': dialogLimits.treeBytes + 1 };
  expect(await statusOf('desk/versions', large)).toBe(413);
});

test.each([
  ['a page of another site', { origin: 'http://evil.example' }],
  ['a name that was bent to this machine', { host: 'evil.example' }],
])('without an API key, %s cannot change a tree', async (_who, headers) => {
  expect(await statusOf('desk/rollback', headers)).toBe(403);
});

test('SIGHUP reads the configured file again: a bad one is logged with its line, a good one goes live', async () => {
  const hangUp = async (message: string): Promise<void> => {
    const from = parley.lines.length;
    parley.child.kill('SIGHUP');
    await parley.waitForLine((line) => parley.lines.indexOf(line) >= from && line.msg === message, 5_000);
  };
  writeFileSync(file, numbered(7).replace('go: menu', 'go: manu'));
  await hangUp('dialog tree refused, the old one stays');
  expect(parley.lines).toContainEqual(expect.objectContaining({ msg: 'dialog tree', file, line: 10 }));
  expect(await welcomed()).toBe(3);
  writeFileSync(file, numbered(8));
  await hangUp('tree version live');
  expect(await welcomed()).toBe(8);
});
