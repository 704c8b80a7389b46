import { describe, expect, test } from 'vitest';

import { ScriptedScorer } from '../../adapters/fake/scripted-scorer.js';
import { FakeClock } from '../../config/clock.js';
import { dialogLimits, gatewayLimits } from '../../config/limits.js';
import { MemoryLogger } from '../../config/logger.js';
import { prepareTree } from '../../dialog/candidates.js';
import type { DialogEvent } from '../../dialog/event.js';
import type { SimilarityScorer } from '../../dialog/scoring.js';
import type { TurnRecord } from '../../dialog/turn-record.js';
import { Conversation, MailboxFullError, type BotTurn } from './conversation.js';
import { settled, treeOf } from './testing/kit.js';

const tree = treeOf();
const nowMs = 0;
const started: DialogEvent = { type: 'started', nowMs, channel: 'voice', variables: { caller: 'alice' } };
const text = (words: string): DialogEvent => ({ type: 'text', nowMs, text: words, confidence: 1 });

/** A scorer that never answers and tells how it was left. */
class SilentScorer implements SimilarityScorer {
  readonly name = 'silent';
  readonly signals: AbortSignal[] = [];

  prepare(): Promise<void> {
    return Promise.resolve();
  }

  score(_setId: string, _text: string, _ids: readonly string[], signal: AbortSignal): Promise<never> {
    this.signals.push(signal);
    return new Promise(() => undefined);
  }

  release(): void {
    throw new Error('nothing is released here');
  }
}

async function scripted(): Promise<ScriptedScorer> {
  const scorer = new ScriptedScorer();
  await prepareTree(scorer, tree);
  return scorer;
}

function converse(primary: SimilarityScorer, fallback: SimilarityScorer | null = null) {
  const clock = new FakeClock();
  const logger = new MemoryLogger();
  const scorers = { primary, fallback, timeoutMs: 1_000 };
  return {
    clock,
    logger,
    conversation: new Conversation({ sessionId: 's1', tree, scorers, clock, logger }),
  };
}

const spoken = (turn: BotTurn | null): string[] => turn?.prompts.map(({ voice }) => voice) ?? [];

describe('a turn', () => {
  test('gathers prompts, tags and the closing of all its steps in order', async () => {
    const { conversation } = converse(await scripted());
    const turn = await conversation.handle(started);
    expect(spoken(turn)).toEqual(['Welcome.', 'Bill or fault?']);
    expect(turn).toMatchObject({ tags: ['arrived'], nodeId: 'menu', closing: { type: 'listen' } });
    expect(conversation.state.variables).toMatchObject({ caller: 'alice' });
  });

  test.each([
    ['my bill', ['Your number?'], 'listen'],
    ['a fault', [], 'transfer'],
    ['an agent please', ['One moment.'], 'handover'],
    ['i am done', ['Goodbye.'], 'end'],
  ])('"%s" is scored and closes as the tree says', async (words, prompts, closing) => {
    const { conversation, clock } = converse(await scripted());
    await conversation.handle(started);
    const turn = await conversation.handle(text(words));
    expect(spoken(turn)).toEqual(prompts);
    expect(turn).toMatchObject({ closing: { type: closing }, degraded: false });
    expect(turn?.decisions).toMatchObject([{ zone: 'accept', score: 1 }]);
    expect(clock.pendingTimers).toBe(0);
  });

  test('an event that means nothing any more closes with none', async () => {
    const { conversation } = converse(await scripted());
    await conversation.handle(started);
    await conversation.handle(text('i am done'));
    expect(await conversation.handle(text('my bill'))).toMatchObject({
      prompts: [],
      closing: { type: 'none' },
    });
  });

  test(`an utterance is cut to ${dialogLimits.utteranceCharacters} characters before it is scored`, async () => {
    const scorer = await scripted();
    const { conversation } = converse(scorer);
    await conversation.handle(started);
    await conversation.handle(text('x'.repeat(dialogLimits.utteranceCharacters + 1)));
    expect(scorer.texts.map(({ length }) => length)).toEqual([dialogLimits.utteranceCharacters]);
  });
});

describe('the mailbox', () => {
  test('events are handled one after the other in the order they came', async () => {
    const scorer = await scripted();
    const { conversation } = converse(scorer);
    const turns = [started, text('my bill'), text('1234')].map((event) => conversation.handle(event));
    const nodes = (await Promise.all(turns)).map((turn) => turn?.nodeId);
    expect(nodes).toEqual(['menu', 'phone', 'bye']);
  });

  test(`holds ${gatewayLimits.mailbox} events; the next is refused, and there is room again afterwards`, async () => {
    const { conversation } = converse(new SilentScorer());
    await conversation.handle(started);
    const waiting = Array.from({ length: gatewayLimits.mailbox }, () => conversation.handle(text('my bill')));
    await expect(conversation.handle(started)).rejects.toBeInstanceOf(MailboxFullError);
    conversation.close();
    expect(new Set(await Promise.all(waiting))).toEqual(new Set([null]));
    await expect(conversation.handle(started)).resolves.toBeNull();
  });
});

