import { setTimeout as sleep } from 'node:timers/promises'
import { type ControlSession, ServerError, type Session, type SQLQuery, sql } from '../warehouse/index.ts'
import { isHeld, leaseLock, sessionLock } from './lease-locks.ts'

/*
 * Taking the place of those whose connection is gone. What they have left at work on the server is ended first: a
 * statement goes on for a while after its client has gone, and a client that was paused may come back.
 */

/** One that is only being connected again has its lock back by then. */
const graceMs = 1_000

interface Known {
  readonly token: number
  readonly isAlive: boolean
}

/** Takes the place of the dead among the leases; returns those that live, or that could not be ended. */
export async function evictDead<T extends Known>(
  control: ControlSession,
  successor: number,
  leases: readonly T[],
): Promise<T[]> {
  const living = leases.filter(({ isAlive }) => isAlive)
  const dead = leases.filter(({ isAlive }) => !isAlive)
  if (dead.length === 0) return living
  await sleep(graceMs)
  for (const lease of dead) if (!(await evict(control, lease.token, successor))) living.push(lease)
  return living.sort((a, b) => a.token - b.token)
}

/** The tokens of leases whose holders are gone, whatever they were about. */
export function deadLeases(successor: number): SQLQuery {
  return sql`
    select leases.token
    from estimand.leases
    where leases.superseded_by is null
      and leases.token <> ${successor}
      and not exists (select from pg_catalog.pg_locks l where ${isHeld(leaseLock, sql`leases.token`)})`
}

/** Whether the lease is out of the way: false when its holder is there again, or cannot be ended by us. */
async function evict(control: ControlSession, token: number, successor: number): Promise<boolean> {
  try {
    return await control.transaction(async () => {
      const { rows } = await control.query<{ free: boolean }>(
        sql`select pg_try_advisory_xact_lock(${leaseLock}, ${token}) as free`,
      )
      if (!rows[0]!.free || !(await endSessions(control, token))) return false
      await control.query(sql`set local lock_timeout = '1s'`)
      await control.query(sql`
        update estimand.leases
        set superseded_by = ${successor}, relations = '{}'
        where token = ${token} and superseded_by is null`)
      // From here on none joins; those that have in the meantime go as well.
      return endSessions(control, token)
    })
  } catch (error) {
    if (error instanceof ServerError && notNow.has(error.failure.sqlstate ?? '')) return false
    throw error
  }
}

/**
 * Cuts the run off from the warehouse whose worker died: no session works for it any more, and none will. False where
 * that cannot be done now. A run that has no lease has not begun, or is over.
 */
export async function cutOffRun(control: ControlSession, runId: string): Promise<boolean> {
  const { rows } = await control.query<{ token: number }>(sql`
    select token from estimand.leases where run_id = ${runId}::uuid and superseded_by is null`)
  for (const { token } of rows) {
    for (let tries = 0; tries < endTries; tries++) {
      await control.query(sql`
        select pg_terminate_backend(l.pid)
        from pg_catalog.pg_locks l
        where ${isHeld(leaseLock, sql`${token}`)} and l.pid <> pg_backend_pid()`)
      if (await evict(control, token, nobody)) break
      if (tries === endTries - 1) return false
      await sleep(endPauseMs)
    }
  }
  return true
}

/** No lease has this token. */
const nobody = 0

/** A row that is still locked; sessions of another role, which are not ours to end. */
const notNow: ReadonlySet<string> = new Set(['55P03', '42501'])

const endTries = 50
const endPauseMs = 100

/** Ends the sessions that work for a lease, or those of them that are named; whether none is left. */
export async function endSessions(
  on: Pick<Session, 'query'>,
  token: number,
  processIds: readonly number[] | null = null,
): Promise<boolean> {
  for (let tries = 0; tries < endTries; tries++) {
    const { rowCount } = await on.query(sql`
      select pg_terminate_backend(l.pid)
      from pg_catalog.pg_locks l
      where ${isHeld(sessionLock, sql`${token}`)}
        and (${processIds}::int[] is null or l.pid = any(${processIds}::int[]))`)
    if (rowCount === 0) return true
    await sleep(endPauseMs)
  }
  return false
}
