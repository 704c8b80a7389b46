import { describe, expect, it } from 'vitest';
import { FakeClock } from '../../config/clock.js';
import { SeededRandom } from '../../config/random.js';
import type {
  Job,
  NewJob,
  NewMessage,
  SessionLog,
  SessionRef,
  TurnCommit,
} from '../../gateway/ports/session-log.js';
import { MemorySessionLog } from '../database/memory-session-log.js';
import { brokenRules } from './rule.js';
import { said, type SessionLogFixture } from './session-log-fixture.js';
import { sessionLogRules } from './session-log-rules.js';
import { describeSessionLog } from './session-log-suite.js';

type Ref = SessionRef;
type Claimed = Pick<Job, 'id' | 'claim'>;

const bounds = { messagesPerSession: 150, readersPerSession: 4 };

function memory(Store = MemorySessionLog): SessionLogFixture {
  const clock = new FakeClock();
  const log = new Store(clock, new SeededRandom(1), bounds);
  return {
    log,
    other: log,
    bounds,
    advance: (ms) => Promise.resolve(clock.advance(ms)),
    close: () => log.close(),
  };
}

describeSessionLog('MemorySessionLog', memory);

/** The epoch that a session has, whoever asks. */
async function epochIn(log: SessionLog, ref: Ref): Promise<number> {
  return (await log.session(ref))?.owner?.epoch ?? 0;
}

