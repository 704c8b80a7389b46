import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { FliteSynthesizer } from '../adapters/flite/synthesizer.js';
import { createRecognizer } from '../adapters/soundswallower/recognizer.js';
import { SystemClock } from '../config/clock.js';
import { decodeG711 } from '../media/codec/g711.js';
import { phraseGrammar } from '../media/speech/grammar/phrases.js';
import { parseNlsml } from './mrcp/nlsml.js';
import type { UserAgent } from './sip/user-agent.js';
import { MrcpCaller } from './testing/mrcp-caller.js';
import { ParleyProcess } from './testing/parley-process.js';
import { speakLine, timeline, transcribe } from './testing/speech-kit.js';

const synthesizer = new FliteSynthesizer({ clock: new SystemClock() });
const recognizer = createRecognizer({});
let parley: ParleyProcess;
let userAgent: UserAgent;

beforeAll(async () => {
  parley = (await ParleyProcess.start()).parley;
  userAgent = await MrcpCaller.createUserAgent();
});

afterAll(async () => {
  await userAgent.close();
  expect(await parley.stop()).toBe(0);
  await synthesizer.close();
  await recognizer.close();
});

async function spoken(text: string): Promise<Int16Array> {
  const samples = await speakLine(synthesizer, text);
  return timeline([{ atMs: 300, samples }], (samples.length / 8_000) * 1_000 + 1_500);
}

function decode(octets: Buffer): Int16Array {
  const samples = new Int16Array(octets.length);
  decodeG711('PCMU', octets, 0, octets.length, samples);
  return samples;
}

const ssml = `<?xml version="1.0"?>
<speak version="1.0" xml:lang="en-US" xmlns="http://www.w3.org/2001/10/synthesis">
  <p><s>The internet is not working.</s><mark name="half"/><s>Goodbye.</s></p>
</speak>`;

describe('speechsynth', () => {
  test('SPEAK answers at once, sends paced RTP that says the text, marks and completes', async () => {
    const caller = await MrcpCaller.open(userAgent, parley.ports.sip, ['speechsynth']);
    const channelId = caller.channel('speechsynth');
    const headers = { 'Content-Type': 'application/ssml+xml' };
    const response = await caller.mrcp.request({ method: 'SPEAK', channelId, headers, body: ssml });
    expect(response).toMatchObject({ status: 200, state: 'IN-PROGRESS' });
    const mark = await caller.mrcp.nextEvent(channelId, 10_000);
    expect(mark.name).toBe('SPEECH-MARKER');
    expect(mark.headers.get('speech-marker')).toContain('half');
    const complete = await caller.mrcp.nextEvent(channelId, 10_000);
    expect(complete.name).toBe('SPEAK-COMPLETE');
    expect(complete.headers.get('completion-cause')).toBe('000 normal');
    expect(caller.packets[0]?.marker).toBe(true);
    expect(caller.packets.every(({ payload }) => payload.length === 160)).toBe(true);

    const grammar = phraseGrammar(
      'session:test',
      ['the internet is not working', 'goodbye', 'hello there'],
      'en-US',
    );
    const texts = await transcribe(recognizer, grammar, decode(caller.heard()));
    expect(texts.join(' ')).toContain('the internet is not working');
    caller.close();
  });

  test('STOP silences within 100 ms and lists the request (RFC 6787 8.7)', async () => {
    const caller = await MrcpCaller.open(userAgent, parley.ports.sip, ['speechsynth']);
    const channelId = caller.channel('speechsynth');
    const headers = { 'Content-Type': 'text/plain' };
    await caller.mrcp.request({
      method: 'SPEAK',
      channelId,
      headers,
      body: 'A long sentence that nobody wants to hear out, not today and not tomorrow.',
    });
    await new Promise((resolve) => setTimeout(resolve, 700));
    const stopped = await caller.mrcp.request({ method: 'STOP', channelId });
    const stoppedAtMs = performance.now();
    expect(stopped).toMatchObject({ status: 200, state: 'COMPLETE' });
    expect(stopped.headers.get('active-request-id-list')).toBe('1');
    await new Promise((resolve) => setTimeout(resolve, 400));
    const last = caller.packets.at(-1)?.atMs ?? 0;
    expect(last).toBeGreaterThan(0);
    expect(last).toBeLessThan(stoppedAtMs + 100);
    caller.close();
  });
});

