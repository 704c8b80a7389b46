import { describe, expect, test } from 'vitest';

import { ScriptedScorer } from '../../adapters/fake/scripted-scorer.js';
import { FakeClock } from '../../config/clock.js';
import { gatewayLimits } from '../../config/limits.js';
import { MemoryLogger } from '../../config/logger.js';
import { SeededRandom } from '../../config/random.js';
import type { PlatformChoice } from '../../config/platform-rules.js';
import { prepareTree } from '../../dialog/candidates.js';
import { builtinGrammar } from '../../media/speech/grammar/builtin.js';
import { SpeechError } from '../../media/speech/errors.js';
import { phraseGrammar } from '../../media/speech/grammar/phrases.js';
import { bundledTemplates, loadTemplates } from '../../templates/loader.js';
import type { RecogOutcome, RecogRequest } from '../mrcp/backend.js';
import { planAnswer } from '../sip/offer-answer.js';
import { ScriptedServices } from '../services/testing/scripted-services.js';
import { Conversation } from './conversation.js';
import { FakeTrees } from '../trees/testing/fake-trees.js';
import { ConversationTable } from './conversation-table.js';
import { DialogueSession } from './dialogue-session.js';
import { ListeningBackend } from './recog-backend.js';
import { ResponseRenderer } from './response-renderer.js';
import { SessionMedia } from './session-media.js';
import { FakeSpeaker } from './testing/fake-speaker.js';
import { addresses, audio, policy, sdp } from './testing/fake-sip.js';
import { FakeHost, FakeStream, heard, outcome, pressed } from './testing/fake-media.js';
import { facts, RecordingMetrics, recogRequest, settled, treeOf } from './testing/kit.js';

const tree = treeOf();
const { templates } = loadTemplates([bundledTemplates]);
const colours = phraseGrammar('session:colours', ['red'], 'en-US');
const keys = builtinGrammar(
  'builtin:dtmf/digits?length=1',
  { language: 'zh-CN', strict: true },
  () => undefined,
);
const plain: PlatformChoice = {
  mode: 'recognition',
  template: 'nlsml-dialogue',
  tree: 'desk',
  unknownTree: null,
};

async function fixture(choice: PlatformChoice, hears: readonly string[] = ['en-US']) {
  const primary = new ScriptedScorer();
  await prepareTree(primary, tree);
  const bot = { id: 'desk', tree, scorers: { primary, fallback: null, timeoutMs: 1_000 } };
  const clock = new FakeClock();
  const logger = new MemoryLogger();
  const host = new FakeHost();
  const media = new SessionMedia(
    { sessionId: 's1', addresses, continuous: false, sdpSessionId: '7' },
    { host, logger, onLost: () => undefined },
  );
  await media.apply(planAnswer(sdp(audio()), policy));
  const conversations = new ConversationTable(clock, 60_000);
  const trees = new FakeTrees(bot);
  const dialogue = new DialogueSession({
    facts,
    bots: trees,
    conversations,
    snapshots: null,
    renderer: new ResponseRenderer((id) => templates.get(id) ?? null),
    speaker: new FakeSpeaker(),
    services: new ScriptedServices(),
    random: new SeededRandom(1),
    clock,
    logger,
    metrics: new RecordingMetrics(),
  });
  const backend = new ListeningBackend({
    sessionId: 's1',
    media,
    lineIndex: 0,
    choose: () => choice,
    recognizerFor: (language) => (hears.includes(language) ? `ears ${language}` : null),
    dialogue,
    metrics: new RecordingMetrics(),
    language: 'en-US',
    logger,
  });
  const outcomes: RecogOutcome[] = [];
  const inputs: string[] = [];
  const recognize = async (request: Partial<RecogRequest> = {}) => {
    const control = backend.recognize(recogRequest(request), {
      onStartOfInput: (mode) => inputs.push(mode),
      onComplete: (result) => outcomes.push(result),
    });
    await settled();
    return control;
  };
  const stream = host.streams[0] ?? new FakeStream();
  return { backend, bot, clock, conversations, inputs, logger, media, outcomes, recognize, stream, trees };
}

const dialogue: PlatformChoice = { ...plain, mode: 'dialogue' };

