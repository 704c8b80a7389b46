import type { SessionLog, SessionRef, TurnCommit } from '../../gateway/ports/session-log.js';
import { findPostgres, PostgresServer } from '../../gateway/testing/postgres-server.js';
import { figure, type Figure } from '../figure.js';
import { memoryLog, postgresLog, sqliteLog, type LogUnderTest } from '../session-log/log-under-test.js';
import { summarize } from '../statistics.js';
import type { Suite } from '../suite.js';

const crowd = 64;
const text = 'My internet is down since this morning, and the light of the router blinks red.';
const snapshot = { node: 'menu', slots: { text: 'x'.repeat(1_000) } };

/** Appends and turns of each store, one caller and many, against bare inserts of the same library. */
export const sessionLogSuite: Suite = {
  name: 'session-log',
  about: 'appends and turns that the log of chat sessions keeps a second, and how long each takes',
  maxSeconds: 240,
  measuresPeers: false,
  run: async ({ options, print }) => {
    const figures: Figure[] = [];
    const notes: string[] = [];
    const calls = options.quick ? 256 : 4_096;
    const measure = async (under: LogUnderTest): Promise<void> => {
      print(under.name);
      try {
        figures.push(...(await measureLog(under, calls)));
      } finally {
        await under.close();
      }
    };
    await measure(memoryLog());
    await measure(await sqliteLog('full'));
    await measure(await sqliteLog('normal'));
    if (findPostgres()) {
      const server = await PostgresServer.start(true);
      try {
        await measure(await postgresLog(server));
      } finally {
        await server.stop();
      }
    } else notes.push('PostgreSQL is not installed: left out');
    return { suite: 'session-log', figures, distributions: [], notes };
  },
};

interface Measured {
  readonly perSecond: number;
  readonly p50Us: number;
  readonly p99Us: number;
}

async function measureLog({ name, log, bareInsert }: LogUnderTest, calls: number): Promise<Figure[]> {
  const sessions = await openSessions(log);
  const append = ({ ref }: Owned) =>
    log.append(ref, { author: 'user', senderId: 'ann', clientId: null, body: { type: 'text', text } });
  const commit = ({ ref, epoch }: Owned) => log.commit(ref, turnOf(epoch));
  const figures: Figure[] = [];
  for (const callers of [1, crowd]) {
    const few = callers === 1 ? Math.ceil(calls / 4) : calls;
    await run(callers, Math.ceil(few / 4), (caller) => append(ownedBy(sessions, caller)));
    const bare = bareInsert && (await run(callers, few, () => bareInsert(text)));
    const appends = await run(callers, few, (caller) => append(ownedBy(sessions, caller)));
    const commits = await run(callers, few, (caller) => commit(ownedBy(sessions, caller)));
    const title = `${name}, ${callers} ${callers === 1 ? 'caller' : 'callers'}`;
    figures.push(
      figure(`${title}: appends`, appends.perSecond, '/s', { baseline: bare && bare.perSecond }),
      figure(`${title}: append p50`, appends.p50Us, 'us', { baseline: bare && bare.p50Us }),
      figure(`${title}: append p99`, appends.p99Us, 'us', { baseline: bare && bare.p99Us }),
      figure(`${title}: turns`, commits.perSecond, '/s', { baseline: bare && bare.perSecond }),
    );
  }
  return figures;
}

interface Owned {
  readonly ref: SessionRef;
  readonly epoch: number;
}

/** One session for each caller, as each user has one. */
function openSessions(log: SessionLog): Promise<Owned[]> {
  return Promise.all(
    Array.from({ length: crowd }, async (_, n) => {
      const ref = { tenant: 'bench', sessionId: `s${n}` };
      await log.open({ ...ref, userId: `u${n}`, ingress: 'chat', tree: null });
      const acquired = await log.acquire(ref, { nodeId: 'bench', incarnation: 'one' }, null);
      return { ref, epoch: acquired.outcome === 'acquired' ? acquired.epoch : 0 };
    }),
  );
}

function ownedBy(sessions: readonly Owned[], caller: number): Owned {
  const owned = sessions[caller];
  if (!owned) throw new Error(`caller ${caller} has no session`);
  return owned;
}

function turnOf(epoch: number): TurnCommit {
  const body = { type: 'text', text } as const;
  return {
    epoch,
    processedSeq: 1,
    snapshot,
    messages: [{ author: 'bot', senderId: '', clientId: null, body }],
  };
}

/** So many calls by so many callers, each of whom waits for its last call before the next. */
async function run(
  callers: number,
  calls: number,
  call: (caller: number) => Promise<unknown>,
): Promise<Measured> {
  const tookUs: number[] = [];
  let left = calls;
  const loop = async (caller: number): Promise<void> => {
    while (left-- > 0) {
      const startMs = performance.now();
      await call(caller);
      tookUs.push((performance.now() - startMs) * 1_000);
    }
  };
  const startMs = performance.now();
  await Promise.all(Array.from({ length: callers }, (_, caller) => loop(caller)));
  const seconds = (performance.now() - startMs) / 1_000;
  const { p50, p99 } = summarize(tookUs);
  return { perSecond: calls / seconds, p50Us: p50, p99Us: p99 };
}