describe('speechrecog, recognition mode', () => {
  const grammar = `<?xml version="1.0"?>
<grammar xmlns="http://www.w3.org/2001/06/grammar" xml:lang="en-US" version="1.0" mode="voice" root="choice">
  <rule id="choice"><one-of><item>pay my bill <tag>out="bill"</tag></item><item>my internet is down</item></one-of></rule>
</grammar>`;

  test('RECOGNIZE hears speech by the client grammar and answers NLSML with its tag', async () => {
    const caller = await MrcpCaller.open(userAgent, parley.ports.sip, ['speechrecog']);
    const channelId = caller.channel('speechrecog');
    const defined = await caller.mrcp.request({
      method: 'DEFINE-GRAMMAR',
      channelId,
      headers: { 'Content-Type': 'application/srgs+xml', 'Content-Id': 'request1@form-level' },
      body: grammar,
    });
    expect(defined).toMatchObject({ status: 200, state: 'COMPLETE' });
    const headers = { 'Content-Type': 'text/uri-list', 'Cancel-If-Queue': 'false' };
    const body = 'session:request1@form-level';
    const response = await caller.mrcp.request({ method: 'RECOGNIZE', channelId, headers, body });
    expect(response).toMatchObject({ status: 200, state: 'IN-PROGRESS' });
    await caller.talk(await spoken('pay my bill'));
    const start = await caller.mrcp.nextEvent(channelId);
    expect(start.name).toBe('START-OF-INPUT');
    const complete = await caller.mrcp.nextEvent(channelId, 10_000);
    expect(complete.headers.get('completion-cause')).toBe('000 success');
    const nlsml = parseNlsml(complete.body);
    expect(nlsml).toMatchObject({
      ok: true,
      result: { interpretations: [{ instance: 'bill', input: { text: 'pay my bill' } }] },
    });
    caller.close();
  });

  test('RECOGNIZE hears DTMF 1234 by builtin:dtmf/digits (RFC 6787 9.22)', async () => {
    const caller = await MrcpCaller.open(userAgent, parley.ports.sip, ['speechrecog']);
    const channelId = caller.channel('speechrecog');
    const headers = {
      'Content-Type': 'text/uri-list',
      'Cancel-If-Queue': 'false',
      'DTMF-Interdigit-Timeout': '700',
    };
    await caller.mrcp.request({ method: 'RECOGNIZE', channelId, headers, body: 'builtin:dtmf/digits' });
    for (const digit of [1, 2, 3, 4]) await caller.press(digit);
    expect((await caller.mrcp.nextEvent(channelId)).headers.get('input-type')).toBe('dtmf');
    const complete = await caller.mrcp.nextEvent(channelId, 10_000);
    expect(complete.body).toContain('<instance>1234</instance>');
    caller.close();
  });

  test('silence completes with 002 no-input-timeout after No-Input-Timeout (RFC 6787 9.4.6)', async () => {
    const caller = await MrcpCaller.open(userAgent, parley.ports.sip, ['speechrecog']);
    const channelId = caller.channel('speechrecog');
    const headers = {
      'Content-Type': 'text/uri-list',
      'Cancel-If-Queue': 'false',
      'No-Input-Timeout': '600',
    };
    await caller.mrcp.request({ method: 'RECOGNIZE', channelId, headers, body: 'builtin:grammar/digits' });
    const complete = await caller.mrcp.nextEvent(channelId, 5_000);
    expect(complete.headers.get('completion-cause')).toBe('002 no-input-timeout');
    caller.close();
  });
});