describe('closing', () => {
  test('a turn that waits for its score resolves to null, its scorer is aborted and no timer stays', async () => {
    const scorer = new SilentScorer();
    const { conversation, clock, logger } = converse(scorer);
    await conversation.handle(started);
    const turn = conversation.handle(text('my bill'));
    await settled();
    expect(clock.pendingTimers).toBe(1);
    conversation.close();
    conversation.close();
    expect(await turn).toBeNull();
    expect(scorer.signals.map(({ aborted }) => aborted)).toEqual([true]);
    expect(clock.pendingTimers).toBe(0);
    expect(logger.lines).toEqual([]);
  });

  test('while the fallback scores is no failure either', async () => {
    const primary = await scripted();
    const { conversation, clock, logger } = converse(primary, new SilentScorer());
    await conversation.handle(started);
    primary.failNext(new Error('down'));
    const turn = conversation.handle(text('my bill'));
    await settled();
    conversation.close();
    expect(await turn).toBeNull();
    expect(logger.lines.map(({ level }) => level)).toEqual(['warn']);
    expect(clock.pendingTimers).toBe(0);
  });

  test('what comes afterwards resolves to null', async () => {
    const { conversation } = converse(await scripted());
    conversation.close();
    expect(await conversation.handle(started)).toBeNull();
    expect(conversation.closed).toBe(true);
  });
});

describe('scorers that fail', () => {
  test('a late primary is aborted and the fallback decides, which the turn calls degraded', async () => {
    const primary = new SilentScorer();
    const { conversation, clock, logger } = converse(primary, await scripted());
    await conversation.handle(started);
    const turn = conversation.handle(text('my bill'));
    await settled();
    clock.advance(999);
    await settled();
    expect(primary.signals[0]?.aborted).toBe(false);
    clock.advance(1);
    expect(await turn).toMatchObject({ nodeId: 'phone', degraded: true, scoreMs: 1_000 });
    expect(primary.signals[0]?.aborted).toBe(true);
    expect(logger.lines).toMatchObject([
      { level: 'warn', fields: { scorer: 'silent', fallback: 'scripted' } },
    ]);
    expect(clock.pendingTimers).toBe(0);
  });

  test.each([
    ['without a fallback', false, ['warn']],
    ['with a fallback that fails too', true, ['warn', 'error']],
  ])('%s an utterance counts as no-match, and the ladder leads to a human', async (_case, has, levels) => {
    const [primary, fallback] = [await scripted(), await scripted()];
    const { conversation, logger } = converse(primary, has ? fallback : null);
    await conversation.handle(started);
    const turns: (BotTurn | null)[] = [];
    for (let i = 0; i < 2; i++) {
      primary.failNext(new Error('down'));
      fallback.failNext(new Error('down, too'));
      turns.push(await conversation.handle(text('my bill')));
    }
    expect(turns.map(spoken)).toEqual([['Pardon?'], ['One moment.']]);
    expect(turns).toMatchObject([
      { degraded: true, closing: { type: 'listen' } },
      { degraded: true, closing: { type: 'handover', handover: { queue: 'support' } } },
    ]);
    expect(logger.lines.slice(0, levels.length).map(({ level }) => level)).toEqual(levels);
  });
});

describe('a log of turns', () => {
  test('is told of every turn in which something was decided, and who gave the scores', async () => {
    const [primary, fallback] = [await scripted(), await scripted()];
    const records: TurnRecord[] = [];
    const turns = { record: (turn: TurnRecord) => void records.push(turn) };
    const scorers = { primary, fallback, timeoutMs: 1_000 };
    const logger = new MemoryLogger();
    const conversation = new Conversation({
      ...{ sessionId: 's1', tree, scorers, turns, clock: new FakeClock(), logger },
    });
    await conversation.handle(started);
    primary.failNext(new Error('down'));
    await conversation.handle(text('blub'));
    await conversation.handle({ type: 'dtmf', nowMs, digits: '1' });
    conversation.close();
    await conversation.handle(text('nobody hears this'));
    expect(records).toMatchObject([
      { session: 's1', tree: 'desk', node: 'menu', scorer: 'scripted', degraded: true, next: 'menu' },
      { node: 'menu', input: { type: 'dtmf', digits: '1' }, scorer: null, degraded: false, next: 'phone' },
    ]);
  });
});
