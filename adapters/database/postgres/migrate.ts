import type { ClientBase } from 'pg';

import { functionsSql } from './functions-sql.js';
import { tablesSql } from './tables-sql.js';

/** What each version adds; never changed once released, only added to. */
const versions: readonly string[] = [tablesSql + functionsSql];

/** Names the lock that nodes which start at the same time take in turn; any number nobody else uses does. */
const lockKey = 0x7061726c;

/** Puts the schema's name, which the configuration has checked, where `$schema` stands. */
export function withSchema(sql: string, schema: string): string {
  return sql.replaceAll('$schema', `"${schema}"`);
}

/** Brings the schema to the newest version, alone; throws for one that a newer Parley has made. */
export async function migrate(client: ClientBase, schema: string): Promise<void> {
  const run = (sql: string) => client.query(withSchema(sql, schema));
  const { rows } = await client.query<{ server_encoding: string }>('show server_encoding');
  if (rows[0]?.server_encoding !== 'UTF8')
    throw new Error(
      `the database is in ${rows[0]?.server_encoding ?? 'no encoding'}: make one with encoding UTF8`,
    );
  await run('begin');
  try {
    // Held to the end of the transaction, whatever becomes of this connection.
    await client.query('select pg_advisory_xact_lock($1, hashtext($2))', [lockKey, schema]);
    await run('create schema if not exists $schema');
    await run('create table if not exists $schema.version (version int not null)');
    const found = await client.query<{ version: number }>(
      withSchema('select coalesce(max(version), 0) as version from $schema.version', schema),
    );
    const version = found.rows[0]?.version ?? 0;
    if (version > versions.length)
      throw new Error(
        `schema "${schema}" has version ${version} and this Parley knows ${versions.length}: run the newer Parley that made it, or name another store.schema`,
      );
    for (const sql of versions.slice(version)) await run(sql);
    if (version < versions.length)
      await run(`delete from $schema.version; insert into $schema.version values (${versions.length})`);
    await run('commit');
  } catch (err) {
    await client.query('rollback');
    throw err;
  }
}
