import { describe, expect, test } from 'vitest';

import { SpeechError } from '../../media/speech/errors.js';
import type { BotTurn } from './conversation.js';
import { heard, outcome, pressed } from './testing/fake-media.js';
import { botTurn, listenSpec, pcmu, prompt, settled } from './testing/kit.js';
import { botFixture as fixture, maxCallMs, playoutDelayMs } from './testing/bot-kit.js';
import { toDialogEvent, type VoiceBotSettings } from './voice-bot.js';

/** A bot that was given its first turn. */
async function talking(turn: BotTurn, more: Partial<VoiceBotSettings> = {}) {
  const parts = fixture(more);
  parts.bot.start({ caller: 'alice' });
  await parts.conversation.reply(turn);
  return parts;
}

const listening = { type: 'listen' as const, listen: listenSpec() };
const asks = (...prompts: Parameters<typeof prompt>[]): BotTurn =>
  botTurn({ prompts: prompts.map((args) => prompt(...args)), closing: listening });
const handsOver = botTurn({
  closing: { type: 'handover', handover: { queue: 'support', reason: 'wanted', summary: 'private words' } },
});

describe('the first turn', () => {
  test('comes of the event started, with what is known of the caller, and only once', async () => {
    const { bot, conversation, clock } = fixture();
    bot.start({ caller: 'alice' });
    bot.start({ caller: 'bob' });
    expect(conversation.events).toEqual([
      { type: 'started', nowMs: clock.epochMs(), channel: 'voice', variables: { caller: 'alice' } },
    ]);
    await conversation.reply(asks(['Welcome.']));
  });

  test('is said in its order, in the tree’s language and the form of the line, without empty prompts', async () => {
    const { speaker } = await talking(asks(['Welcome.'], [''], ['Bill or fault?']));
    expect(speaker.texts).toEqual(['Welcome.', 'Bill or fault?']);
    expect(speaker.prompts[0]).toMatchObject({
      options: { language: 'en-US' },
      format: { encoding: 'PCMU', sampleRateHz: 8_000 },
    });
  });

  test('is said as its SSML says, and in the language of each prompt', async () => {
    const slow = { ...prompt('Your code is 1.'), ssml: '<prosody rate="slow">Your code is 1.</prosody>' };
    const chinese = { ...prompt('你好'), language: 'zh-CN' };
    const { speaker } = await talking(botTurn({ prompts: [slow, chinese], closing: listening }));
    expect(speaker.prompts[0]?.options.speed).toBeLessThan(1);
    expect(speaker.prompts[1]?.options).toMatchObject({ text: '你好', language: 'zh-CN' });
  });
});

