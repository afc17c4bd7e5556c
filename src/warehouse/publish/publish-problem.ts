import { type Relation, relationKey } from '../../core/node.ts'
import { makeProblem, type Problem } from '../../core/problem.ts'
import type { Queryable } from '../catalog.ts'
import type { ServerError } from '../server-error.ts'
import { sql } from '../sql.ts'
import type { PublishAction } from './publish-action.ts'

/** What a refusal of the server means for the publication. */
export function publishProblem(error: ServerError): Problem {
  const { sqlstate, message, detail } = error.failure
  const nothing = 'nothing was published'
  switch (sqlstate) {
    case '2BP01':
      return refused(message, [detail ?? '', `drop or change what depends on it; ${nothing}`])
    case '42501':
      return refused(message, [
        `publishing has to drop it and make it again, so it needs to be a member of its owner; ${nothing}`,
      ])
    default:
      return refused(message, [detail ?? '', nothing])
  }
}

/** Others held on to what is published for as long as it may be waited for. */
export function blockedProblem(holders: readonly string[]): Problem {
  const who = holders.join('; ') || 'sessions that come and go'
  return makeProblem('publish-blocked', `what is to be replaced stayed in use: ${who}`, {
    hint: 'end these sessions or wait for them, then `estimand retry` publishes what was built; nothing was published',
  })
}

/** A dependent of others that the new tables do not carry any more. */
export function dependentProblem(name: string, kind: string, error: ServerError): Problem {
  return refused(`the ${kind} ${name} cannot be made again on the new tables: ${error.failure.message}`, [
    `it is not part of this project; change or drop it, or keep what it needs; nothing was published`,
  ])
}

/** A policy of another table that cannot look any more into what is replaced. */
export function policyProblem(name: string, table: string, error: ServerError): Problem {
  return refused(`the policy ${name} of ${table} cannot be made again: ${error.failure.message}`, [
    `it looks into what is replaced; change or drop it, or keep what it needs; nothing was published`,
  ])
}

/** An index of others that the new table cannot have. */
export function indexProblem(name: string, table: string, error: ServerError): Problem {
  return refused(`the index ${name} of ${table} cannot be made again: ${error.failure.message}`, [
    error.failure.detail ?? '',
    `it is not part of this project; change or drop it, or keep what it needs; nothing was published`,
  ])
}

/** A table of ours that somebody made a part of another table. */
export function inheritedProblem(table: string): Problem {
  return refused(`${table} is a partition or a child of another table, which would lose it`, [
    'a table that is replaced cannot be part of another; detach it, or let the other read it by a view; nothing was published',
  ])
}

/** A table that was built is gone before it could be published. */
export function missingBuild(build: Relation): Problem {
  return refused(`${relationKey(build)} is not there any more`, [
    'something dropped what the run built, a hook maybe; nothing was published',
  ])
}

function refused(message: string, hints: readonly string[]): Problem {
  return makeProblem('publish-refused', message, { hint: hints.filter(Boolean).join('\n') })
}

/** Who holds locks on what is to be replaced: `process 123 (Metabase of ann), in a query for 35 s, holds s.orders`. */
export async function inUse(on: Queryable, actions: readonly PublishAction[]): Promise<string[]> {
  const keys = actions.map(({ published }) => relationKey(published))
  const { rows } = await on.query<{ holder: string }>(sql`
    with held as (
      select l.pid, string_agg(distinct format('%s.%s', n.nspname, c.relname), ', ') as names
      from pg_catalog.pg_locks l
      join pg_catalog.pg_class c on c.oid = l.relation
      join pg_catalog.pg_namespace n on n.oid = c.relnamespace
      where l.granted
        and l.database = (select oid from pg_catalog.pg_database where datname = current_database())
        and l.pid is distinct from pg_backend_pid()
        and n.nspname || '.' || c.relname = any(${keys}::text[])
      group by l.pid
    )
    select
      case
        when held.pid is null then format('a prepared transaction holds %s', held.names)
        else format(
          'process %s (%s), %s for %s s, holds %s',
          held.pid,
          concat_ws(' of ', nullif(a.application_name, ''), a.usename),
          case
            when a.state = 'active' then 'in a query'
            when a.state like 'idle in transaction%' then 'idle in a transaction'
            else 'at work'
          end,
          round(extract(epoch from clock_timestamp() - case
            when a.state = 'active' then a.query_start
            else a.xact_start
          end)),
          held.names
        )
      end as holder
    from held
    left join pg_catalog.pg_stat_activity a on a.pid = held.pid
    order by a.xact_start nulls first
    limit 5`)
  return rows.map(({ holder }) => holder)
}
