import { beforeEach, describe, expect, test, vi } from 'vitest';

import { ScriptedScorer } from '../../adapters/fake/scripted-scorer.js';
import { FakeClock } from '../../config/clock.js';
import { serviceLimits } from '../../config/limits.js';
import { MemoryLogger } from '../../config/logger.js';
import type { CallSpec, DialogAction, Prompt } from '../../dialog/action.js';
import type { DialogEvent } from '../../dialog/event.js';
import type { DialogState } from '../../dialog/state.js';
import { ScriptedServices } from '../services/testing/scripted-services.js';
import { Conversation } from './conversation.js';
import { listenSpec, prompt, settled, treeOf } from './testing/kit.js';

/** What the tree does at each step, given by the test; the events that it was asked with. */
const script: { actions: (() => DialogAction[])[]; events: DialogEvent[] } = { actions: [], events: [] };

vi.mock('../../dialog/step.js', () => ({
  step: (_tree: unknown, state: DialogState, event: DialogEvent) => {
    script.events.push(event);
    return [state, script.actions.shift()?.() ?? []];
  },
}));

beforeEach(() => {
  script.actions = [];
  script.events = [];
});

const tree = treeOf();
const started: DialogEvent = { type: 'started', nowMs: 0, channel: 'voice', variables: {} };
const listen: DialogAction = { type: 'listen', listen: listenSpec(), nodeId: 'menu' };
const say = (voice: string): DialogAction => ({ type: 'say', prompt: prompt(voice), nodeId: 'menu' });
const filler = prompt('One moment.');

function call(more: Partial<CallSpec> = {}): DialogAction {
  const spec: CallSpec = {
    callId: 1,
    service: 'orders',
    operation: { type: 'http', method: 'GET', path: '/orders/1' },
    input: {},
    timeoutMs: 8_000,
    retries: 0,
    idempotencyKey: 'k1',
    filler,
    fillerAfterMs: 1_500,
    ...more,
  };
  return { type: 'call', call: spec, nodeId: 'lookup' };
}

function fixture(more: { callScope?: string } = {}) {
  const clock = new FakeClock();
  const logger = new MemoryLogger();
  const services = new ScriptedServices();
  const scorers = { primary: new ScriptedScorer(), fallback: null, timeoutMs: 1_000 };
  const conversation = new Conversation({
    sessionId: 's1',
    tree,
    scorers,
    services,
    clock,
    logger,
    ...more,
  });
  const interim: string[][] = [];
  const onInterim = (prompts: readonly Prompt[]): void =>
    void interim.push(prompts.map(({ voice }) => voice));
  return { clock, conversation, interim, listener: { onInterim }, logger, services };
}

