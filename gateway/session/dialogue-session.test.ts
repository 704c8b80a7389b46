import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { describe, expect, test } from 'vitest';

import { ScriptedScorer } from '../../adapters/fake/scripted-scorer.js';
import { FakeClock } from '../../config/clock.js';
import { gatewayLimits } from '../../config/limits.js';
import { MemoryLogger } from '../../config/logger.js';
import { SeededRandom } from '../../config/random.js';
import type { PlatformChoice } from '../../config/platform-rules.js';
import { prepareTree } from '../../dialog/candidates.js';
import { bundledTemplates, loadTemplates } from '../../templates/loader.js';
import type { RecogOutcome, RecogRequest } from '../mrcp/backend.js';
import { ScriptedServices } from '../services/testing/scripted-services.js';
import { FakeTrees } from '../trees/testing/fake-trees.js';
import type { Bot } from '../trees/tree-version.js';
import { Conversation } from './conversation.js';
import { ConversationTable } from './conversation-table.js';
import { DialogueSession, vendorParameters } from './dialogue-session.js';
import { SnapshotStore } from './snapshot-store.js';
import { ResponseRenderer } from './response-renderer.js';
import { FakeSpeaker } from './testing/fake-speaker.js';
import { heard, outcome, pressed } from './testing/fake-media.js';
import { facts, pcmu, RecordingMetrics, recogRequest, treeOf, treeText } from './testing/kit.js';

const { templates } = loadTemplates([bundledTemplates]);
const renderer = new ResponseRenderer((id) => templates.get(id) ?? null);
const idleMs = 600_000;
const choice: PlatformChoice = {
  mode: 'dialogue',
  template: 'nlsml-dialogue',
  tree: 'desk',
  unknownTree: null,
};
const context = { sessionId: 's1', sampleRateHz: 8_000, recognizer: 'ears', language: 'en-US' };

async function botOf(id: string, text: string): Promise<Bot> {
  const tree = treeOf(text);
  const primary = new ScriptedScorer();
  await prepareTree(primary, tree);
  return { id, tree, scorers: { primary, fallback: null, timeoutMs: 1_000 } };
}

async function fixture(directory: string | null = null) {
  const desk = await botOf('desk', treeText);
  const other = await botOf('other', treeText.replace('Bill or fault?', 'The other one.'));
  const clock = new FakeClock();
  const logger = new MemoryLogger();
  const speaker = new FakeSpeaker();
  const metrics = new RecordingMetrics();
  const snapshots =
    directory === null ? null : await SnapshotStore.open({ directory, idleMs }, { clock, logger });
  const forgotten = (key: string) => snapshots?.remove(key);
  const conversations = new ConversationTable(clock, idleMs, gatewayLimits.sessions, forgotten);
  const bots = new FakeTrees(desk, other);
  const services = new ScriptedServices();
  const random = new SeededRandom(1);
  const open = () =>
    new DialogueSession({
      facts,
      bots,
      conversations,
      snapshots,
      renderer,
      speaker,
      services,
      random,
      clock,
      logger,
      metrics,
    });
  return { bots, clock, conversations, logger, metrics, open, session: open(), snapshots, speaker };
}

const withParameters = (parameters: Record<string, string>): RecogRequest =>
  recogRequest({ vendorParameters: new Map(Object.entries(parameters)) });
const greeting = withParameters({ [vendorParameters.event]: 'start' });

/** One element of a rendered reply. */
const element = (reply: RecogOutcome, name: string): string | undefined =>
  new RegExp(`<${name}>([^<]*)</${name}>`).exec(reply.body ?? '')?.[1];

/** One RECOGNIZE that listens and hears `words`. */
async function say(session: DialogueSession, words: string, request = recogRequest()): Promise<RecogOutcome> {
  const prepared = await session.prepare(request, choice);
  if (prepared.type !== 'listen') throw new Error('it replied at once');
  return session.answer(heard(words), pcmu);
}