describe('when the bot listens', () => {
  test('at once when every prompt may be interrupted; timers start after the last', async () => {
    const { speaker, stream } = await talking(asks(['a'], ['b']));
    expect(stream.lastListen.request).toMatchObject({ bargeIn: 'any', startInputTimers: false });
    speaker.prompt('a').end();
    expect(stream.lastListen.timersStarted).toBe(false);
    speaker.prompt('b').end();
    expect(stream.lastListen.timersStarted).toBe(true);
    expect(stream.listens).toHaveLength(1);
  });

  test('after the last prompt that may not be interrupted', async () => {
    const { speaker, stream } = await talking(asks(['a', false], ['b'], ['c', false], ['d']));
    for (const text of ['a', 'b']) speaker.prompt(text).end();
    expect(stream.listens).toHaveLength(0);
    speaker.prompt('c').end();
    expect(stream.lastListen.timersStarted).toBe(false);
    speaker.prompt('d').end();
    expect([stream.listens.length, stream.lastListen.timersStarted]).toEqual([1, true]);
  });

  test('with its timers running when the last prompt may not be interrupted', async () => {
    const { speaker, stream } = await talking(asks(['a'], ['b', false]));
    speaker.prompt('a').end();
    speaker.prompt('b').end();
    expect(stream.listens.map(({ request }) => request.startInputTimers)).toEqual([true]);
  });

  test('after everything, and deaf to barge-in, when the operator switched barge-in off', async () => {
    const { speaker, stream } = await talking(asks(['a'], ['b']), { bargeIn: false });
    speaker.prompt('a').end();
    expect(stream.listens).toHaveLength(0);
    speaker.prompt('b').end();
    expect(stream.lastListen.request).toMatchObject({ bargeIn: 'none', startInputTimers: true });
  });

  test('at once and with timers when there is nothing to say', async () => {
    const { stream } = await talking(asks());
    expect(stream.listens.map(({ request }) => request.startInputTimers)).toEqual([true]);
  });

  test('also when a prompt could not be said, which is logged', async () => {
    const { logger, speaker, stream } = await talking(asks(['a', false]));
    speaker.prompt('a').end('failed', new SpeechError('unsupported', 'no voice'));
    expect(stream.lastListen.timersStarted).toBe(true);
    expect(logger.lines).toContainEqual(
      expect.objectContaining({
        level: 'warn',
        fields: expect.objectContaining({ code: 'unsupported' }) as unknown,
      }),
    );
  });

  test('with keys only where no recogniser hears the language', async () => {
    const dtmf = { keys: ['1'], minDigits: 0, maxDigits: 0, termChar: '#' };
    const asked: string[] = [];
    const turn = botTurn({
      closing: { type: 'listen', listen: listenSpec({ dtmf, language: 'zh-CN', phrases: ['你好'] }) },
    });
    const { stream } = await talking(turn, {
      recognizerFor: (language) => {
        asked.push(language);
        return null;
      },
    });
    expect(asked).toEqual(['zh-CN']);
    expect(stream.lastListen.request.recognition).toBeNull();
    expect(stream.lastListen.request.dtmf?.grammars).toHaveLength(1);
  });
});

describe('what was heard', () => {
  test('stops the prompts and becomes the next turn', async () => {
    const { conversation, speaker, stream } = await talking(asks(['a'], ['b']));
    stream.lastListen.listener.onComplete(heard('my bill'));
    expect(speaker.prompts.map(({ stopped }) => stopped)).toEqual([true, true]);
    expect(conversation.lastEvent).toBe('text my bill');
    await conversation.reply(asks(['c']));
    expect(speaker.texts).toEqual(['a', 'b', 'c']);
    expect(stream.listens).toHaveLength(2);
  });

  test('is logged with personal words in pii only', async () => {
    const { logger, stream } = await talking(asks());
    const error = new SpeechError('timeout', 'no result');
    stream.lastListen.listener.onComplete({ ...heard('my secret'), error });
    const input = logger.lines.find(({ message }) => message === 'caller input');
    expect(input?.fields).toMatchObject({ cause: 'success', pii: { text: 'my secret' } });
    expect(JSON.stringify({ ...input?.fields, pii: null })).not.toContain('secret');
    expect(logger.lines.at(-1)).toMatchObject({ level: 'warn', fields: { code: 'timeout' } });
  });

  test('warnings of the recogniser are logged with the node', async () => {
    const { logger, stream } = await talking(asks());
    stream.lastListen.listener.onWarning('unknown word', { word: 'x' });
    expect(logger.lines.at(-1)).toMatchObject({
      level: 'warn',
      message: 'unknown word',
      fields: { nodeId: 'menu', word: 'x' },
    });
  });
});

describe('what comes too late is dropped (invariant 1)', () => {
  test('a turn for a call that is gone', async () => {
    const { bot, conversation, speaker, stream } = fixture();
    bot.start({});
    bot.close();
    await conversation.reply(asks(['Welcome.']));
    expect([speaker.texts, stream.listens]).toEqual([[], []]);
  });

  test('a second outcome of one listen', async () => {
    const { conversation, stream } = await talking(asks());
    const { listener } = stream.lastListen;
    listener.onComplete(heard('my bill'));
    listener.onComplete(heard('a fault'));
    expect(conversation.events).toHaveLength(2);
    await conversation.reply(asks(['c']));
  });

  test('an outcome after the end of the call', async () => {
    const { bot, conversation, stream } = await talking(asks());
    bot.close();
    stream.lastListen.listener.onComplete(heard('my bill'));
    expect(conversation.events).toHaveLength(1);
  });

  test('the end of a prompt that was interrupted', async () => {
    const { conversation, speaker, stream } = await talking(asks(['a']));
    stream.lastListen.listener.onComplete(heard('my bill'));
    speaker.prompt('a').end('barge-in');
    await conversation.reply(asks(['b']));
    expect(stream.listens).toHaveLength(2);
    expect(stream.lastListen.timersStarted).toBe(false);
    speaker.prompt('a').end('stopped');
    expect(stream.lastListen.timersStarted).toBe(false);
  });
});

