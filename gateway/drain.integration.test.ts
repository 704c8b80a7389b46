import { afterEach, beforeEach, expect, test } from 'vitest';

import type { UserAgent } from './sip/user-agent.js';
import { MrcpCaller } from './testing/mrcp-caller.js';
import { ParleyProcess } from './testing/parley-process.js';

const longText =
  'This prompt is long enough to go on while the node is told to stop. It is still heard to its end.';
let userAgent: UserAgent;

beforeEach(async () => {
  userAgent = await MrcpCaller.createUserAgent();
});

afterEach(async () => {
  await userAgent.close();
});

async function speaking(parley: ParleyProcess): Promise<MrcpCaller> {
  const caller = await MrcpCaller.open(userAgent, parley.ports.sip, ['speechsynth']);
  const channelId = caller.channel('speechsynth');
  const headers = { 'Content-Type': 'text/plain' };
  await caller.mrcp.request({ method: 'SPEAK', channelId, headers, body: longText });
  return caller;
}

test('SIGTERM: not ready, new sessions get 503, the running one is heard out, exit code 0', async () => {
  const { parley } = await ParleyProcess.start();
  const caller = await speaking(parley);
  const exited = parley.stop();
  await parley.waitForLine((line) => line.msg === 'draining', 5_000);
  expect((await fetch(`http://127.0.0.1:${parley.ports.http}/readyz`)).status).toBe(503);
  await expect(MrcpCaller.open(userAgent, parley.ports.sip, ['speechsynth'])).rejects.toThrow('refused: 503');

  const complete = await caller.mrcp.nextEvent(caller.channel('speechsynth'), 15_000);
  expect(complete.headers.get('completion-cause')).toBe('000 normal');
  caller.close();
  expect(await exited).toBe(0);
});

test('at drain.seconds the sessions that are left get BYE, and the exit code is 0 all the same', async () => {
  const { parley } = await ParleyProcess.start({ settings: { 'drain.seconds': '1' } });
  const caller = await speaking(parley);
  expect(await parley.stop()).toBe(0);
  expect(caller.ended).toBe(true);
  caller.close();
});