describe('a RECOGNIZE', () => {
  test('listens for what the tree wants, with the client’s timers and its own keys besides', async () => {
    const { session } = await fixture();
    const prepared = await session.prepare(recogRequest({ startInputTimers: false }), choice);
    if (prepared.type !== 'listen') throw new Error('it replied at once');
    expect(prepared.language).toBe('en-US');
    expect(prepared.listenRequest(context)).toMatchObject({
      recognizer: 'ears',
      noInputTimeoutMs: 5_000,
      startInputTimers: false,
      bargeIn: 'none',
      confidenceThreshold: 0.5,
      recognition: { hints: ['my bill', 'a fault', 'i am done', 'an agent please'] },
      dtmf: { grammars: [{ uri: 'session:keys' }, { uri: 'session:digits' }], interdigitTimeoutMs: 4_000 },
    });
  });

  test('completes with the bot’s answer in the platform’s template', async () => {
    const { session } = await fixture();
    const reply = await say(session, 'my bill');
    expect(reply).toMatchObject({ cause: 'success', contentType: 'application/nlsml+xml' });
    expect(['reply', 'action', 'node', 'branch'].map((name) => element(reply, name))).toEqual([
      'Your number?',
      'continue',
      'phone',
      'bill',
    ]);
  });

  test('goes on where the last one stopped; keys and silence are turns, too', async () => {
    const { session } = await fixture();
    await session.prepare(recogRequest(), choice);
    const silent = await session.answer(outcome({ cause: 'no-input-timeout' }), pcmu);
    expect([silent.cause, element(silent, 'reply')]).toEqual(['no-input-timeout', 'Hello?']);
    await session.prepare(recogRequest(), choice);
    expect(element(await session.answer(pressed('1'), pcmu), 'reply')).toBe('Your number?');
    expect(element(await say(session, '1234'), 'reply')).toBe('Goodbye.');
  });

  test('is measured and has its reply synthesised ahead', async () => {
    const { metrics, session, speaker } = await fixture();
    await session.prepare(recogRequest(), choice);
    await session.answer({ ...heard('my bill'), endpointAtMs: 100, resultAtMs: 130 }, pcmu);
    expect(metrics.stages.map(([stage]) => stage)).toEqual(['recognize', 'score', 'step']);
    expect([metrics.stages[0], metrics.zones]).toEqual([['recognize', 30], ['accept']]);
    expect(speaker.warmed).toEqual([
      {
        options: { text: 'Your number?', language: 'en-US' },
        format: { encoding: 'PCMU', sampleRateHz: 8_000 },
      },
    ]);
  });

  test('is answered also when the reply cannot be synthesised ahead', async () => {
    const { session, speaker } = await fixture();
    speaker.warms = new Error('no voice');
    expect(element(await say(session, 'my bill'), 'reply')).toBe('Your number?');
  });

  test('uses the tree that was chosen, or the default one for an unknown name', async () => {
    const { open } = await fixture();
    const reply = async (tree: string, key: string) => {
      const request = withParameters({ ...{ [vendorParameters.event]: 'start' }, 'parley.session': key });
      const prepared = await open().prepare(request, { ...choice, tree });
      return prepared.type === 'reply' && element(prepared.outcome, 'reply');
    };
    expect(await reply('other', 'a')).toBe('Welcome. The other one.');
    expect(await reply('nowhere', 'b')).toBe('Welcome. Bill or fault?');
  });

  test('an answer without a RECOGNIZE rejects', async () => {
    const { session } = await fixture();
    await expect(session.answer(heard('x'), pcmu)).rejects.toThrow('no turn is open');
  });
});

describe('the event start', () => {
  test('answers at once with the greeting', async () => {
    const { session } = await fixture();
    const prepared = await session.prepare(greeting, choice);
    expect(prepared.type).toBe('reply');
    const reply = prepared.type === 'reply' ? prepared.outcome : { cause: 'no-match' as const };
    expect([reply.cause, element(reply, 'reply')]).toEqual(['success', 'Welcome. Bill or fault?']);
  });

  test('begins anew in the middle of a conversation', async () => {
    const { conversations, session } = await fixture();
    await say(session, 'my bill');
    const prepared = await session.prepare(greeting, choice);
    expect(prepared.type === 'reply' && element(prepared.outcome, 'node')).toBe('menu');
    expect(conversations.size).toBe(1);
    expect(element(await say(session, 'my bill'), 'reply')).toBe('Your number?');
  });
});