describe('the rules of SessionLog catch', () => {
  it.each<[string, typeof MemorySessionLog, string]>([
    [
      'a session for everyone who asks',
      class extends MemorySessionLog {
        override open(request: Parameters<SessionLog['open']>[0]) {
          return super.open({ ...request, userId: request.sessionId });
        }
      },
      'opens one session for all who ask at once',
    ],
    [
      'jobs of a session that was there',
      class extends MemorySessionLog {
        override async open(request: Parameters<SessionLog['open']>[0]) {
          for (const job of request.jobs ?? []) await this.putJob(job);
          return super.open(request);
        }
      },
      'makes the jobs of an opening only with a new session',
    ],
    [
      'a gap between numbers',
      class extends MemorySessionLog {
        override async append(ref: Ref, message: NewMessage) {
          if (message.body.text === 'said 7') await super.append(ref, said('nobody said this'));
          return super.append(ref, message);
        }
      },
      'numbers messages from 1 without a gap, whoever writes',
    ],
    [
      'a doubled message',
      class extends MemorySessionLog {
        override append(ref: Ref, message: NewMessage) {
          return super.append(ref, { ...message, clientId: null });
        }
      },
      'appends a client id once',
    ],
    [
      'a session without a bound',
      class extends MemorySessionLog {
        constructor(...[clock, random]: ConstructorParameters<typeof MemorySessionLog>) {
          super(clock, random);
        }
      },
      'refuses what is unknown, ended or full',
    ],
    [
      'pages that overlap',
      class extends MemorySessionLog {
        override read(ref: Ref, after: number, limit: number) {
          return super.read(ref, Math.max(0, after - 1), limit);
        }
      },
      'reads messages as they were, page by page',
    ],
    [
      'marks that fall',
      class extends MemorySessionLog {
        override async mark(...[ref, reader, marks]: Parameters<SessionLog['mark']>) {
          const raised = await super.mark(ref, reader, marks);
          return raised && { ...raised, ...marks };
        }
      },
      'only raises marks',
    ],
    [
      'a session that goes on after its end',
      class extends MemorySessionLog {
        override end(ref: Ref, last: NewMessage) {
          return super.append(ref, last);
        }
      },
      'ends a session once',
    ],
    [
      'a list in the wrong order',
      class extends MemorySessionLog {
        override async sessions(...query: Parameters<SessionLog['sessions']>) {
          return (await super.sessions(...query)).toReversed();
        }
      },
      'lists sessions and heads',
    ],
    [
      "a message in another tenant's session",
      class extends MemorySessionLog {
        override append(ref: Ref, message: NewMessage) {
          return super.append({ ...ref, tenant: 'shop' }, message);
        }
      },
      'keeps tenants apart',
    ],
    [
      'a job of any size',
      class extends MemorySessionLog {
        override putJob(job: NewJob) {
          return super.putJob(job).catch(() => undefined);
        }
      },
      'refuses what is past a bound',
    ],
    [
      'a session that cannot be removed',
      class extends MemorySessionLog {
        override remove() {
          return Promise.resolve();
        }
      },
      'finds and removes ended sessions',
    ],
    [
      'a log that is never closed',
      class extends MemorySessionLog {
        override close() {
          return Promise.resolve();
        }
      },
      'refuses after close',
    ],
    [
      'an owner for everyone who asks',
      class extends MemorySessionLog {
        override async acquire(...[ref, node]: Parameters<SessionLog['acquire']>) {
          const result = await super.acquire(ref, node, null);
          return result.outcome === 'held' ? super.acquire(ref, node, result.owner.epoch) : result;
        }
      },
      'gives a session to one of many',
    ],
    [
      'evidence that counts for nothing',
      class extends MemorySessionLog {
        override acquire(...[ref, node]: Parameters<SessionLog['acquire']>) {
          return super.acquire(ref, node, null);
        }
      },
      'passes a session on when its owner is gone',
    ],
    [
      'a session given back by somebody else',
      class extends MemorySessionLog {
        override async release(ref: Ref) {
          await super.release(ref, await epochIn(this, ref));
        }
      },
      'takes a session back from its owner alone',
    ],
    [
      'a turn without its jobs',
      class extends MemorySessionLog {
        override commit(ref: Ref, turn: TurnCommit) {
          return super.commit(ref, { ...turn, jobs: [] });
        }
      },
      'keeps all of a turn',
    ],
    [
      'a turn of an old owner',
      class extends MemorySessionLog {
        override async commit(ref: Ref, turn: TurnCommit) {
          return super.commit(ref, { ...turn, epoch: await epochIn(this, ref) });
        }
      },
      'keeps nothing of a fenced turn',
    ],
    [
      'jobs of a turn that came too late',
      class extends MemorySessionLog {
        override async commit(ref: Ref, turn: TurnCommit) {
          for (const job of turn.jobs ?? []) await this.putJob(job);
          return super.commit(ref, turn);
        }
      },
      'keeps nothing after the end',
    ],
    [
      'a turn that is kept twice',
      class extends MemorySessionLog {
        override commit(ref: Ref, turn: TurnCommit) {
          const messages = turn.messages.map((message) => ({ ...message, clientId: null }));
          return super.commit(ref, { ...turn, messages, end: false });
        }
      },
      'keeps a repeated turn once',
    ],
    [
      "a node that forgets its own sessions' input",
      class extends MemorySessionLog {
        override waiting(...[, limit]: Parameters<SessionLog['waiting']>) {
          return super.waiting({ nodeId: 'nobody', incarnation: 'never' }, limit);
        }
      },
      'finds sessions that wait for an answer',
    ],
    [
      'a new start retired by an old one',
      class extends MemorySessionLog {
        override async retire({ nodeId }: Parameters<SessionLog['retire']>[0]) {
          await super.beat({ nodeId, incarnation: 'none', state: 'up', address: '' }, 0);
        }
      },
      'knows which nodes live',
    ],
    [
      'jobs that come at once',
      class extends MemorySessionLog {
        override putJob(job: NewJob) {
          return super.putJob({ ...job, delayMs: 0 });
        }
      },
      'gives jobs when they are due',
    ],
    [
      'a job beside the one it replaces',
      class extends MemorySessionLog {
        #count = 0;
        override putJob(job: NewJob) {
          return super.putJob({ ...job, key: `${job.key} ${this.#count++}` });
        }
      },
      'replaces a job that is put again, and cancels',
    ],
    [
      'a job that does not know its message',
      class extends MemorySessionLog {
        override async append(ref: Ref, { jobs, ...message }: NewMessage) {
          for (const job of jobs ?? []) await this.putJob(job);
          return super.append(ref, message);
        }
      },
      'tells a job the number of its message',
    ],
    [
      'a job given to everyone',
      class extends MemorySessionLog {
        override claimJobs(...[kinds, { limit }]: Parameters<SessionLog['claimJobs']>) {
          return super.claimJobs(kinds, { limit, leaseMs: 0 });
        }
      },
      'gives each job to one of many',
    ],
    [
      'a job finished by somebody who lost it',
      class extends MemorySessionLog {
        readonly #claims = new Map<number, string>();
        override async claimJobs(...request: Parameters<SessionLog['claimJobs']>) {
          const jobs = await super.claimJobs(...request);
          for (const { id, claim } of jobs) this.#claims.set(id, claim);
          return jobs;
        }
        override finishJob({ id, claim }: Claimed) {
          return super.finishJob({ id, claim: this.#claims.get(id) ?? claim });
        }
      },
      'gives a job to another when its lease ends',
    ],
    [
      'a job that is tried again at once',
      class extends MemorySessionLog {
        override retryJob(job: Claimed, _delayMs: number, error: string) {
          return super.retryJob(job, 0, error);
        }
      },
      'tries a job again later',
    ],
    [
      'a job that is lost when it fails',
      class extends MemorySessionLog {
        override buryJob(job: Claimed) {
          return super.finishJob(job);
        }
      },
      'buries and revives jobs',
    ],
  ])('%s', async (_fault, Store, rule) => {
    expect(await brokenRules(sessionLogRules, () => memory(Store))).toContain(rule);
  });
});
