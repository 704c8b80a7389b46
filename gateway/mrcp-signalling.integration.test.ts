import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';

import { mrcpLimits } from '../config/limits.js';
import { MrcpTestClient } from './mrcp/testing/mrcp-test-client.js';
import { allZero, sessionGauges, settledGauges } from './testing/gauges.js';
import { answerSections, audioSection, channelOf, controlSection, offerOf } from './testing/offers.js';
import { ParleyProcess } from './testing/parley-process.js';
import { exchangeOverTcp, RawSip } from './testing/raw-sip.js';
import { SipCaller } from './testing/sip-caller.js';
import { runSipp } from './testing/sipp.js';

/** A port that nobody listens on; no test here sends audio. */
const deafPort = 16_990;
const audio = audioSection({ port: deafPort, mid: '1' });

let parley: ParleyProcess;
let caller: SipCaller;

beforeAll(async () => {
  parley = (await ParleyProcess.start({ rtpPorts: 400, settings: { 'sip.maxCalls': '200' } })).parley;
});

afterAll(async () => {
  expect(await parley.stop()).toBe(0);
});

beforeEach(async () => {
  caller = await SipCaller.start();
});

afterEach(async () => {
  await caller.close();
  expect(await settledGauges(parley, sessionGauges, 3_000)).toEqual(allZero(sessionGauges));
});

describe('SIPp sets up and releases MRCPv2 sessions as UniMRCP does', () => {
  test('200 over UDP and 200 over TCP at the same time, 50 a second each, and nothing is left', async () => {
    const run = { scenario: 'mrcp-signalling.xml', port: parley.ports.sip, calls: 200, callsPerSecond: 50 };
    const verdicts = await Promise.all([
      runSipp({ ...run, transport: 'udp', mediaPort: 16_000 }),
      runSipp({ ...run, transport: 'tcp', mediaPort: 16_100 }),
    ]);
    for (const { code, output } of verdicts) expect(code, output).toBe(0);
    const ended = parley.lines.filter(({ msg, kind }) => msg === 'session ended' && kind === 'mrcp');
    expect(ended.map((line) => line['reason'])).toEqual(Array.from({ length: 400 }, () => 'remote-bye'));
  });
});

describe('what an offer is answered with', () => {
  test('of two speechsynth lines the second is refused with port 0 (RFC 6787 4.2)', async () => {
    const control = controlSection('speechsynth', '1');
    const { answer } = await caller.callAnswered(parley.ports.sip, offerOf(control, control, audio));
    const [first, second, third] = answerSections(answer);
    expect(first).toMatchObject({ media: 'application', port: parley.ports.mrcp });
    expect(channelOf(first)).toMatch(/^[0-9a-f]{16}@speechsynth$/);
    expect(second).toMatchObject({ media: 'application', port: 0 });
    expect(third?.port).toBeGreaterThan(0);
  });

  test('synth and recog on one audio line share a session identifier (RFC 6787 6.2.1)', async () => {
    const offer = offerOf(controlSection('speechsynth', '1'), controlSection('speechrecog', '1'), audio);
    const { answer } = await caller.callAnswered(parley.ports.sip, offer);
    const [synth, recog] = answerSections(answer).map((section) => section.attributes.join());
    const id = /channel:([0-9a-f]{16})@speechsynth/.exec(synth ?? '')?.[1];
    expect(id).toBeDefined();
    expect(recog).toContain(`channel:${id}@speechrecog`);
  });

  test.each([
    ['audio with Opus alone', 488, [controlSection('speechsynth', '1'), opusAudio()]],
    ['a recorder alone', 404, [controlSection('recorder', '1'), audio]],
    ['a control line without audio', 488, [controlSection('speechsynth', '1')]],
    ['a control line whose cmid names no audio', 488, [controlSection('speechsynth', '7'), audio]],
  ])('%s is refused with %i and holds nothing', async (_, status, sections) => {
    expect(await caller.call(parley.ports.sip, offerOf(...sections))).toMatchObject({
      accepted: false,
      status,
    });
  });

  test('OPTIONS is answered with one a=resource for each resource (RFC 6787 7)', async () => {
    const raw = await RawSip.open(parley.ports.sip);
    const callId = raw.newId();
    raw.send(raw.request({ method: 'OPTIONS', callId, branch: callId }));
    const response = await raw.finalResponse(callId, 'OPTIONS');
    raw.close();
    expect(response).toMatch(/^SIP\/2\.0 200 /);
    const sections = answerSections(response.slice(response.indexOf('\r\n\r\n') + 4));
    const resources = sections.flatMap(({ attributes }) =>
      attributes.filter((line) => line.startsWith('resource:')),
    );
    expect(resources.sort()).toEqual(['resource:speechrecog', 'resource:speechsynth']);
    expect(sections.map(({ media }) => media)).toEqual(['application', 'audio']);
  });

  test('CANCEL at the heels of its INVITE: 200 to the one, 487 to the other (RFC 3261 9.2)', async () => {
    const raw = await RawSip.open(parley.ports.sip);
    const callId = raw.newId();
    const body = offerOf(controlSection('speechsynth', '1'), audio);
    const text = (method: string, sdp = ''): string =>
      raw.request({ method, callId, branch: callId, body: sdp }).replace('SIP/2.0/UDP', 'SIP/2.0/TCP');
    const acknowledge = (received: string): string => {
      const toTag = /^SIP\/2\.0 487 [^]*?^To: .*;tag=(\S+)\r$/m.exec(received)?.[1];
      return text('ACK').replace(/^(To: .*)\r$/m, `$1;tag=${toTag}\r`);
    };
    const responses = await exchangeOverTcp(
      parley.ports.sip,
      text('INVITE', body) + text('CANCEL'),
      /^SIP\/2\.0 [2-6][^]*^SIP\/2\.0 [2-6][^]*\r\n\r\n$/m,
      acknowledge,
    );
    raw.close();
    const statuses = responses
      .split('\r\n\r\n')
      .flatMap(
        (response) => /^SIP\/2\.0 (\d+) [^]*^CSeq: 1 (\w+)\r?$/m.exec(response)?.slice(1).join(' ') ?? [],
      );
    expect(statuses.filter((line) => !line.startsWith('100')).sort()).toEqual(['200 CANCEL', '487 INVITE']);
  });
});