describe('plain recognition', () => {
  test('listens on the channel’s line with the client’s grammars and completes with NLSML', async () => {
    const { inputs, outcomes, recognize, stream } = await fixture(plain);
    await recognize({ grammars: [colours] });
    expect(stream.lastListen.request).toMatchObject({
      recognizer: 'ears en-US',
      recognition: { language: 'en-US', grammars: [colours], sampleRateHz: 8_000 },
    });
    stream.lastListen.listener.onStartOfInput('speech');
    stream.lastListen.listener.onComplete(heard('red'));
    expect(inputs).toEqual(['speech']);
    expect(outcomes).toMatchObject([{ cause: 'success', contentType: 'application/nlsml+xml' }]);
  });

  test('a language nobody hears is language-unsupported', async () => {
    const { outcomes, recognize, stream } = await fixture(plain);
    await recognize({ grammars: [colours], speechLanguage: 'fr-FR' });
    expect(outcomes).toEqual([{ cause: 'language-unsupported', reason: 'no recogniser here hears fr-FR' }]);
    expect(stream.listens).toHaveLength(0);
  });

  test('keys alone need no recogniser', async () => {
    const { outcomes, recognize, stream } = await fixture(plain, []);
    await recognize({ grammars: [keys] });
    expect(stream.lastListen.request.recognition).toBeNull();
    stream.lastListen.listener.onComplete(pressed('7'));
    expect(outcomes).toMatchObject([{ cause: 'success' }]);
  });

  test('the recogniser is that of the voice grammar, whatever the language of the keys beside it', async () => {
    const { recognize, stream } = await fixture(plain);
    await recognize({ grammars: [keys, colours] });
    expect(stream.lastListen.request.recognizer).toBe('ears en-US');
  });

  test('a line that was removed is recognizer-error, not a throw', async () => {
    const { logger, media, outcomes, recognize } = await fixture(plain);
    await media.apply(planAnswer(sdp(audio(0), audio(4_002)), policy));
    await recognize({ grammars: [colours] });
    expect(outcomes).toEqual([{ cause: 'recognizer-error', reason: 'internal error' }]);
    expect(logger.lines.at(-1)).toMatchObject({ level: 'error', message: 'RECOGNIZE failed' });
  });
});

describe('dialogue', () => {
  test('each RECOGNIZE is a turn of the tree', async () => {
    const { outcomes, recognize, stream } = await fixture(dialogue);
    await recognize();
    expect(stream.lastListen.request.recognition?.hints).toContain('my bill');
    stream.lastListen.listener.onComplete(heard('my bill'));
    await settled();
    expect(outcomes).toMatchObject([{ cause: 'success' }]);
    expect(outcomes[0]?.body).toContain('<reply>Your number?</reply>');
  });

  test('without a recogniser for the language listens for keys only', async () => {
    const { outcomes, recognize, stream } = await fixture(dialogue, []);
    await recognize();
    expect(stream.lastListen.request.recognition).toBeNull();
    expect(stream.lastListen.request.dtmf?.grammars[0]?.uri).toBe('session:keys');
    stream.lastListen.listener.onComplete(pressed('1'));
    await settled();
    expect(outcomes[0]?.body).toContain('<reply>Your number?</reply>');
  });

  test('the greeting event completes without listening', async () => {
    const { outcomes, recognize, stream } = await fixture(dialogue);
    await recognize({ vendorParameters: new Map([['parley.event', 'start']]) });
    expect(outcomes[0]?.body).toContain('<reply>Welcome. Bill or fault?</reply>');
    expect(stream.listens).toHaveLength(0);
  });

  test('START-INPUT-TIMERS before the listen began is kept (RFC 6787 9.13)', async () => {
    const { backend, stream } = await fixture(dialogue);
    const control = backend.recognize(recogRequest({ startInputTimers: false }), {
      onStartOfInput: () => undefined,
      onComplete: () => undefined,
    });
    expect(stream.listens).toHaveLength(0);
    control.startInputTimers();
    await settled();
    expect(stream.lastListen.request.startInputTimers).toBe(true);
  });

  test('START-INPUT-TIMERS afterwards reaches the listen', async () => {
    const { recognize, stream } = await fixture(dialogue);
    const control = await recognize({ startInputTimers: false });
    expect(stream.lastListen.timersStarted).toBe(false);
    control.startInputTimers();
    expect(stream.lastListen.timersStarted).toBe(true);
  });

  test('a full conversation table is recognizer-error', async () => {
    const { bot, clock, conversations, logger, outcomes, recognize, trees } = await fixture(dialogue);
    const conversation = new Conversation({ sessionId: 's', ...bot, clock, logger });
    const create = () => ({ conversation, lease: trees.lease('desk'), lastTurn: null });
    for (let i = 0; i < gatewayLimits.sessions; i++) conversations.acquire(String(i), create);
    await recognize();
    expect(outcomes).toEqual([{ cause: 'recognizer-error', reason: 'internal error' }]);
  });

  test('a turn that fails is recognizer-error', async () => {
    const { logger, outcomes, recognize, stream } = await fixture({ ...dialogue, template: 'gone' });
    await recognize();
    stream.lastListen.listener.onComplete(heard('my bill'));
    await settled();
    expect(outcomes).toEqual([{ cause: 'recognizer-error', reason: 'the dialog turn failed' }]);
    expect(logger.lines.at(-1)).toMatchObject({ level: 'error', message: 'turn failed' });
  });

  test('a failed recogniser gives its reason beside the reply', async () => {
    const { logger, outcomes, recognize, stream } = await fixture(dialogue);
    await recognize();
    const error = new SpeechError('timeout', 'no result within 5 s');
    stream.lastListen.listener.onComplete(outcome({ cause: 'recognizer-error', error }));
    await settled();
    expect(outcomes).toMatchObject([{ cause: 'recognizer-error', reason: 'no result within 5 s' }]);
    expect(outcomes[0]?.body).toContain('<reply>Pardon?</reply>');
    expect(logger.lines).toContainEqual(
      expect.objectContaining({ level: 'warn', message: 'recognition failed' }),
    );
  });
});

