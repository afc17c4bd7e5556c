import type { Queryable } from './catalog.ts'
import { sql } from './sql.ts'

/** After how long an idle session has told what it did, from version 15 on; ten seconds and some for a busy server. */
const settledAfter = '15 seconds'

/**
 * Who may have changed tables without the server having counted it: by the table's oid, one of them each. That is who
 * is at work, or was a moment ago, and may write the table. Before version 15 an idle session may keep its counts as
 * long as it likes.
 */
export async function possibleWriters(
  on: Queryable,
  tables: readonly number[],
  serverVersion: number,
): Promise<ReadonlyMap<number, string>> {
  if (tables.length === 0) return new Map()
  const { rows } = await on.query<{ oid: number; who: string }>(sql`
    with busy as materialized (
      select
        a.pid,
        coalesce(a.usesysid, 10) as role,
        format('process %s (%s)', a.pid, coalesce(nullif(a.application_name, ''), a.usename, a.backend_type)) as who
      from pg_catalog.pg_stat_activity a
      where a.datid = (select d.oid from pg_catalog.pg_database d where d.datname = current_database())
        and a.pid <> pg_backend_pid()
        and coalesce(a.backend_type, '') not in ('autovacuum worker', 'parallel worker', 'walsender')
        and (
          ${serverVersion < 150_000}
          or a.state is distinct from 'idle'
          or a.state_change > clock_timestamp() - ${settledAfter}::interval
        )
    ),
    -- What a role may do it may do in the guise of every role of which it is a member.
    guises as materialized (
      select distinct busy.pid, busy.who, r.oid as role
      from busy
      join pg_catalog.pg_roles r on pg_has_role(busy.role, r.oid, 'member')
    )
    select distinct on (t.oid) t.oid::int8 as oid, guises.who
    from unnest(${tables}::oid[]) as t (oid)
    join guises on has_table_privilege(guises.role, t.oid, 'insert, update, delete, truncate')
    order by t.oid, guises.pid`)
  return new Map(rows.map(({ oid, who }) => [oid, who]))
}