describe('the conversation over several MRCP dialogs', () => {
  test('is found again by parley.session, and by the Call-ID without it', async () => {
    const { conversations, open, session } = await fixture();
    const named = withParameters({ [vendorParameters.session]: 'platform-7' });
    await say(session, 'my bill', named);
    session.close();
    expect(element(await say(open(), '1234', named), 'reply')).toBe('Goodbye.');
    expect(element(await say(open(), 'my bill'), 'node')).toBe('phone');
    expect(element(await say(open(), '1234'), 'node')).toBe('bye');
    expect(conversations.size).toBe(2);
  });

  test('that reached its end starts again', async () => {
    const { session } = await fixture();
    expect(element(await say(session, 'i am done'), 'action')).toBe('hangup');
    expect(element(await say(session, 'my bill'), 'reply')).toBe('Your number?');
  });

  test('that was with a human is resumed', async () => {
    const { session } = await fixture();
    expect(element(await say(session, 'an agent please'), 'action')).toBe('transfer');
    const reply = await say(session, 'my bill');
    expect(element(reply, 'reply')).toBe('Your number?');
  });

  test('waits for the platform’s next dialog, and expires when none comes', async () => {
    const { clock, conversations, session } = await fixture();
    await say(session, 'my bill');
    session.close();
    session.close();
    expect([conversations.size, clock.pendingTimers]).toEqual([1, 1]);
    clock.advance(idleMs);
    expect([conversations.size, clock.pendingTimers]).toEqual([0, 0]);
  });

  test('that ended is forgotten with its dialog', async () => {
    const { clock, conversations, session } = await fixture();
    await say(session, 'i am done');
    session.close();
    expect([conversations.size, clock.pendingTimers]).toEqual([0, 0]);
  });

  test('one channel’s restart is seen by the other, whose end leaves the new conversation alone', async () => {
    const { clock, conversations, open } = await fixture();
    const [first, second] = [open(), open()];
    await say(first, 'my bill');
    await say(second, '12');
    await first.prepare(greeting, choice);
    expect(element(await say(second, 'my bill'), 'reply')).toBe('Your number?');
    second.close();
    clock.advance(idleMs * 2);
    expect(conversations.size).toBe(1);
    expect(element(await say(first, '1234'), 'reply')).toBe('Goodbye.');
  });

  test('a turn whose conversation was restarted meanwhile completes with a reason and no body', async () => {
    const { open } = await fixture();
    const [first, second] = [open(), open()];
    await first.prepare(recogRequest(), choice);
    await second.prepare(greeting, choice);
    expect(await first.answer(heard('my bill'), pcmu)).toEqual({
      cause: 'success',
      reason: 'the conversation was closed',
    });
  });

  test('goes on after a restart where it stood, on its own tree version; when it ends nothing is kept', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'parley-dialogue-'));
    const named = withParameters({ [vendorParameters.session]: 'platform-7' });
    const before = await fixture(directory);
    await say(before.session, 'my bill', named);
    await before.snapshots?.close();
    const { bots, conversations, open, snapshots } = await fixture(directory);
    const [first, second] = [open(), open()];
    const both = await Promise.all([first.prepare(named, choice), second.prepare(named, choice)]);
    expect(both.map(({ type }) => type)).toEqual(['listen', 'listen']);
    expect([conversations.size, bots.held]).toEqual([1, 1]);
    expect(element(await first.answer(heard('1234'), pcmu), 'reply')).toBe('Goodbye.');
    first.close();
    second.close();
    await snapshots?.close();
    expect([conversations.size, bots.held, snapshots?.size]).toEqual([0, 0, 0]);
    rmSync(directory, { recursive: true });
  });

  test('rejects when there is no room for another', async () => {
    const { bots, clock, conversations, logger, session } = await fixture();
    const lease = bots.lease('desk');
    const { tree, scorers } = lease.version;
    const conversation = new Conversation({ sessionId: 's', tree, scorers, clock, logger });
    for (let i = 0; i < gatewayLimits.sessions; i++)
      conversations.acquire(String(i), () => ({ conversation, lease, lastTurn: null }));
    await expect(session.prepare(recogRequest(), choice)).rejects.toThrow('too many conversations');
  });
});
