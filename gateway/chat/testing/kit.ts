import { ScriptedScorer } from '../../../adapters/fake/scripted-scorer.js';
import { MemorySessionLog } from '../../../adapters/database/memory-session-log.js';
import { FakeClock } from '../../../config/clock.js';
import { MemoryLogger } from '../../../config/logger.js';
import { SeededRandom } from '../../../config/random.js';
import { prepareTree } from '../../../dialog/candidates.js';
import { LogError, type LogMessage, type SessionLog, type SessionRef } from '../../ports/session-log.js';
import type { UserKey } from '../../ports/router.js';
import { unknownService, type ServiceCaller } from '../../services/service-caller.js';
import { RecordingMetrics, settled, treeOf } from '../../session/testing/kit.js';
import type { TreeLease } from '../../trees/tree-shelf.js';
import type { TreeVersion } from '../../trees/tree-version.js';
import type { EventJobs } from '../chat-events.js';
import { ChatHub } from '../chat-hub.js';
import type { Attachment, Signal, Subscriber } from '../chat-sessions.js';
import { Wire, type WireRouter } from './wire.js';

export const tenant = 'acme';
export const alice: UserKey = { tenant, userId: 'alice' };
export const idleEndMs = 3_600_000;
export const noInputMs = 60_000;

type LogCall = Exclude<keyof SessionLog, 'close' | 'health'>;

/** How a call of the log goes wrong: before it did anything, or after it did all of it. */
export type Fault = 'before' | 'after';

/** The log as one node sees it: each call fails as told, next time or until it is mended. */
export function faultyLog(log: SessionLog) {
  const next: { readonly call: LogCall; readonly fault: Fault }[] = [];
  const gates = new Map<LogCall, Promise<void>>();
  let away = false;
  const wrapped = new Proxy(log, {
    get: (target, name) => {
      const call = name as LogCall;
      const method = Reflect.get(target, name) as (...args: readonly unknown[]) => Promise<unknown>;
      if (typeof method !== 'function') return method;
      return async (...args: readonly unknown[]): Promise<unknown> => {
        const index = next.findIndex((fault) => fault.call === call);
        const [fault] = index < 0 ? [] : next.splice(index, 1);
        if (away || fault?.fault === 'before') throw new LogError('the store is away');
        await gates.get(call);
        const result = await method.apply(target, [...args]);
        if (fault?.fault === 'after') throw new LogError('the connection broke before the answer came');
        return result;
      };
    },
  });
  return {
    log: wrapped,
    fail: (call: LogCall, fault: Fault) => void next.push({ call, fault }),
    /** Calls of this kind wait until the returned function is called. */
    hold: (call: LogCall): (() => void) => {
      let open = (): void => undefined;
      gates.set(call, new Promise((resolve) => (open = resolve)));
      return () => {
        gates.delete(call);
        open();
      };
    },
    setAway: (now: boolean) => {
      away = now;
    },
  };
}

/** Follows a session and keeps what it is given. */
export class RecordingSubscriber implements Subscriber {
  readonly messages: LogMessage[] = [];
  readonly signals: Signal[] = [];
  readonly failures: string[] = [];
  /** False: `push` takes nothing. */
  takes = true;

  push(messages: readonly LogMessage[]): boolean {
    if (this.takes) this.messages.push(...messages);
    return this.takes;
  }

  signal(signal: Signal): void {
    this.signals.push(signal);
  }

  failed(reason: string): void {
    this.failures.push(reason);
  }

  /** `seq author text`, or the event's name for a text. */
  get lines(): string[] {
    return this.messages.map(
      ({ author, body, seq }) => `${seq} ${author} ${body.type === 'text' ? body.text : `(${body.event})`}`,
    );
  }
}

export interface TestNode {
  readonly hub: ChatHub;
  readonly router: WireRouter;
  readonly faults: ReturnType<typeof faultyLog>;
  readonly logger: MemoryLogger;
  /** Versions that sessions hold. */
  leases(): number;
  follow(
    ref: SessionRef,
    since?: number,
  ): Promise<{ subscriber: RecordingSubscriber; attachment: Attachment }>;
}

export interface ClusterOptions {
  readonly tree?: string;
  readonly services?: ServiceCaller;
  readonly eventJobs?: EventJobs;
  readonly idleEndMs?: number;
}

const noServices: ServiceCaller = { call: ({ service }) => Promise.resolve(unknownService(service)) };

/** Nodes over one log, one clock and one wire. */
export async function createCluster(options: ClusterOptions = {}) {
  const clock = new FakeClock();
  const random = new SeededRandom(7);
  const log = new MemorySessionLog(clock, random);
  const wire = new Wire();
  const tree = treeOf(options.tree);
  const scorer = new ScriptedScorer();
  await prepareTree(scorer, tree);
  const version: TreeVersion = {
    id: 'desk',
    tree,
    scorers: { primary: scorer, fallback: null, timeoutMs: 3_600_000 },
    version: tree.version,
    sha256: 'f'.repeat(64),
    text: '',
    file: 'test.yaml',
    origin: 'configured',
    loadedAtMs: 0,
  };

  async function createNode(nodeId: string): Promise<TestNode> {
    const logger = new MemoryLogger();
    const router = wire.router(nodeId);
    const faults = faultyLog(log);
    let leases = 0;
    const lease = (): TreeLease => {
      let held = true;
      leases++;
      const release = (): void => {
        if (held) leases--;
        held = false;
      };
      return { version, release };
    };
    const hub = new ChatHub({
      log: faults.log,
      router,
      dialog: {
        trees: { lease, leaseVersion: () => Promise.resolve(lease()) },
        services: options.services ?? noServices,
        settings: { noInputMs, unavailableText: () => 'Nobody is free.' },
        metrics: new RecordingMetrics(),
        turns: null,
        clock,
        logger,
      },
      eventJobs: options.eventJobs ?? null,
      shared: true,
      idleEndMs: options.idleEndMs ?? idleEndMs,
      clock,
      random,
      logger,
    });
    await log.beat({ ...router.node, state: 'up', address: '' }, 10_000);
    return {
      hub,
      router,
      faults,
      logger,
      leases: () => leases,
      follow: async (ref, since = 0) => {
        const subscriber = new RecordingSubscriber();
        await router.claim(alice, `d${String(since)}`, nodeId);
        const attachment = await hub.attach(ref, since, subscriber);
        if (!attachment) throw new Error('there is no such session');
        await quiet();
        return { subscriber, attachment };
      },
    };
  }

  return { clock, log, wire, createNode };
}

/** Lets every promise and everything on the wire come to rest. */
export async function quiet(): Promise<void> {
  for (let round = 0; round < 30; round++) await settled();
}

let sent = 0;

/** Says something as alice; resolves when all that follows from it has happened. */
export async function say(node: TestNode, ref: SessionRef, text: string, clientId = `m${++sent}`) {
  const body = { type: 'text', text } as const;
  const result = await node.hub.submit(ref, { author: 'user', senderId: 'alice', clientId, body });
  await quiet();
  return result;
}

/** Opens alice's session on a node and waits for the greeting. */
export async function openSession(node: TestNode): Promise<SessionRef> {
  const { record } = await node.hub.open({ user: alice, ingress: 'chat', tree: null });
  await quiet();
  return record.ref;
}
