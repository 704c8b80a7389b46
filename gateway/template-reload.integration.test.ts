import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, expect, test } from 'vitest';

import type { UserAgent } from './sip/user-agent.js';
import { MrcpCaller } from './testing/mrcp-caller.js';
import { ParleyProcess } from './testing/parley-process.js';

const directory = mkdtempSync(join(tmpdir(), 'parley-templates-'));
let parley: ParleyProcess;
let userAgent: UserAgent;

function write(body: string): void {
  writeFileSync(join(directory, 'acme.xml'), `<!-- parley: id=acme contentType=text/xml -->\n${body}\n`);
}

beforeAll(async () => {
  write('<acme version="1"><say>{{reply}}</say></acme>');
  const settings = { 'templates.directories': JSON.stringify([directory]), 'templates.default': 'acme' };
  parley = (await ParleyProcess.start({ settings })).parley;
  userAgent = await MrcpCaller.createUserAgent();
});

afterAll(async () => {
  await userAgent.close();
  expect(await parley.stop()).toBe(0);
  rmSync(directory, { recursive: true, force: true });
});

/** The tree's greeting in the operator's template. */
async function greeting(): Promise<{ body: string; type: string | undefined }> {
  const caller = await MrcpCaller.open(userAgent, parley.ports.sip, ['speechrecog']);
  const channelId = caller.channel('speechrecog');
  const headers = {
    'Content-Type': 'text/uri-list',
    'Cancel-If-Queue': 'false',
    'Vendor-Specific-Parameters': 'parley.mode=dialogue;parley.event=start',
  };
  await caller.mrcp.request({ method: 'RECOGNIZE', channelId, headers, body: 'builtin:speech/transcribe' });
  const complete = await caller.mrcp.nextEvent(channelId, 5_000);
  caller.close();
  return { body: complete.body, type: complete.headers.get('content-type') };
}

async function reload(outcome: string): Promise<void> {
  const before = parley.lines.length;
  parley.child.kill('SIGHUP');
  await parley.waitForLine((line) => parley.lines.indexOf(line) >= before && line.msg === outcome, 5_000);
}

test('an operator template renders replies, changes on SIGHUP, and a broken edit leaves the old one in force', async () => {
  const first = await greeting();
  expect(first.type).toBe('text/xml');
  expect(first.body).toContain('<acme version="1"><say>Welcome to the broadband support line.');

  write('<acme version="2"><say>{{reply}}</say></acme>');
  await reload('templates loaded');
  expect((await greeting()).body).toContain('<acme version="2">');

  write('<acme version="3"><say>{{replay}}</say></acme>');
  await reload('template refused');
  expect((await greeting()).body).toContain('<acme version="2">');
});
