import { readFileSync } from 'node:fs';

import { afterAll, beforeAll, expect, test } from 'vitest';

import { FliteSynthesizer } from '../adapters/flite/synthesizer.js';
import { createRecognizer } from '../adapters/soundswallower/recognizer.js';
import { SystemClock } from '../config/clock.js';
import { projectPath } from '../config/paths.js';
import { loadTree } from '../dialog/load.js';
import { promptGrammar } from './cli/prompt-grammar.js';
import { allZero, sessionGauges, settledGauges } from './testing/gauges.js';
import { ParleyProcess } from './testing/parley-process.js';
import { PhoneCaller } from './testing/phone-caller.js';
import { speakLine, transcribe } from './testing/speech-kit.js';

/** Each direction of the network loses one packet in twenty and turns the order of as many round. */
const faults = { dropped: 0.05, overtaken: 0.05 };

const synthesizer = new FliteSynthesizer({ clock: new SystemClock() });
let parley: ParleyProcess;

beforeAll(async () => {
  parley = (await ParleyProcess.start({ settings: { 'sip.maxCalls': '50' } })).parley;
});

afterAll(async () => {
  await synthesizer.close();
  expect(await parley.stop()).toBe(0);
});

function expectBadNetwork({ audio }: PhoneCaller): void {
  for (const { carried, dropped, overtaken } of [audio.faults.up, audio.faults.down]) {
    expect(dropped / carried).toBeGreaterThan(0.02);
    expect(overtaken / carried).toBeGreaterThan(0.02);
  }
}

test.concurrent(
  'speech through a lossy network is understood on both sides, from the greeting to the goodbye',
  async () => {
    const [fault, yes, nothing] = await Promise.all(
      ['my internet is down', 'yes', 'no thank you'].map((text) => speakLine(synthesizer, text)),
    );
    if (!fault || !yes || !nothing) throw new Error('the caller has no voice');
    const phone = await PhoneCaller.dial(parley, { faults, seed: 20 });
    await phone.botSays('You can say');
    await phone.audio.turnOver(15_000);
    phone.audio.say(fault);
    await phone.botSays('Is there a red light on your router?');
    await phone.audio.turnOver(10_000);
    phone.audio.say(yes);
    await phone.botSays('Please switch the router off');
    await phone.botSays('Is there anything else');
    phone.audio.say(nothing);
    await phone.botSays('Thank you for calling');
    expect(await phone.call.ended).toBe('remote-bye');
    await phone.close();

    expectBadNetwork(phone);
    expect(phone.lines('decided').map((line) => line['nextNodeId'])).toEqual([
      'ask_light',
      'fix_router',
      'goodbye',
    ]);
    expect(phone.inputs()[0]).toBe('my internet is down');
    const heard = await heardByCaller(phone);
    expect(heard).toContain('welcome to the broadband support line');
    expect(heard).toContain('is there a red light on your router');
  },
);

async function heardByCaller(phone: PhoneCaller): Promise<string> {
  const file = projectPath('config/trees/demo-en.yaml');
  const { tree } = loadTree(readFileSync(file, 'utf8'), file);
  if (!tree) throw new Error('the demo tree does not load');
  const recognizer = createRecognizer({});
  const texts = await transcribe(recognizer, promptGrammar(tree), phone.audio.playedOut);
  await recognizer.close();
  return texts.join(' ');
}

test.concurrent(
  'each key pressed through a lossy network counts once (RFC 4733 2.5.1.4: the last packet is sent three times)',
  async () => {
    const phone = await PhoneCaller.dial(parley, { faults: { dropped: 0.15, overtaken: 0.15 }, seed: 4 });
    await phone.botSays('You can say');
    const pressed: string[] = [];
    for (let round = 0; round < 5; round++) {
      phone.audio.press('3');
      await phone.botSays('We are open from nine to six');
      await phone.botSays('Is there anything else');
      phone.audio.press('1');
      await phone.botSays('You can say');
      pressed.push('3', '1');
    }
    phone.audio.press('9');
    await phone.botSays('Thank you for calling');
    expect(await phone.call.ended).toBe('remote-bye');
    await phone.close();
    expectBadNetwork(phone);
    expect(phone.inputs()).toEqual([...pressed, '9']);
  },
);

test('loss is counted, and nothing is left of the calls', async () => {
  expect(await settledGauges(parley, sessionGauges, 3_000)).toEqual(allZero(sessionGauges));
  const reasons = () =>
    parley.lines.filter(({ msg }) => msg === 'session ended').map((line) => line['reason']);
  await parley.waitForLine(() => reasons().length === 2, 2_000);
  expect(reasons()).toEqual(['dialog ended', 'dialog ended']);
  expect(await parley.metric('parley_rtp_lost_total')).toBeGreaterThan(20);
  expect(await parley.metric('parley_rtp_strangers_total')).toBe(0);
});