function opusAudio(): string[] {
  return audioSection({ port: deafPort, mid: '1', formats: ['96 opus/48000/2'] });
}

describe('a session changes while it runs (RFC 6787 4.3)', () => {
  test('a re-INVITE adds speechrecog, another takes it away by port 0; speechsynth works all the while', async () => {
    const synth = controlSection('speechsynth', '1');
    const call = await caller.callAnswered(parley.ports.sip, offerOf(synth, audio));
    const synthId = channelOf(answerSections(call.answer)[0]);
    const client = await MrcpTestClient.connect(parley.ports.mrcp);
    const getParams = (channelId: string) => client.request({ method: 'GET-PARAMS', channelId });
    expect((await getParams(synthId)).status).toBe(200);

    const added = await call.session.reinvite(offerOf(synth, audio, controlSection('speechrecog', '1')));
    const recogId = channelOf(answerSections(added)[2]);
    expect(channelOf(answerSections(added)[0])).toBe(synthId);
    expect(recogId).toBe(synthId.replace('speechsynth', 'speechrecog'));
    expect((await getParams(recogId)).status).toBe(200);
    expect(await parley.metric('parley_mrcp_channels')).toBe(2);

    const removed = await call.session.reinvite(offerOf(synth, audio, controlSection('speechrecog', '1', 0)));
    expect(answerSections(removed)[2]?.port).toBe(0);
    expect(channelOf(answerSections(removed)[0])).toBe(synthId);
    expect((await getParams(recogId)).status).toBe(405);
    expect((await getParams(synthId)).status).toBe(200);
    expect(await parley.metric('parley_mrcp_channels')).toBe(1);
    call.session.end();
    client.close();
  });

  test('a re-INVITE that cannot be served changes nothing (RFC 3261 14.2)', async () => {
    const synth = controlSection('speechsynth', '1');
    const call = await caller.callAnswered(parley.ports.sip, offerOf(synth, audio));
    const synthId = channelOf(answerSections(call.answer)[0]);
    await expect(call.session.reinvite(offerOf(synth, opusAudio()))).rejects.toMatchObject({ status: 488 });
    const client = await MrcpTestClient.connect(parley.ports.mrcp);
    expect((await client.request({ method: 'GET-PARAMS', channelId: synthId })).status).toBe(200);
    call.session.end();
    client.close();
  });
});

describe('the TCP side and the SIP side end each other (RFC 6787 4.6)', () => {
  test('a lost connection is followed by BYE after its time of grace', async () => {
    const call = await caller.callAnswered(
      parley.ports.sip,
      offerOf(controlSection('speechsynth', '1'), audio),
    );
    const client = await MrcpTestClient.connect(parley.ports.mrcp);
    await client.request({ method: 'GET-PARAMS', channelId: channelOf(answerSections(call.answer)[0]) });
    const lostAtMs = performance.now();
    client.close();
    expect(await call.ended).toBe('remote-bye');
    const afterMs = performance.now() - lostAtMs;
    await parley.waitForLine((line) => line['reason'] === 'MRCP connection lost', 2_000);
    expect(afterMs).toBeGreaterThan(mrcpLimits.connectionLostGraceMs - 100);
    expect(afterMs).toBeLessThan(mrcpLimits.connectionLostGraceMs + 2_000);
  });

  test('a connection that comes back in time keeps the session', async () => {
    const call = await caller.callAnswered(
      parley.ports.sip,
      offerOf(controlSection('speechsynth', '1'), audio),
    );
    const channelId = channelOf(answerSections(call.answer)[0]);
    const first = await MrcpTestClient.connect(parley.ports.mrcp);
    await first.request({ method: 'GET-PARAMS', channelId });
    first.close();
    const second = await MrcpTestClient.connect(parley.ports.mrcp);
    const again = await second.request({ method: 'GET-PARAMS', channelId, requestId: 2 });
    expect(again.status).toBe(200);
    await new Promise((resolve) => setTimeout(resolve, mrcpLimits.connectionLostGraceMs + 500));
    expect((await second.request({ method: 'GET-PARAMS', channelId })).status).toBe(200);
    call.session.end();
    second.close();
  });

  test('BYE ends the channels; the connection stays for the next session', async () => {
    const offer = offerOf(controlSection('speechsynth', '1'), audio);
    const first = await caller.callAnswered(parley.ports.sip, offer);
    const client = await MrcpTestClient.connect(parley.ports.mrcp);
    const firstId = channelOf(answerSections(first.answer)[0]);
    await client.request({ method: 'GET-PARAMS', channelId: firstId });
    first.session.end();
    expect(await first.ended).toBe('local-bye');
    await settledGauges(parley, ['parley_mrcp_channels'], 2_000);
    expect((await client.request({ method: 'GET-PARAMS', channelId: firstId })).status).toBe(405);
    const second = await caller.callAnswered(parley.ports.sip, offer);
    const secondId = channelOf(answerSections(second.answer)[0]);
    expect((await client.request({ method: 'GET-PARAMS', channelId: secondId })).status).toBe(200);
    second.session.end();
    client.close();
  });
});
