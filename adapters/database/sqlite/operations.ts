import type { SessionBounds } from '../prepared.js';
import type { Connection } from './connection.js';
import { JobTable } from './job-table.js';
import { MessageTable } from './message-table.js';
import { SessionTable } from './session-table.js';

/** The store's calls, each to be run inside a transaction. Arguments and results can be sent between threads. */
export function createOperations(connection: Connection, bounds: SessionBounds) {
  const jobs = new JobTable(connection);
  const sessions = new SessionTable(connection, jobs);
  const messages = new MessageTable(connection, sessions, jobs, bounds);
  return {
    open: sessions.open.bind(sessions),
    session: sessions.session.bind(sessions),
    sessions: sessions.sessions.bind(sessions),
    heads: sessions.heads.bind(sessions),
    acquire: sessions.acquire.bind(sessions),
    release: sessions.release.bind(sessions),
    waiting: sessions.waiting.bind(sessions),
    beat: sessions.beat.bind(sessions),
    retire: sessions.retire.bind(sessions),
    expired: sessions.expired.bind(sessions),
    remove: sessions.remove.bind(sessions),
    append: messages.append.bind(messages),
    commit: messages.commit.bind(messages),
    read: messages.read.bind(messages),
    mark: messages.mark.bind(messages),
    marks: messages.marks.bind(messages),
    putJobs: jobs.putJobs.bind(jobs),
    cancelJob: jobs.cancelJob.bind(jobs),
    claimJobs: jobs.claimJobs.bind(jobs),
    finishJob: jobs.finishJob.bind(jobs),
    retryJob: jobs.retryJob.bind(jobs),
    buryJob: jobs.buryJob.bind(jobs),
    deadJobs: jobs.deadJobs.bind(jobs),
    reviveJob: jobs.reviveJob.bind(jobs),
  };
}

export type Operations = ReturnType<typeof createOperations>;
export type OperationName = keyof Operations;
