import type { Connection } from './connection.js';

/**
 * What each version adds; never changed once released, only added to. The version is SQLite's `user_version`.
 *
 * Times are Unix milliseconds. `waiting_since_ms` is when the oldest unanswered input came; `free_at_ms` is when a job
 * may be claimed: when it is due, or when the lease of its claim ends. `last_error` is for people who look.
 */
const versions: readonly string[] = [
  `
  create table sessions (
    id integer primary key autoincrement,
    tenant text not null,
    session text not null,
    user_id text not null,
    ingress text not null,
    tree text,
    to_type text not null default 'bot',
    last_seq integer not null default 0,
    input_seq integer not null default 0,
    processed_seq integer not null default 0,
    waiting_since_ms integer,
    epoch integer not null default 0,
    owner_node text,
    owner_incarnation text,
    created_at_ms integer not null,
    last_at_ms integer not null,
    ended_at_ms integer,
    unique (tenant, session)
  ) strict;
  create unique index open_sessions on sessions (tenant, user_id, ingress) where ended_at_ms is null;
  create index sessions_of_tenant on sessions (tenant, id);
  create index sessions_of_user on sessions (tenant, user_id, id);
  create index waiting_sessions on sessions (waiting_since_ms, id) where waiting_since_ms is not null;
  create index ended_sessions on sessions (ended_at_ms, id) where ended_at_ms is not null;

  create table messages (
    session_id integer not null,
    seq integer not null,
    author text not null,
    sender_id text not null,
    client_id text,
    body text not null,
    at_ms integer not null,
    primary key (session_id, seq)
  ) strict, without rowid;
  create unique index client_ids on messages (session_id, sender_id, client_id) where client_id is not null;

  create table snapshots (session_id integer primary key, snapshot text not null) strict;

  create table marks (
    session_id integer not null,
    reader text not null,
    delivered integer not null,
    read integer not null,
    primary key (session_id, reader)
  ) strict, without rowid;

  create table nodes (
    node_id text primary key,
    incarnation text not null,
    state text not null,
    address text not null,
    until_ms integer not null
  ) strict, without rowid;

  create table jobs (
    id integer primary key autoincrement,
    tenant text not null,
    kind text not null,
    key text not null,
    session text not null,
    seq integer,
    payload text not null,
    created_at_ms integer not null,
    due_at_ms integer not null,
    free_at_ms integer not null,
    attempts integer not null default 0,
    claim text,
    last_error text,
    unique (tenant, kind, key)
  ) strict;
  create index free_jobs on jobs (kind, free_at_ms);
  create index jobs_of_session on jobs (tenant, session);

  create table dead_jobs (
    id integer primary key,
    tenant text not null,
    kind text not null,
    key text not null,
    session text not null,
    seq integer,
    payload text not null,
    created_at_ms integer not null,
    due_at_ms integer not null,
    attempts integer not null,
    error text not null,
    died_at_ms integer not null
  ) strict;
  create index dead_jobs_of_kind on dead_jobs (tenant, kind, died_at_ms, id);
  create index dead_jobs_of_session on dead_jobs (tenant, session);
  `,
];

/** Brings a file to the newest version; throws for one that a newer Parley has written. */
export function migrate(connection: Connection): void {
  const found = connection.first<{ user_version: number }>('pragma user_version')?.user_version ?? 0;
  if (found > versions.length)
    throw new Error(
      `its version is ${found} and this Parley knows ${versions.length}: run the newer Parley that wrote it, or name another store.file`,
    );
  versions.slice(found).forEach((sql, i) => {
    connection.execute(`begin immediate; ${sql}; pragma user_version = ${found + i + 1}; commit`);
  });
}
