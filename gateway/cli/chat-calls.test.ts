import { Readable, Writable } from 'node:stream';
import { expect, test, vi } from 'vitest';

import { ScriptedScorer } from '../../adapters/fake/scripted-scorer.js';
import { FakeClock } from '../../config/clock.js';
import type { CallOutcome, DialogAction } from '../../dialog/action.js';
import type { DialogEvent } from '../../dialog/event.js';
import type { DialogState } from '../../dialog/state.js';
import { ScriptedServices } from '../services/testing/scripted-services.js';
import { settled, treeOf } from '../session/testing/kit.js';
import { runChat, type ChatOptions } from './chat.js';

const call: DialogAction = {
  type: 'call',
  nodeId: 'lookup',
  call: {
    callId: 1,
    service: 'orders',
    operation: { type: 'http', method: 'GET', path: '/orders/7' },
    input: {},
    timeoutMs: 8_000,
    retries: 0,
    idempotencyKey: 'k1',
    filler: { voice: '', chat: 'One moment.', bargeIn: true },
    fillerAfterMs: 1_000,
  },
};

/** A tree that asks a service and ends. */
vi.mock('../../dialog/step.js', () => ({
  step: (_tree: unknown, state: DialogState, event: DialogEvent) =>
    event.type === 'called'
      ? [{ ...state, phase: { name: 'ended' } }, [{ type: 'end', nodeId: 'bye' }]]
      : [{ ...state }, [call]],
}));

const context = { sessionId: 's1', scope: 'scope' };

async function chat(answer: (() => CallOutcome) | null, waitMs = 0): Promise<string[]> {
  const clock = new FakeClock();
  const caller = new ScriptedServices();
  let text = '';
  const output = new Writable({
    write(chunk: Buffer, _encoding, done) {
      text += chunk.toString();
      done();
    },
  });
  const options: ChatOptions = {
    tree: treeOf(),
    scorers: () => Promise.resolve({ primary: new ScriptedScorer(), fallback: null, timeoutMs: 1_000 }),
    input: Readable.from([]),
    output,
    clock,
    ...(answer ? { services: { caller, context } } : {}),
  };
  const running = runChat(options);
  await settled();
  clock.advance(waitMs);
  if (answer) {
    expect(caller.last.context).toEqual(context);
    caller.last.answer(answer());
  }
  expect(await running).toBe(0);
  expect(clock.pendingTimers).toBe(0);
  return text.split('\n').slice(1);
}

test('a call asks the real service, and the chat tells what came of it', async () => {
  expect(await chat(() => ({ ok: true, value: 1 }), 20)).toContain('  | orders GET /orders/7: ok (20 ms)');
});

test('a failure is told with its reason', async () => {
  const failure = { ok: false, failure: 'timeout', message: 'orders: no answer in time' } as const;
  expect(await chat(() => failure)).toContain(
    '  | orders GET /orders/7: timeout: orders: no answer in time (0 ms)',
  );
});

test('the filler comes when the answer takes long', async () => {
  expect((await chat(() => ({ ok: true, value: 1 }), 999)).join()).not.toContain('One moment.');
  expect(await chat(() => ({ ok: true, value: 1 }), 1_000)).toContain('bot: One moment.');
});

test('without services a call fails as one of an unknown service', async () => {
  expect((await chat(null)).join()).toContain('orders GET /orders/7: unknown-service');
});