describe('leaving', () => {
  test('an end is said, waits for the far jitter buffer and hangs up', async () => {
    const { clock, hangUps, speaker } = await talking(
      botTurn({ prompts: [prompt('Goodbye.')], closing: { type: 'end' } }),
    );
    clock.advance(playoutDelayMs);
    expect(hangUps).toEqual([]);
    speaker.prompt('Goodbye.').end();
    clock.advance(playoutDelayMs - 1);
    expect(hangUps).toEqual([]);
    clock.advance(1);
    expect(hangUps).toEqual(['dialog ended']);
  });

  test('a tree with nothing more to say hangs up', async () => {
    expect((await talking(botTurn())).hangUps).toEqual(['the tree has nothing more to say']);
  });

  test('a turn that fails hangs up', async () => {
    const { bot, conversation, hangUps, logger } = fixture();
    bot.start({});
    await conversation.reply(new Error('a defect'));
    expect(hangUps).toEqual(['turn failed']);
    expect(logger.lines.at(-1)?.level).toBe('error');
  });

  test('a call over its length is hung up', async () => {
    const { clock, hangUps } = await talking(asks());
    clock.advance(maxCallMs);
    expect(hangUps).toEqual(['call length limit']);
  });
});

describe('handover and transfer', () => {
  test('a transfer goes to the tree’s target after its prompts, and hangs up when it is accepted', async () => {
    const { hangUps, speaker, transfers } = await talking(
      botTurn({
        prompts: [prompt('One moment.')],
        closing: { type: 'transfer', target: 'sip:fault@example.test' },
      }),
    );
    expect(transfers).toHaveLength(0);
    speaker.prompt('One moment.').end();
    expect(transfers.map(({ target }) => target)).toEqual(['sip:fault@example.test']);
    transfers[0]?.accept();
    await settled();
    expect(hangUps).toEqual(['transferred']);
  });

  test('a handover goes to the operator’s target; its summary is logged as personal', async () => {
    const { logger, transfers } = await talking(handsOver, { handoverTarget: 'sip:desk@example.test' });
    expect(transfers.map(({ target }) => target)).toEqual(['sip:desk@example.test']);
    expect(logger.lines.find(({ message }) => message === 'handover wanted')?.fields).toMatchObject({
      queue: 'support',
      pii: { summary: 'private words' },
    });
  });

  test.each([
    ['without a target', null],
    ['that is declined', 'sip:desk@example.test'],
  ])('a handover %s is apologised for and the tree resumed', async (_case, handoverTarget) => {
    const { conversation, hangUps, speaker, transfers } = await talking(handsOver, { handoverTarget });
    transfers[0]?.refuse();
    await settled();
    const apology = speaker.prompt('Nobody is here (en-US).');
    expect(conversation.events).toHaveLength(1);
    apology.end();
    expect(conversation.lastEvent).toBe('resumed');
    await conversation.reply(asks(['Bill or fault?']));
    expect(speaker.texts.at(-1)).toBe('Bill or fault?');
    expect(hangUps).toEqual([]);
  });

  test('the second one that fails ends the call', async () => {
    const { clock, conversation, hangUps, speaker } = await talking(handsOver);
    speaker.prompt('Nobody is here (en-US).').end();
    await conversation.reply(handsOver);
    speaker.prompt('Nobody is here (en-US).').end();
    expect(conversation.events).toHaveLength(2);
    clock.advance(playoutDelayMs);
    expect(hangUps).toEqual(['dialog ended']);
  });

  test('an answer to REFER after the end of the call does nothing', async () => {
    for (const answer of ['accept', 'refuse'] as const) {
      const { bot, hangUps, speaker, transfers } = await talking(handsOver, {
        handoverTarget: 'sip:x@y.test',
      });
      bot.close();
      transfers[0]?.[answer]();
      await settled();
      expect([hangUps, speaker.texts]).toEqual([[], []]);
    }
  });
});

