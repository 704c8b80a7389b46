import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { FliteSynthesizer } from '../adapters/flite/synthesizer.js';
import { SystemClock } from '../config/clock.js';
import { mrcpLimits, sipLimits } from '../config/limits.js';
import { projectPath } from '../config/paths.js';
import { SeededRandom } from '../config/random.js';
import { attacks } from './testing/attacks.js';
import { allZero, sessionGauges, settledGauges, transportGauges } from './testing/gauges.js';
import { LeftConnection } from './testing/hostile-connection.js';
import {
  WellBehavedClient,
  sentencesGrammar,
  type RecognizedResult,
  type SpokenResult,
} from './testing/well-behaved-client.js';
import { audioSection, controlSection, offerOf } from './testing/offers.js';
import { ParleyProcess } from './testing/parley-process.js';
import { PhoneCaller } from './testing/phone-caller.js';
import { RawSip } from './testing/raw-sip.js';
import { RtpPeer } from './testing/rtp-peer.js';
import { runParley } from './testing/run-parley.js';
import { SipCaller, type AnsweredCall } from './testing/sip-caller.js';
import { speakLine } from './testing/speech-kit.js';

const prompt = 'Please hold the line.';
const sentence = 'my internet is down';
const grammar = sentencesGrammar(sentence, 'pay my bill', 'when are you open');
const megabyte = 1_048_576;
/** What a node may have grown by after ten thousand bad messages; heap and socket buffers breathe by about half. */
const rssGrowthBytes = 120 * megabyte;

const unacknowledgedCalls = 10;

const synthesizer = new FliteSynthesizer({ clock: new SystemClock() });
const caller = await SipCaller.start();
const halfOpen: { readonly call: AnsweredCall; readonly openedAtMs: number }[] = [];
const left: Record<'sip' | 'mrcp' | 'http', LeftConnection[]> = { sip: [], mrcp: [], http: [] };
let parley: ParleyProcess;
let unacknowledged: RawSip;
let speech: Int16Array;
let rssBytes = 0;

beforeAll(async () => {
  const settings = { 'sip.maxCalls': '100', 'mrcp.inactivitySeconds': '20' };
  ({ parley } = await ParleyProcess.start({ rtpPorts: 200, settings }));
  speech = await speakLine(synthesizer, sentence);
  await leaveThingsOpen();
});

afterAll(async () => {
  await synthesizer.close();
  await parley.stop();
});

/** What is only noticed after minutes: sessions without their MRCP connection, calls without ACK, silent connections. */
async function leaveThingsOpen(): Promise<void> {
  const offer = (): string =>
    offerOf(controlSection('speechsynth', '1'), audioSection({ port: 9, mid: '1' }));
  for (let i = 0; i < 10; i++) {
    const call = await caller.callAnswered(parley.ports.sip, offer());
    halfOpen.push({ call, openedAtMs: performance.now() });
  }
  unacknowledged = await RawSip.open(parley.ports.sip);
  unacknowledged.answerByes();
  for (let i = 0; i < unacknowledgedCalls; i++) {
    const callId = unacknowledged.newId();
    unacknowledged.send(unacknowledged.request({ method: 'INVITE', callId, branch: callId, body: offer() }));
  }
  for (let i = 0; i < 10; i++) {
    left.sip.push(
      new LeftConnection(parley.ports.sip, i % 2 ? 'OPTIONS sip:bot@127.0.0.1 SIP/2.0\r\nX:' : ''),
    );
    left.mrcp.push(new LeftConnection(parley.ports.mrcp, i % 2 ? 'MRCP/2.0 500 SPEAK 1\r\nX:' : ''));
    left.http.push(new LeftConnection(parley.ports.http, i % 2 ? 'GET / HTTP/1.1\r\nX:' : ''));
  }
}

test("a stranger who talks at the port of a call is neither heard nor sent the call's audio", async () => {
  const phone = await PhoneCaller.dial(parley);
  const stranger = await RtpPeer.open();
  const strangersBefore = await parley.metric('parley_rtp_strangers_total');
  const lure = await speakLine(synthesizer, 'when are you open');
  await phone.botSays('You can say');
  stranger.start(phone.mediaPort);
  stranger.say(lure);
  stranger.press('2');
  await new Promise((resolve) => setTimeout(resolve, 2_500));
  stranger.say(lure);
  phone.audio.say(speech);
  await phone.botSays('Is there a red light on your router?');
  await phone.close();
  stranger.close();

  expect(phone.inputs()).toEqual([sentence]);
  expect(stranger.heard).toEqual([]);
  await settledGauges(parley, ['parley_rtp_streams'], 2_000);
  const strangers = (await parley.metric('parley_rtp_strangers_total')) - strangersBefore;
  expect(strangers).toBeGreaterThan(100);
});

