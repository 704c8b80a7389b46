/**
 * Functions of version 1: each is one call of the port, so that a call is one round trip and one transaction.
 *
 * Those that write a session lock its row first, so that its numbers have no gap and its fence holds. Jobs come as a
 * JSON array of `PreparedJob`, messages as one of `PreparedMessage`; their texts are JSON, too, and are not looked into.
 */
export const functionsSql = `
create function $schema.statement_ms() returns bigint language sql stable as
  'select floor(extract(epoch from statement_timestamp()) * 1000)::bigint';

create function $schema.clock_ms() returns bigint language sql volatile as
  'select floor(extract(epoch from clock_timestamp()) * 1000)::bigint';

create function $schema.session_json(s $schema.sessions) returns json language sql stable as $$
  select row_to_json(r) from (
    select s.*, exists (
      select from $schema.nodes n
      where n.node_id = s.owner_node and n.incarnation = s.owner_incarnation and n.until_ms > $schema.statement_ms()
    ) as owner_lives
  ) r
$$;

create function $schema.put_jobs(p_jobs json, p_seq bigint, p_now bigint) returns void language plpgsql as $$
declare j json;
begin
  for j in select * from json_array_elements(p_jobs) loop
    insert into $schema.jobs as old
      (tenant, kind, key, session, seq, payload, created_at_ms, due_at_ms, free_at_ms)
    values (j->>'tenant', j->>'kind', j->>'key', j->>'sessionId', p_seq, j->>'payload',
      p_now, p_now + (j->>'delayMs')::bigint, p_now + (j->>'delayMs')::bigint)
    on conflict (tenant, kind, key) do update set id = default, session = excluded.session, seq = excluded.seq,
      payload = excluded.payload, created_at_ms = excluded.created_at_ms, due_at_ms = excluded.due_at_ms,
      free_at_ms = excluded.free_at_ms, attempts = 0, claim = null, last_error = null;
  end loop;
end $$;

create function $schema.open_session(
  p_tenant text, p_session text, p_user text, p_ingress text, p_tree text, p_jobs json
) returns json language plpgsql as $$
declare
  s $schema.sessions;
  now_ms bigint;
begin
  -- A session that was found may end, and one that was in the way may be found: again, but not for ever.
  for attempt in 1..10 loop
    select * into s from $schema.sessions
      where tenant = p_tenant and user_id = p_user and ingress = p_ingress and ended_at_ms is null;
    if found then
      return json_build_object('created', false, 'session', $schema.session_json(s));
    end if;
    now_ms := $schema.clock_ms();
    insert into $schema.sessions (tenant, session, user_id, ingress, tree, created_at_ms, last_at_ms)
      values (p_tenant, p_session, p_user, p_ingress, p_tree, now_ms, now_ms)
      on conflict do nothing returning * into s;
    if found then
      perform $schema.put_jobs(p_jobs, null, now_ms);
      return json_build_object('created', true, 'session', $schema.session_json(s));
    end if;
  end loop;
  return null;
end $$;

create function $schema.append_message(
  p_tenant text, p_session text, p_author text, p_sender text, p_client text, p_body text, p_jobs json,
  p_last boolean, p_bound bigint
) returns json language plpgsql as $$
declare
  s $schema.sessions;
  m $schema.messages;
  now_ms bigint;
begin
  select * into s from $schema.sessions where tenant = p_tenant and session = p_session for no key update;
  if not found then
    return json_build_object('outcome', 'unknown-session');
  end if;
  if p_client is not null then
    select * into m from $schema.messages
      where session_id = s.id and sender_id = p_sender and client_id = p_client;
    if found and m.author = p_author and m.body = p_body then
      return json_build_object('outcome', 'duplicate', 'seq', m.seq, 'at_ms', m.at_ms,
        'session', $schema.session_json(s));
    elsif found then
      return json_build_object('outcome', 'conflict', 'seq', m.seq);
    end if;
  end if;
  if s.ended_at_ms is not null then
    return json_build_object('outcome', 'ended');
  elsif not p_last and s.last_seq >= p_bound then
    return json_build_object('outcome', 'full');
  end if;
  now_ms := $schema.clock_ms();
  insert into $schema.messages (session_id, seq, author, sender_id, client_id, body, at_ms)
    values (s.id, s.last_seq + 1, p_author, p_sender, p_client, p_body, now_ms);
  update $schema.sessions set
    last_seq = s.last_seq + 1,
    last_at_ms = now_ms,
    input_seq = case when p_author = 'user' then s.last_seq + 1 else input_seq end,
    waiting_since_ms = case
      when p_last then null
      when p_author = 'user' then coalesce(waiting_since_ms, now_ms)
      else waiting_since_ms end,
    ended_at_ms = case when p_last then now_ms end
    where id = s.id returning * into s;
  if p_jobs is not null then
    perform $schema.put_jobs(p_jobs, s.last_seq, now_ms);
  end if;
  return json_build_object('outcome', 'appended', 'seq', s.last_seq, 'at_ms', now_ms,
    'session', $schema.session_json(s));
end $$;

create function $schema.acquire_session(
  p_tenant text, p_session text, p_node text, p_incarnation text, p_even_from bigint
) returns json language plpgsql as $$
declare
  s $schema.sessions;
  kept text;
begin
  select * into s from $schema.sessions where tenant = p_tenant and session = p_session for no key update;
  if not found then
    return json_build_object('outcome', 'unknown-session');
  elsif s.ended_at_ms is not null then
    return json_build_object('outcome', 'ended');
  elsif s.owner_node is not null and (s.owner_node, s.owner_incarnation) <> (p_node, p_incarnation)
    and s.epoch is distinct from p_even_from
    and exists (
      select from $schema.nodes
      where node_id = s.owner_node and incarnation = s.owner_incarnation and until_ms > $schema.statement_ms()
    ) then
    return json_build_object('outcome', 'held', 'session', $schema.session_json(s));
  end if;
  update $schema.sessions
    set epoch = epoch + 1, owner_node = p_node, owner_incarnation = p_incarnation
    where id = s.id returning * into s;
  select snapshot into kept from $schema.snapshots where session_id = s.id;
  return json_build_object('outcome', 'acquired', 'session', $schema.session_json(s), 'snapshot', kept);
end $$;

create function $schema.kept_before(p_id bigint, p_messages json) returns json language plpgsql as $$
declare
  first record;
  count bigint;
begin
  select k.seq - t.n as base, k.at_ms into first
    from json_array_elements(p_messages) with ordinality t (m, n)
    join $schema.messages k
      on k.session_id = p_id and k.sender_id = t.m->>'senderId' and k.client_id = t.m->>'clientId'
    order by t.n limit 1;
  if not found then
    return null;
  end if;
  select count(*) into count
    from json_array_elements(p_messages) with ordinality t (m, n)
    join $schema.messages k on k.session_id = p_id and k.seq = first.base + t.n and k.author = t.m->>'author'
      and k.sender_id = t.m->>'senderId' and k.client_id is not distinct from t.m->>'clientId'
      and k.body = t.m->>'body';
  if count < json_array_length(p_messages) then
    return json_build_object('outcome', 'other-turn');
  end if;
  return json_build_object('outcome', 'committed', 'seq', first.base + 1, 'at_ms', first.at_ms);
end $$;

create function $schema.commit_turn(
  p_tenant text, p_session text, p_epoch bigint, p_processed bigint, p_snapshot text, p_messages json,
  p_to_type text, p_end boolean, p_jobs json, p_cancel json, p_bound bigint
) returns json language plpgsql as $$
declare
  s $schema.sessions;
  before json;
  count bigint := json_array_length(p_messages);
  first bigint;
  input bigint;
  answered bigint;
  now_ms bigint;
begin
  select * into s from $schema.sessions where tenant = p_tenant and session = p_session for no key update;
  if not found then
    return json_build_object('outcome', 'unknown-session');
  end if;
  before := $schema.kept_before(s.id, p_messages);
  if before is not null then
    return json_build_object('outcome', before->'outcome', 'seq', before->'seq', 'at_ms', before->'at_ms',
      'session', $schema.session_json(s));
  elsif s.ended_at_ms is not null then
    return json_build_object('outcome', 'ended');
  elsif s.owner_node is null or s.epoch <> p_epoch then
    return json_build_object('outcome', 'fenced', 'session', $schema.session_json(s));
  elsif not p_end and s.last_seq + count > p_bound then
    return json_build_object('outcome', 'full');
  end if;
  now_ms := $schema.clock_ms();
  first := s.last_seq + 1;
  insert into $schema.messages (session_id, seq, author, sender_id, client_id, body, at_ms)
    select s.id, s.last_seq + n, m->>'author', m->>'senderId', m->>'clientId', m->>'body', now_ms
    from json_array_elements(p_messages) with ordinality t (m, n);
  select coalesce(max(s.last_seq + n), s.input_seq) into input
    from json_array_elements(p_messages) with ordinality t (m, n) where m->>'author' = 'user';
  answered := greatest(s.processed_seq, least(p_processed, s.last_seq + count));
  update $schema.sessions set
    last_seq = s.last_seq + count,
    input_seq = input,
    processed_seq = answered,
    to_type = coalesce(p_to_type, to_type),
    last_at_ms = case when count > 0 then now_ms else last_at_ms end,
    ended_at_ms = case when p_end then now_ms end,
    waiting_since_ms = case when not p_end and answered < input then (
      select at_ms from $schema.messages
      where session_id = s.id and seq > answered and author = 'user' order by seq limit 1
    ) end
    where id = s.id returning * into s;
  insert into $schema.snapshots (session_id, snapshot) values (s.id, p_snapshot)
    on conflict (session_id) do update set snapshot = excluded.snapshot;
  perform $schema.put_jobs(m->'jobs', first - 1 + n, now_ms)
    from json_array_elements(p_messages) with ordinality t (m, n) where json_array_length(m->'jobs') > 0;
  delete from $schema.jobs j using json_array_elements(p_cancel) c
    where j.tenant = p_tenant and j.kind = c->>'kind' and j.key = c->>'key';
  perform $schema.put_jobs(p_jobs, null, now_ms);
  return json_build_object('outcome', 'committed', 'seq', first, 'at_ms', now_ms,
    'session', $schema.session_json(s));
end $$;

create function $schema.raise_mark(
  p_tenant text, p_session text, p_reader text, p_delivered bigint, p_read bigint, p_bound bigint
) returns json language plpgsql as $$
declare
  s $schema.sessions;
  kept $schema.marks;
begin
  select * into s from $schema.sessions where tenant = p_tenant and session = p_session;
  if not found then
    return null;
  end if;
  update $schema.marks set
    delivered = greatest(delivered, least(p_delivered, s.last_seq)),
    read = greatest(read, least(p_read, s.last_seq))
    where session_id = s.id and reader = p_reader returning * into kept;
  if not found then
    perform from $schema.sessions where id = s.id for no key update;
    if (select count(*) from $schema.marks where session_id = s.id and reader <> p_reader) >= p_bound then
      return json_build_object('outcome', 'too-many');
    end if;
    insert into $schema.marks as old (session_id, reader, delivered, read)
      values (s.id, p_reader, least(p_delivered, s.last_seq), least(p_read, s.last_seq))
      on conflict (session_id, reader) do update set
        delivered = greatest(old.delivered, excluded.delivered), read = greatest(old.read, excluded.read)
      returning * into kept;
  end if;
  return json_build_object('outcome', 'raised', 'delivered', kept.delivered, 'read', kept.read);
end $$;

create function $schema.remove_session(p_tenant text, p_session text) returns void language plpgsql as $$
declare s $schema.sessions;
begin
  select * into s from $schema.sessions
    where tenant = p_tenant and session = p_session and ended_at_ms is not null for update;
  if not found then
    return;
  end if;
  delete from $schema.messages where session_id = s.id;
  delete from $schema.marks where session_id = s.id;
  delete from $schema.snapshots where session_id = s.id;
  delete from $schema.jobs where tenant = p_tenant and session = p_session;
  delete from $schema.dead_jobs where tenant = p_tenant and session = p_session;
  delete from $schema.sessions where id = s.id;
end $$;
`;
