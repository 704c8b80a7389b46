import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { FliteSynthesizer } from '../adapters/flite/synthesizer.js';
import { createRecognizer } from '../adapters/soundswallower/recognizer.js';
import { SystemClock } from '../config/clock.js';
import { projectPath } from '../config/paths.js';
import { loadTree } from '../dialog/load.js';
import type { DialogTree } from '../dialog/tree.js';
import { promptGrammar } from './cli/prompt-grammar.js';
import { Baresip } from './testing/baresip.js';
import { ParleyProcess } from './testing/parley-process.js';
import {
  durationMs,
  readSpeech,
  speakLine,
  timeline,
  transcribe,
  writeSpeech,
} from './testing/speech-kit.js';

const synthesizer = new FliteSynthesizer({ clock: new SystemClock() });
const recognizer = createRecognizer({});
const audioDirectory = mkdtempSync(join(tmpdir(), 'parley-callers-'));
let tree: DialogTree;
let parley: ParleyProcess;

beforeAll(async () => {
  const file = projectPath('config/trees/demo-en.yaml');
  const loaded = loadTree(readFileSync(file, 'utf8'), file);
  if (!loaded.tree) throw new Error('the demo tree does not load');
  tree = loaded.tree;
  parley = (await ParleyProcess.start()).parley;
});

afterAll(async () => {
  const code = await parley.stop();
  await synthesizer.close();
  await recognizer.close();
  rmSync(audioDirectory, { recursive: true, force: true });
  expect(code).toBe(0);
});

/** The bot's voice for some sentences, for its length. */
async function promptMs(...texts: string[]): Promise<number> {
  let total = 0;
  for (const text of texts) total += durationMs(await speakLine(synthesizer, text));
  return total;
}

/** From the end of the caller's words to the bot's first: the endpointer's silence and our own share. */
const botReactionMs = 900;
/** The caller's own pause before speaking. */
const callerPauseMs = 700;

async function callerFile(
  name: string,
  lines: readonly { readonly atMs: number; readonly text: string }[],
  totalMs: number,
): Promise<string> {
  const spoken = await Promise.all(
    lines.map(async ({ atMs, text }) => ({ atMs, samples: await speakLine(synthesizer, text) })),
  );
  const file = join(audioDirectory, `${name}.wav`);
  writeSpeech(file, timeline(spoken, totalMs));
  return file;
}

function said(text: string, from = 0) {
  return (line: { msg: string; [field: string]: unknown }): boolean =>
    parley.lines.indexOf(line as never) >= from &&
    line.msg === 'bot says' &&
    (line['pii'] as { text: string }).text.includes(text);
}

async function heardBy(agent: Baresip): Promise<string> {
  const texts = await transcribe(recognizer, promptGrammar(tree), readSpeech(agent.heardFile()));
  return texts.join(' ');
}

describe('a baresip phone calls the bot', () => {
  test('by speech: the prompts are heard, the tree is followed, the bot says goodbye and hangs up', async () => {
    const greetingMs = await promptMs(
      'Welcome to the broadband support line.',
      'You can say, my internet is down. Pay my bill. Or, when are you open.',
    );
    const faultMs = await promptMs('I am sorry to hear that.', 'Is there a red light on your router?');
    const fixMs = await promptMs(
      'Please switch the router off, wait ten seconds, and switch it on again.',
      'Is there anything else?',
    );
    const lineMs = await promptMs('my internet is down');
    const yesMs = await promptMs('yes');
    const first = greetingMs + callerPauseMs + 500;
    const second = first + lineMs + botReactionMs + faultMs + callerPauseMs;
    const third = second + yesMs + botReactionMs + fixMs + callerPauseMs;
    const file = await callerFile(
      'speech',
      [
        { atMs: first, text: 'my internet is down' },
        { atMs: second, text: 'yes' },
        { atMs: third, text: 'no thank you' },
      ],
      third + 15_000,
    );
    const from = parley.lines.length;
    const agent = await Baresip.start({ speechFile: file });
    agent.dial(`sip:bot@127.0.0.1:${parley.ports.sip}`);
    await parley.waitForLine(said('Is there a red light', from), greetingMs + 10_000);
    await parley.waitForLine(said('Please switch the router off', from), 20_000);
    await parley.waitForLine(said('Thank you for calling', from), 20_000);
    await agent.waitFor('session closed', 15_000);
    await agent.stop();

    const heard = await heardBy(agent);
    expect(heard).toContain('welcome to the broadband support line');
    expect(heard).toContain('is there a red light on your router');
    expect(heard).toContain('please switch the router off');
    expect(heard).toContain('thank you for calling');
    const decided = parley.lines.slice(from).filter((line) => line.msg === 'decided');
    expect(decided.map((line) => line['nextNodeId'])).toEqual(['ask_light', 'fix_router', 'goodbye']);
    expect(decided.map((line) => line['zone'])).toEqual(['accept', 'slot', 'accept']);
    agent.cleanUp();
  });

  test('by DTMF: keys choose branches and end the call', async () => {
    const file = await callerFile('keys', [], 60_000);
    const from = parley.lines.length;
    const agent = await Baresip.start({ speechFile: file });
    agent.dial(`sip:bot@127.0.0.1:${parley.ports.sip}`);
    await parley.waitForLine(said('You can say', from), 10_000);
    agent.press('3');
    await parley.waitForLine(said('We are open from nine to six', from), 10_000);
    await parley.waitForLine(said('Is there anything else', from), 10_000);
    agent.press('2');
    await parley.waitForLine(said('Thank you for calling', from), 10_000);
    await agent.waitFor('session closed', 15_000);
    await agent.stop();
    const zones = parley.lines
      .slice(from)
      .filter((line) => line.msg === 'decided')
      .map((line) => line['zone']);
    expect(zones).toEqual(['dtmf', 'dtmf']);
    agent.cleanUp();
  });

  test('barge-in: speech during the greeting stops it and is understood', async () => {
    const file = await callerFile('barge-in', [{ atMs: 1_500, text: 'when are you open' }], 30_000);
    const from = parley.lines.length;
    const agent = await Baresip.start({ speechFile: file });
    agent.dial(`sip:bot@127.0.0.1:${parley.ports.sip}`);
    await parley.waitForLine(said('We are open from nine to six', from), 10_000);
    const answerMs = await promptMs(
      'We are open from nine to six, Monday to Friday.',
      'Is there anything else?',
    );
    await new Promise((resolve) => setTimeout(resolve, answerMs + 500));
    agent.press('2');
    await agent.waitFor('session closed', 20_000);
    await agent.stop();
    const heard = await heardBy(agent);
    expect(heard).not.toContain('pay my bill');
    expect(heard).toContain('monday to friday');
    agent.cleanUp();
  });

  test('nothing is left when the calls are over', async () => {
    const status = (await parley.getText('/metrics'))
      .split('\n')
      .filter((line) => /^parley_(sessions|rtp_streams|sip_dialogs)/.test(line));
    expect(status.length).toBeGreaterThan(0);
    for (const line of status) expect(Number(line.split(' ').at(-1)), line).toBe(0);
  });
});