describe('ten thousand bad messages', () => {
  test('a well-behaved MRCP session is spoken to and understood all the while, without a gap', async () => {
    const session = await WellBehavedClient.open(parley.ports);
    await session.speak(prompt);
    await session.recognize(grammar, speech);
    rssBytes = await parley.metric('process_resident_memory_bytes');

    const progress = { over: false };
    const spoken: SpokenResult[] = [];
    const recognized: RecognizedResult[] = [];
    const work = async (): Promise<void> => {
      do {
        spoken.push(await session.speak(prompt));
        recognized.push(await session.recognize(grammar, speech));
      } while (!progress.over || spoken.length < 2);
    };
    const working = work();
    let sent = 0;
    const random = new SeededRandom(7);
    for (const attack of Object.values(attacks)) sent += await attack(parley.ports, random);
    progress.over = true;
    await working;
    await session.close();

    expect(sent).toBeGreaterThan(10_000);
    for (const { cause, packets, longestGapMs } of spoken) {
      expect(cause).toBe('000 normal');
      expect(packets).toBeGreaterThan(40);
      expect(longestGapMs).toBeLessThan(200);
    }
    for (const { cause, body } of recognized) {
      expect(cause).toBe('000 success');
      expect(body).toContain(sentence);
    }
  });

  test('they were refused, not missed: the node counted them', async () => {
    expect(await parley.metric('parley_sip_malformed_total')).toBeGreaterThan(500);
    expect(await parley.metric('parley_rtp_malformed_total')).toBeGreaterThan(0);
    expect(await parley.metric('parley_rtp_strangers_total')).toBeGreaterThan(0);
    expect(parley.errors).toEqual([]);
  });
});

describe('an operator makes a mistake', () => {
  const directory = mkdtempSync(join(tmpdir(), 'parley-mistakes-'));
  const tree = join(directory, 'dangling.yaml');
  const treeText = [
    'tree: dangling',
    'version: 1',
    'language: en-US',
    'start: hello',
    'nodes:',
    '  hello:',
    '    say: Hello.',
    '    go: nowhere',
  ];
  const templates = join(directory, 'templates');
  const template = join(templates, 'mine.xml');

  beforeAll(() => {
    writeFileSync(tree, `${treeText.join('\n')}\n`);
    cpSync(projectPath('templates', 'platforms', 'nlsml-dialogue'), templates, { recursive: true });
    writeFileSync(template, '<template id="mine" platform="mine" version="1">\n  <body>\n</template>\n');
    writeFileSync(
      join(directory, 'tree.yaml'),
      `dialog:\n  tree: dangling\n  trees:\n    dangling: ./dangling.yaml\n`,
    );
    writeFileSync(
      join(directory, 'template.yaml'),
      `templates:\n  default: mine\n  directories:\n    - ./templates\n`,
    );
  });

  afterAll(() => rmSync(directory, { recursive: true, force: true }));

  test.each([
    ['a tree that leads nowhere', 'tree.yaml', `${tree}:8`],
    ['a template that is not well-formed', 'template.yaml', `${template}:3`],
  ])('%s: `parley serve` refuses to start and names file and line', async (_, config, place) => {
    const env = { PARLEY__http__port: '0', PARLEY__sip__port: '0', PARLEY__mrcp__port: '0' };
    const { code, stdout, stderr } = await runParley(['serve', '--config', config], { cwd: directory, env });
    expect(code, stdout).toBe(1);
    expect(stdout + stderr).toContain(place);
    expect(stdout).not.toContain('"ready"');
  });

  test.each([
    ['tree.yaml', /dangling\.yaml:8:\d+: error: .*nowhere.*\(.+\)/],
    ['template.yaml', /mine\.xml:3:\d+: error: .+\(.+\)/],
  ])('`parley check --config %s` prints file, line, column and the fix', async (config, expected) => {
    const { code, stdout } = await runParley(['check', '--config', config], { cwd: directory });
    expect(code).toBe(1);
    expect(stdout).toMatch(expected);
  });
});

describe('what was left open is given up', () => {
  test('half-sent messages of SIP and HTTP connections end them', async () => {
    const halfSent = [...left.sip, ...left.http].filter((_, index) => index % 2 === 1);
    const endMs = performance.now() + sipLimits.tcpPartialMessageMs;
    while (performance.now() < endMs && halfSent.some(({ closedByServer }) => !closedByServer))
      await new Promise((resolve) => setTimeout(resolve, 100));
    expect(halfSent.filter(({ closedByServer }) => !closedByServer)).toEqual([]);
    for (const connection of Object.values(left).flat()) connection.close();
  });

  test('sessions whose client never opened its MRCP connection get BYE at the deadline', async () => {
    for (const { call, openedAtMs } of halfOpen) {
      expect(await call.ended).toBe('remote-bye');
      expect(performance.now() - openedAtMs).toBeGreaterThan(mrcpLimits.connectDeadlineMs - 200);
    }
    const inactive = () => parley.lines.filter((line) => line['reason'] === 'MRCP inactivity').length;
    await parley.waitForLine(() => inactive() === halfOpen.length + unacknowledgedCalls, 2_000);
  });

  test('every gauge is back at 0, memory is bounded, and SIGTERM ends the process with 0', async () => {
    await caller.close();
    const names = [...sessionGauges, ...transportGauges];
    expect(await settledGauges(parley, names, 15_000)).toEqual(allZero(names));
    unacknowledged.close();
    expect((await parley.metric('process_resident_memory_bytes')) - rssBytes).toBeLessThan(rssGrowthBytes);
    expect(await parley.getJson('/healthz')).toEqual({ ok: true });
    expect(await parley.stop()).toBe(0);
  });
});
