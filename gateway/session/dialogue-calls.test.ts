import { expect, test, vi } from 'vitest';

import { ScriptedScorer } from '../../adapters/fake/scripted-scorer.js';
import { FakeClock } from '../../config/clock.js';
import { MemoryLogger } from '../../config/logger.js';
import { SeededRandom } from '../../config/random.js';
import type { DialogAction } from '../../dialog/action.js';
import type { DialogEvent } from '../../dialog/event.js';
import type { DialogState } from '../../dialog/state.js';
import { ScriptedServices } from '../services/testing/scripted-services.js';
import { FakeTrees } from '../trees/testing/fake-trees.js';
import { ConversationTable } from './conversation-table.js';
import { DialogueSession, vendorParameters } from './dialogue-session.js';
import { ResponseRenderer } from './response-renderer.js';
import { FakeSpeaker } from './testing/fake-speaker.js';
import { facts, listenSpec, prompt, recogRequest, RecordingMetrics, settled, treeOf } from './testing/kit.js';

const call: DialogAction = {
  type: 'call',
  nodeId: 'lookup',
  call: {
    callId: 1,
    service: 'orders',
    operation: { type: 'http', method: 'GET', path: '/' },
    input: {},
    timeoutMs: 8_000,
    retries: 0,
    idempotencyKey: 'k1',
    filler: prompt('One moment.'),
    fillerAfterMs: 100,
  },
};
const listen: DialogAction = { type: 'listen', listen: listenSpec(), nodeId: 'menu' };

/** A tree that asks a service and then listens. */
vi.mock('../../dialog/step.js', () => ({
  step: (_tree: unknown, state: DialogState, event: DialogEvent) => [
    state,
    event.type === 'called' ? [listen] : [call],
  ],
}));

test('conversations of one session have different idempotency keys, and no filler is waited for', async () => {
  const tree = treeOf();
  const clock = new FakeClock();
  const logger = new MemoryLogger();
  const services = new ScriptedServices();
  const bot = {
    id: 'desk',
    tree,
    scorers: { primary: new ScriptedScorer(), fallback: null, timeoutMs: 1_000 },
  };
  const session = new DialogueSession({
    facts,
    bots: new FakeTrees(bot),
    snapshots: null,
    conversations: new ConversationTable(clock, 60_000),
    renderer: new ResponseRenderer(() => null),
    speaker: new FakeSpeaker(),
    services,
    random: new SeededRandom(1),
    clock,
    logger,
    metrics: new RecordingMetrics(),
  });
  const choice = { mode: 'dialogue', template: 'nlsml-dialogue', tree: 'desk', unknownTree: null } as const;
  for (let i = 0; i < 2; i++) {
    const keys = new Map([[vendorParameters.session, `conversation ${i}`]]);
    const prepared = session.prepare(recogRequest({ vendorParameters: keys }), choice);
    await settled();
    // None for a filler; the table has one for each conversation that was left.
    expect(clock.pendingTimers).toBe(i);
    services.last.answer({ ok: true, value: null });
    expect((await prepared).type).toBe('listen');
  }
  const scopes = services.calls.map(({ context }) => context.scope);
  expect(scopes).toHaveLength(2);
  expect(new Set(scopes).size).toBe(2);
  expect(scopes.every((scope) => scope.startsWith(`${facts.sessionId}.`))).toBe(true);
});
