import type { Clock } from '../../config/clock.js';
import type { Logger } from '../../config/logger.js';
import type { Random } from '../../config/random.js';
import { listenAgain, restoreState } from '../../dialog/snapshot.js';
import type { DialogState } from '../../dialog/state.js';
import type { DialogTree } from '../../dialog/tree.js';
import type { SessionFacts } from '../trees/canary.js';
import type { TreeLibrary } from '../trees/tree-library.js';
import type { ServiceCaller } from '../services/service-caller.js';
import type { TurnSink } from '../turns/turn-log.js';
import { Conversation, type BotTurn, type TurnClosing } from './conversation.js';
import type { OpenedConversation } from './conversation-table.js';
import type { SnapshotStore } from './snapshot-store.js';

export interface RestoreDeps {
  readonly trees: Pick<TreeLibrary, 'lease' | 'leaseVersion'>;
  readonly snapshots: Pick<SnapshotStore, 'read' | 'remove'>;
  readonly services: ServiceCaller;
  readonly turns: TurnSink | null;
  readonly random: Random;
  readonly clock: Clock;
  readonly logger: Logger;
}

/**
 * Takes up the conversation of a key where it stood before a restart, on its own tree version or else the one in force.
 *
 * Null when there is none, or none that can go on: the log says why. Never rejects.
 */
export async function restoreConversation(
  key: string,
  facts: SessionFacts,
  { clock, logger, random, services, snapshots, trees, turns }: RestoreDeps,
): Promise<OpenedConversation | null> {
  const snapshot = await snapshots.read(key);
  if (!snapshot) return null;
  const { version } = snapshot.version;
  const own = await trees.leaseVersion(snapshot.tree, snapshot.version);
  const lease = own ?? trees.lease(snapshot.tree, facts);
  const { scorers, tree } = lease.version;
  const restored = restoreState(snapshot.state, tree);
  if (!restored.ok) {
    const { reason } = restored;
    logger.warn('a kept conversation cannot go on, it starts again', {
      tree: snapshot.tree,
      version,
      reason,
    });
    lease.release();
    snapshots.remove(key);
    return null;
  }
  const { state } = restored;
  logger.info('conversation taken up', {
    tree: snapshot.tree,
    version,
    on: tree.version,
    node: state.nodeId,
  });
  const { sessionId } = facts;
  const callScope = `${sessionId}.${random.hex(4)}`;
  return {
    conversation: new Conversation({
      sessionId,
      tree,
      scorers,
      services,
      turns,
      callScope,
      state,
      clock,
      logger,
    }),
    lease,
    lastTurn: lastTurnOf(tree, state),
  };
}

/** The turn after which the conversation stands where it stands; null before the first. */
function lastTurnOf(tree: DialogTree, state: DialogState): BotTurn | null {
  if (state.phase.name === 'new') return null;
  return {
    prompts: [],
    closing: closingOf(tree, state),
    tags: [],
    decisions: [],
    nodeId: state.nodeId,
    scoreMs: 0,
    stepMs: 0,
    callMs: 0,
    degraded: false,
  };
}

function closingOf(tree: DialogTree, state: DialogState): TurnClosing {
  const listen = listenAgain(tree, state);
  if (listen) return { type: 'listen', listen };
  if (state.phase.name !== 'handed-over') return { type: 'end' };
  return { type: 'handover', handover: { queue: '', reason: '', summary: '' } };
}
