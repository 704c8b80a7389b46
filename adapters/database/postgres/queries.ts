import type { SessionQuery } from '../../../gateway/ports/session-log.js';

/** The statements of the store; `$schema` stands for the schema. Those named `answer` call a function of it. */

const selectSessions = `
  select s.*, n.node_id is not null as owner_lives from $schema.sessions s
  left join $schema.nodes n
    on n.node_id = s.owner_node and n.incarnation = s.owner_incarnation and n.until_ms > $schema.statement_ms()`;

const jobColumns = 'id, tenant, kind, key, session, seq, payload, created_at_ms, due_at_ms, attempts';

export const open = 'select $schema.open_session($1, $2, $3, $4, $5, $6) as answer';

export const append = 'select $schema.append_message($1, $2, $3, $4, $5, $6, $7, $8, $9) as answer';

export const commit = 'select $schema.commit_turn($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) as answer';

export const acquire = 'select $schema.acquire_session($1, $2, $3, $4, $5) as answer';

export const mark = 'select $schema.raise_mark($1, $2, $3, $4, $5, $6) as answer';

export const remove = 'select $schema.remove_session($1, $2)';

export const putJobs = 'select $schema.put_jobs($1, null, $schema.clock_ms())';

export const session = `${selectSessions} where s.tenant = $1 and s.session = $2`;

/** One statement for each combination of what is asked for, so that each has its own plan. */
export function sessions(query: { readonly [Key in keyof SessionQuery]: SessionQuery[Key] | undefined }): {
  readonly text: string;
  readonly values: readonly unknown[];
} {
  const values: unknown[] = [query.tenant, query.limit];
  const wanted = ['s.tenant = $1'];
  if (query.userId !== undefined) wanted.push(`s.user_id = $${values.push(query.userId)}`);
  if (query.state !== undefined)
    wanted.push(`s.ended_at_ms is ${query.state === 'open' ? 'null' : 'not null'}`);
  if (query.before !== undefined)
    wanted.push(
      `s.id < (select id from $schema.sessions where tenant = $1 and session = $${values.push(query.before)})`,
    );
  return { text: `${selectSessions} where ${wanted.join(' and ')} order by s.id desc limit $2`, values };
}

export const heads = `
  ${selectSessions} join unnest($1::text[], $2::text[]) with ordinality as wanted (tenant, session, place)
  on s.tenant = wanted.tenant and s.session = wanted.session order by wanted.place`;

export const read = `
  select m.seq, m.author, m.sender_id, m.client_id, m.body, m.at_ms
  from $schema.messages m
  where m.session_id = (select id from $schema.sessions where tenant = $1 and session = $2) and m.seq > $3
  order by m.seq limit $4`;

export const marks = `
  select m.reader, m.delivered, m.read from $schema.marks m
  join $schema.sessions s on s.id = m.session_id where s.tenant = $1 and s.session = $2`;

export const release = `
  update $schema.sessions set owner_node = null, owner_incarnation = null
  where tenant = $1 and session = $2 and epoch = $3`;

export const waiting = `
  ${selectSessions} where s.waiting_since_ms is not null
  and (n.node_id is null or (s.owner_node = $1 and s.owner_incarnation = $2))
  order by s.waiting_since_ms, s.id limit $3`;

/** Nodes that were silent for too long go with the beat of any other, which waits for nobody. */
export const beat = `
  with gone as (
    delete from $schema.nodes where node_id in (
      select node_id from $schema.nodes where until_ms <= $schema.statement_ms() and node_id <> $1
      for update skip locked
    )
  ), own as (
    insert into $schema.nodes (node_id, incarnation, state, address, until_ms)
    values ($1, $2, $3, $4, $schema.statement_ms() + $5::bigint)
    on conflict (node_id) do update set incarnation = excluded.incarnation, state = excluded.state,
      address = excluded.address, until_ms = excluded.until_ms
    returning node_id, incarnation, state, address
  )
  select node_id as "nodeId", incarnation, state, address from own
  union all
  select node_id, incarnation, state, address from $schema.nodes
  where node_id <> $1 and until_ms > $schema.statement_ms()`;

export const retire = 'delete from $schema.nodes where node_id = $1 and incarnation = $2';

export const cancelJob = 'delete from $schema.jobs where tenant = $1 and kind = $2 and key = $3';

/** Rows that another caller is claiming are passed over, not waited for. */
export const claimJobs = `
  with free as (
    select id as free_id from $schema.jobs where kind = any ($1::text[]) and free_at_ms <= $schema.statement_ms()
    order by free_at_ms, id limit $2 for update skip locked
  )
  update $schema.jobs set claim = $4, attempts = attempts + 1, free_at_ms = $schema.statement_ms() + $3::bigint
  from free where id = free_id returning ${jobColumns}`;

export const finishJob = 'delete from $schema.jobs where id = $1 and claim = $2';

export const retryJob = `
  update $schema.jobs set claim = null, last_error = $4,
    due_at_ms = $schema.statement_ms() + $3::bigint, free_at_ms = $schema.statement_ms() + $3::bigint
  where id = $1 and claim = $2`;

export const buryJob = `
  with dead as (delete from $schema.jobs where id = $1 and claim = $2 returning *)
  insert into $schema.dead_jobs (${jobColumns}, error, died_at_ms)
  select ${jobColumns}, $3, $schema.statement_ms() from dead`;

export const deadJobs = `
  select * from $schema.dead_jobs where tenant = $1 and kind = $2 order by died_at_ms desc, id desc limit $3`;

export const reviveJob = `
  with revived as (
    insert into $schema.jobs (id, tenant, kind, key, session, seq, payload, created_at_ms, due_at_ms, free_at_ms)
    select id, tenant, kind, key, session, seq, payload, created_at_ms,
      $schema.statement_ms(), $schema.statement_ms()
    from $schema.dead_jobs where id = $1 and tenant = $2
    on conflict do nothing returning id
  )
  delete from $schema.dead_jobs where id in (select id from revived)`;

export const expired = `
  ${selectSessions} where s.ended_at_ms <= $schema.statement_ms() - $1::bigint
  order by s.ended_at_ms, s.id limit $2`;
