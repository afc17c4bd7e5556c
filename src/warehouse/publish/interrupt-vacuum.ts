import type { Relation } from '../../core/node.ts'
import { relationIdent } from '../relation-sql.ts'
import { ServerError } from '../server-error.ts'
import type { Session } from '../session.ts'
import { sql } from '../sql.ts'
import { sqlLiteral } from '../sql-text.ts'

/*
 * The server vacuums and analyses tables by itself, slowly, and holds a lock that keeps out whoever wants to replace
 * one. It leaves off when somebody has waited for its lock as long as deadlock_timeout says; our tries are shorter, so
 * as not to keep readers waiting, and would never see the end of it. So its lock is waited for in its own mode, which
 * keeps out neither readers nor writers. A table that a run has built is vacuumed as well, as soon as it is large.
 */

/** Longer than the server waits before it looks who is in the way. */
const slackMs = 500

/** Lock timeout, and deadlock: whoever builds an index concurrently waits for our transaction. */
const inTheWay = new Set(['55P03', '40P01'])

/**
 * Has maintenance leave off from the tables, and keeps it off until the transaction or its savepoint ends. False when
 * it does not: a vacuum that somebody called, or one that saves the server from running out of transaction numbers.
 * The transaction has failed then, back to its last savepoint.
 */
export async function interruptVacuum(session: Session, relations: readonly Relation[]): Promise<boolean> {
  const { rows } = await session.query<Relation & { readonly deadlockTimeoutMs: number }>(sql`
    select distinct
      n.nspname as schema,
      c.relname as identifier,
      (select setting::int from pg_catalog.pg_settings where name = 'deadlock_timeout') as "deadlockTimeoutMs"
    from pg_catalog.pg_locks l
    join pg_catalog.pg_class c on c.oid = l.relation
    join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    where l.granted
      and l.mode = 'ShareUpdateExclusiveLock'
      and l.database = (select oid from pg_catalog.pg_database where datname = current_database())
      and l.pid <> pg_backend_pid()
      and c.relkind in ('r', 'p')
      and (n.nspname, c.relname) in (
        select * from unnest(
          ${relations.map(({ schema }) => schema)}::text[], ${relations.map(({ identifier }) => identifier)}::text[]
        )
      )`)
  const [first] = rows
  if (!first) return true
  const timeoutMs = String(first.deadlockTimeoutMs + slackMs)
  try {
    await session.runAll([
      sql`set local lock_timeout = ${sqlLiteral(timeoutMs)}`,
      sql`lock table ${sql.join(rows.map(relationIdent), ', ')} in share update exclusive mode`,
    ])
    return true
  } catch (error) {
    if (!(error instanceof ServerError) || !inTheWay.has(error.failure.sqlstate ?? '')) throw error
    return false
  }
}