describe('speechrecog, dialogue mode', () => {
  const dialogue = {
    'Content-Type': 'text/uri-list',
    'Cancel-If-Queue': 'false',
    'Vendor-Specific-Parameters': 'parley.mode=dialogue',
  };

  test('each RECOGNIZE is a turn of the tree and its body is the template with the reply', async () => {
    const caller = await MrcpCaller.open(userAgent, parley.ports.sip, ['speechrecog', 'speechsynth']);
    const channelId = caller.channel('speechrecog');
    const turn = async (text: string): Promise<string> => {
      await caller.mrcp.request({
        method: 'RECOGNIZE',
        channelId,
        headers: dialogue,
        body: 'builtin:speech/transcribe',
      });
      await caller.talk(await spoken(text));
      expect((await caller.mrcp.nextEvent(channelId)).name).toBe('START-OF-INPUT');
      const complete = await caller.mrcp.nextEvent(channelId, 10_000);
      expect(complete.headers.get('completion-cause')).toBe('000 success');
      return complete.body;
    };
    const first = await turn('my internet is down');
    expect(first).toContain('Is there a red light on your router?');
    expect(first).toContain('ask_light');
    const second = await turn('yes');
    expect(second).toContain('Please switch the router off');
    const third = await turn('no thank you');
    expect(third).toContain('Goodbye');
    expect(third).toContain('hangup');

    // The reply was synthesised ahead: the SPEAK of it is a cache hit and its first packet leaves at once.
    const synth = caller.channel('speechsynth');
    const before = caller.packets.length;
    const askedAtMs = performance.now();
    await caller.mrcp.request({
      method: 'SPEAK',
      channelId: synth,
      headers: { 'Content-Type': 'text/plain' },
      body: 'Thank you for calling. Goodbye.',
    });
    await caller.mrcp.nextEvent(synth, 10_000);
    expect((caller.packets[before]?.atMs ?? Infinity) - askedAtMs).toBeLessThan(200);
    caller.close();
  });

  test('a conversation continues over a new MRCP session by parley.session', async () => {
    const headers = {
      ...dialogue,
      'Vendor-Specific-Parameters': 'parley.mode=dialogue;parley.session=call-4711',
    };
    const say = async (text: string): Promise<string> => {
      const caller = await MrcpCaller.open(userAgent, parley.ports.sip, ['speechrecog']);
      const channelId = caller.channel('speechrecog');
      await caller.mrcp.request({
        method: 'RECOGNIZE',
        channelId,
        headers,
        body: 'builtin:speech/transcribe',
      });
      await caller.talk(await spoken(text));
      await caller.mrcp.nextEvent(channelId);
      const { body } = await caller.mrcp.nextEvent(channelId, 10_000);
      caller.close();
      return body;
    };
    expect(await say('the internet is not working')).toContain('red light');
    expect(await say('no')).toContain('We will test your line today');
  });

  test('parley.event=start completes at once with the greeting', async () => {
    const caller = await MrcpCaller.open(userAgent, parley.ports.sip, ['speechrecog']);
    const channelId = caller.channel('speechrecog');
    const headers = { ...dialogue, 'Vendor-Specific-Parameters': 'parley.mode=dialogue;parley.event=start' };
    await caller.mrcp.request({ method: 'RECOGNIZE', channelId, headers, body: 'builtin:speech/transcribe' });
    const complete = await caller.mrcp.nextEvent(channelId, 2_000);
    expect(complete.body).toContain('Welcome to the broadband support line.');
    caller.close();
  });
});

test('nothing is left when the sessions are over', async () => {
  await expect.poll(async () => parley.metric('parley_sessions{ingress="mrcp"}'), { timeout: 5_000 }).toBe(0);
  for (const gauge of ['parley_mrcp_channels', 'parley_mrcp_sessions', 'parley_rtp_streams'])
    expect(await parley.metric(gauge), gauge).toBe(0);
});