describe('closing', () => {
  const ends = botTurn({ closing: { type: 'end' } });
  test.each([
    ['before it starts', null],
    ['while it speaks and listens', asks(['a'], ['b'])],
    ['while it says goodbye', ends],
  ])('%s stops everything and leaves no timer', async (_case, turn) => {
    const { bot, clock, conversation, hangUps, speaker, stream } = turn ? await talking(turn) : fixture();
    bot.close();
    bot.close();
    expect(clock.pendingTimers).toBe(0);
    expect(conversation.closes).toBe(1);
    expect(speaker.prompts.every(({ stopped }) => stopped)).toBe(true);
    expect(stream.listens.every(({ stopped }) => stopped)).toBe(true);
    clock.advance(maxCallMs * 2);
    expect([hangUps, stream.closes]).toEqual([[], 0]);
  });
});

describe('codec and figures', () => {
  test('a codec that changed is that of the next prompt and listen', async () => {
    const { bot, conversation, speaker, stream } = await talking(asks(['a']));
    bot.codecChanged({ ...pcmu, encoding: 'L16', clockRateHz: 16_000 });
    stream.lastListen.listener.onComplete(heard('my bill'));
    await conversation.reply(asks(['b']));
    expect(speaker.prompt('b').format).toEqual({ encoding: 'L16', sampleRateHz: 16_000 });
    expect(stream.lastListen.request.recognition?.sampleRateHz).toBe(16_000);
  });

  test('a turn is measured from the endpoint to the first packet of its first prompt', async () => {
    const { conversation, metrics, speaker, stream } = await talking(asks());
    stream.lastListen.listener.onComplete({ ...heard('x'), endpointAtMs: 1_000, resultAtMs: 1_040 });
    const decision = {
      nodeId: 'menu',
      nextNodeId: 'phone',
      branchId: 'bill',
      score: 1,
      zone: 'accept' as const,
      threshold: 0.5,
      scores: [],
      options: [],
    };
    await conversation.reply({
      ...asks(['a'], ['b']),
      decisions: [decision],
      tags: ['billing'],
      degraded: true,
    });
    speaker.prompt('a').start(1_060);
    speaker.prompt('b').start(2_000);
    expect(metrics.stages).toEqual([
      ['recognize', 40],
      ['score', 1],
      ['step', 2],
      ['first_packet', 20],
      ['total', 60],
    ]);
    expect(metrics.zones).toEqual(['accept']);
  });

  test('a greeting is not measured', async () => {
    const { metrics, speaker } = await talking(asks(['Welcome.']));
    speaker.prompt('Welcome.').start(5);
    expect(metrics.stages).toEqual([]);
  });
});

describe('toDialogEvent', () => {
  const result = heard('yes', 0.7).result;
  const error = new SpeechError('timeout', 'no result');
  test.each([
    ['recognised speech', heard('yes', 0.7), { type: 'text', text: 'yes', confidence: 0.7 }],
    [
      'speech cut at its time limit',
      outcome({ cause: 'success-maxtime', mode: 'speech', result }),
      { type: 'text', text: 'yes', confidence: 0.7 },
    ],
    ['keys', pressed('12'), { type: 'dtmf', digits: '12' }],
    ['keys that no grammar takes', outcome({ mode: 'dtmf', digits: '9' }), { type: 'dtmf', digits: '9' }],
    ['silence', outcome({ cause: 'no-input-timeout' }), { type: 'no-input' }],
    ['a no-match', outcome({ cause: 'no-match', mode: 'speech', result }), { type: 'no-match' }],
    ['speech without words', outcome({ cause: 'success', mode: 'speech' }), { type: 'no-match' }],
    ['an empty text', heard(''), { type: 'no-match' }],
    ['a failed recogniser', outcome({ cause: 'recognizer-error', error }), { type: 'no-match' }],
    ['the terminating key alone', outcome({ cause: 'success', mode: 'dtmf' }), { type: 'no-match' }],
  ])('%s', (_case, input, event) => {
    expect(toDialogEvent(input, 7)).toEqual({ nowMs: 7, ...event });
  });
});