describe('stopping', () => {
  test.each([plain, dialogue])(
    'in mode $mode ends the listen, and nothing is told any more',
    async (choice) => {
      const { inputs, outcomes, recognize, stream } = await fixture(choice);
      const control = await recognize({ grammars: [colours] });
      control.stop();
      expect(stream.lastListen.stopped).toBe(true);
      stream.lastListen.listener.onStartOfInput('speech');
      stream.lastListen.listener.onComplete(heard('red'));
      await settled();
      expect([inputs, outcomes]).toEqual([[], []]);
    },
  );

  test('an outcome after STOP is no turn of the tree', async () => {
    const { outcomes, recognize, stream } = await fixture(dialogue);
    (await recognize()).stop();
    stream.lastListen.listener.onComplete(heard('i am done'));
    await recognize();
    stream.lastListen.listener.onComplete(heard('my bill'));
    await settled();
    expect(outcomes.map(({ body }) => body)).toEqual([
      expect.stringContaining('<reply>Your number?</reply>'),
    ]);
  });

  test('before the conversation is ready never listens', async () => {
    const { backend, stream } = await fixture(dialogue);
    const listener = { onStartOfInput: () => undefined, onComplete: () => undefined };
    backend.recognize(recogRequest(), listener).stop();
    await settled();
    expect(stream.listens).toHaveLength(0);
  });

  test('closing the channel stops the listen and gives the conversation back', async () => {
    const { backend, clock, conversations, recognize, stream } = await fixture(dialogue);
    await recognize();
    backend.close();
    expect(stream.lastListen.stopped).toBe(true);
    expect([conversations.size, clock.pendingTimers]).toEqual([1, 1]);
    conversations.close();
    expect(clock.pendingTimers).toBe(0);
  });
});

test('a tree that does not exist is warned of, with the one that is used', async () => {
  const { logger, recognize } = await fixture({ ...plain, unknownTree: 'nowhere' });
  await recognize({ grammars: [colours] });
  expect(logger.lines[0]).toMatchObject({ level: 'warn', fields: { tree: 'nowhere', used: 'desk' } });
});

test('words and digits of the caller are logged as personal only', async () => {
  const { logger, recognize, stream } = await fixture(plain);
  await recognize({ grammars: [colours] });
  stream.lastListen.listener.onWarning('unknown word', { word: 'x' });
  stream.lastListen.listener.onComplete(heard('my secret'));
  const input = logger.lines.find(({ message }) => message === 'caller input');
  expect(input?.fields.pii).toEqual({ text: 'my secret', digits: '' });
  expect(JSON.stringify({ ...input?.fields, pii: null })).not.toContain('secret');
});