describe('a call of the tree', () => {
  test('pauses the turn; its outcome goes back with its id, and the turn goes on', async () => {
    script.actions = [
      () => [say('Let me see.'), call({ callId: 7 })],
      () => [say('It is on its way.'), listen],
    ];
    const { clock, conversation, services } = fixture();
    const turn = conversation.handle(started);
    await settled();
    clock.advance(400);
    services.last.answer({ ok: true, value: { state: 'shipped' } });
    expect(await turn).toMatchObject({
      prompts: [{ voice: 'Let me see.' }, { voice: 'It is on its way.' }],
      closing: { type: 'listen' },
      callMs: 400,
    });
    expect(script.events[1]).toMatchObject({
      type: 'called',
      callId: 7,
      outcome: { ok: true, value: { state: 'shipped' } },
    });
    expect(clock.pendingTimers).toBe(0);
  });

  test.each([
    [undefined, 's1'],
    ['s1.2', 's1.2'],
  ])('with the scope %j is made as %s, which no other conversation has', async (callScope, scope) => {
    script.actions = [() => [call()]];
    const { conversation, services } = fixture(callScope === undefined ? {} : { callScope });
    const turn = conversation.handle(started);
    await settled();
    expect(services.last.context).toEqual({ sessionId: 's1', scope });
    services.last.answer({ ok: true, value: null });
    await turn;
  });

  test('without services fails as one of an unknown service', async () => {
    script.actions = [() => [call()], () => [listen]];
    const { clock, logger } = fixture();
    const scorers = { primary: new ScriptedScorer(), fallback: null, timeoutMs: 1_000 };
    await new Conversation({ sessionId: 's1', tree, scorers, clock, logger }).handle(started);
    expect(script.events[1]).toMatchObject({ outcome: { ok: false, failure: 'unknown-service' } });
  });

  test('whose caller rejects is refused, and the conversation lives', async () => {
    script.actions = [() => [call()], () => [listen]];
    const { conversation, logger, services } = fixture();
    const turn = conversation.handle(started);
    await settled();
    services.last.fail(new Error('bug'));
    expect(await turn).toMatchObject({ closing: { type: 'listen' } });
    expect(script.events[1]).toMatchObject({ outcome: { failure: 'refused' } });
    expect(logger.lines).toMatchObject([{ level: 'error', message: 'service caller failed' }]);
  });

  test(`number ${serviceLimits.callsPerTurn + 1} of one turn is refused without asking`, async () => {
    script.actions = Array.from({ length: serviceLimits.callsPerTurn + 1 }, (_, i) => () => [
      call({ callId: i }),
    ]);
    const { conversation, services } = fixture();
    const turn = conversation.handle(started);
    for (let i = 0; i < serviceLimits.callsPerTurn; i++) {
      await settled();
      services.last.answer({ ok: true, value: null });
    }
    await turn;
    expect(services.calls).toHaveLength(serviceLimits.callsPerTurn);
    expect(script.events.at(-1)).toMatchObject({ outcome: { failure: 'refused' } });
  });

  test('holds back inputs that come meanwhile until its turn is done', async () => {
    script.actions = [() => [call()], () => [listen], () => [say('second')]];
    const { conversation, services } = fixture();
    const turns = [started, { type: 'no-input', nowMs: 0 } as const].map((event) =>
      conversation.handle(event),
    );
    await settled();
    expect(script.events).toHaveLength(1);
    services.last.answer({ ok: true, value: null });
    await Promise.all(turns);
    expect(script.events.map(({ type }) => type)).toEqual(['started', 'called', 'no-input']);
  });
});

describe('the filler', () => {
  test('comes once the wait is long, after what was said before the call, and the turn keeps the rest', async () => {
    script.actions = [() => [say('Let me see.'), call()], () => [say('Found.'), listen]];
    const { clock, conversation, interim, listener, services } = fixture();
    const turn = conversation.handle(started, listener);
    await settled();
    clock.advance(1_499);
    expect(interim).toEqual([]);
    clock.advance(1);
    clock.advance(60_000);
    expect(interim).toEqual([['Let me see.', 'One moment.']]);
    services.last.answer({ ok: true, value: null });
    expect((await turn)?.prompts.map(({ voice }) => voice)).toEqual(['Found.']);
  });

  test('is not said when the answer comes first, when there is none, or when nobody takes it', async () => {
    script.actions = [() => [call()], () => [call({ filler: null })], () => [listen]];
    const { clock, conversation, interim, listener, services } = fixture();
    const turn = conversation.handle(started, listener);
    await settled();
    clock.advance(1_499);
    services.last.answer({ ok: true, value: null });
    await settled();
    clock.advance(60_000);
    services.last.answer({ ok: true, value: null });
    await turn;
    expect(interim).toEqual([]);
    script.actions = [() => [say('Let me see.'), call()], () => [listen]];
    const silent = conversation.handle(started);
    await settled();
    clock.advance(60_000);
    services.last.answer({ ok: true, value: null });
    expect((await silent)?.prompts.map(({ voice }) => voice)).toEqual(['Let me see.']);
    expect(clock.pendingTimers).toBe(0);
  });

  test('of a second call in the turn is said again', async () => {
    script.actions = [() => [call()], () => [call()], () => [listen]];
    const { clock, conversation, interim, listener, services } = fixture();
    const turn = conversation.handle(started, listener);
    for (let i = 0; i < 2; i++) {
      await settled();
      clock.advance(2_000);
      services.last.answer({ ok: true, value: null });
    }
    await turn;
    expect(interim).toEqual([['One moment.'], ['One moment.']]);
  });
});

test('close aborts the request, the turn resolves to null at once and no timer stays', async () => {
  script.actions = [() => [call()]];
  const { clock, conversation, interim, listener, services } = fixture();
  const turn = conversation.handle(started, listener);
  await settled();
  conversation.close();
  expect(services.last.signal.aborted).toBe(true);
  expect(await turn).toBeNull();
  expect(clock.pendingTimers).toBe(0);
  clock.advance(60_000);
  expect(interim).toEqual([]);
  expect(script.events).toHaveLength(1);
});
