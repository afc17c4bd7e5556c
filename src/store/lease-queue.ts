import type { LeaseHolder } from '../core/run-event.ts'
import { type Session, sql } from '../warehouse/index.ts'
import { isHeld, leaseLock } from './lease-locks.ts'

/** Whether nobody is before a lease who wants some of the same; from then on it is granted. */
export async function isMyTurn(on: Pick<Session, 'query'>, token: number): Promise<boolean> {
  const { rowCount } = await on.query(sql`
    update estimand.leases mine
    set granted_at = clock_timestamp()
    where mine.token = ${token}
      and not exists (
        select from estimand.leases others
        where others.token < mine.token
          and others.superseded_by is null
          and exists (select unnest(others.relations) intersect select unnest(mine.relations))
      )`)
  return rowCount > 0
}

/** Those who were before a lease and want some of the same, the first one first; the dead among them, too. */
export async function holdersAhead(on: Pick<Session, 'query'>, token: number): Promise<LeaseHolder[]> {
  const { rows } = await on.query<LeaseHolder>(sql`
    select
      leases.token,
      leases.command,
      leases.project,
      leases.host,
      leases.os_user as "user",
      leases.process_id as "processId",
      to_char(coalesce(granted_at, queued_at) at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') as since,
      granted_at is null as "isWaiting",
      exists (select from pg_catalog.pg_locks l where ${isHeld(leaseLock, sql`leases.token`)}) as "isAlive",
      shared.relations
    from estimand.leases
    cross join lateral (
      select array(
        select unnest(leases.relations)
        intersect
        select unnest(mine.relations) from estimand.leases mine where mine.token = ${token}
        order by 1
      ) as relations
    ) as shared
    where leases.token < ${token} and leases.superseded_by is null and shared.relations <> '{}'
    order by leases.token`)
  return rows
}

const namedRelations = 3

/** `estimand build by ann on laptop, process 4711, since 2026-01-01 10:00:00 UTC; both publish shop.orders`. */
export function describeHolder(holder: LeaseHolder): string {
  const { command, host, user, processId, since, isWaiting, relations } = holder
  const named = relations.slice(0, namedRelations).join(', ')
  const more = relations.length > namedRelations ? ` and ${relations.length - namedRelations} more` : ''
  const state = isWaiting ? 'waiting since' : 'since'
  const when = since.replace('T', ' ').replace('Z', ' UTC')
  return `estimand ${command} by ${user} on ${host}, process ${processId}, ${state} ${when}; both publish ${named}${more}`
}
