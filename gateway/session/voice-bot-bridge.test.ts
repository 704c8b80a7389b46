import { describe, expect, test } from 'vitest';

import { botFixture } from './testing/bot-kit.js';
import { heard } from './testing/fake-media.js';
import { botTurn, listenSpec, prompt } from './testing/kit.js';

describe('while a back-office system is asked', () => {
  const bridge = (f: ReturnType<typeof botFixture>): void =>
    f.conversation.listener.onInterim?.([prompt('Let me see.'), prompt('One moment.')]);

  test('the bridge is said at once, the answer queues behind it, and nothing listens before', async () => {
    const f = botFixture();
    f.bot.start({});
    bridge(f);
    expect(f.speaker.texts).toEqual(['Let me see.', 'One moment.']);
    expect(f.stream.listens).toEqual([]);
    await f.conversation.reply(
      botTurn({ prompts: [prompt('Found.', false)], closing: { type: 'listen', listen: listenSpec() } }),
    );
    expect(f.speaker.texts).toEqual(['Let me see.', 'One moment.', 'Found.']);
    for (const text of f.speaker.texts) f.speaker.prompt(text).end();
    expect(f.stream.lastListen.timersStarted).toBe(true);
  });

  test('a turn that says nothing more acts only after the bridge was heard', async () => {
    const f = botFixture();
    f.bot.start({});
    bridge(f);
    await f.conversation.reply(botTurn({ closing: { type: 'listen', listen: listenSpec() } }));
    f.speaker.prompt('Let me see.').end();
    expect(f.stream.listens).toEqual([]);
    f.speaker.prompt('One moment.').end();
    expect(f.stream.listens).toHaveLength(1);
  });

  test('the end of the call silences the bridge, and a late bridge is not said', async () => {
    const f = botFixture();
    f.bot.start({});
    bridge(f);
    f.bot.close();
    expect(f.speaker.prompts.map(({ stopped }) => stopped)).toEqual([true, true]);
    bridge(f);
    expect(f.speaker.texts).toHaveLength(2);
    await f.conversation.reply(null);
  });

  test('a bridged turn is not measured, and waiting for the system is not our own time', async () => {
    const f = botFixture();
    f.bot.start({});
    await f.conversation.reply(botTurn({ closing: { type: 'listen', listen: listenSpec() } }));
    const listened = { ...heard('my bill'), endpointAtMs: 1_000, resultAtMs: 1_100 };
    f.stream.lastListen.listener.onComplete(listened);
    await f.conversation.reply(
      botTurn({ prompts: [prompt('A.')], callMs: 500, closing: { type: 'listen', listen: listenSpec() } }),
    );
    f.speaker.prompt('A.').start(1_620);
    const measured = [
      ['recognize', 100],
      ['score', 1],
      ['step', 2],
      ['first_packet', 20],
      ['total', 120],
    ];
    expect(f.metrics.stages).toEqual(measured);
    f.stream.lastListen.listener.onComplete(listened);
    bridge(f);
    await f.conversation.reply(botTurn({ prompts: [prompt('B.')] }));
    f.speaker.prompt('B.').start(9_000);
    expect(f.metrics.stages).toEqual(measured);
  });
});
